"""A conversation as those see it who were given its link."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from genapp.views.environment import render
from genapp.views.pages import REFRESH_SECONDS
from genapp.views.person import frame

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from genapp.views.cards import GenerationCard
    from genapp.views.pages import Stream
    from genapp.views.person import Person


@dataclass(frozen=True, slots=True)
class SharedPage:
    """A shared conversation; its cards are `read_only`. `expires_label` is None where the link does not end."""

    title: str
    updated_at: datetime
    updated_label: str
    generations: Sequence[GenerationCard]
    stream: Stream | None = None
    expires_label: str | None = None


def shared(person: Person, page: SharedPage) -> str:
    """The public page of a shared conversation: to be read, live, and nothing else."""
    seconds = REFRESH_SECONDS if page.stream else None
    return render("shared.html", page=page, stream=page.stream, **frame(person, "shared", refresh_seconds=seconds))
