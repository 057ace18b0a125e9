"""Ops: one action on one target. The verbs are Turbo's; `text` and `notice` are for programs, `restate` for Turbo."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import msgspec

if TYPE_CHECKING:
    from collections.abc import Mapping

# Targets are written into CSS selectors and attribute values: only what needs no escaping in either.
_TARGET = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,127}")


class Op(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One action. On the wire a JSON array of three strings.

    `action` is `append`, `before`, `after`, `update`, `replace`, `remove`, `restate`, `text` or `notice`; `target`
    is the id of an element (empty for the last two); `content` is HTML made by the server, plain text, or
    a JSON object.
    """

    action: str
    target: str
    content: str


def append(target: str, html: str) -> Op:
    """Adds `html` after the last child of `target`."""
    return Op("append", _checked(target), html)


def before(target: str, html: str) -> Op:
    """Puts `html` before `target`, as its sibling. Kept until the stream is reset."""
    return Op("before", _checked(target), html)


def after(target: str, html: str) -> Op:
    """Puts `html` after `target`, as its sibling. Kept until the stream is reset."""
    return Op("after", _checked(target), html)


def update(target: str, html: str) -> Op:
    """Makes `html` the only content of `target`. Supersedes its earlier appends and updates."""
    return Op("update", _checked(target), html)


def replace(target: str, html: str) -> Op:
    """Puts `html`, one root element that carries the id `target` again, in the place of `target`.

    Supersedes its earlier appends, updates and replaces.
    """
    return Op("replace", _checked(target), html)


def remove(target: str) -> Op:
    """Takes `target` away. Supersedes its earlier appends, updates and replaces; kept until a reset."""
    return Op("remove", _checked(target), "")


def restate(target: str, html: str) -> Op:
    """Says what `target` has become through the other ops of the frame, as `replace` would.

    For a dialect whose clients cannot do all that they ask for: it tells this instead of them. The others leave it out.
    """
    return Op("restate", _checked(target), html)


def text(chunk: str) -> Op:
    """The next piece of the answer as plain text. Only the `json` dialect shows it."""
    return Op("text", "", chunk)


def notice(message: Mapping[str, Any]) -> Op:
    """A JSON message for programs, e.g. `{"type": "status", "status": "processing"}`.

    A later notice supersedes an earlier one. Only the `json` dialect shows it, with `seq` added.
    """
    return Op("notice", "", msgspec.json.encode(message).decode())


def _checked(target: str) -> str:
    if not _TARGET.fullmatch(target):
        raise ValueError(f"a target is a letter and then letters, digits, _ or -, not {target!r}")
    return target
