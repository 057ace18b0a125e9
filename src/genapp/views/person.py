"""Who looks at a page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Person:
    """Who looks at a page, as far as the page's frame needs to know.

    `email` is None for a guest. `may_sign_up` is false where an account needs an invitation, `guests` where asking
    needs an account.
    """

    csrf_token: str
    email: str | None = None
    is_admin: bool = False
    may_sign_up: bool = True
    guests: bool = True


def frame(person: Person | None, current: str, *, refresh_seconds: int | None = None) -> dict[str, Any]:
    """What `_base.html` needs, whatever the page. Without a person it links to nobody's account."""
    return {
        "person": person,
        "csrf_token": person.csrf_token if person else "",
        "current": current,
        "refresh_seconds": refresh_seconds,
    }
