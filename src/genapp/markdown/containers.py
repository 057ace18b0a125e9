"""Quotes, lists and tables while they are open: the last two grow by whole items and rows."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from genapp.markdown.blocks import HEAD, Block, Line, indent_of, is_blank
from genapp.markdown.rendering import parse, to_html
from genapp.markdown.tables import MOST_MISSING, columns_of, missing_cells

if TYPE_CHECKING:
    from markdown_it.token import Token

    from genapp.markdown.blocks import References

# Half an item can only be shown by replacing the whole list. So much of that is worth its bytes: a short list shows
# every few words, a long one every item.
_LIVELINESS = 2000
_LIVELINESS_SHARE = 0.3

_MARKER = re.compile(r"( {0,3})(?:([-+*])|(\d{1,9})([.)]))([ \t]*)(.?)")
# The beginning of one, when enough is there to tell it from a rule or an emphasis.
_NEXT_ITEM = re.compile(r" {0,3}(?:[-+*]|\d{1,9}[.)])[ \t]+[^\s*_+-]")


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


class List(Block):
    """A list: items that are complete are appended; the last one is shown now and then.

    An item is parsed behind a one-word item of the same list, which says whether the parser found the list loose
    (its items' text in paragraphs), and keeps an indented item from being taken for a nested one.
    """

    kinds = ("bullet_list_open", "ordered_list_open")

    def __init__(self, first: str) -> None:
        super().__init__()
        match = _MARKER.match(first)
        _, bullet, number, delimiter, _, _ = match.groups() if match else ("", "-", None, "", "", "")
        self.tag = "ul" if bullet else "ol"
        self.attrs = f' start="{int(number)}"' if number and int(number) != 1 else ""
        self._probe = f"{bullet or '1' + delimiter}    x\n"
        self._loose = False
        self._indent = 0
        self._done: list[str] = []  # lines of complete items
        self._done_size = 0
        self._item: list[str] = []
        self._item_size = 0
        self._try_at = 0
        self._fresh: list[str] = []
        self._loosened = False
        self._partly_shown = self._line_tried = False
        self._shown_size = self._spent = 0

    def line(self, line: str) -> bool:
        first = not self._item
        self._line_tried = False
        self._item.append(line)
        self._item_size += len(line) + 1
        if first:
            self._indent = _content_indent(line)
            return False
        if is_blank(line) or indent_of(line) >= self._indent or self._item_size < self._try_at:
            return False
        return self._ends_after_items()

    def _ends_after_items(self, begun: str = "") -> bool:
        """Let go of the items that are complete. `begun` is the line being written. Gives whether the list ended."""
        tokens = parse(self._probe + "\n".join([*self._item, begun]) + "\n", {})
        end = _end_of_first(tokens)
        items = _items(tokens[:end])[1:]
        self._note_looseness(tokens)
        if len(items) > 1:
            self._complete(items[:-1], items[-1][0].map or [1])
        else:
            # Nothing came of it (a line that belongs to the item without being indented): not at every line.
            self._try_at = self._item_size + self._item_size // 8
        return end < len(tokens)

    def _note_looseness(self, tokens: list[Token]) -> None:
        if not self._loose and not tokens[2].hidden:
            self._loose = self._loosened = True

    def _complete(self, items: list[list[Token]], next_lines: list[int]) -> None:
        count = next_lines[0] - 1  # without the probe's line
        self._fresh += [self._item_html(item, {}) for item in items]
        self._done += self._item[:count]
        self._item = self._item[count:]
        self._item_size = sum(len(line) + 1 for line in self._item)
        self._done_size = self._done_size + sum(len(line) + 1 for line in self._done[-count:])
        self._indent = _content_indent(self._item[0]) if self._item else 0
        self._try_at = 0

    def _item_html(self, item: list[Token], references: References) -> str:
        for token in item:
            if self._loose and token.level == 2 and token.type.startswith("paragraph"):
                token.hidden = False
        return to_html(item, references)

    def show(self, line: Line, references: References) -> None:
        if self._item and not self._line_tried and line.size <= HEAD and _NEXT_ITEM.match(line.head):
            # The next item has begun: this one need not wait for the end of its first line.
            self._line_tried = True
            if indent_of(line.head) < self._indent:
                self._ends_after_items(line.text())
        if self._loosened or self._worth_showing(line):
            self._show_all(line, references)
        elif self._partly_shown and self._fresh:
            self._show_all(None, references)
        else:
            for html in self._fresh:
                self._grow(html)
        self._fresh.clear()
        self._loosened = False

    def _worth_showing(self, line: Line) -> bool:
        size = self._done_size + self._item_size + line.size
        # Twice: what shows half an item must be able to go back to whole ones.
        affordable = self._spent + 2 * size <= _LIVELINESS + _LIVELINESS_SHARE * size
        return affordable and size - self._shown_size >= max(20, size // 6)

    def _show_all(self, line: Line | None, references: References) -> None:
        lines = [*self._done]
        if line is not None:
            lines += [*self._item, line.text()]
        tokens = parse(self._probe + "\n".join(lines) + "\n", {})
        items = _items(tokens[: _end_of_first(tokens)])[1:]
        self._replace("".join(self._item_html(item, references) for item in items))
        self._partly_shown = line is not None
        self._shown_size = sum(map(len, lines))
        self._spent += self._shown_size


class Table(Block):
    """A table: rows are appended when they are complete."""

    kinds = ("table_open",)
    tag = "table"

    def __init__(self) -> None:
        super().__init__()
        self._head: list[str] = []
        self._missing = 0
        self._fresh: list[str] = []

    def line(self, line: str) -> bool:
        if len(self._head) < 2:
            self._head.append(line)
            if len(self._head) == 2:
                self._add_head()
            return False
        self._missing += missing_cells(line, columns_of(self._head[1]))
        tokens = parse("\n".join([*self._head, line]) + "\n", {})
        body = [i for i, token in enumerate(tokens) if token.type in ("tbody_open", "tbody_close")]
        if len(body) != 2 or _end_of_first(tokens) < len(tokens) or self._missing > MOST_MISSING:
            return True
        self._fresh.append(to_html(tokens[body[0] : body[1] + 1], {}))
        return False

    def _add_head(self) -> None:
        tokens = parse("\n".join(self._head) + "\n", {})
        self._fresh.append(to_html(tokens[1:-1], {}))

    def show(self, line: Line, references: References) -> None:
        for html in self._fresh:
            self._grow(html)
        self._fresh.clear()


def _content_indent(line: str) -> int:
    """How far the lines of an item are indented, at least. A bare marker: out of reach, so that each line is tried."""
    match = _MARKER.match(line)
    if match is None or not match[6]:
        return 1_000_000
    before = len(line[: match.start(5)].expandtabs(4))
    blanks = len(line[: match.end(5)].expandtabs(4)) - before
    return before + (blanks if 1 <= blanks <= 4 else 1)


def _end_of_first(tokens: list[Token]) -> int:
    """The index after the first top-level block."""
    return next((i + 1 for i, token in enumerate(tokens) if token.level == 0 and token.nesting < 1), len(tokens))


def _items(tokens: list[Token]) -> list[list[Token]]:
    """The tokens of a list's items, item by item."""
    items: list[list[Token]] = []
    for token in tokens[1:-1]:
        if token.type == "list_item_open" and token.level == 1:
            items.append([])
        items[-1].append(token)
    return items
