"""How much may be asked for in how little time, on one connection."""

from __future__ import annotations

import time


class Allowance:
    """So many at once, and so many a second from then on."""

    def __init__(self, at_once: int, per_second: float) -> None:
        self._most = at_once
        self._per_second = per_second
        self._left = float(at_once)
        self._at = time.monotonic()

    def take(self) -> bool:
        """Count one; False where it is one too many."""
        now = time.monotonic()
        self._left = min(self._most, self._left + (now - self._at) * self._per_second)
        self._at = now
        if self._left < 1:
            return False
        self._left -= 1
        return True
