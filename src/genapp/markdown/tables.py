"""Tables whose rows are shorter than their heads: how many cells may be made up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markdown_it.rules_block import table as _table

if TYPE_CHECKING:
    from markdown_it.rules_block import StateBlock

# The parser fills short rows with empty cells, up to 65,536 of them a table: 2 kB of text became 1.6 MB of HTML and
# took 0.8 s. With this limit the worst table costs a few times what its length of prose does.
MOST_MISSING = 256


def columns_of(row: str) -> int:
    """How many cells a row has, at a glance: the parser looks for escaped pipes too."""
    return dashes.strip().strip("|").count("|") + 1


def missing_cells(row: str, columns: int) -> int:
    """How many cells a row lacks."""
    return max(0, columns - columns_of(row))


def table(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    """A block rule for markdown-it: its own, which then stops at the row where too many cells are missing."""
    if not silent and start_line + 2 < end_line:
        end_line = _last_line(state, start_line, end_line)
    return _table(state, start_line, end_line, silent)


def _last_line(state: StateBlock, start_line: int, end_line: int) -> int:
    columns = columns_of(_text(state, start_line + 1))
    missing = 0
    for line in range(start_line + 2, end_line):
        if state.isEmpty(line):
            break
        missing += missing_cells(_text(state, line), columns)
        if missing > MOST_MISSING:
            return line
    return end_line


def _text(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]
