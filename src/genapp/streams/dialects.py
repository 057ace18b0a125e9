"""Dialects: how a frame is written for a client. A new one is a function and a line in `DIALECTS`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from .ops import replace

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .ops import Op

# htmx 4.0.1 accepts two of Turbo's verbs as they are (`#normalizeSwapStyle`) and has these names for the others.
# Nearly all ops are appends of a word or two, so that is what a page takes an unnamed swap for (`defaultSwap` in its
# htmx-config): 16 bytes of 51 around each word.
_SWAPS = {
    "append": "",
    "before": " hx-swap=before",
    "after": " hx-swap=after",
    "update": " hx-swap=innerHTML",
    "replace": " hx-swap=outerHTML",
    "remove": " hx-swap=delete",
}
_END = "</hx-partial>"

# Both dialects wrap HTML in a <template>. htmx rewrites <hx-…> and cuts out <head> by regular expressions
# over the raw text, attribute values included (`#makeFragment`), any </template> ends the wrapper, and a
# <turbo-stream> acts wherever it comes into a page.
# None of these belongs in what a server renders into a page; where they stand in an attribute value, the
# escaped form means the same.
_BREAKOUT = re.compile(r"<(?=/?(?:hx-|template|turbo-stream|head[\s>]))", re.IGNORECASE)

# Clients that split lines by Unicode's rules rather than by those of server-sent events (Python's `splitlines`, which
# some libraries for them use) would take what follows one of these in an answer for a field, `event: done` say.
# JSON escapes all the other line ends in any case.
_LINE_ENDS = {"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"}


@dataclass(frozen=True, slots=True)
class Dialect:
    """`encode(seq, ops)` gives the messages of a frame, none where it has nothing for this dialect.

    A dialect that `tells_text` gets an op `snapshot`, with the whole text so far, in the place of all
    `text` ops, for a viewer who comes without a cursor. One that `gathers` gets what is due as one piece, and an op
    `whole` with the whole text so far beside it.
    """

    name: str
    encode: Callable[[int, Iterable[Op]], tuple[str, ...]]
    tells_text: bool = False
    gathers: bool = False


def _inert(html: str) -> str:
    # CR would end a line of the SSE message; HTML reads it as LF in any case.
    return _BREAKOUT.sub("&lt;", html.replace("\r\n", "\n").replace("\r", "\n"))


def _htmx(seq: int, ops: Iterable[Op]) -> tuple[str, ...]:
    # A target needs no quotes (ops.py), and is where an id without `hx-target` points. The end of the message ends its
    # last element.
    partials = [
        f"<hx-partial id={op.target}{_SWAPS[op.action]}>{_inert(op.content)}" for op in ops if op.action in _SWAPS
    ]
    return (_END.join(partials),) if partials else ()


def _turbo(seq: int, ops: Iterable[Op]) -> tuple[str, ...]:
    # Turbo has no action that changes an attribute, such as an article's status.
    whole = [replace(op.target, op.content) for op in ops if op.action == "restate"]
    streams = [_turbo_stream(op) for op in whole or ops if op.action in _SWAPS]
    return ("".join(streams),) if streams else ()


def _turbo_stream(op: Op) -> str:
    template = "" if op.action == "remove" else f"<template>{_inert(op.content)}</template>"
    return f'<turbo-stream action="{op.action}" target="{op.target}">{template}</turbo-stream>'


def _json(seq: int, ops: Iterable[Op]) -> tuple[str, ...]:
    return _messages(seq, ops)


def _accumulated(seq: int, ops: Iterable[Op]) -> tuple[str, ...]:
    return _messages(seq, ops, accumulated=True)


def _messages(seq: int, ops: Iterable[Op], *, accumulated: bool = False) -> tuple[str, ...]:
    messages: list[dict[str, Any]] = []
    for op in ops:
        if op.action == "text":
            messages.append({"type": "chunk", "seq": seq, "content": op.content})
        elif op.action == "snapshot":
            messages.append({"type": "snapshot", "seq": seq, "content": op.content})
            if accumulated:
                messages[-1]["accumulated"] = op.content
        elif op.action == "whole":
            messages[-1]["accumulated"] = op.content  # it stands behind the text that it ends with
        elif op.action == "notice":
            messages.append({**msgspec.json.decode(op.content), "seq": seq})
    return tuple([in_one_line(msgspec.json.encode(message).decode()) for message in messages])


def in_one_line(message: str) -> str:
    """JSON as a line that every client takes for one."""
    for mark, escaped in _LINE_ENDS.items():
        message = message.replace(mark, escaped)
    return message


DIALECTS = {
    dialect.name: dialect
    for dialect in (
        Dialect("htmx", _htmx),
        Dialect("turbo", _turbo),
        Dialect("json", _json, tells_text=True),
    )
}

# `json` with the whole text so far beside each piece, as some programs want it. Not among the others: its bytes are
# quadratic in an answer's length, so it is for who asks for it by name.
ACCUMULATED = Dialect("json, accumulated", _accumulated, tells_text=True, gathers=True)
