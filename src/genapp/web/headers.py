"""Headers on every answer: security and caching, most of them where a route says nothing of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from litestar.types import Message, Scope

# Everything of ours comes from here: no inline script or style, no eval. A model's answer that got past the renderer
# could still load and run nothing.
POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors {}; object-src 'none'"
# What no page of ours asks for, so that nothing that got into one can either.
UNUSED = (
    *("accelerometer", "camera", "display-capture", "encrypted-media", "geolocation", "gyroscope", "hid"),
    *("idle-detection", "magnetometer", "microphone", "midi", "payment", "screen-wake-lock", "serial", "usb"),
    "xr-spatial-tracking",
)
_EVERYWHERE = (
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
ON_DOCUMENTS = (
    *_EVERYWHERE,
    (b"content-security-policy", POLICY.format("'none'").encode()),
    (b"referrer-policy", b"same-origin"),
    # Looking up the hosts of links ahead of a click would tell their name servers what an answer says.
    (b"x-dns-prefetch-control", b"off"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"permissions-policy", ", ".join(f"{feature}=()" for feature in UNUSED).encode()),
)
# Of what has no links, windows or features, a policy that lets it do nothing is enough: the rest were 420 bytes in the
# head of each stream, a twentieth of a whole answer.
ON_DATA = (*_EVERYWHERE, (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"))
DATA = (b"application/json", b"application/problem+json", b"text/event-stream")

# What is public and is there for pages elsewhere: they may load it as a script or a style, and read it.
PUBLIC = [(b"access-control-allow-origin", b"*"), (b"cross-origin-resource-policy", b"cross-origin")]

# For a year no plain http, where somebody on the way could read and alter everything. Without includeSubDomains: the
# neighbours are not ours to decide for.
HTTPS_ONLY = [(b"strict-transport-security", b"max-age=31536000")]

# What says nothing of caching is one person's, in one of three shapes: nobody may keep it, and Back must not show an
# older state of it.
PRIVATE = [(b"cache-control", b"no-store"), (b"vary", b"Accept, HX-Request")]


def headers_hook(*, production: bool) -> Callable[[Message, Scope], Awaitable[None]]:
    """Give a hook for every message sent, also those of errors that no route has seen."""

    async def add_headers(message: Message, scope: Scope) -> None:
        if message["type"] != "http.response.start":
            return
        headers = list(message["headers"])
        said = {name.lower(): value for name, value in headers}
        usual = ON_DATA if said.get(b"content-type", b"").startswith(DATA) else ON_DOCUMENTS
        # Where development is tried over https, localhost must not be bound to it.
        https_only = production and scope["scheme"] == "https"
        message["headers"] = [
            *headers,
            *(header for header in usual if header[0] not in said),
            *(HTTPS_ONLY if https_only else []),
            *([] if b"cache-control" in said else PRIVATE),
        ]

    return add_headers
