"""Viewers: each a cursor in every stream it watches, and no queue."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .cursor import SEPARATOR, place
from .events import DONE, Encoded, Event, encoded
from .ops import Op
from .retained import Held, Retained, text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from .cursor import Cursor
    from .dialects import Dialect
    from .view import View


@dataclass(slots=True, eq=False)
class _Seat:
    """A viewer's place in one stream."""

    view: View
    beginnings: int
    epoch: str | None
    seq: int
    shown: bool  # whether the viewer may show something already, of this log or of an earlier one
    done: bool = False  # it was given the last frame: what a later attempt writes is for who asks for it anew

    def cursor(self) -> str:
        return "" if self.epoch is None else place(self.epoch, self.seq, self.done)


class Viewer:
    """Somebody who watches `streams`. Made by `Hub.seat`.

    `finished` is True once every stream is closed and all of it was given; `ended` is True then as well,
    and when the hub has dismissed its viewers.
    """

    __slots__ = ("__weakref__", "_call", "_dialect", "_dismissed", "_seats", "finished", "streams")

    def __init__(self, dialect: Dialect, streams: Sequence[str]) -> None:
        self.streams = streams
        self.finished = False
        self._dialect = dialect
        self._dismissed = False
        self._seats: list[_Seat] = []
        self._call: Callable[[], None] | None = None

    @property
    def without_log(self) -> list[str]:
        """Which of `streams` have no log: it has not begun, or Redis has lost it."""
        return [seat.view.stream for seat in self._seats if seat.view.epoch is None]

    @property
    def ended(self) -> bool:
        return self.finished or self._dismissed

    def listen(self, call: Callable[[], None] | None) -> None:
        """Has `call` called when there may be something past the cursor, or the viewer has ended; None for nobody."""
        self._call = call

    def due_parts(self) -> list[bytes]:
        """All that is past the cursor now, as SSE, one event a frame, in parts of which no long one is copied.

        What a slow viewer missed and is superseded by now is left out. When the viewer is finished, the last event is
        `done`. Empty where there is nothing, and once `ended`.
        """
        if self.ended:
            return []
        parts = [part for event in self._due() for part in event.sse()]
        return [*parts, DONE] if self.finished else parts

    async def next_events(self) -> list[Event]:
        """Waits until there is something past the cursor, and gives the messages themselves, without `done`.

        Empty only once `ended`. Cancelling it loses nothing.
        """
        while not self.ended:
            if events := self.due_events():
                return events
            if not self.finished:
                await self._woken()
        return []

    def due_events(self) -> list[Event]:
        """What is past the cursor now, perhaps nothing."""
        return [] if self.ended else self._due()

    def sit(self, view: View, cursor: Cursor | None) -> None:
        """Watches `view` from `cursor`, or from its beginning where the view does not cover it."""
        seat = _Seat(view, view.beginnings, view.epoch, 0, shown=cursor is not None)
        if cursor is not None and view.covers(cursor):
            seat.epoch, seat.seq, seat.done = cursor.epoch, cursor.seq, cursor.ended
        self._seats.append(seat)

    def wake(self) -> None:
        if self._call is not None:
            self._call()

    def dismiss(self) -> None:
        self._dismissed = True
        self.wake()

    async def _woken(self) -> None:
        woken = asyncio.get_running_loop().create_future()
        self.listen(lambda: None if woken.done() else woken.set_result(None))
        try:
            await woken
        finally:
            self.listen(None)

    def _due(self) -> list[Event]:
        events: list[Event] = []
        finished = True
        for seat in self._seats:
            if not seat.done:
                events += self._due_of(seat)
                finished = finished and seat.done
        self.finished = finished
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
        return SEPARATOR.join([seat.cursor() for seat in self._seats])


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
