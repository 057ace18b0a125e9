"""The messages of a request's `input`: who said what, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeVar

import msgspec

from genapp.errors import Unsupported
from genapp.web.forms import clean
from genapp.web.responses.explaining import explained

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genapp.models.context import Role

T = TypeVar("T")

TEXTS = ("input_text", "output_text", "text")


# What comes with the messages of an earlier response, which are sent back as they are, and says nothing to a model.
class _Message(msgspec.Struct, forbid_unknown_fields=True):
    role: Literal["user", "assistant", "system", "developer"]
    content: str | list[dict[str, Any]]
    type: str = "message"
    id: Any = None
    status: Any = None
    phase: Any = None


class _Part(msgspec.Struct, forbid_unknown_fields=True):
    text: str
    type: str = "input_text"
    annotations: Any = None
    logprobs: Any = None


def said_in(items: Sequence[dict[str, Any]]) -> list[tuple[Role, str]]:
    """Give (role, text) of each message. Raises Invalid, and Unsupported for what is no message or no text."""
    return [_said(item, f"input[{index}]") for index, item in enumerate(items)]


def _said(item: dict[str, Any], field: str) -> tuple[Role, str]:
    if item.get("type", "message") != "message":
        raise Unsupported("Only messages can be sent here. Leave the other items out.", field=field)
    message = _converted(item, _Message, field)
    role: Role = "system" if message.role == "developer" else message.role
    if isinstance(message.content, str):
        return role, clean(field, message.content)
    return role, "".join(_text(part, f"{field}.content[{index}]") for index, part in enumerate(message.content))


def _text(part: dict[str, Any], field: str) -> str:
    if part.get("type") not in TEXTS:
        raise Unsupported("Only text can be sent here. Leave the other parts out.", field=field)
    return clean(field, _converted(part, _Part, field).text)


def _converted(value: dict[str, Any], kind: type[T], field: str) -> T:
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        raise explained(error, field) from None
