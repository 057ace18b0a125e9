"""Cursors: how far one viewer has got, in one stream or in several."""

from __future__ import annotations

import re
from dataclasses import dataclass

# Between the cursors of one connection.
SEPARATOR = ","

# Bounded, because it comes from outside: an epoch of ours has 5 characters, and 15 digits stay exact in Lua.
_CURSOR = re.compile(r"([A-Za-z0-9]{1,32})\.([0-9]{1,15})(\.end)?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Cursor:
    """The place after frame `seq` of the log that began as `epoch`. As text `<epoch>.<seq>`.

    `ended` (as text `<epoch>.<seq>.end`) says that this was the last frame. Whoever has it is shown nothing more,
    also when a later attempt opens the stream again: the page follows that one on another connection, and two
    that bring the same frames would write everything twice.
    """

    epoch: str
    seq: int
    ended: bool = False

    def __str__(self) -> str:
        return place(self.epoch, self.seq, self.ended)

    @classmethod
    def parse(cls, text: str) -> Cursor | None:
        """The cursor that `text` says, or None where it is none of ours: the viewer then starts over."""
        match = _CURSOR.fullmatch(text)
        return cls(match[1], int(match[2]), match[3] is not None) if match else None


def place(epoch: str, seq: int, ended: bool) -> str:
    """A cursor as text, without the cursor: each frame needs one for each of its viewers."""
    return f"{epoch}.{seq}.end" if ended else f"{epoch}.{seq}"


@dataclass(frozen=True, slots=True)
class Cursors:
    """The cursors of one connection, one a stream in the order of the request. As text joined by commas."""

    places: tuple[Cursor | None, ...]

    def __str__(self) -> str:
        return SEPARATOR.join(["" if place is None else str(place) for place in self.places])

    @classmethod
    def parse(cls, text: str, count: int) -> Cursors:
        """Always `count` places: None for garbage, and all None where `text` has another number of them."""
        parts = text.split(SEPARATOR, count)
        if len(parts) != count:
            return cls((None,) * count)
        return cls(tuple(Cursor.parse(part) for part in parts))
