"""The log: what writers publish to and pages read from. One Redis hash a stream, compacted as it grows."""

from __future__ import annotations

import asyncio
import secrets
import string
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from .cursor import Cursor
from .errors import Fenced, LogLost, StreamClosed
from .scripts import Script, Scripts
from .snapshot import Snapshot, parse_log

if TYPE_CHECKING:
    from collections.abc import Sequence

    from redis.asyncio import Redis

    from .ops import Op

_PUBLISH, _TOUCH = [Script((Path(__file__).parent / name).read_text()) for name in ("publish.lua", "touch.lua")]
_EPOCH = string.ascii_letters + string.digits
_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Published:
    """Where a frame went, and whether somebody has asked the writer to stop."""

    cursor: Cursor
    stop: bool


class Log:
    """Publishes to streams and reads them back.

    `redis` is a client without `decode_responses`. Keys and channels begin with `prefix`; a stream's keys
    share a hash tag. (Channels are common to all databases of a Redis server: give applications that
    share one a prefix each.) A log lives for `ttl` seconds after its last frame. Redis errors pass
    through.
    """

    def __init__(self, redis: Redis, *, prefix: str = "stream", ttl: int = 86400) -> None:
        self._redis = redis
        self._prefix = prefix
        self._ttl = ttl
        self._scripts = Scripts(redis)

    def channel(self, stream: str) -> str:
        """The key of the stream's log, which is also the channel its frames are published on."""
        return f"{self._prefix}:{{{stream}}}"

    def _stop_key(self, stream: str) -> str:
        return f"{self._prefix}:{{{stream}}}:stop"

    def _keys(self, stream: str) -> tuple[str, str]:
        return self.channel(stream), self._stop_key(stream)

    async def publish(
        self,
        stream: str,
        ops: Sequence[Op],
        *,
        fence: int = 0,
        after: Cursor | None = None,
        reset: bool = False,
        close: bool = False,
        patient: bool = False,
    ) -> Published:
        """Publishes one frame, in one round trip.

        `fence` is the number of the attempt: the highest one seen is kept. `after` is the cursor that a sole
        writer got for the frame before. `reset` begins the log anew, and drops what was published before;
        `close` makes this the last frame. A `patient` frame leaves with those of other writers, 5 ms later at most,
        which spares every process on their way a wake-up.

        Raises `Fenced` where a higher fence has written, `StreamClosed` after the last frame (only a
        reset with a higher fence opens the stream again), and `LogLost` where `after` is given, `reset`
        is not, and the log is not as its writer left it: gone, begun anew, or an older copy.
        """
        may_begin = reset or after is None
        epoch = _new_epoch() if may_begin else ""
        now = int(time.time() * 1000)
        arguments: list[str | bytes | int] = [fence, str(after or ""), epoch, int(reset), int(close), self._ttl, now]
        for op in ops:
            arguments += (op.action, op.target, _encode(op))
        status, *rest = await self._scripts.run(_PUBLISH, self._keys(stream), arguments, patient=patient)
        _refuse(status, stream)
        return Published(Cursor(rest[0].decode(), int(rest[1]), close), bool(rest[2]))

    async def touch(self, stream: str, *, fence: int = 0, after: Cursor | None = None) -> bool:
        """Keeps the log alive for a silent writer. True where it was asked to stop. Raises as `publish`."""
        arguments = (fence, str(after or ""), self._ttl)
        status, *rest = await self._scripts.run(_TOUCH, self._keys(stream), arguments)
        _refuse(status, stream)
        return bool(rest[0])

    async def request_stop(self, stream: str, *, fence: int = 0) -> None:
        """Asks the attempt `fence`, and those before it, to stop. A later attempt is not meant, nor stopped."""
        await self._redis.set(self._stop_key(stream), fence, ex=self._ttl)

    async def read(self, stream: str) -> Snapshot:
        """The log as it is. Empty, with no cursor, where there is none."""
        told = await self._scripts.read(b"HGETALL", self.channel(stream))
        if not isinstance(told, dict):  # the connection speaks Redis' older protocol
            told = dict(zip(told[::2], told[1::2], strict=True))
        return parse_log(told)

    async def tops(self, streams: Sequence[str]) -> list[Cursor | None]:
        """The cursor after the last frame of each stream, None for those that have no log. One round trip."""
        asked = [self._scripts.read(b"HMGET", self.channel(stream), "epoch", "seq", "closed") for stream in streams]
        rows = await asyncio.gather(*asked)
        return [Cursor(epoch.decode(), int(seq), closed is not None) if epoch else None for epoch, seq, closed in rows]

    async def delete(self, stream: str) -> None:
        """Forgets the log and a request to stop. The next frame begins a new epoch, for all viewers."""
        await self._redis.delete(*self._keys(stream))


def _new_epoch() -> str:
    # Five of 62 characters: each frame says it to each viewer, and it only has to differ from those before it.
    return "".join([secrets.choice(_EPOCH) for _ in range(5)])


def _refuse(status: bytes, stream: str) -> None:
    if status == b"fenced":
        raise Fenced(f"a later attempt writes to {stream}")
    if status == b"closed":
        raise StreamClosed(f"{stream} has had its last frame")
    if status == b"lost":
        raise LogLost(f"the log of {stream} is not as its writer left it")
