"""Paragraphs and headings while they are open: words are appended as they come."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from genapp.markdown.blocks import HEAD, Block, Line, is_blank
from genapp.markdown.rendering import AUTO, inline_to_html, parse
from genapp.markdown.words import Words

if TYPE_CHECKING:
    from genapp.markdown.blocks import References

# The bytes after which a paragraph is no longer sent again to put its asterisks right.
_MENDING = 700

# A line that starts like this is text, whatever follows.
_TEXT = re.compile(r"[ \t]*[^\s#>`~*+\-=_|:\d]")
# The same for one that is not complete yet: enough is there to tell `**bold` from `* item`.
_TEXT_BY_NOW = re.compile(
    r"[ \t]*(?:[^\s#>`~*+\-=_|:\d]|[*_]{1,3}[^\s*_]|`{1,2}[^`]|~{1,2}[^~]"
    r"|\d+[^\d.)]|\d+[.)]\S|[-+=:][^\s\-=:|+]|#+[^\s#])"
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
        return self._count == 0 or len(head) >= HEAD or _TEXT_BY_NOW.match(head) is not None

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
        # A title that is underlined has no signs before it; while a link definition's end is open, it is one for now.
        level = len(stripped) - len(stripped.lstrip("#")) or 1
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
