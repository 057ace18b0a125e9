"""Streams in view of a process: each held once for all its viewers, as its log is."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from itertools import islice
from operator import length_hint
from typing import TYPE_CHECKING

import msgspec

from .cursor import Cursor
from .ops import Op
from .retained import Frame, Retained

if TYPE_CHECKING:
    from collections.abc import Iterator

    from .snapshot import Snapshot
    from .viewer import Viewer

# Viewers written to before others have their turn: 256 take some 3 ms.
_AT_ONCE = 256

_decode_ops = msgspec.json.Decoder(list[Op]).decode


@dataclass(slots=True, eq=False)
class View:
    """A stream in view of this process, held once for all its viewers. `epoch` is None until it has a log.

    `beginnings` counts how often what the seqs mean has changed: a viewer who knows another number starts over.
    """

    stream: str
    epoch: str | None = None
    retained: Retained = field(default_factory=Retained)
    beginnings: int = 0
    viewers: set[Viewer] = field(default_factory=set)
    rolled_back: bool = False

    @property
    def cursor(self) -> Cursor | None:
        return None if self.epoch is None else Cursor(self.epoch, self.retained.seq, self.retained.closed)

    def covers(self, cursor: Cursor) -> bool:
        """Whether a viewer can go on from `cursor`: it is of this log and not of the future, or of an end."""
        return cursor.ended or (cursor.epoch == self.epoch and cursor.seq <= self.retained.seq)

    def load(self, snapshot: Snapshot) -> None:
        """Takes the log as it is in Redis in the place of what is held."""
        if snapshot.cursor is None:
            return
        self.compare(snapshot.cursor, self.cursor)
        if self.rolled_back or snapshot.cursor.epoch != self.epoch:
            self._begin(snapshot.cursor.epoch)
        self.retained = Retained(snapshot.cursor.seq, snapshot.closed)
        for seq, index, op in snapshot.placed:
            self.retained.add(seq, index, op)

    def compare(self, top: Cursor, known: Cursor | None) -> None:
        """Notes when `top`, of the log in Redis, shows that it has lost `known`: after a crash it is an older copy.

        The seqs after it are given out again, so what viewers know by them is void.
        """
        if known is not None and top.epoch == known.epoch == self.epoch:
            replaced = top.seq == known.seq and top.ended != known.ended
            self.rolled_back |= replaced or top.seq < known.seq

    def take(self, frame: Frame) -> bool:
        """Takes a frame from Redis. False where it does not fit what is held: the log must be read."""
        if frame.begins and frame.seq == self.retained.seq + 1:
            self._begin(frame.epoch)
        if frame.epoch != self.epoch or frame.seq > self.retained.seq + 1:
            return False
        if frame.seq == self.retained.seq + 1:
            self.retained.apply(frame)
        return True

    def wake(self) -> None:
        """Tells the viewers that there is something. Not thousands in one go: others use the event loop as well."""
        _wake(iter(tuple(self.viewers)))

    def _begin(self, epoch: str) -> None:
        self.epoch = epoch
        self.beginnings += 1
        self.rolled_back = False


def _wake(viewers: Iterator[Viewer]) -> None:
    for viewer in islice(viewers, _AT_ONCE):
        viewer.wake()
    # There may be more where some are gone by then as well: waking costs those nothing.
    if length_hint(viewers):
        asyncio.get_running_loop().call_soon(_wake, viewers)


def parse_frame(payload: bytes) -> Frame:
    """The frame in a message, see `publish.lua`. Raises `ValueError` for what is none."""
    epoch, seq, flags, _published_at_ms, ops = payload.split(b" ", 4)
    return Frame(epoch.decode(), int(seq), b"r" in flags, b"c" in flags, _decode_ops(ops))
