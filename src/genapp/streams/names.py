"""Signed stream names: what a page carries, so that a viewer can ask for a stream and only for that."""

from __future__ import annotations

import hashlib
import hmac
from typing import TYPE_CHECKING

import msgspec
from itsdangerous import Signer
from itsdangerous.encoding import base64_decode, base64_encode

from .errors import InvalidName

if TYPE_CHECKING:
    from collections.abc import Sequence

# Longer than any name of ours; checked first, so that nobody makes us hash megabytes.
_LONGEST = 1024


class Names:
    """Signs and verifies stream names with HMAC-SHA256.

    `secrets` are tried in order when verifying; the first one signs. To rotate, put the new one first.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        if not secrets:
            raise ValueError("at least one secret is needed to sign stream names")
        # Derived here, as itsdangerous would for each name. It signs with the last.
        keys = [hmac.digest(secret.encode(), b"streams.names", "sha256") for secret in reversed(secrets)]
        self._signer = Signer(keys, key_derivation="none", digest_method=hashlib.sha256)

    def sign(self, stream: str, viewer: str, expires_at: int) -> str:
        """A token, safe in URLs, for `viewer` to see `stream` until `expires_at` (Unix seconds).

        It says the stream and the time. Who may use it is in its signature alone: no address names a person.
        """
        said = base64_encode(msgspec.json.encode((stream, expires_at))).decode()
        return f"{said}.{self._signer.get_signature(_signed(said, viewer)).decode()}"

    def verify(self, token: str, viewer: str, now: float) -> str:
        """The stream that `token` lets `viewer` see at `now` (Unix seconds).

        Raises `InvalidName` where it does not: forged, garbage, expired, or made for somebody else.
        """
        if len(token) > _LONGEST or not token.isascii():
            raise InvalidName("this is no stream name of ours")
        said, _, signature = token.partition(".")
        if not self._signer.verify_signature(_signed(said, viewer), signature):
            raise InvalidName("the stream name is not signed by us for this viewer")
        stream, expires_at = msgspec.json.decode(base64_decode(said), type=tuple[str, int])
        if now >= expires_at:
            raise InvalidName("the stream name has expired")
        return stream


def _signed(said: str, viewer: str) -> str:
    # Base64 has no dots: nothing can be moved from one to the other.
    return f"{said}.{viewer}"
