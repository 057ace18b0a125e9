"""What a viewer's connection holds of this process, from being let in until it is gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genapp import metrics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genapp.revocations import Keys
    from genapp.streams import Cursor, Line, Viewer
    from genapp.web.observing import Ended
    from genapp.web.parts import Parts


class Holding:
    """One connection by `transport`, counted for `counted` (`openings.py`). Plain, since there are as many as viewers.

    Raises TooMany past what one may have open.
    """

    __slots__ = ("_connections", "_counted", "_ended", "_keys", "_open", "_parts", "_viewer")

    def __init__(self, parts: Parts, transport: str, counted: tuple[str, ...], ended: Ended | None) -> None:
        """`ended` is told what it was sent, when it is gone."""
        parts.openings.add(counted)
        self._connections = metrics.connections.labels(transport)
        self._connections.inc()
        self._parts = parts
        self._open = True
        self._counted = counted
        self._ended = ended
        self._keys: Keys = ()
        self._viewer: Viewer | None = None

    async def seat(
        self, places: Sequence[tuple[str, Cursor | None]], dialect: str, keys: Keys, asked_at: float
    ) -> Viewer:
        """A viewer of streams, for as long as `keys` let them in, which the rows said at `asked_at`.

        Raises `streams.Unavailable` where Redis does not answer.
        """
        viewer = self._viewer = await self._parts.hub.seat(places, dialect)
        self._keys = keys
        self._parts.revocations.hold(keys, asked_at, viewer.dismiss)
        # What has ended may have lost its log.
        self._parts.restoring.look_for(viewer.without_log)
        return viewer

    def close(self, line: Line | None = None) -> None:
        """Let go of everything; the second time there is nothing to let go of."""
        parts, opened, self._open = self._parts, self._open, False
        if not opened:
            return
        if self._viewer is not None:
            parts.revocations.release(self._keys, self._viewer.dismiss)
            parts.hub.leave(self._viewer)
        self._connections.inc(-1)
        parts.openings.remove(self._counted)
        if line is not None and self._ended is not None:
            self._ended(line.bytes, line.frames)
