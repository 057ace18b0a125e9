"""What shape of answer a request wants: one of five, the same for every route."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from litestar import HttpMethod, route

if TYPE_CHECKING:
    from litestar.connection import ASGIConnection

Shape = Literal["partial", "page", "json", "turbo", "openai"]

TURBO = "text/vnd.turbo-stream.html"
# What is below speaks as OpenAI's API does, to whoever asks and whatever they accept.
OPENAI_PREFIX = "/v1/"

# A route to read: GET, and HEAD, which monitors and link checkers send.
readable = partial(route, http_method=[HttpMethod.GET, HttpMethod.HEAD])


def shape(request: ASGIConnection[Any, Any, Any, Any]) -> Shape:
    """`partial` for htmx, `turbo` for Hotwire's Turbo, `json` for who asks for JSON (or sends it and takes anything).

    Else a `page`. Below `/v1` it is `openai`.
    """
    if request.scope["path"].startswith(OPENAI_PREFIX):
        return "openai"
    accept = request.headers.get("accept", "")
    if request.headers.get("hx-request") == "true" and "application/json" not in accept:
        return "partial"
    if TURBO in accept:
        return "turbo"
    if "json" in accept and "text/html" not in accept:
        return "json"
    sends_json = request.headers.get("content-type", "").startswith("application/json")
    return "json" if sends_json and accept in ("", "*/*") else "page"


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether a client that says so can read gzip."""
    for one in accept_encoding.lower().split(","):
        name, _, quality = one.partition(";")
        if name.strip() == "gzip":
            return quality.replace(" ", "") not in ("q=0", "q=0.0", "q=0.00", "q=0.000")
    return False
