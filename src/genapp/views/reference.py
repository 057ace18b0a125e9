"""The page that describes the JSON API: what is in the OpenAPI document, for people."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from genapp.views.environment import render
from genapp.views.person import frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genapp.views.person import Person


@dataclass(frozen=True, slots=True)
class Kind:
    """A piece of what a value is: `words`, which name the schema `schema` where that is given."""

    words: str
    schema: str | None = None


@dataclass(frozen=True, slots=True)
class FieldItem:
    """A parameter, or a property of what is sent or answered. `text` is Markdown."""

    name: str
    kinds: Sequence[Kind]
    text: str
    required: bool
    place: str = ""


@dataclass(frozen=True, slots=True)
class AnswerItem:
    """One way in which something is answered. `status` may be a class of them, such as `2XX`."""

    status: str
    text: str
    kinds: Sequence[Kind]


@dataclass(frozen=True, slots=True)
class OperationItem:
    """Something that can be asked for. `who` says by whom; `command` asks for it with curl, where a program may.

    What is sent is an object with `fields`, or has a name: `body`.
    """

    id: str
    method: str
    path: str
    summary: str
    text: str
    who: str
    parameters: Sequence[FieldItem]
    body: Sequence[Kind]
    fields: Sequence[FieldItem]
    answers: Sequence[AnswerItem]
    command: str | None = None
    example: str | None = None


@dataclass(frozen=True, slots=True)
class PartItem:
    """Operations that belong together."""

    id: str
    name: str
    operations: Sequence[OperationItem]


@dataclass(frozen=True, slots=True)
class SchemaItem:
    """An object that answers have in common, or one of several that a name stands for, of which one is the `first`."""

    name: str
    text: str
    fields: Sequence[FieldItem]
    first: bool = True


@dataclass(frozen=True, slots=True)
class ReferencePage:
    """All of it. `message` is what we send: to webhooks."""

    version: str
    about: str
    parts: Sequence[PartItem]
    message: OperationItem
    schemas: Sequence[SchemaItem]


def reference(person: Person, page: ReferencePage) -> str:
    """The page."""
    return render("reference.html", page=page, **frame(person, current="reference"))
