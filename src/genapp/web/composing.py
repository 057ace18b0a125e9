"""The composer and what comes out of it: a validated draft."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genapp.errors import GenappError, Invalid
from genapp.models import Draft, new_id, parse_id
from genapp.views import Composer, ModelOption

if TYPE_CHECKING:
    from uuid import UUID

    from genapp.settings import Settings
    from genapp.web.forms import Form
    from genapp.web.visitors import Visitor

MAX_KEY = 200


def draft_from(form: Form, visitor: Visitor, settings: Settings) -> Draft:
    """Check what was sent; raises Invalid with the field and a sentence that says what to do."""
    return Draft(
        user_id=visitor.user_id,
        prompt=checked_prompt(form.get("prompt", ""), settings.prompt_max_characters, field="prompt"),
        model=_model(form, settings),
        conversation_id=_conversation_id(form),
        idempotency_key=checked_key(form.get("idempotency_key")),
        guest=visitor.guest,
        site=visitor.site,
    )


def composer_for(
    settings: Settings,
    *,
    conversation_id: UUID | None = None,
    form: Form | None = None,
    model: str = "",
    error: GenappError | None = None,
) -> Composer:
    """Give the composer; with `form`, filled in again as it was sent, so that nothing typed is lost."""
    form = form or {}
    # A prompt that we failed with may be stored all the same: sent again with the key that it had, it is found.
    key = form.get("idempotency_key") if error is not None and error.status >= 500 else None
    chosen = form.get("model") or model or settings.models[0].value
    return Composer(
        prompt=form.get("prompt", ""),
        models=[ModelOption(one.value, one.label, one.value == chosen) for one in settings.models],
        conversation_id=str(conversation_id) if conversation_id else None,
        idempotency_key=key or str(new_id()),
        max_characters=settings.prompt_max_characters,
        error=error.sentence if error else None,
        error_field=error.field if error else None,
    )


def checked_prompt(prompt: str, limit: int, *, field: str) -> str:
    """Give a prompt that says something and is not too long; raises Invalid."""
    if not prompt.strip():
        raise Invalid("Write something first, then send it.", field=field)
    if len(prompt) > limit:
        raise Invalid(
            f"This is {len(prompt):,} characters long, and {limit:,} is the limit. Shorten it and send it again.",
            field=field,
        )
    return prompt


def _model(form: Form, settings: Settings) -> str:
    known = [one.value for one in settings.models]
    chosen = form.get("model") or known[0]
    if chosen not in known:
        raise Invalid(f"There is no model “{chosen[:80]}” here. Choose one of {', '.join(known)}.", field="model")
    return chosen


def _conversation_id(form: Form) -> UUID | None:
    text = form.get("conversation_id")
    if not text:
        return None
    conversation_id = parse_id(text)
    if conversation_id is None:
        raise Invalid("That is not a conversation. Leave it out to begin a new one.", field="conversation_id")
    return conversation_id


def checked_key(key: str | None) -> str | None:
    """Give an idempotency key, None for an empty one; raises Invalid where it is too long."""
    if key and len(key) > MAX_KEY:
        raise Invalid(f"An idempotency key has at most {MAX_KEY} characters.", field="idempotency_key")
    return key or None
