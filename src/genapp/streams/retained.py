"""What is kept of a stream: the ops that make up what is on the screen. The same rule as `publish.lua`.

`update` and `replace` of a target supersede its earlier appends and updates, and `replace` also its
earlier replace, so that an open block may grow by appends and be rewritten and leaves nothing behind.
`remove` supersedes all three, but is kept itself, as are `before`, `after` and `text`: what they did is
not undone by a later op on the same target.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .events import Encoded
    from .ops import Op

Place = tuple[int, int]  # seq, and the op's place in its frame


class Frame(NamedTuple):
    """The ops published together, as they come from Redis. The one that `begins` the log voids all before it.

    `published_at` is what its writer's clock said, in milliseconds since 1970.
    """

    epoch: str
    seq: int
    begins: bool
    closed: bool
    published_at: int
    ops: Sequence[Op]


class Held(msgspec.Struct, eq=False, gc=False):
    """What is left of one frame, and what each dialect made of it.

    The collector of cycles does not look at it nor at what it holds, which leads back to nothing: with 200 answers in
    view there were 140,000 objects to walk, and all viewers stood still for a tenth of a second.
    """

    seq: int
    ops: dict[int, Op] = {}
    encoded: dict[str, Encoded] = {}


class Retained:
    """The retained ops of one stream, in order. `seq` is the last frame's, which is the end where it is `closed`.

    `told` is what a viewer made of all of it, until the next frame; `gathered` is the same of what is past a seq.
    """

    __slots__ = ("_appends", "_frames", "_replaces", "_updates", "closed", "gathered", "seq", "told")

    def __init__(self, seq: int = 0, closed: bool = False) -> None:
        self.told: list[Held] | None = None
        self.gathered: tuple[int, list[Held]] | None = None
        self.seq = seq
        self.closed = closed
        self._clear()

    def _clear(self) -> None:
        self._frames: dict[int, Held] = {}  # in order of seq, because seq only grows
        self._replaces: dict[str, Place] = {}
        self._updates: dict[str, Place] = {}
        self._appends: dict[str, list[Place]] = {}

    def apply(self, frame: Frame) -> None:
        """Takes the next frame. Its seq must be above `self.seq`."""
        self.told = self.gathered = None
        if frame.begins:
            self._clear()
        self.seq = frame.seq
        self.closed = frame.closed
        for index, op in enumerate(frame.ops):
            self.add(frame.seq, index, op)

    def add(self, seq: int, index: int, op: Op) -> None:
        """Takes one op. Ops must come in the order of (`seq`, `index`)."""
        place, target = (seq, index), op.target
        if op.action == "append":
            self._appends.setdefault(target, []).append(place)
        elif op.action in ("update", "notice"):
            self._drop_contents(target)
            self._updates[target] = place
        elif op.action == "replace":
            self._drop_all(target)
            self._replaces[target] = place
        elif op.action == "remove":
            self._drop_all(target)
        held = self._frames.get(seq)
        if held is None:
            held = self._frames[seq] = Held(seq)
        held.ops[index] = op

    def after(self, seq: int) -> list[Held]:
        """What is left of the frames after `seq`, in order. Costs as much as there is to give."""
        missed = []
        for held in reversed(self._frames.values()):
            if held.seq <= seq:
                break
            missed.append(held)
        missed.reverse()
        return missed

    def text(self) -> str:
        """The plain text of the answer so far."""
        return "".join(text_of(held.ops.values()) for held in self._frames.values())

    def _drop_contents(self, target: str) -> None:
        self._drop(self._updates.pop(target, None))
        for place in self._appends.pop(target, ()):
            self._drop(place)

    def _drop_all(self, target: str) -> None:
        self._drop_contents(target)
        self._drop(self._replaces.pop(target, None))

    def _drop(self, place: Place | None) -> None:
        if place is None:
            return
        seq, index = place
        held = self._frames[seq]
        del held.ops[index]
        held.encoded.clear()
        if not held.ops:
            del self._frames[seq]


def text_of(ops: Iterable[Op]) -> str:
    """The `text` ops among `ops`, joined."""
    return "".join([op.content for op in ops if op.action == "text"])
