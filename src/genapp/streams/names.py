"""Signed stream names: what a page carries, so that a viewer can ask for a stream and only for that."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import msgspec
from itsdangerous import BadData, URLSafeSerializer

from .errors import InvalidName

if TYPE_CHECKING:
    from collections.abc import Sequence

# Longer than any name of ours; checked first, so that nobody makes us hash or inflate megabytes.
_LONGEST = 1024


class _CanonicalJson:
    """What is signed: msgspec's JSON of a list, the same bytes for the same values."""

    @staticmethod
    def dumps(value: object) -> bytes:
        return msgspec.json.encode(value)

    @staticmethod
    def loads(value: bytes) -> object:
        return msgspec.json.decode(value, type=tuple[str, str, int])


class Names:
    """Signs and verifies stream names with HMAC-SHA256.

    `secrets` are tried in order when verifying; the first one signs. To rotate, put the new one first.
    """

    def __init__(self, secrets: Sequence[str]) -> None:
        if not secrets:
            raise ValueError("at least one secret is needed to sign stream names")
        self._serializer = URLSafeSerializer(
            # itsdangerous signs with the last of its keys.
            list(reversed(secrets)),
            salt="streams.names",
            serializer=_CanonicalJson,
            signer_kwargs={"key_derivation": "hmac", "digest_method": hashlib.sha256},
        )

    def sign(self, stream: str, viewer: str, expires_at: int) -> str:
        """A token, safe in URLs, for `viewer` to see `stream` until `expires_at` (Unix seconds)."""
        token = self._serializer.dumps([stream, viewer, expires_at])
        return token if isinstance(token, str) else token.decode()

    def verify(self, token: str, viewer: str, now: float) -> str:
        """The stream that `token` lets `viewer` see at `now` (Unix seconds).

        Raises `InvalidName` where it does not: forged, garbage, expired, or made for somebody else.
        """
        if len(token) > _LONGEST:
            raise InvalidName("the stream name is too long to be one")
        try:
            stream, owner, expires_at = self._serializer.loads(token)
        except BadData:
            raise InvalidName("the stream name is not signed by us") from None
        if owner != viewer:
            raise InvalidName("the stream name belongs to another viewer")
        if now >= expires_at:
            raise InvalidName("the stream name has expired")
        return str(stream)
