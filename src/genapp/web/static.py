"""Static files: read once, served from memory, named by what they are.

`asset("css/base.css")` gives `/static/<digest>/css/base.css`, where the digest is of all files together: a module may
import its neighbour by a relative path and gets the neighbour of the same release, and every file may be kept for
ever. A page of an older release, open while we deploy, asks with its old digest: it gets the file, to be kept
for no time.
"""

from __future__ import annotations

import gzip
import mimetypes
from dataclasses import dataclass
from typing import TYPE_CHECKING

from litestar import asgi
from litestar.types import Receive, Scope, Send
from litestar.types.asgi_types import HTTPResponseBodyEvent, HTTPResponseStartEvent

from genapp import assets
from genapp.errors import NotFound, WrongMethod
from genapp.web.headers import PUBLIC
from genapp.web.policies import Policy, is_for

if TYPE_CHECKING:
    from pathlib import Path

    from litestar.handlers import ASGIRouteHandler

Headers = list[tuple[bytes, bytes]]


@dataclass(frozen=True, slots=True)
class File:
    """A file and its headers, plain and compressed ahead."""

    content_type: bytes
    plain: bytes
    gzipped: bytes

    def answer(self, *, gzip_accepted: bool, forever: bool) -> tuple[Headers, bytes]:
        body = self.gzipped if gzip_accepted else self.plain
        caching = b"public, max-age=31536000, immutable" if forever else b"no-cache"
        headers = [
            (b"content-type", self.content_type),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", caching),
            (b"vary", b"accept-encoding"),
            *PUBLIC,
        ]
        return ([*headers, (b"content-encoding", b"gzip")] if gzip_accepted else headers), body


def read_files(folder: Path) -> dict[str, File]:
    """Give all files below `folder` by their path, such as `css/base.css`."""
    return {str(path.relative_to(folder)): _read(path) for path in sorted(folder.rglob("*")) if path.is_file()}


def _read(path: Path) -> File:
    kind = mimetypes.guess_type(path.name)[0] or "text/plain"
    charset = "; charset=utf-8" if kind.startswith("text/") or kind.endswith(("javascript", "svg+xml")) else ""
    plain = path.read_bytes()
    return File(f"{kind}{charset}".encode(), plain, gzip.compress(plain, mtime=0))


def make_static() -> ASGIRouteHandler:
    """Make the handler of `/static/`."""
    files = read_files(assets.STATIC)

    @asgi("/static", is_mount=True, copy_scope=False, opt=is_for(Policy.EVERYONE))
    async def static(scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("method") not in ("GET", "HEAD"):
            raise WrongMethod("GET, HEAD")
        digest, _, path = scope["path"].removeprefix("/static").strip("/").partition("/")
        file = files.get(path)
        if file is None:
            raise NotFound
        accepts = next((value for name, value in scope["headers"] if name == b"accept-encoding"), b"")
        headers, body = file.answer(gzip_accepted=b"gzip" in accepts, forever=digest == assets.DIGEST)
        await send(HTTPResponseStartEvent(type="http.response.start", status=200, headers=headers))
        await send(HTTPResponseBodyEvent(type="http.response.body", body=body, more_body=False))

    return static
