"""The pages of who runs the site: users, generations, invitations."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from genapp.models import FINISHED, IN_FLIGHT
from genapp.views.environment import render
from genapp.views.pages import REFRESH_SECONDS
from genapp.views.person import frame

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from genapp.views.cards import GenerationCard
    from genapp.views.pages import Stream
    from genapp.views.person import Person


def user_name(user_id: UUID, email: str | None) -> str:
    """What a user is called: their address, or, of a guest, the part of the id that tells guests apart."""
    return email or f"Guest {str(user_id)[-12:]}"


@dataclass(frozen=True, slots=True)
class UserRow:
    """A user in a list or a heading. `name` is the e-mail address, or `Guest` and the end of the id."""

    id: str
    name: str
    role: str
    disabled: bool
    created_label: str
    last_seen_label: str
    conversations: int
    in_flight: int
    tokens_today: int
    url: str


@dataclass(frozen=True, slots=True)
class AdminGenerationRow:
    """A generation in a list: what it cost and how it went, not what was asked."""

    id: str
    status: str
    model: str
    user_name: str
    user_url: str
    created_label: str
    error_code: str | None
    tokens: int | None
    url: str


@dataclass(frozen=True, slots=True)
class InvitationItem:
    """An invitation; `state` is `open`, `used` or `expired`. Without `email` whoever has the link may use it."""

    id: str
    email: str | None
    created_label: str
    expires_label: str
    state: str


@dataclass(frozen=True, slots=True)
class UsersPage:
    """Users, those that `query` finds or all. `done` is a sentence about what has just been done."""

    users: Sequence[UserRow]
    query: str = ""
    next_url: str | None = None
    done: str | None = None


@dataclass(frozen=True, slots=True)
class UserPage:
    """One user. A limit that is None is the site's default; a default of 0 tokens a day means that there is no limit.

    A limit may be what was typed, where that was refused: `error` says why, `error_field` names it.
    """

    row: UserRow
    max_in_flight: int | str | None
    tokens_per_day: int | str | None
    default_in_flight: int
    default_tokens_per_day: int
    generations: Sequence[AdminGenerationRow] = ()
    is_self: bool = False
    done: str | None = None
    error: str | None = None
    error_field: str | None = None


@dataclass(frozen=True, slots=True)
class GenerationsPage:
    """Generations, those with `status` or all."""

    rows: Sequence[AdminGenerationRow]
    status: str = ""
    next_url: str | None = None


@dataclass(frozen=True, slots=True)
class InvitationsPage:
    """Invitations. `new_link` is shown this once; `email` is what was typed, where that was refused."""

    invitations: Sequence[InvitationItem]
    new_link: str | None = None
    email: str = ""
    done: str | None = None
    error: str | None = None
    error_field: str | None = None


def admin_users(person: Person, page: UsersPage) -> str:
    """The list of users, and the search."""
    return render("admin/users.html", page=page, section="users", **frame(person, "admin"))


def admin_user(person: Person, page: UserPage) -> str:
    """One user: limits, role, and the newest generations."""
    return render("admin/user.html", page=page, section="users", **frame(person, "admin"))


def admin_generations(person: Person, page: GenerationsPage) -> str:
    """The list of generations."""
    return render(
        "admin/generations.html",
        page=page,
        statuses=IN_FLIGHT + FINISHED,
        section="generations",
        **frame(person, "admin"),
    )


def admin_generation(
    person: Person, card: GenerationCard, row: AdminGenerationRow, stream: Stream | None = None
) -> str:
    """One generation, live: the article of a `read_only` card, and a way to stop it while it is in flight."""
    return render(
        "admin/generation.html",
        generation=card,
        row=row,
        stream=stream,
        section="generations",
        **frame(person, "admin", refresh_seconds=REFRESH_SECONDS if stream else None),
    )


def admin_invitations(person: Person, page: InvitationsPage) -> str:
    """The list of invitations, and the form that makes one."""
    return render("admin/invitations.html", page=page, section="invitations", **frame(person, "admin"))
