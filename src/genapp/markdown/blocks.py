"""The open block: the last one of an answer in progress, and how it grows on the screen.

A block is told each complete line and asked, once a frame, to show what it can. It says when it may have ended; the
document then has the real parser decide. So nothing in here can change the final HTML: it decides how soon and at
what cost in bytes a reader sees what came.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from markdown_it.common.utils import escapeHtml

from genapp.markdown.rendering import AUTO, PRE, inline_to_html, parse, to_html
from genapp.markdown.words import Words

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    References = MutableMapping[str, Any]

# Enough of a line to tell what it starts.
_HEAD = 64


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
        if len(self.head) < _HEAD:
            self.head += text[:_HEAD]
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
        """Take a complete line, without its end. Gives whether the block may have ended with it, or changed its kind."""
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


# The bytes after which a paragraph is no longer sent again to put its asterisks right.
_MENDING = 700

# A line that starts like this is text, whatever follows.
_TEXT = re.compile(r"[ \t]*[^\s#>`~*+\-=_|:\d]")
# The same for one that is not complete yet: enough is there to tell `**bold` from `* item`.
_TEXT_BY_NOW = re.compile(
    r"[ \t]*(?:[^\s#>`~*+\-=_|:\d]|[*_]{1,3}[^\s*_]|`{1,2}[^`]|~{1,2}[^~]|\d+[^\d.)]|\d+[.)]\S|[-+=:][^\s\-=:|+]|#+[^\s#])"
)
_ROW_OF_DASHES = re.compile(r"[\s|:-]*$")


class Paragraph(Block):
    """Words, appended as they come."""

    kinds = ("paragraph_open",)
    tag = "p"
    attrs = AUTO

    def __init__(self) -> None:
        super().__init__()
        self._words = Words()
        self._texts: list[str] = []  # all that went to `_words`
        self._waiting: list[str] = []
        self._shown_of_line = 0
        self._lines: list[str] = []  # the last two: what they are is decided together
        self._count = 0
        self._is_bracketed = False
        self._size = self._mended_at = self._mended_bytes = 0

    def line(self, line: str) -> bool:
        self._waiting.append(line[self._shown_of_line :] + "\n")
        self._shown_of_line = 0
        self.flowing = False
        self._count += 1
        self._lines = [*self._lines[-1:], line]
        if self._count == 1:
            # It may be, or become, a link definition: then each further line may end that.
            self._is_bracketed = line.lstrip().startswith("[")
            return False
        return self._is_bracketed or is_blank(line) or (not _TEXT.match(line) and self._ends_with(line))

    def _ends_with(self, line: str) -> bool:
        # What ends a paragraph shows in the line itself and, for a table, the one before: no need to parse it all.
        lines = self._lines if self._count == 2 else ["x", *self._lines]
        tokens = parse("\n".join(lines) + "\n", {})
        return len(tokens) != 3 or tokens[0].type != "paragraph_open"

    def show(self, line: Line, references: References) -> None:
        if not self.flowing and line.size and self._is_text(line.head):
            self.flowing = True
            self._waiting.append(line.text())
            self._shown_of_line = line.size
        if self._waiting and not self._may_be_table(line.head):
            self._let_out("".join(self._waiting), references)
            self._waiting.clear()

    def flow(self, text: str, references: References) -> None:
        self._shown_of_line += len(text)
        self._let_out(text, references)

    def _is_text(self, head: str) -> bool:
        return self._count == 0 or len(head) >= _HEAD or _TEXT_BY_NOW.match(head) is not None

    def _may_be_table(self, head: str) -> bool:
        if self._count == 0 or self._count > 2 or not self._lines[0].lstrip().startswith("|"):
            return False
        return self._count == 1 and _ROW_OF_DASHES.match(head) is not None

    def _let_out(self, text: str, references: References) -> None:
        self._texts.append(text)
        self._size += len(text)
        self._grow(self._words.feed(text, references))
        if self._words.literal:
            self._mend(references)

    def _mend(self, references: References) -> None:
        # A phrase of more than a few dozen characters was shown with its asterisks: put it right while the
        # paragraph is short. In a long one it waits for the end: it would be sent again and again.
        if self._mended_bytes > _MENDING or self._size - self._mended_at < 100:
            return
        html = inline_to_html("".join(self._texts).rstrip(), references)
        self._words = Words()
        self._mended_at = self._size
        self._mended_bytes += len(html)
        self._replace(html)


class Heading(Block):
    """`# …`, until its line is complete."""

    kinds = ("heading_open",)
    attrs = AUTO

    def __init__(self, first: str) -> None:
        super().__init__()
        stripped = first.lstrip(" ")
        level = len(stripped) - len(stripped.lstrip("#"))
        self.tag = f"h{min(level + 2, 6)}"
        self._words = Words()

    def line(self, line: str) -> bool:
        return True

    def show(self, line: Line, references: References) -> None:
        if not self.flowing and line.size:
            self.flowing = True
            self._grow(self._words.feed(line.text().lstrip("# \t"), references))

    def flow(self, text: str, references: References) -> None:
        self._grow(self._words.feed(text, references))


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


class Quote(Block):
    """Block quotes are shown again as a whole when they have grown by half: three times their bytes in all."""

    kinds = ("blockquote_open",)
    tag = "blockquote"

    def __init__(self) -> None:
        super().__init__()
        self._lines: list[str] = []
        self._size = self._shown = self._spent = 0

    def line(self, line: str) -> bool:
        self._lines.append(line)
        self._size += len(line) + 1
        return not line.lstrip(" ").startswith(">")

    def show(self, line: Line, references: References) -> None:
        size = self._size + line.size
        first = self._spent + size <= 1000 and size - self._shown >= 20
        if not first and size < self._shown * 3 // 2:
            return
        self._shown = size
        self._spent += size
        tokens = parse("\n".join([*self._lines, line.text()]), {})
        end = next((i for i, token in enumerate(tokens) if token.level == 0 and token.nesting == -1), 0)
        self._replace(to_html(tokens[1:end], references))
