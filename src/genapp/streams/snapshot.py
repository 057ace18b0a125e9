"""A log as it was at one moment: for the first paint of a page, and for a hub that lost its place."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from .cursor import Cursor
from .ops import Op
from .retained import text_of

if TYPE_CHECKING:
    from collections.abc import Mapping

# The start tag of a root element; a > inside a quoted attribute value does not end it.
_START_TAG = re.compile(r"""\s*<[A-Za-z](?:[^"'>]|"[^"]*"|'[^']*')*>""")
_decode_op = msgspec.json.Decoder(Op).decode


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The retained ops of a stream with their places, in order.

    `cursor` is where a viewer who shows this goes on from: None where there is no log (yet, or any more).
    """

    cursor: Cursor | None
    placed: tuple[tuple[int, int, Op], ...]

    @property
    def closed(self) -> bool:
        return self.cursor is not None and self.cursor.ended

    @property
    def ops(self) -> tuple[Op, ...]:
        return tuple([op for _, _, op in self.placed])

    @property
    def text(self) -> str:
        """The plain text of the answer so far."""
        return text_of(self.ops)

    def inner(self, target: str) -> str:
        """The content of `target`: its last update, if any, and what was appended since."""
        return "".join([op.content for op in self.ops if op.target == target and op.action in ("update", "append")])

    def element(self, target: str, default: str) -> str:
        """The element `target`, from its last replace or else from `default`, with its later content in it.

        Raises `ValueError` where that is not one root element with an end tag.
        """
        html, inner = default, ""
        for op in self.ops:
            if op.target != target:
                continue
            if op.action == "replace":
                html, inner = op.content, ""
            elif op.action == "update":
                html, inner = _emptied(html), op.content
            elif op.action == "append":
                inner += op.content
        return _filled(html, inner) if inner else html


def parse_log(fields: Mapping[bytes, bytes]) -> Snapshot:
    """The snapshot in the fields of a log's hash, see `publish.lua`."""
    if b"epoch" not in fields:
        return Snapshot(cursor=None, placed=())
    placed = []
    for name, value in fields.items():
        if name[:2] in (b"r:", b"u:", b"a:", b"s:"):
            seq, index, op = value.split(b" ", 2)
            placed.append((int(seq), int(index), _decode_op(op)))
    placed.sort(key=lambda entry: entry[:2])
    return Snapshot(
        cursor=Cursor(fields[b"epoch"].decode(), int(fields[b"seq"]), b"closed" in fields),
        placed=tuple(placed),
    )


def _emptied(html: str) -> str:
    start = _START_TAG.match(html)
    if start is None:
        raise ValueError(f"not one root element: {html[:80]!r}")
    return html[: start.end()] + html[_end_tag(html) :]


def _filled(html: str, inner: str) -> str:
    end = _end_tag(html)
    return html[:end] + inner + html[end:]


def _end_tag(html: str) -> int:
    end = html.rfind("</")
    if end < 0:
        raise ValueError(f"not one root element with an end tag: {html[:80]!r}")
    return end
