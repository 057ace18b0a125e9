"""The words that the document is written in: small functions that give pieces of OpenAPI 3.1."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from genapp.web.forms import MAX_FIELDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from genapp.errors import GenappError

Piece = dict[str, Any]

# `forms.NOT_TEXT` as JSON Schema writes it (ECMA-262), where there are no lone surrogates to name.
_CONTROLS = r"\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f"
TEXT = rf"^[^{_CONTROLS}]*$"
# Text with something in it to see. U+0085 is a space to Python and none to ECMA-262.
WORDS = rf"^[^{_CONTROLS}]*[^{_CONTROLS}\s\u0085][^{_CONTROLS}]*$"
# `account.EMAIL`, without the spaces around it that are forgiven.
_EMAIL_CHARACTER = rf"""[^{_CONTROLS}\s\u0085@<>"'\\,;:()\[\]]"""
EMAIL = rf"^{_EMAIL_CHARACTER}{{1,64}}@{_EMAIL_CHARACTER}{{1,250}}$"


@dataclass(frozen=True, slots=True)
class Operation:
    """What a handler does, as far as its policy and its path do not say it.

    `answers` are response objects by status, `refusals` the errors that this one may answer with besides those that
    every handler like it may (`document.py`).
    """

    id: str
    tag: str
    summary: str
    answers: Mapping[int, Piece]
    description: str = ""
    body: Piece | None = None
    parameters: tuple[Piece, ...] = ()
    refusals: tuple[type[GenappError], ...] = ()


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the document: operations by their handlers, and the schemas that they name."""

    operations: Mapping[Any, Operation]
    schemas: Mapping[str, Piece] = field(default_factory=dict)


def string(description: str = "", **limits: Any) -> Piece:
    return {"type": "string", **({"description": description} if description else {}), **limits}


def text(description: str = "", **limits: Any) -> Piece:
    """A string that a person or a program sends."""
    return string(description, **{"pattern": TEXT, **limits})


def one_of(values: Any, description: str = "") -> Piece:
    return string(description, enum=list(values))


# What the address of a shared conversation ends with.
LINK: Piece = {"type": "string", "minLength": 1, "pattern": "^[A-Za-z0-9_-]+$"}


def uuid(description: str = "") -> Piece:
    return string(description, format="uuid")


def moment(description: str = "") -> Piece:
    return string(description, format="date-time")


def address(description: str = "") -> Piece:
    return string(description, format="uri-reference")


def array(items: Piece, description: str = "", **limits: Any) -> Piece:
    return {"type": "array", "items": items, **({"description": description} if description else {}), **limits}


def or_null(schema: Piece) -> Piece:
    return {"anyOf": [schema, {"type": "null"}]}


def left_out(schema: Piece) -> Piece:
    """A field that null or an empty string leave out."""
    return {"anyOf": [schema, {"enum": ["", None]}]}


def ref(name: str) -> Piece:
    return {"$ref": f"#/components/schemas/{name}"}


def record(properties: Piece, *, optional: tuple[str, ...] = (), description: str = "") -> Piece:
    """An object of an answer, all of whose properties are there but the `optional` ones."""
    described = {"description": description} if description else {}
    required = [name for name in properties if name not in optional]
    return {"type": "object", **described, "properties": properties, "required": required}


def body(properties: Piece, *, required: tuple[str, ...] = (), example: Piece | None = None) -> Piece:
    """What is sent: a JSON object of strings. What it does not know is read like the rest, and then left alone."""
    schema = {
        "type": "object",
        "properties": properties,
        **({"required": list(required)} if required else {}),
        "maxProperties": MAX_FIELDS,
        "propertyNames": {"pattern": TEXT},
        "additionalProperties": or_null(text()),
    }
    content = {"schema": schema, "example": {} if example is None else example}
    return {"required": bool(required), "content": {"application/json": content}}


NOTHING_TO_SAY = body({})


def answer(description: str, schema: Piece, *, example: Any = None, headers: Piece | None = None) -> Piece:
    """An answer in JSON."""
    content = {"schema": schema, **({"example": example} if example is not None else {})}
    headed = {"headers": headers} if headers else {}
    return {"description": description, **headed, "content": {"application/json": content}}


def plain(description: str, media_type: str, schema: Piece) -> Piece:
    """An answer that is no JSON."""
    return {"description": description, "content": {media_type: {"schema": schema}}}


def empty(description: str, headers: Piece | None = None) -> Piece:
    return {"description": description, **({"headers": headers} if headers else {})}


def header(description: str, schema: Piece, *, required: bool = True) -> Piece:
    return {"description": description, "required": required, "schema": schema}


def parameter(place: str, name: str, description: str, schema: Piece, **rest: Any) -> Piece:
    return {"in": place, "name": name, "description": description, "schema": schema, **rest}
