"""One typed function a page or partial."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from genapp.views.environment import render
from genapp.views.person import frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genapp.views.cards import GenerationCard
    from genapp.views.person import Person

# Seconds after which a page without JavaScript reloads itself while an answer is being written.
REFRESH_SECONDS = 2


@dataclass(frozen=True, slots=True)
class ModelOption:
    """One entry of the model picker."""

    value: str
    label: str
    selected: bool


@dataclass(frozen=True, slots=True)
class Composer:
    """The form that sends a prompt. `error` is about `error_field`, or about the whole."""

    prompt: str
    models: Sequence[ModelOption]
    conversation_id: str | None
    idempotency_key: str
    max_characters: int
    error: str | None = None
    error_field: str | None = None
    action: str = "/generations"

    @property
    def model(self) -> str:
        return next((model.value for model in self.models if model.selected), "")


@dataclass(frozen=True, slots=True)
class ConversationItem:
    """A conversation in a list or a heading."""

    id: str
    title: str
    url: str
    updated_at: datetime
    updated_label: str
    busy: bool


@dataclass(frozen=True, slots=True)
class Stream:
    """The connector of a page: where it listens."""

    url: str


@dataclass(frozen=True, slots=True)
class ShareState:
    """Whether a conversation is shared: at which absolute address, and until when."""

    url: str | None = None
    expires_label: str | None = None


@dataclass(frozen=True, slots=True)
class ErrorPage:
    """A page that says what went wrong and what to do."""

    status: int
    title: str
    message: str


def refresh(composer: Composer, seconds: int, busy: bool) -> int | None:
    """After how many seconds a page without JavaScript reloads itself: never one that holds somebody's words."""
    return seconds if busy and not composer.prompt else None


def when(moment: datetime) -> str:
    """Say how long ago something was, as a person would."""
    seconds = (datetime.now(UTC) - moment).total_seconds()
    for limit, unit, name in (
        (60, 1, ""),
        (3600, 60, "minute"),
        (86_400, 3600, "hour"),
        (7 * 86_400, 86_400, "day"),
    ):
        if seconds < limit:
            count = int(seconds // unit)
            return "just now" if not name else f"{count} {name}{'s' if count > 1 else ''} ago"
    return f"{moment:%-d %B %Y}"


def home(composer: Composer, conversations: Sequence[ConversationItem], person: Person) -> str:
    """The composer and the recent conversations."""
    busy = any(item.busy for item in conversations)
    return render(
        "home.html",
        composer=composer,
        conversations=conversations,
        **frame(person, "home", refresh_seconds=refresh(composer, REFRESH_SECONDS * 5, busy)),
    )


def conversation(
    item: ConversationItem,
    generations: Sequence[GenerationCard],
    composer: Composer,
    stream: Stream | None,
    person: Person,
    share: ShareState | None = None,
    *,
    main_only: bool = False,
) -> str:
    """A conversation's page. Without a `share` there is nothing about sharing in it.

    `main_only`: its title and its main part, for who has a page of ours and shows them in it.
    """
    return render(
        "conversation.html",
        main_only=main_only,
        conversation=item,
        generations=generations,
        composer=composer,
        stream=stream,
        share=share,
        **frame(person, "conversation", refresh_seconds=refresh(composer, REFRESH_SECONDS, stream is not None)),
    )


def generation(card: GenerationCard, stream: Stream | None, person: Person) -> str:
    """A generation's article with its connector, to be put into a page."""
    return render("_generation_live.html", generation=card, stream=stream, csrf_token=person.csrf_token)


def notice(message: str) -> str:
    """A sentence about what went wrong, to be put into a page."""
    return render("_notice.html", message=message)


def error_page(status: int, title: str, message: str, person: Person | None = None) -> str:
    """A whole page about what went wrong. Without a person, nothing is known of who looks."""
    return render("error.html", error=ErrorPage(status, title, message), **frame(person, "error"))
