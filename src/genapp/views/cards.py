"""A generation as a person sees it."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from typing import TYPE_CHECKING

from markupsafe import Markup

from genapp import markdown
from genapp.views.environment import render

if TYPE_CHECKING:
    from datetime import datetime
    from uuid import UUID

    from genapp.models import Generation


def dom_id(generation_id: UUID) -> str:
    """The id of a generation's article; with `_content` behind it, that of its answer. Programs rely on both."""
    return f"generation_{generation_id}"


def part_id(generation_id: UUID, part: str = "") -> str:
    """The id of a part of the article: `settled`, `note`, `status` …; of the open block, which has the shortest, "".

    The open block is named in each frame, and words are few in one. The end of a UUIDv7 is random: 24 bits tell apart
    the few answers that are written at once in a page, also from what else is in a page of somebody else's.
    """
    return f"g{urlsafe_b64encode(generation_id.bytes[-3:]).decode()}" + (f"-{part}" if part else "")


def tail_element(generation_id: UUID, tail: markdown.Open | None = None) -> str:
    """The HTML of the element that holds the open block; an empty one where nothing is open."""
    block = tail or markdown.Open("div", "")
    return f'<{block.tag} id="{part_id(generation_id)}" class="tail"{block.attrs}>{block.html}</{block.tag}>'


@dataclass(frozen=True, slots=True)
class Written:
    """What an answer in progress shows: the HTML in its settled element, its whole tail element, and a note beside."""

    settled: str
    tail: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class GenerationCard:
    """What `_generation.html` shows."""

    id: str
    short: str
    status: str
    prompt: str
    model_label: str
    settled: Markup
    tail: Markup
    content: Markup
    error: str | None
    notice: str | None
    created_at: datetime
    created_label: str
    usage_label: str | None
    can_stop: bool
    can_retry: bool


def card(generation: Generation, written: Written | None = None, *, read_only: bool = False) -> GenerationCard:
    """Make the card of a row; `written` is what an answer in progress shows so far.

    `read_only`: who looks does not own it, so there is nothing to press that would change it.
    """
    return GenerationCard(
        id=str(generation.id),
        short=part_id(generation.id),
        status=generation.status,
        prompt=generation.prompt,
        model_label=generation.model.partition(":")[2],
        settled=Markup(written.settled if written else ""),
        tail=Markup(written.tail if written else tail_element(generation.id)),
        content=Markup(_content(generation)),
        error=generation.error_message if generation.status == "failed" else None,
        notice=_note(generation, written),
        created_at=generation.created_at,
        created_label=f"{generation.created_at:%-d %B %Y, %H:%M} UTC",
        usage_label=_usage(generation),
        can_stop=not generation.finished and not read_only,
        can_retry=generation.status in ("failed", "cancelled") and not read_only,
    )


def article(generation: Generation, written: Written | None = None, *, csrf_token: str = "") -> str:
    """Render `_generation.html`.

    What is broadcast carries no form token: it belongs to a session, and a stream may have several. The page it
    lands in sends its own with every htmx request.
    """
    return render("_generation.html", generation=card(generation, written), csrf_token=csrf_token)


def _content(generation: Generation) -> str:
    if not generation.finished:
        return ""
    # Rendered once, when it ended; again only where the renderer has changed since.
    return generation.html if generation.renderer == markdown.VERSION else markdown.render(generation.answer)


def _note(generation: Generation, written: Written | None) -> str | None:
    if generation.status == "completed":
        return generation.error_message  # it was cut by a limit, say
    return written.note if written else None


def _usage(generation: Generation) -> str | None:
    if generation.output_tokens is None:
        return None
    return f"{generation.input_tokens:,} tokens in, {generation.output_tokens:,} out"
