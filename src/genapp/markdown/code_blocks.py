"""Code while it is open: characters as they come, its colours when it is complete."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from markdown_it.common.utils import escapeHtml

from genapp.markdown.blocks import Block, Open, indent_of, is_blank
from genapp.markdown.rendering import PRE

if TYPE_CHECKING:
    from genapp.markdown.blocks import Line, References


class Code(Block):
    """Code by indentation: line by line."""

    kinds = ("code_block",)
    tag = "pre"
    attrs = PRE

    def line(self, line: str) -> bool:
        if not is_blank(line) and indent_of(line) < 4:
            return True
        self._grow(escapeHtml(_dedented(line, 4)) + "\n")
        return False

    def open(self) -> Open:
        html = "".join(self._parts)
        # HTML drops one line end after <pre>.
        return Open(self.tag, "\n" + html if html.startswith("\n") else html, self.attrs)


_FENCE = re.compile(r"( {0,3})(`{3,}|~{3,})")


class Fence(Code):
    """Fenced code: as it comes. Its colours come when it is complete."""

    kinds = ("fence",)

    def __init__(self) -> None:
        super().__init__()
        self._indent = 0
        self._closing: re.Pattern[str] | None = None
        self._may_close = re.compile("")
        self._shown_of_line = 0

    def line(self, line: str) -> bool:
        if self._closing is None:
            self._open_by(line)
            return False
        if self._closing.fullmatch(line):
            return True
        text = line[self._shown_of_line :] if self.flowing else _dedented(line, self._indent)
        self._grow(escapeHtml(text) + "\n")
        self.flowing = False
        return False

    def _open_by(self, line: str) -> None:
        match = _FENCE.match(line)
        indent, marker = match.groups() if match else ("", "```")
        self._indent = len(indent)
        self._closing = re.compile(rf" {{0,3}}{re.escape(marker)}{re.escape(marker[0])}*[ \t]*")
        self._may_close = re.compile(rf"[ \t]*{re.escape(marker[0])}*[ \t]*$")

    def show(self, line: Line, references: References) -> None:
        if self.flowing or self._closing is None or self._may_close.match(line.head):
            return
        self.flowing = True
        self._shown_of_line = line.size
        self._grow(escapeHtml(_dedented(line.text(), self._indent)))

    def flow(self, text: str, references: References) -> None:
        self._shown_of_line += len(text)
        self._grow(escapeHtml(text))


def _dedented(line: str, columns: int) -> str:
    indent = min(indent_of(line), columns)
    return line.expandtabs(4)[indent:] if "\t" in line[:columns] else line[indent:]
