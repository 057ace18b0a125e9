from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from genapp.markdown import Document, render
from tests.unit.markdown.screen import stream

if TYPE_CHECKING:
    from collections.abc import Callable

SENTENCE = "The quick brown fox jumps over the lazy dog and goes on to the river. "


def long(piece: str, characters: int = 20_000) -> str:
    return piece * (characters // len(piece))


@pytest.mark.parametrize(
    ("text", "most"),
    [
        (long(SENTENCE), 2.1),
        (long("The **quick** `brown` fox jumps [over](https://lazy.example) the dog. "), 2.1),
        (long(SENTENCE[:-1] + "\n"), 2.1),
        (long(SENTENCE * 5 + "\n\n"), 2.1),
        ("```python\n" + long("def f(x):\n    return x + 1  # one more\n") + "```\n", 2.1),
        ("```python\n" + long("def f(x):\n    return x + 1  # one more\n", 60_000) + "```\n", 2.1),
        (long(f"- {SENTENCE}\n"), 2.5),
        (long(f"1. **A title**: {SENTENCE * 5}\n"), 2.5),
        (long(f"- {SENTENCE}\n  - {SENTENCE}\n  - {SENTENCE}\n"), 2.5),
        (long(f"- {SENTENCE}\n\n"), 2.5),
        ("| a | b | c |\n|---|---|--:|\n" + long("| some cell | another cell | 12.5 |\n"), 2.5),
        (long(f"> {SENTENCE}\n"), 4.5),
    ],
    ids=[
        *["words", "rich words", "wrapped", "paragraphs", "code", "plain code", "list", "long items", "nested list"],
        *["loose list", "table", "quote"],
    ],
)
def test_what_is_sent_is_in_proportion_to_the_answer(text: str, most: float) -> None:
    screen = stream(text)
    assert screen.settled == render(text)
    assert screen.sent <= most * len(screen.settled)


def calls(function: Callable[[], object]) -> int:
    """How many calls of Python and C functions it takes."""
    count = 0

    def tally(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(tally)
    try:
        function()
    finally:
        sys.setprofile(before)
    return count


SHAPES: dict[str, Callable[[int], str]] = {
    "words": lambda n: "word " * n,
    "rich words": lambda n: "**a** `b` _c_ " * n,
    "one line of code": lambda n: "```\n" + "x" * n,
    "lines": lambda n: "word\n" * n,
    "items": lambda n: "- word\n" * n,
    "one long item": lambda n: "- a\n" + "  - b\n" * n,
    "lazy lines in an item": lambda n: "- a\n" + "lazy\n" * n,
    "lazy lines in a quote": lambda n: "> a\n" + "lazy\n" * n,
    "rows": lambda n: "|a|\n|-|\n" + "|b|\n" * n,
    "rows without a table": lambda n: "|a|\n" * n,
    "short rows": lambda n: "|a" * 50 + "\n" + "|-" * 50 + "\n" + "|\n" * n,
    "definitions": lambda n: "[a]: https://b.example\n" * n,
    "open titles": lambda n: "[a]: https://b.example '\n" * n,
    "blocks that may be a title": lambda n: "[a]: https://b.example\n" + "(a\n# b\n" * n,
    "a bracketed paragraph": lambda n: "[a\n" * n,
    "quotes in one line": lambda n: ">" * n,
    "markers in one line": lambda n: "- " * n,
    "quotes ever deeper": lambda n: "".join("> " * level + "a\n" for level in range(int((2 * n) ** 0.5))),
    "brackets": lambda n: "[" * n,
    "images": lambda n: "![" * n,
    "links in links": lambda n: "[" * n + "](https://a.example)" * n,
    "half links": lambda n: "[a](" * n,
    "asterisks": lambda n: "*a **b " * n,
    "underscores": lambda n: "_a" * n,
    "backticks": lambda n: " ".join("`" * length for length in range(int((2 * n) ** 0.5))),
    "angles": lambda n: "<a@" * n,
    "colons": lambda n: "https:" * n,
    "addresses": lambda n: "https://a.example " * n,
    "parentheses in an address": lambda n: "https://a.example/" + "(" * n + ")" * n,
    "fences": lambda n: "```\n" * n,
    "list after the deepest level": lambda n: "- " * 60 + "\n" + "- b\n" * n,
}


@pytest.mark.parametrize("shape", SHAPES)
def test_twice_the_text_is_about_twice_the_work(shape: str) -> None:
    def work(n: int) -> int:
        text = SHAPES[shape](n)
        return calls(lambda: stream(text, 50)) + calls(lambda: render(text))

    # Warm: the first use of a pattern or a lexer is not the text's.
    work(10)
    # Blocks that cannot be taken apart are looked at again when they have grown by an eighth: that is uneven.
    assert work(400) < 2.9 * work(200)


@pytest.mark.parametrize(
    "opener", [">", "> ", "[", "![", "- ", "* ", "1. ", "*", "_", "`", "<", "(", "#", "|", "\\", "&"]
)
def test_ten_thousand_openers_end_well(opener: str) -> None:
    text = opener * 10_000
    assert stream(text, 4000).settled == render(text)


def test_the_work_for_a_word_does_not_depend_on_what_is_there() -> None:
    document = Document()
    document.feed("word " * 1000)
    early = calls(lambda: document.feed("some more words here"))
    document.feed("word " * 100_000)
    assert calls(lambda: document.feed("some more words here")) == early


def test_a_million_characters_in_one_piece_and_in_one_paragraph() -> None:
    text = SENTENCE * 15_000
    document = Document()
    assert len(document.feed(text).tail.html) > 1_000_000  # type: ignore[union-attr]
    document.finish()
    assert document.settled == render(text)
