"""Streams that have not moved for long: their last frame may never have been published."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

Place = tuple[str | None, int]  # epoch and seq


class Silence:
    """Notices streams that stay at one place for `patience` seconds, and names each once in that time."""

    def __init__(self, patience: float) -> None:
        self.patience = patience
        self._since: dict[str, tuple[Place, float]] = {}

    def silent(self, places: Mapping[str, Place], now: float) -> list[str]:
        """The streams among `places` (all that are of interest at `now`, in seconds) that have been silent."""
        found = []
        since = {}
        for stream, place in places.items():
            earlier, began = self._since.get(stream, (None, now))
            if earlier != place:
                began = now
            elif now - began >= self.patience:
                found.append(stream)
                began = now
            since[stream] = (place, began)
        self._since = since
        return found
