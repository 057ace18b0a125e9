"""Viewers: each a cursor in every stream it watches, and no queue."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from .cursor import Cursor, Cursors
from .events import DONE, Encoded, Event, encoded
from .ops import Op
from .retained import Frame, Held, Retained, text_of

if TYPE_CHECKING:
    from .dialects import Dialect
    from .snapshot import Snapshot

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
        for viewer in self.viewers:
            viewer.wake()

    def _begin(self, epoch: str) -> None:
        self.epoch = epoch
        self.beginnings += 1
        self.rolled_back = False


@dataclass(slots=True, eq=False)
class _Seat:
    """A viewer's place in one stream."""

    view: View
    beginnings: int
    epoch: str | None
    seq: int
    shown: bool  # whether the viewer may show something already, of this log or of an earlier one
    done: bool = False  # it was given the last frame: what a later attempt writes is for who asks for it anew

    def cursor(self) -> Cursor | None:
        return None if self.epoch is None else Cursor(self.epoch, self.seq, self.done)


class Viewer:
    """Somebody who watches streams. Made by `Hub.join`.

    `finished` is True once every stream is closed and all of it was given; `ended` is True then as well,
    and when the hub has dismissed its viewers.
    """

    def __init__(self, dialect: Dialect) -> None:
        self.finished = False
        self._dialect = dialect
        self._dismissed = False
        self._seats: list[_Seat] = []
        self._waiter: asyncio.Future[None] | None = None

    @property
    def ended(self) -> bool:
        return self.finished or self._dismissed

    async def next(self) -> bytes:
        """Waits until there is something past the cursor and gives all of it as SSE, one event a frame.

        What a slow viewer missed and is superseded by now is left out. When the viewer is finished, the
        last event is `done`. Empty once `ended`. Cancelling it loses nothing.
        """
        return b"".join(await self.next_parts())

    async def next_parts(self) -> list[bytes]:
        """As `next`, in parts that are not copied for each viewer."""
        if self.ended:
            return []
        parts = [part for event in await self.next_events() for part in event.sse()]
        return [*parts, DONE] if self.finished else parts

    async def next_events(self) -> list[Event]:
        """As `next`, but the messages themselves, for a WebSocket, and no `done`. Empty only once `ended`."""
        while not self.ended:
            if events := self.due_events():
                return events
            if not self.finished:
                await self._woken()
        return []

    def due_events(self) -> list[Event]:
        """What is past the cursor now, perhaps nothing."""
        if self.ended:
            return []
        events = self._due()
        self.finished = all(seat.done for seat in self._seats)
        return events

    def sit(self, view: View, cursor: Cursor | None) -> None:
        """Watches `view` from `cursor`, or from its beginning where the view does not cover it."""
        seat = _Seat(view, view.beginnings, view.epoch, 0, shown=cursor is not None)
        if cursor is not None and view.covers(cursor):
            seat.epoch, seat.seq, seat.done = cursor.epoch, cursor.seq, cursor.ended
        self._seats.append(seat)

    def wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def dismiss(self) -> None:
        self._dismissed = True
        self.wake()

    async def _woken(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None

    def _due(self) -> list[Event]:
        events: list[Event] = []
        for seat in self._seats:
            if not seat.done:
                events += self._due_of(seat)
        return events

    def _due_of(self, seat: _Seat) -> list[Event]:
        view, retained = seat.view, seat.view.retained
        if seat.beginnings != view.beginnings:
            seat.beginnings, seat.epoch, seat.seq = view.beginnings, view.epoch, 0
        events: list[Event] = []
        if seat.seq != retained.seq:
            missed = _missed(retained, seat, self._dialect)
            seat.shown = True
            for held in missed:
                seat.seq, seat.done = held.seq, retained.closed and held.seq == retained.seq
                frame = _encoded(held, self._dialect)
                if frame.messages:
                    events.append(Event(self._cursors(), frame))
        seat.seq, seat.done = retained.seq, retained.closed
        return events

    def _cursors(self) -> str:
        return str(Cursors(tuple([seat.cursor() for seat in self._seats])))


def parse_frame(payload: bytes) -> Frame:
    """The frame in a message, see `publish.lua`. Raises `ValueError` for what is none."""
    epoch, seq, flags, _published_at_ms, ops = payload.split(b" ", 4)
    return Frame(epoch.decode(), int(seq), b"r" in flags, b"c" in flags, _decode_ops(ops))


def _encoded(held: Held, dialect: Dialect) -> Encoded:
    frame = held.encoded.get(dialect.name)
    if frame is None:
        frame = held.encoded[dialect.name] = encoded(dialect.encode(held.seq, held.ops.values()))
    return frame


def _missed(retained: Retained, seat: _Seat, dialect: Dialect) -> list[Held]:
    if dialect.tells_text and seat.seq == 0:
        return _told(retained, shown=seat.shown)
    if dialect.gathers:
        return _gathered(retained, seat.seq)
    return retained.after(seat.seq)


def _told(retained: Retained, *, shown: bool) -> list[Held]:
    """All there is, the whole text in the place of its pieces. Made once for all who come before the next frame."""
    if retained.told is not None:
        return retained.told
    missed = retained.after(0)
    telling = [held.seq for held in missed if any(op.action == "text" for op in held.ops.values())]
    if telling:
        retained.told = _with_snapshot(missed, telling[-1], retained.text())
        return retained.told
    if shown and not retained.closed:
        # A new attempt that has said nothing yet: the text that the viewer shows is void.
        return _with_snapshot(missed, missed[0].seq if missed else retained.seq, "")
    return missed


def _with_snapshot(missed: list[Held], at: int, text: str) -> list[Held]:
    """`missed` without its text, and the whole text in the frame `at`: copies.

    What is said before that frame says first that the text so far is void: who is cut off between the two comes back
    with the cursor between, and is given pieces from there on.
    """
    told = {at: Held(at, {-1: Op("snapshot", "", text)})}
    for held in missed:
        rest = {index: op for index, op in held.ops.items() if op.action != "text"}
        told.setdefault(held.seq, Held(held.seq)).ops.update(rest)
    frames = [told[seq] for seq in sorted(told)]
    first = next(held for held in frames if any(op.action in ("notice", "snapshot") for op in held.ops.values()))
    first.ops = {-1: Op("snapshot", "", ""), **first.ops}
    return frames


def _gathered(retained: Retained, seq: int) -> list[Held]:
    """What is past `seq`, its text as one piece in its last frame, with the whole text behind it.

    Made once for all who are at the same place. The whole is written for each piece, so who reads slowly gets fewer.
    """
    if retained.gathered is None or retained.gathered[0] != seq:
        missed = retained.after(seq)
        telling = [held.seq for held in missed if any(op.action == "text" for op in held.ops.values())]
        if telling:
            missed = _with_whole(missed, telling[-1], retained.text())
        retained.gathered = seq, missed
    return retained.gathered[1]


def _with_whole(missed: list[Held], at: int, text: str) -> list[Held]:
    piece = "".join([text_of(held.ops.values()) for held in missed])
    told = {at: Held(at, {-2: Op("text", "", piece), -1: Op("whole", "", text)})}
    for held in missed:
        rest = {index: op for index, op in held.ops.items() if op.action != "text"}
        told.setdefault(held.seq, Held(held.seq)).ops.update(rest)
    return [told[seq] for seq in sorted(told)]
