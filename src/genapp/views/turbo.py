"""What a page of Hotwire's Turbo is told to do: where a generation's article goes, and where a notice."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genapp.streams import DIALECTS, Op, append, remove, replace, update
from genapp.views.cards import dom_id
from genapp.views.environment import render

if TYPE_CHECKING:
    from uuid import UUID

    from genapp.models import Generation
    from genapp.views.cards import GenerationCard
    from genapp.views.person import Person

# The ids of the page's elements. What a page does not have is left out by Turbo without a word.
PLACE = "generations"
ERROR = "composer_error"
CONVERSATION = "composer_conversation"


def turbo_article(
    generation: Generation, card: GenerationCard, source: str | None, person: Person, *, present: bool = False
) -> str:
    """Put a generation's article into the page, and have Turbo follow `source`.

    Where the article is `present`, into its own place. Turbo takes an element of the same id away when it appends one:
    sent twice, an article is there once, and followed once. An error that was shown goes, and the form goes on with
    the conversation.
    """
    article = render("_generation.html", generation=card, csrf_token=person.csrf_token)
    target = dom_id(generation.id)
    field = render("_turbo_conversation.html", id=CONVERSATION, conversation_id=generation.conversation)
    ops = [
        replace(target, article) if present else append(PLACE, article),
        update(ERROR, ""),
        replace(CONVERSATION, field),
    ]
    following = render("_turbo_source.html", place=PLACE, id=f"{target}_source", source=source) if source else ""
    return _actions(ops) + following


def turbo_notice(message: str) -> str:
    """Say what went wrong, in the place of what was said before."""
    return _actions([update(ERROR, render("_notice.html", message=message))])


def turbo_removed(generation_id: UUID) -> str:
    """Take an article off the page, and what follows it."""
    target = dom_id(generation_id)
    return _actions([remove(target), remove(f"{target}_source")])


def _actions(ops: list[Op]) -> str:
    return "".join(DIALECTS["turbo"].encode(0, ops))
