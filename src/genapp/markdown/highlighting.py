"""Colours for finished code blocks: Pygments, by class names (the pages' policy forbids inline styles)."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from markdown_it.common.utils import escapeHtml
from pygments import highlight as _highlight
from pygments.formatters.html import HtmlFormatter
from pygments.lexers import get_lexer_by_name

if TYPE_CHECKING:
    from pygments.lexer import Lexer

# About 0.1 s of lexing. Beyond it, and for lines that long, the code is shown plain: lexers are regular
# expressions, and some of them go quadratic on one endless line.
LONGEST = 50_000
LONGEST_LINE = 2_000

# What answers are written in. A closed list: the language is the model's word, Pygments knows some 600 names, and
# not all of its lexers are fit for hostile text.
LANGUAGES = frozenset(
    """
    bash c c# clojure cmake cpp c++ cs csharp css dart diff docker dockerfile elixir erlang go golang graphql
    groovy haskell hcl html http ini java javascript jinja js json jsx julia kotlin latex less lua make
    makefile nginx nim objective-c objc ocaml perl php postgres postgresql powershell proto
    protobuf ps1 py python python3 r rb rs ruby rust scala scss sh shell sql swift terraform tex toml
    ts tsx typescript vim vue xml yaml yml zig zsh
    """.split()  # noqa: SIM905 (as a list it is a hundred lines)
)
_NAME = re.compile(r"[a-z0-9+#._-]{1,32}")
_formatter = HtmlFormatter(nowrap=True, classprefix="hl-")


def language_of(info: str) -> str:
    """The language of a fence: the first word of its info string in lower case, "" if that is no plain name."""
    first = info.strip().partition(" ")[0].lower()
    return first if _NAME.fullmatch(first) else ""


def highlight(code: str, language: str) -> str:
    """Render code as HTML for inside `<code>`, escaped, in colours where the language is known and the size allows."""
    if language not in LANGUAGES or len(code) > LONGEST or _longest_line(code) > LONGEST_LINE:
        return escapeHtml(code)
    html: str = _highlight(code, _lexer(language), _formatter)
    return html


def _longest_line(code: str) -> int:
    return max(map(len, code.split("\n")))


@cache
def _lexer(language: str) -> Lexer:
    # Every character of the code must come out again: by default lexers strip and add lines.
    return get_lexer_by_name(language, stripnl=False, ensurenl=False)
