"""The words of an open paragraph, shown as they come.

A paragraph may be one line of any length, so it is neither parsed nor sent again for every word. Text is let out as
soon as nothing that may still come can change how it reads; `**half a phra` waits for its end. What is shown here
holds until the block is settled, and then the real parser has the last word: this only has to be sensible.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from markdown_it.common.utils import escapeHtml

from genapp.markdown.rendering import inline_to_html

if TYPE_CHECKING:
    from collections.abc import MutableMapping

# How much may wait for the end of something: a phrase, and a URL or a link.
_PATIENCE = 64
_PATIENCE_WITH_URLS = 400

# Groups are repeated within `(?>…)`, which keeps what it has matched as a possessive `{…}+` would: before 3.11.5
# (Debian 12 has 3.11.2) Python loses its place where such a group has to try one alternative after another.
_CODE = r"`[^`]{1,300}+`(?!`)|``(?!`)(?>(?:[^`]|`(?!`)){1,300})``(?!`)"
_LINK = (
    rf"!?\[(?>(?:[^\[\]`\\]|{_CODE}|\\.){{0,300}})\]"
    r"(?:\((?>(?:[^()\s]|\([^()\s]{0,300}+\)){0,1000})(?:\s\"[^\"\n]{0,200}+\")?\)|\[[^\[\]\\]{0,300}+\]|(?=[^(\[:]))"
)
_INNER = rf"[^*_~`\[\]\\<]|(?<=\w)_+(?=\w)|{_CODE}|{_LINK}"

# Pieces matched in one go: what is repeated is remembered until then.
_AT_ONCE = 500
# Everything that is complete, whatever follows. No backtracking over what was accepted.
_COMPLETE = re.compile(
    rf"""(?>(?:
      (?i:https?://|mailto:)[^\s<>]{{1,2000}}+(?=\s)
    | (?>(?:(?!(?i:https?:|mailto:))[^\s\\`*_~\[<&!])+)
    | \s++
    | (?<=\w)_++(?=\w)
    | (?<!\S)[*_]++(?=\s)
    | (?<!~)~(?=[^~])
    | !(?=[^\[])
    | &(?:\#?\w{{1,32}};|(?=[^\w\#])|\#?\w{{1,32}}+(?=[^\w;]))
    | <[^\s<>]{{0,300}}+(?:>|(?=[\s<]))
    | \\[\s\S]
    | {_CODE}
    | {_LINK}
    | \*\*\*(?=[^\s*])(?>(?:{_INNER}){{1,300}})(?<!\s)\*\*\*(?!\*)
    | \*\*(?=[^\s*])(?>(?:{_INNER}|\*(?=[^\s*])(?>(?:{_INNER}){{1,300}})(?<!\s)\*(?!\*)){{1,300}})(?<!\s)\*\*(?!\*)
    | \*(?=[^\s*])(?>(?:{_INNER}){{1,300}})(?<!\s)\*(?!\*)
    | (?<!\w)__(?=[^\s_])(?>(?:{_INNER}){{1,300}})(?<!\s)__(?!\w)
    | (?<!\w)_(?=[^\s_])(?>(?:{_INNER}){{1,300}})(?<!\s)_(?!\w)
    | ~~(?=[^\s~])(?>(?:{_INNER}){{1,300}})(?<!\s)~~(?!~)
    ){{0,{_AT_ONCE}}})""",
    re.VERBOSE,
)

# Text without any of these is only escaped. Two blanks before a line end are a line break.
_SPECIAL = re.compile(r"[\\`*_~\[<&]|  \n|(?i:https?:|mailto:)")
# What the next characters may still turn into something else: blanks, a first half of `![`, a scheme being written.
_UNDECIDED = re.compile(r"(?:\s+|!|(?<![a-z0-9])(?:https?|htt|ht?|m(?:a(?:i(?:l(?:to)?)?)?)?))$", re.IGNORECASE)
_LONGEST_UNDECIDED = 16
_OPENER = re.compile(r"[*_~`\[<&!\\]+|\S+")


class Words:
    """Text in, HTML out, as early as it can be known; memory is bounded by what waits."""

    def __init__(self) -> None:
        self.literal = False  # whether something was shown as it was written, for want of its end
        self._rest = ""
        self._before = " "

    def feed(self, text: str, references: MutableMapping[str, Any]) -> str:
        """Take more text of the paragraph; give the HTML to append to it."""
        self._rest += text
        if _SPECIAL.search(self._rest) is None:
            return escapeHtml(self._take(_decided(self._rest, 0, len(self._rest))))
        return self._let_out(references)

    def _let_out(self, references: MutableMapping[str, Any]) -> str:
        # With the character before, which decides what an underscore or an asterisk is.
        text = self._before + self._rest
        out: list[str] = []
        at = 1
        while True:
            end = _end_of_complete(text, at)
            out.append(_to_html(text[at:end], references))
            at = end
            if len(text) - at <= _patience(text[at : at + 1]):
                break
            end = _end_of_opener(text, at)
            out.append(escapeHtml(text[at:end]))
            at = end
            self.literal = True
        self._take(at - 1)
        return "".join(out)

    def _take(self, end: int) -> str:
        taken, self._rest = self._rest[:end], self._rest[end:]
        if taken:
            self._before = taken[-1]
        return taken


def _end_of_complete(text: str, start: int) -> int:
    end = start
    while (match := _COMPLETE.match(text, end)) and match.end() > end:
        end = match.end()
    return _decided(text, start, end) if end == len(text) else end


def _end_of_opener(text: str, start: int) -> int:
    match = _OPENER.match(text, start)
    return match.end() if match else start + 1


def _decided(text: str, start: int, end: int) -> int:
    # Only the end of the text: a search from its start would cost as much as the text is long, at every blank.
    undecided = _UNDECIDED.search(text, max(start, end - _LONGEST_UNDECIDED))
    return undecided.start() if undecided else end


def _patience(opener: str) -> int:
    return _PATIENCE if opener and opener in "*_~`&\\" else _PATIENCE_WITH_URLS


def _to_html(text: str, references: MutableMapping[str, Any]) -> str:
    return inline_to_html(text, references) if _SPECIAL.search(text) else escapeHtml(text)
