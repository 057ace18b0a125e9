"""The pages of an account's webhooks: the list, and what became of what was sent to one."""

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
class WebhookItem:
    """A webhook as its owner sees it. `off`: why nothing is sent to it, None where something is."""

    id: str
    url: str
    events: Sequence[str]
    with_content: bool
    off: str | None
    pending: int
    taken_label: str


@dataclass(frozen=True, slots=True)
class DeliveryItem:
    """One event on its way to a webhook. `outcome`: a sentence about where it stands."""

    id: str
    event: str
    generation_url: str
    created_at: datetime
    created_label: str
    status: str
    attempts: int
    outcome: str


@dataclass(frozen=True, slots=True)
class WebhooksPage:
    """All webhooks of an account. What was entered in the form is in `url`, `events` and `with_content`.

    `secret` is shown this once: that of the one that has just been made.
    """

    webhooks: Sequence[WebhookItem] = ()
    done: str | None = None
    error: str | None = None
    error_field: str | None = None
    secret: str | None = None
    url: str = ""
    events: Sequence[str] = ("completed", "failed")
    with_content: bool = False


@dataclass(frozen=True, slots=True)
class WebhookPage:
    """One webhook and the newest of what was sent to it."""

    webhook: WebhookItem
    deliveries: Sequence[DeliveryItem] = ()
    done: str | None = None
    error: str | None = None


def webhooks(person: Person, page: WebhooksPage) -> str:
    """The list, and the form for another one."""
    return render("webhooks.html", page=page, **frame(person, current="account"))


def webhook(person: Person, page: WebhookPage) -> str:
    """One of them, with its log."""
    return render("webhook.html", page=page, **frame(person, current="account"))
