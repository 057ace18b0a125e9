"""An operation as a command that can be typed."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from genapp.web.openapi.writing import Piece

TOKEN = "Authorization: Bearer genapp_…"  # noqa: S105  a token's beginning
STREAM = "text/event-stream"


def command(site: str, path: str, method: str, operation: Piece, example: object) -> str | None:
    """The command for an operation; None where only a browser's session may ask for it."""
    security = operation["security"]
    by_token = any("token" in way for way in security)
    if security and not by_token and {} not in security:
        return None
    streams = STREAM in str(operation["responses"])
    words = ["curl -N" if streams else "curl"]
    if method not in ("get", "post"):
        words.append(f"-X {method.upper()}")
    words.append(shlex.quote(_address(site, path, operation)))
    if by_token:
        words.append(f"-H '{TOKEN}'")
    if not streams:
        words.append("-H 'Accept: application/json'")
    if method == "post":
        words.append("-H 'Content-Type: application/json'")
        words.append(f"-d {shlex.quote(json.dumps(example or {}, ensure_ascii=False))}")
    return " \\\n  ".join([" ".join(words[: -_details(words)] or words), *words[len(words) - _details(words) :]])


def _details(words: list[str]) -> int:
    return sum(word.startswith(("-H", "-d")) for word in words)


def _address(site: str, path: str, operation: Piece) -> str:
    """With a word in capitals for whatever has to be there."""
    query = [
        f"{one['name']}={one['name'].upper()}"
        for one in operation.get("parameters", ())
        if one["in"] == "query" and one.get("required")
    ]
    filled = re.sub(r"\{(\w+)\}", lambda found: found[1].upper(), path)
    return f"{site}{filled}{'?' if query else ''}{'&'.join(query)}"
