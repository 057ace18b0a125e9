"""Action Cable's protocol as bytes: what the npm packages @rails/actioncable and @anycable/core say and understand.

`actioncable-v1-json` is Rails' own. `actioncable-v1-ext-json` is AnyCable's: each message says where it stands in its
stream, and who comes back says what they have. Both are JSON messages over a WebSocket.
"""

from __future__ import annotations

import time
import zlib
from typing import TYPE_CHECKING, Any

import msgspec

from .cursor import Cursor

if TYPE_CHECKING:
    from collections.abc import Sequence

PLAIN = "actioncable-v1-json"
EXTENDED = "actioncable-v1-ext-json"
# Offered by clients behind what they speak, and chosen by servers that speak none of it: so they learn why.
UNSUPPORTED = "actioncable-unsupported"

_encode = msgspec.json.Encoder().encode


class Malformed(Exception):
    """What a client has sent is no command."""


class Command(msgspec.Struct, frozen=True):
    """What a client says. Which fields there are depends on the command."""

    command: str
    identifier: str = ""
    data: Any = None
    history: Any = None


class Position(msgspec.Struct, frozen=True):
    """How far a client has got in a stream."""

    epoch: str
    offset: int


class History(msgspec.Struct, frozen=True):
    """What a client has of each stream that it has been told of. (`since`, a time, we have no use for.)"""

    streams: dict[str, Position] = {}


_decode_command = msgspec.json.Decoder(Command).decode


def command(text: str) -> Command:
    """Read what a client has sent; raises Malformed."""
    try:
        return _decode_command(text)
    except (msgspec.DecodeError, RecursionError) as error:
        raise Malformed(str(error)) from None


def history(value: object) -> History:
    """Read what a client says that it has; raises Malformed."""
    try:
        return msgspec.convert(value, History)
    except msgspec.ValidationError as error:
        raise Malformed(str(error)) from None


def chosen(offered: Sequence[str]) -> str | None:
    """The subprotocol to speak: UNSUPPORTED, or None at all, where it is none that we speak."""
    ours = [one for one in offered if one in (PLAIN, EXTENDED)]
    return ours[0] if ours else UNSUPPORTED if UNSUPPORTED in offered else None


def welcome(sid: str | None = None) -> bytes:
    """The first message. `sid` names the connection, for AnyCable's clients."""
    return _encode({"type": "welcome", **({"sid": sid} if sid else {})})


def ping() -> bytes:
    """The sign of life. Clients take a server that has said nothing for six seconds for dead."""
    return _encode({"type": "ping", "message": int(time.time())})


def about(identifier: str, kind: str) -> bytes:
    """What becomes of a command on a subscription: `confirm_subscription`, `reject_history` …"""
    return _encode({"identifier": identifier, "type": kind})


def disconnect(reason: str, *, reconnect: bool) -> bytes:
    """The last message: why, and whether the client should come back by itself."""
    return _encode({"type": "disconnect", "reason": reason, "reconnect": reconnect})


class Envelope:
    """What stands around the messages of one subscription: made once, so that a message is only put into it."""

    def __init__(self, identifier: str, *, extended: bool) -> None:
        self._head = b'{"identifier":' + _encode(identifier) + b',"message":'
        self._extended = extended
        # Clients keep one position for each stream. Two subscriptions to the same one may have got to different places.
        self._mark = f":{zlib.crc32(identifier.encode()):08x}"

    def enclose(self, payload: bytes, cursor: Cursor | None = None, stream: str = "") -> tuple[bytes | memoryview, ...]:
        """A message to be sent, as parts: `payload`, a JSON object, is not copied.

        With a cursor the message says where in `stream` the client is once it has this message.
        """
        if cursor is None:
            return self._head, payload, b"}"
        tail = b',"cursor":' + _encode(str(cursor)) + b"}"
        if self._extended:
            place = {"stream_id": stream + self._mark, "epoch": cursor.epoch, "offset": cursor.seq}
            return self._head, memoryview(payload)[:-1], tail + b"," + _encode(place)[1:]
        return self._head, memoryview(payload)[:-1], tail + b"}"

    def places(self, history: History) -> dict[str, Cursor]:
        """How far the client has got in each stream of this subscription."""
        return {
            name.removesuffix(self._mark): Cursor(place.epoch, place.offset)
            for name, place in history.streams.items()
            if name.endswith(self._mark)
        }
