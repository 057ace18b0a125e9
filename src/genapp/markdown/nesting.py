"""How deep quotes and lists may lie in one another."""

from __future__ import annotations

from typing import TYPE_CHECKING

from markdown_it.rules_block import blockquote, list_block

if TYPE_CHECKING:
    from markdown_it import MarkdownIt
    from markdown_it.rules_block import StateBlock

# Quotes count one a level, lists two. Enough for any real answer; keeps the recursion shallow, and the work for
# 10,000 `>` or `[` in proportion to their number.
DEEPEST = 20


def limit_nesting(parser: MarkdownIt) -> None:
    """Make quotes and lists that lie too deep plain text.

    Left to itself the parser drops what is below its limit, and with a list all that follows it: a line of twenty
    dashes hid the rest of an answer.
    """
    alternatives = ["paragraph", "reference", "blockquote"]
    parser.block.ruler.at("list", _list, {"alt": alternatives})
    parser.block.ruler.at("blockquote", _blockquote, {"alt": [*alternatives, "list"]})


def _list(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    return state.level + 2 < DEEPEST and list_block(state, start_line, end_line, silent)


def _blockquote(state: StateBlock, start_line: int, end_line: int, silent: bool) -> bool:
    return state.level + 1 < DEEPEST and blockquote(state, start_line, end_line, silent)
