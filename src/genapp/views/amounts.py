"""Numbers as a person reads them: three digits or so, and their unit."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

NOTHING = "–"


def count(value: float) -> str:
    """How many: `7`, `1,234`, `12.3k`, `4.6M`."""
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e4, "k")):
        if value >= limit:
            return f"{_digits(value / (1e3 if unit == 'k' else limit))}{unit}"
    return f"{value:,.0f}" if value == int(value) or value >= 100 else _digits(value)


def seconds(value: float) -> str:
    """How long: `3.2 ms`, `320 ms`, `1.2 s`, `4 min`, `2.5 h`."""
    for limit, scale, unit in ((1, 1e3, "ms"), (120, 1, "s"), (7200, 1 / 60, "min")):
        if value < limit:
            return f"{_digits(value * scale)} {unit}"
    return f"{_digits(value / 3600)} h"


def dollars(value: float) -> str:
    """How much: cents where they are worth it, more digits of what is less than one."""
    if value == 0 or value >= 0.1:
        return f"${count(value)}" if value >= 1e4 else f"${value:,.2f}"
    return f"${value:.2g}" if value >= 0.0001 else "< $0.0001"


def share(value: float) -> str:
    """A part of the whole, in per cent."""
    return f"{_digits(100 * value)} %"


def per_second(value: float) -> str:
    """How many a second."""
    return f"{count(value)}/s"


def known(write: Callable[[float], str], value: float | None) -> str:
    """The same of what may not be known."""
    return NOTHING if value is None else write(value)


def _digits(value: float) -> str:
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.2g}" if value < 10 else f"{value:.1f}"
