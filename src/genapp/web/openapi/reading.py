"""The document as people read it: sentences, tables and commands of what is in it, and nothing else."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from genapp import views
from genapp.web.openapi.curl import command
from genapp.web.openapi.wording import fields_of, kinds_of, who

if TYPE_CHECKING:
    from collections.abc import Iterator

    from genapp.web.openapi.writing import Piece


def read(document: Piece, site: str) -> views.ReferencePage:
    """Make the page of a document; `site` is the address at which its reader sees it."""
    operations = list(_operations(document, document["paths"], site))
    parts = [
        views.PartItem(f"part-{tag['name']}", tag["name"], [one for name, one in operations if name == tag["name"]])
        for tag in document["tags"]
    ]
    return views.ReferencePage(
        document["info"]["version"],
        document["info"]["description"],
        [part for part in parts if part.operations],
        _message(document, site),
        list(_schemas(document["components"]["schemas"])),
    )


def _message(document: Piece, site: str) -> views.OperationItem:
    """What webhooks are sent: the same, whatever its name."""
    names = list(document["webhooks"])
    first = next(one for _, one in _operations(document, document["webhooks"], site))
    return replace(first, path=", ".join(names), summary="How a generation has ended")


def _operations(document: Piece, paths: Piece, site: str) -> Iterator[tuple[str, views.OperationItem]]:
    for path, methods in paths.items():
        for method, piece in methods.items():
            yield piece["tags"][0], _operation(document, site, path, method, piece)


def _operation(document: Piece, site: str, path: str, method: str, piece: Piece) -> views.OperationItem:
    schema, example = _content(piece.get("requestBody", {}))
    responses = {
        status: _resolved(document, response, "responses") for status, response in sorted(piece["responses"].items())
    }
    shown = next((found for one in responses.values() if (found := _content(one)[1]) is not None), None)
    sent = "security" in piece
    return views.OperationItem(
        id=piece.get("operationId", path),
        method=method.upper(),
        path=path,
        summary=piece["summary"],
        text=piece.get("description", ""),
        who=who(piece["security"]) if sent else "",
        parameters=[
            views.FieldItem(
                one["name"], kinds_of(one["schema"]), one["description"], one.get("required", False), one["in"]
            )
            for one in piece.get("parameters", ())
        ],
        body=kinds_of(schema) if "$ref" in schema else (),
        fields=list(fields_of(schema)),
        answers=[_answer(status, one) for status, one in responses.items()],
        command=command(site, path, method, piece, example) if sent else None,
        example=None if shown is None else _pretty(shown),
    )


def _answer(status: str, response: Piece) -> views.AnswerItem:
    schema, _ = _content(response)
    return views.AnswerItem(status, response["description"], kinds_of(schema) if schema else ())


def _content(piece: Piece) -> tuple[Piece, object]:
    """The schema and the example of what is sent or answered; `{}` and None where there is nothing."""
    for media_type, content in piece.get("content", {}).items():
        is_json = media_type.endswith("json")
        return content.get("schema", {}), content.get("example") if is_json else None
    return {}, None


def _resolved(document: Piece, piece: Piece, kind: str) -> Piece:
    if "$ref" not in piece:
        return piece
    found: Piece = document["components"][kind][piece["$ref"].rpartition("/")[2]]
    return found


def _schemas(schemas: Piece) -> Iterator[views.SchemaItem]:
    for name, schema in schemas.items():
        for number, one in enumerate(schema.get("oneOf", [schema])):
            text = (schema.get("description", "") + "\n\n") if number == 0 and one is not schema else ""
            yield views.SchemaItem(name, text + one.get("description", ""), list(fields_of(one)), number == 0)


def _pretty(example: object) -> str:
    return msgspec.json.format(msgspec.json.encode(example), indent=2).decode()
