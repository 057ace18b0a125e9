"""One answer as Markdown while it streams: what is settled, and what the open block shows."""

from __future__ import annotations

import re
from collections import ChainMap
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from genapp.markdown.blocks import EMPTY, Block, Definitions, Line, Open, is_blank
from genapp.markdown.code_blocks import Code, Fence
from genapp.markdown.containers import List, Quote, Table
from genapp.markdown.paragraphs import Heading, Paragraph
from genapp.markdown.rendering import clean, parse, render, to_html

if TYPE_CHECKING:
    from collections.abc import Callable

    from markdown_it.token import Token

_KINDS: dict[str, Callable[[str], Block]] = {
    "paragraph_open": lambda first: Paragraph(),
    "heading_open": Heading,
    "fence": lambda first: Fence(),
    "code_block": lambda first: Code(),
    "blockquote_open": lambda first: Quote(),
    "table_open": lambda first: Table(),
    "bullet_list_open": List,
    "ordered_list_open": List,
}

# What the first characters of a line start. The order decides; what matches nothing is not decided yet.
_STARTS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Block]], ...] = (
    (re.compile(r"(?: {4}| {0,3}\t)"), lambda match: Code()),
    (re.compile(r" {0,3}#{1,6}[ \t]"), lambda match: Heading(match.string)),
    (re.compile(r" {0,3}>"), lambda match: Quote()),
    (re.compile(r" {0,3}(?:```|~~~)"), lambda match: Fence()),
    (re.compile(r" {0,3}(?:[-+*]|\d{1,9}[.)])[ \t]+[^\s*_+-]"), lambda match: List(match.string)),
    (re.compile(r" {0,3}(?:[^\s#>`~*+\-=_|:\d]|[*_]{1,3}[^\s*_]|`{1,2}[^`]|~{1,2}[^~])"), lambda match: Paragraph()),
    (re.compile(r" {0,3}(?:\d+[^\d.)]|\d+[.)]\S|[-+=:]+[^\s\-=:|+]|#+[^\s#])"), lambda match: Paragraph()),
    (re.compile(r".{40}"), lambda match: Paragraph()),
)
# The starts that end a paragraph above them, whatever the rest of the line.
_INTERRUPTS = re.compile(r" {0,3}(?:#{1,6}[ \t]+\S|>|(?:[-+*]|1[.)])[ \t]+[^\s*_+|:-])")

# Up to here, a block is parsed at each line that may end it.
_SMALL = 500
_TITLE_QUOTES = ("'", '"', "(")


@dataclass(frozen=True, slots=True)
class Change:
    """What a piece of text changes on the screen.

    `settled` is HTML to append to the settled element: blocks that nothing can change any more. `tail`, where it is
    given, replaces the element of the open block; `grown` is HTML to append inside that element. With `reset`,
    `settled` is the whole, and replaces all that was settled: a late link definition gave an earlier block a link.
    """

    settled: str
    tail: Open | None
    grown: str
    reset: bool = False


