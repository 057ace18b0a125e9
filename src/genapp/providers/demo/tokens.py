"""Cuts text into pieces as a model's tokenizer would."""

from __future__ import annotations

import re

# A short word with the space before it, or a piece of a long one; two characters of other scripts, which
# also cuts emoji made of several code points in the middle, as real tokenizers do; runs of blanks and signs.
PIECE = re.compile(r" ?[A-Za-z0-9_]{1,6}|[^\x00-\x7f]{1,2}|\n+|[ \t]+|[^\w\s]{1,2}|.", re.DOTALL)


def tokens(text: str) -> list[str]:
    """`text` in pieces of 1 to 6 characters or so; joined, they are `text` again."""
    return PIECE.findall(text)


def count(text: str) -> int:
    """How many tokens `text` is billed as."""
    return len(PIECE.findall(text))
