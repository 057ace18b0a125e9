"""A body in gzip that is made while it is read: what has been fed can be read as soon as it has arrived.

Sources: RFC 1952 (gzip), RFC 1951 (deflate).
"""

from __future__ import annotations

import zlib

GZIP = ((b"content-encoding", b"gzip"),)

_HEADER = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
# An empty last block.
_LAST = b"\x03\x00"

# 2**12 bytes of history hold some 30 frames, which repeat each other; memory 2**(12+2) + 2**(3+9) = 20 KB while in use.
_LEVEL, _WINDOW, _MEMORY = 6, 12, 3
# What is shorter, and comes when there is no compressor, is not worth making one for: a heartbeat.
_WORTH = 32


class Gzip:
    """One body. Its compressor is made for what is worth it, and let go by `rest`.

    Each compressor refers to what itself has compressed only, and ends on a byte, so that one may follow another, or
    stored bytes, in one body.
    """

    __slots__ = ("_checksum", "_compressor", "_length")

    def __init__(self) -> None:
        self._checksum = 0
        self._length = 0
        self._compressor: zlib._Compress | None = None

    def feed(self, data: bytes) -> bytes:
        """The next bytes of the body, in which all of `data` can be read."""
        header = b"" if self._length else _HEADER
        self._checksum = zlib.crc32(data, self._checksum)
        self._length += len(data)
        if self._compressor is None:
            if len(data) < _WORTH:
                return header + _stored(data)
            self._compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, -_WINDOW, _MEMORY)
        return header + self._compressor.compress(data) + self._compressor.flush(zlib.Z_SYNC_FLUSH)

    @property
    def busy(self) -> bool:
        """Whether it has a compressor."""
        return self._compressor is not None

    def rest(self) -> None:
        """Lets the compressor go, until there is something to compress."""
        self._compressor = None

    def end(self) -> bytes:
        """The last bytes of the body."""
        self._compressor = None
        header = b"" if self._length else _HEADER
        return header + _LAST + self._checksum.to_bytes(4, "little") + (self._length % 2**32).to_bytes(4, "little")


def _stored(data: bytes) -> bytes:
    length = len(data)
    return b"\x00" + length.to_bytes(2, "little") + (length ^ 0xFFFF).to_bytes(2, "little") + data
