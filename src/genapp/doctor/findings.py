"""What a check has found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was looked at. `says` is what is the case, `fix` what to do about it where it is not well."""

    check: str
    state: Literal["ok", "warn", "fail"]
    says: str
    fix: str = ""


@dataclass(frozen=True, slots=True)
class Check:
    """A part that is looked at, and how: `look` gives its findings as they come."""

    name: str
    look: Callable[[], AsyncIterator[Finding]]


def ok(check: str, says: str) -> Finding:
    """It is as it should be."""
    return Finding(check, "ok", says)


def warn(check: str, says: str, fix: str) -> Finding:
    """It works, and will not always."""
    return Finding(check, "warn", says, fix)


def fail(check: str, says: str, fix: str) -> Finding:
    """It does not work."""
    return Finding(check, "fail", says, fix)
