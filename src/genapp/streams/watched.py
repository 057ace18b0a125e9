"""What the hub knows of a stream that somebody watches, and of all of them together."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import asyncio

    from .retained import Frame
    from .view import View

# Rounds that a stream is passed over at most, which has not moved for as many: with 10,000 viewers who wait, asking
# after each of their streams every three seconds took a tenth of a core.
_MOST_ROUNDS = 8


@dataclass(frozen=True, slots=True)
class Statistics:
    """What the hub has to do now (`streams`, `viewers`) and has done since it began.

    `frames` came from Redis, `reads` are of logs, of which `resyncs` were made because something was missed.
    """

    connected: bool
    streams: int
    viewers: int
    frames: int
    reads: int
    resyncs: int


@dataclass(slots=True, eq=False)
class Watched:
    """A view, and the task that brings it up to date, if one runs: frames wait for it in `waiting`."""

    channel: bytes
    view: View
    task: asyncio.Task[None] | None = None
    stale: bool = True
    waiting: list[Frame] = field(default_factory=list)
    rounds: int = 0  # that it has been passed over for, and will be: nothing has come of it
    passed: int = 0

    def is_due(self) -> bool:
        """Whether it is to be checked in this round."""
        self.passed += 1
        if self.passed <= self.rounds:
            return False
        self.passed, self.rounds = 0, min(2 * self.rounds + 1, _MOST_ROUNDS)
        return True
