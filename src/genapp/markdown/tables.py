"""Tables whose rows are shorter than their heads: how many cells may be made up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markdown_it.rules_block import table as _table

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock

# The parser fills short rows with empty cells, up to 65,536 of them a table: 2 kB of text became 1.6 MB of HTML and
# took 0.8 s. With this limit the worst table costs a few times what its length of prose does.
MOST_MISSING = 256


def columns_of(row: str) -> int:
    """How many cells a row has, at a glance: the parser looks for escaped pipes too."""
    return row.strip().strip("|").count("|") + 1


def missing_cells(row: str, columns: int) -> int:
    """How many cells a row lacks."""
    return max(0, columns - columns_of(row))


def limit_tables(parser: MarkdownIt) -> None:
    """Make the parser's tables end at the row where too many cells are missing."""
    parser.block.ruler.at("table", _counting_table, {"alt": ["paragraph", "reference"]})
    # Tables end where a block quote would: the parser asks these rules at each row.
    parser.block.ruler.after("table", "short_rows", _ends_table, {"alt": ["blockquote"]})


def _counting_table(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    if not silent and start_line + 2 <= end_line:
        state.env["columns"] = columns_of(_text(state, start_line + 1))
        state.env["missing"] = 0
    return _table(state, start_line, end_line, silent)


def _ends_table(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    if not silent or state.parentType != "table":
        return False
    state.env["missing"] += missing_cells(_text(state, start_line), state.env["columns"])
    return bool(state.env["missing"] > MOST_MISSING)


def _text(state: StateBlock, line: int) -> str:
    return state.src[state.bMarks[line] + state.tShift[line] : state.eMarks[line]]
