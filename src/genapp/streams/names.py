"""Signed stream names: what a page carries, so that a viewer can ask for a stream and only for that."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

import msgspec
from itsdangerous.encoding import base64_decode, base64_encode

from .errors import InvalidName

if TYPE_CHECKING:
    from collections.abc import Sequence

# Longer than any name of ours; checked first, so that nobody makes us hash megabytes.
_LONGEST = 1024
_SALT = b"streams.names"
_decode = msgspec.json.Decoder(tuple[str, int]).decode


class Names:
    """Signs and verifies stream names with HMAC-SHA256.

    `secrets` are tried in order when verifying; the first one signs. To rotate, put the new one first.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        if not secrets:
            raise ValueError("at least one secret is needed to sign stream names")
        self._keys = [hmac.digest(secret.encode(), _SALT, "sha256") for secret in secrets]

    def sign(self, stream: str, viewer: str, expires_at: int) -> str:
        """A token, safe in URLs, for `viewer` to see `stream` until `expires_at` (Unix seconds).

        It says the stream and the time. Who may use it is in its signature alone, so that no address has a user's id.
        """
        said = base64_encode(msgspec.json.encode((stream, expires_at))).decode()
        return f"{said}.{_signature(self._keys[0], said, viewer)}"

    def verify(self, token: str, viewer: str, now: float) -> str:
        """The stream that `token` lets `viewer` see at `now` (Unix seconds).

        Raises `InvalidName` where it does not: forged, garbage, expired, or made for somebody else.
        """
        if len(token) > _LONGEST or not token.isascii():
            raise InvalidName("this is no stream name of ours")
        said, _, signature = token.partition(".")
        if not any(hmac.compare_digest(signature, _signature(key, said, viewer)) for key in self._keys):
            raise InvalidName("the stream name is not signed by us for this viewer")
        stream, expires_at = _decode(base64_decode(said))
        if now >= expires_at:
            raise InvalidName("the stream name has expired")
        return stream


def _signature(key: bytes, said: str, viewer: str) -> str:
    # Base64 has no dots: nothing can be moved from one to the other.
    return base64_encode(hmac.digest(key, f"{said}.{viewer}".encode(), "sha256")).decode()
