"""Headers on every answer: security, and caching where a route says nothing of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from litestar.types import Message, Scope

# Everything of ours comes from here: no inline script or style, no eval. A model's answer that got past the renderer
# could still load and run nothing.
POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
HEADERS = [
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    # Looking up the hosts of links ahead of a click would tell their name servers what an answer says.
    (b"x-dns-prefetch-control", b"off"),
    (b"cross-origin-opener-policy", b"same-origin"),
]


# What says nothing of caching is one person's, in one of three shapes: nobody may keep it, and Back must not show an
# older state of it.
PRIVATE = [(b"cache-control", b"no-store"), (b"vary", b"Accept, HX-Request")]


async def add_headers(message: Message, _: Scope) -> None:
    """A hook for every message sent, also those of errors that no route has seen."""
    if message["type"] == "http.response.start":
        headers = list(message["headers"])
        cached = any(name.lower() == b"cache-control" for name, _ in headers)
        message["headers"] = [*headers, *HEADERS, *([] if cached else PRIVATE)]
