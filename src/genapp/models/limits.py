"""What one user may have in flight, and spend."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """`in_flight` at a time, and tokens in 24 hours (0: as many as they like)."""

    in_flight: int
    tokens_per_day: int = 0
