"""What the kinds of open block have in common: how the last block of an answer in progress grows on the screen.

A block is told each complete line and asked, once a frame, to show what it can. It says when it may have ended; the
document then has the real parser decide. So nothing in here can change the final HTML: it decides how soon, and at
what cost in bytes, a reader sees what came.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    References = MutableMapping[str, Any]

# Enough of a line to tell what it starts.
HEAD = 64


@dataclass(frozen=True, slots=True)
class Open:
    """The element that shows the open block: its tag, its inner HTML, its attributes (each with a blank before)."""

    tag: str
    html: str
    attrs: str = ""


EMPTY = Open("div", "")


class Line:
    """The line that is being written, in pieces: it may be a million characters long."""

    def __init__(self) -> None:
        self.head = ""
        self.size = 0
        self._pieces: list[str] = []

    def add(self, text: str) -> None:
        if len(self.head) < HEAD:
            self.head += text[:HEAD]
        self.size += len(text)
        self._pieces.append(text)

    def text(self) -> str:
        return "".join(self._pieces)


class Block:
    """Base of the kinds. `kinds` are the parser's names for it."""

    kinds: ClassVar[tuple[str, ...]] = ()
    tag = "div"
    attrs = ""

    def __init__(self) -> None:
        self.flowing = False  # the line that is being written goes to the screen as it comes, by `flow`
        self._parts: list[str] = []
        self._grown: list[str] = []
        self._replaced = False

    def line(self, line: str) -> bool:
        """Take a complete line, without its end. Gives whether the block may have ended, or changed its kind."""
        raise NotImplementedError

    def show(self, line: Line, references: References) -> None:
        """Bring the screen up to date, as far as it is worth its bytes; `line` is the one being written."""

    def flow(self, text: str, references: References) -> None:
        """Show more of the line that is being written."""

    def open(self) -> Open:
        """What the screen shows."""
        return Open(self.tag, "".join(self._parts), self.attrs)

    def take(self) -> tuple[bool, str]:
        """Whether the element must be replaced, else the HTML to append to it, since the last call."""
        replaced, grown = self._replaced, "".join(self._grown)
        self._replaced = False
        self._grown.clear()
        return replaced, grown

    def _grow(self, html: str) -> None:
        if html:
            self._parts.append(html)
            self._grown.append(html)

    def _replace(self, html: str) -> None:
        self._parts = [html]
        self._grown.clear()
        self._replaced = True


def is_blank(line: str) -> bool:
    return not line.strip(" \t\n")


def indent_of(line: str) -> int:
    expanded = line.expandtabs(4)
    return len(expanded) - len(expanded.lstrip(" "))


class Definitions(Block):
    """Link definitions: nothing to see."""

    kinds = ("",)

    def line(self, line: str) -> bool:
        return True
