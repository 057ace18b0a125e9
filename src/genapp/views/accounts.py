"""The pages of an account: coming in, and what belongs to it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from genapp.views.environment import render
from genapp.views.person import frame

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from genapp.views.person import Person


@dataclass(frozen=True, slots=True)
class SessionItem:
    """A place where somebody is logged in. `current`: the one that looks at the page."""

    id: str
    device: str
    address: str
    last_seen_at: datetime
    last_seen_label: str
    current: bool


@dataclass(frozen=True, slots=True)
class TokenItem:
    """An API token as it is listed: of the secret only its beginning. `scopes`: of `read` and `generate`."""

    id: str
    name: str
    prefix: str
    scopes: Sequence[str]
    created_label: str
    last_used_label: str
    expires_label: str | None
    expired: bool


@dataclass(frozen=True, slots=True)
class AccountPage:
    """What somebody sees of themselves; `email` and `created_at` are None for a guest.

    `done` is a sentence about what has just been done. `error` is about `error_field` of the form `error_form`, which
    is `password`, `token` or `deletion`, or about the whole form. `new_token` is shown this once. What was entered
    in the form of a token is in `token_name`, `scope` (`read` or `generate`) and `expires` (`never`, or days).
    """

    email: str | None = None
    created_at: datetime | None = None
    sessions: Sequence[SessionItem] = ()
    tokens: Sequence[TokenItem] = ()
    done: str | None = None
    error: str | None = None
    error_form: str | None = None
    error_field: str | None = None
    new_token: str | None = None
    token_name: str = ""
    scope: str = "read"
    expires: str = "90"


def login(
    person: Person,
    *,
    email: str = "",
    next: str = "/",
    error: str | None = None,
    error_field: str | None = None,
    has_conversations: bool = False,
    done: str | None = None,
) -> str:
    """The form to log in. `next` is where to go then: a path of ours, checked by who calls.

    `has_conversations`: the guest who looks has some, and brings them. `done` says what has just been done.
    """
    return render(
        "login.html",
        email=email,
        next=next,
        error=error,
        error_field=error_field,
        has_conversations=has_conversations,
        done=done,
        **frame(person, current="login"),
    )


def signup(
    person: Person,
    *,
    email: str = "",
    next: str = "/",
    invitation: str = "",
    error: str | None = None,
    error_field: str | None = None,
    has_conversations: bool = False,
    locked_email: bool = False,
) -> str:
    """The form to make an account. `locked_email`: the invitation is for this address and no other.

    `has_conversations`: the guest who looks has some, and keeps them. `next` as for `login`.
    """
    return render(
        "signup.html",
        email=email,
        next=next,
        invitation=invitation,
        error=error,
        error_field=error_field,
        has_conversations=has_conversations,
        locked_email=locked_email,
        **frame(person, current="signup"),
    )


def uninvited(person: Person) -> str:
    """What is in the place of `signup` for who has no invitation, or one that is used or too old."""
    return render("uninvited.html", **frame(person, current="signup"))


def account(person: Person, page: AccountPage) -> str:
    """The page of an account, or of a guest: what there is, how to take it along, how to end it."""
    return render("account.html", page=page, **frame(person, current="account"))
