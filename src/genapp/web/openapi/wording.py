"""Pieces of the document in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genapp.views import FieldItem, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from genapp.web.openapi.writing import Piece

# What a form leaves out: `writing.left_out`.
LEFT_OUT: Piece = {"enum": ["", None]}
MOST_VALUES = 12
WAYS = {"session": "a browser's session"}


def who(security: Sequence[Piece]) -> str:
    """Say who may ask for something."""
    if not security:
        return "Anybody, and nobody is looked at."
    ways = []
    for way in security:
        if "token" in way:
            ways.append(f"an API token that may {' and '.join(way['token'])}" if way["token"] else "an API token")
        ways += [WAYS[name] for name in way if name in WAYS]
        if not way:
            ways.append("anybody")
    said = _listed(ways)
    return f"{said[0].upper()}{said[1:]}."


def kinds_of(schema: Piece) -> list[Kind]:
    """Say what a value is."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return [Kind(name, name)]
    if "allOf" in schema:
        return kinds_of(schema["allOf"][0])
    if alternatives := schema.get("anyOf", schema.get("oneOf")):
        return _or([kinds_of(one) for one in alternatives if one != LEFT_OUT])
    if schema.get("type") == "array":
        return [Kind("list of"), *kinds_of(schema["items"])]
    return [Kind(_plain(schema))]


def _or(alternatives: list[list[Kind]]) -> list[Kind]:
    said = alternatives[0]
    for kinds in alternatives[1:]:
        said = [*said, Kind("or"), *kinds]
    return said


def _plain(schema: Piece) -> str:
    if "const" in schema:
        return f"“{schema['const']}”"
    if "enum" in schema:
        values = [f"“{value}”" for value in schema["enum"] if value]
        more = f" and {len(values) - MOST_VALUES} more" if len(values) > MOST_VALUES else ""
        return ", ".join(values[:MOST_VALUES]) + more
    kind = str(schema.get("type", "anything"))
    return " ".join([kind, *_limits(schema)])


def _limits(schema: Piece) -> Iterator[str]:
    if "format" in schema:
        yield f"({schema['format']})"
    unit = {"string": " characters", "integer": "", "array": " entries"}.get(str(schema.get("type")), "")
    least = schema.get("minLength", schema.get("minimum"))
    most = schema.get("maxLength", schema.get("maximum"))
    if most is not None:
        yield f"of {least or 0:,} to {most:,}{unit}"
    if "default" in schema:
        yield f"(else {schema['default']})"


def fields_of(schema: Piece, before: str = "") -> Iterator[FieldItem]:
    """The properties of an object, with those of objects in it that have no name of their own."""
    required = schema.get("required", ())
    for name, one in schema.get("properties", {}).items():
        inner = _unnamed(one)
        kinds = [Kind("list of objects" if one.get("type") == "array" else "object")] if inner else kinds_of(one)
        yield FieldItem(before + name, kinds, _description(one), name in required)
        if inner:
            mark = "[]." if one.get("type") == "array" else "."
            yield from fields_of(inner, f"{before}{name}{mark}")


def _unnamed(schema: Piece) -> Piece | None:
    inner = schema.get("items", schema)
    choices: list[Any] = inner.get("anyOf", [inner])
    return next((one for one in choices if "properties" in one), None)


def _description(schema: Piece) -> str:
    """What is said of a value, also inside of the alternatives that it is one of."""
    inner = [schema, *schema.get("anyOf", ())]
    return str(next((one["description"] for one in inner if one.get("description")), ""))


def _listed(words: Sequence[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"
