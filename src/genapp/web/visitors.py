"""Who is asking."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from uuid import UUID


@dataclass(frozen=True, slots=True)
class Visitor:
    """The user behind a request.

    `known`: the request brought a valid cookie, which `claims_account` where it was given at a log-in. `lapsed`: it was
    that of a session which has ended. `disabled`: that of a guest who has been shut out. `scopes` None: a browser,
    which may do all that its user may. `keys` are what lets them in (`revocations.py`), as the database said at
    `asked_at` (`time.monotonic()`).

    Who comes by an embed token has the `site` that vouches for them, the `origin` of the page that may show it, the
    one `conversation` it is for, if it is for one, and the Unix time at which it is over; 0: never.
    """

    user_id: UUID
    session_id: UUID
    known: bool
    csrf_token: str
    email: str | None = None
    is_admin: bool = False
    lapsed: bool = False
    claims_account: bool = False
    disabled: bool = False
    scopes: frozenset[str] | None = None
    keys: tuple[str, ...] = ()
    asked_at: float = 0.0
    site: UUID | None = None
    origin: str = ""
    conversation: UUID | None = None
    expires_at: float = 0.0

    @property
    def guest(self) -> bool:
        return self.email is None
