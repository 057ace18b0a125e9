"""What a request to create a response asks for, read strictly: what is not done here is refused, and not left out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import msgspec
from msgspec import Meta

from genapp.errors import Invalid, UnknownModel
from genapp.models import Context
from genapp.models.context import MOST_CHARACTERS
from genapp.web.composing import checked_prompt
from genapp.web.forms import clean
from genapp.web.responses.explaining import explained
from genapp.web.responses.messages import said_in
from genapp.web.responses.refusing import require_defaults
from genapp.web.responses.resource import generation_id

if TYPE_CHECKING:
    from uuid import UUID

    from genapp.settings import Settings

MOST_TOKENS = 1_000_000


class _Fields(msgspec.Struct):
    input: str | list[dict[str, Any]]
    model: str | None = None
    instructions: str | None = None
    background: bool | None = None
    stream: bool | None = None
    previous_response_id: str | None = None
    max_output_tokens: Annotated[int, Meta(ge=1, le=MOST_TOKENS)] | None = None
    metadata: (
        Annotated[
            dict[Annotated[str, Meta(max_length=64)], Annotated[str, Meta(max_length=512)]],
            Meta(max_length=16),
        ]
        | None
    ) = None


@dataclass(frozen=True, slots=True)
class Asked:
    """A valid request. `background` and `stream` say how it is to be answered: at once, as it comes, or as a whole."""

    prompt: str
    model: str
    context: Context
    follows: UUID | None
    background: bool
    stream: bool


def asked_in(body: bytes, settings: Settings) -> Asked:
    """Read a request's body. Raises Invalid (Unsupported, UnknownModel) with the field that it is about."""
    fields = _fields_of(body)
    said = said_in([{"role": "user", "content": fields.input}] if isinstance(fields.input, str) else fields.input)
    if not said or said[-1][0] != "user":
        raise Invalid("The last message must be a user's: it is what is answered.", field="input")
    *before, (_, prompt) = said
    context = Context(
        instructions=clean("instructions", fields.instructions) if fields.instructions else None,
        messages=tuple(before),
        max_output_tokens=fields.max_output_tokens,
        metadata={clean("metadata", name): clean("metadata", text) for name, text in (fields.metadata or {}).items()},
    )
    if context.characters > MOST_CHARACTERS:
        raise Invalid(
            f"What comes before the last message has more than {MOST_CHARACTERS:,} characters.", field="input"
        )
    return Asked(
        prompt=checked_prompt(prompt, settings.prompt_max_characters, field="input"),
        model=model_named(fields.model, settings),
        context=context,
        follows=_previous(fields.previous_response_id),
        background=bool(fields.background),
        stream=bool(fields.stream),
    )


def model_named(name: str | None, settings: Settings) -> str:
    """The `provider:model` that a name means, the default for None; the provider may be left out where one has it.

    Raises UnknownModel.
    """
    if name is None:
        return settings.models[0].value
    found = [one.value for one in settings.models if name in (one.value, one.model)]
    if len(found) == 1:
        return found[0]
    known = ", ".join(found or [one.value for one in settings.models])
    what = "Several providers have" if found else "There is no"
    raise UnknownModel(f"{what} a model “{name[:80]}” here. Choose one of {known}.", field="model")


def _fields_of(body: bytes) -> _Fields:
    try:
        sent = msgspec.json.decode(body, type=dict[str, Any])
    except (msgspec.DecodeError, ValueError, RecursionError):  # no JSON, no UTF-8, or deeper than anybody means
        raise Invalid("This is not a JSON object. Send one.") from None
    known = {name: value for name, value in sent.items() if name in _Fields.__struct_fields__}
    require_defaults({name: value for name, value in sent.items() if name not in known})
    try:
        return msgspec.convert(known, _Fields)
    except msgspec.ValidationError as error:
        raise explained(error) from None


def _previous(text: str | None) -> UUID | None:
    if text is None:
        return None
    found = generation_id(text)
    if found is None:
        raise Invalid("That is not the id of a response. Leave it out to begin anew.", field="previous_response_id")
    return found