class Document:
    """One answer while it streams.

    However its text is cut into pieces, what is settled in the end is `render` of the whole. Work and memory are
    linear in the text.
    """

    def __init__(self) -> None:
        self._references: dict[str, Any] = {}
        self._settled: list[str] = []
        self._settled_source: list[str] = []
        self._fresh: list[str] = []
        self._source: list[str] = []  # the complete lines of blocks that are not settled
        self._source_size = 0
        self._parse_at = 0
        self._line = Line()
        self._after_return = False
        self._block: Block | None = None
        self._shown: Block | None = None
        self._has_brackets = self._is_stale = False

    @property
    def settled(self) -> str:
        """All settled HTML so far."""
        return "".join(self._settled)

    @property
    def tail(self) -> Open:
        """The open block as it is shown; an empty element where nothing is open."""
        return self._shown.open() if self._shown else EMPTY

    def feed(self, text: str) -> Change:
        """Take the text that has come since the last call: any amount, cut anywhere."""
        text = self._with_line_feeds(clean(text))
        first, *rest = text.split("\n")
        self._add(first)
        for piece in rest:
            self._end_line()
            self._add(piece)
        return self._change()

    def finish(self) -> Change:
        """Settle everything: the answer is complete."""
        if self._after_return:
            self._after_return = False
            self._end_line()
        if self._line.size:
            self._source.append(self._line.text())
            self._line = Line()
        tokens = parse("".join(self._source), references := ChainMap[str, Any]({}, self._references))
        self._settle(tokens, references, len(self._source))
        self._block = None
        return self._reset() if self._is_stale else self._change()

    def _with_line_feeds(self, text: str) -> str:
        if self._after_return and text:
            text = "\r" + text
            self._after_return = False
        if "\r" not in text:
            return text
        if text.endswith("\r"):
            # It may be the first half of a CR LF.
            self._after_return = True
            text = text[:-1]
        return text.replace("\r\n", "\n").replace("\r", "\n")

    def _add(self, text: str) -> None:
        if text:
            self._line.add(text)
            if self._block is not None and self._block.flowing:
                self._block.flow(text, self._references)

    def _end_line(self) -> None:
        line, self._line = self._line.text(), Line()
        if self._block is None and is_blank(line):
            if self._settled_source:
                self._settled_source.append("\n")
            return
        self._source.append(line + "\n")
        self._source_size += len(line) + 1
        may_have_ended = self._block is None or self._block.line(line)
        if self._line_starts_block():
            self._parse()
        elif may_have_ended and (is_blank(line) or self._source_size >= self._parse_at):
            size = self._source_size
            self._parse()
            if self._source_size == size > _SMALL:
                # Nothing came of it. A block that goes on is not parsed at each of its lines: that is quadratic.
                self._parse_at = size + size // 8

    def _line_starts_block(self) -> bool:
        # A row of dashes makes the line above the head of a table, whatever that looked like.
        count = len(self._source)
        return count == 1 or (count == 2 and "|" in self._source[0])

    def _parse(self, partial: str = "") -> None:
        """Let the parser find the blocks, settle those that are complete, and open the last one."""
        references = ChainMap[str, Any]({}, self._references)
        tokens = parse("".join(self._source) + partial, references)
        tops = [token for token in tokens if token.level == 0 and token.nesting >= 0]
        open_from = self._first_open_line(tops, partial)
        last = tops[-1] if tops else None
        kind = last.type if last and last.map and last.map[0] >= open_from else ""
        if open_from == 0 and self._block is not None and kind in self._block.kinds:
            return
        self._settle(tokens, references, open_from)
        self._open(kind)

    def _first_open_line(self, tops: list[Token], partial: str) -> int:
        """The number of lines that belong to complete blocks."""
        count = len(self._source)
        ends_blank = not partial and is_blank(self._source[-1])
        if not tops:
            return count if ends_blank else 0
        last = tops[-1]
        start, end = last.map or (0, 0)
        title = self._title_from(tops)
        if title is not None:
            return title
        if partial:
            return start
        if last.type in ("heading_open", "hr"):
            # To the parser `# a | b` is the head of a table, if the next line is a row of dashes.
            return start if end == count and "|" in self._source[-1] else end
        if last.type == "fence" and last.content.count("\n") < end - start - 1:
            return end  # its closing line is there
        if ends_blank and last.type in ("paragraph_open", "blockquote_open", "table_open"):
            return count
        return start

    def _title_from(self, tops: list[Token]) -> int | None:
        """Where a link definition may begin whose title is still open: the title's first line looks like a block."""
        before = 0
        for top in tops:
            start = top.map[0] if top.map else 0
            follows = start > 0 and not is_blank(self._source[start - 1])
            if follows and self._line_at(start).lstrip()[:1] in _TITLE_QUOTES:
                return None if any(map(is_blank, self._source[start:])) else before
            before = start
        return None

    def _line_at(self, index: int) -> str:
        return self._source[index] if index < len(self._source) else self._line.head

    def _settle(self, tokens: list[Token], references: ChainMap[str, Any], lines: int) -> None:
        known = len(self._references)
        self._define(references.maps[0], lines)
        self._is_stale |= self._has_brackets and len(self._references) > known
        done = tokens[: _index_of_line(tokens, lines)]
        self._has_brackets |= any("[" in token.content for token in done if token.type == "inline")
        self._fresh.append(to_html(done, self._references))
        self._settled_source += self._source[:lines]
        self._source = self._source[lines:]
        self._source_size = sum(map(len, self._source))
        self._parse_at = 0

    def _define(self, definitions: Any, lines: int) -> None:
        for label, definition in definitions.items():
            if definition["map"][1] <= lines:
                self._references.setdefault(label, definition)

    def _open(self, kind: str) -> None:
        self._block = None
        if self._source:
            block = _KINDS[kind](self._source[0]) if kind in _KINDS else Definitions()
            for line in self._source:
                block.line(line[:-1])
            self._block = block

    def _change(self) -> Change:
        self._look_at_line()
        if self._block is not None:
            self._block.show(self._line, self._references)
        settled = "".join(self._fresh)
        self._fresh.clear()
        self._settled.append(settled)
        tail, grown = self._take_shown()
        return Change(settled, tail, grown)

    def _look_at_line(self) -> None:
        """Open a block for the line that is being written, as soon as it is clear what it starts."""
        if isinstance(self._block, Paragraph) and self._source and self._interrupts():
            self._parse(partial=self._line.text())
        if self._block is None and not self._source:
            self._block = _started_by(self._line.head)

    def _interrupts(self) -> bool:
        # Not once the line is long: it has been tried then, and parsing it again for each word would be quadratic.
        return self._line.size <= 100 and _INTERRUPTS.match(self._line.head) is not None

    def _take_shown(self) -> tuple[Open | None, str]:
        replaced, grown = self._block.take() if self._block else (False, "")
        if self._block is not self._shown:
            self._shown = self._block
            return self.tail, ""
        return (self.tail, "") if replaced else (None, grown)

    def _reset(self) -> Change:
        self._is_stale = False
        self._fresh.clear()
        self._settled = [render("".join(self._settled_source))]
        tail, _ = self._take_shown()
        return Change(self.settled, tail, "", reset=True)


def _index_of_line(tokens: list[Token], line: int) -> int:
    """The index of the first top-level block that starts at this line or later."""
    for index, token in enumerate(tokens):
        if token.level == 0 and token.nesting >= 0 and token.map and token.map[0] >= line:
            return index
    return len(tokens)


def _started_by(head: str) -> Block | None:
    for pattern, make in _STARTS:
        if match := pattern.match(head):
            return make(match)
    return None
