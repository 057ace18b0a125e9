from __future__ import annotations

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from genapp.markdown import Document, Open, render
from tests.unit.markdown.inert import check
from tests.unit.markdown.samples import HOSTILE, SAMPLES
from tests.unit.markdown.screen import Screen, stream

ALL = [*SAMPLES, *HOSTILE]
FRAGMENTS = [
    *["a", "word ", "\n", "\n\n", "- ", "* ", "1. ", "2) ", "> ", "    ", "  ", "\t", "```", "~~~", "`", "*", "**"],
    *["_", "[", "]", "(", ")", "https://a.example ", "[x]: https://x.example", "[x]", "|", "---", "===", "# ", "|-|-|"],
    *["| a | b |\n", "\\", "&amp;", "<", "!", "\r\n", "\r", ":", "'", '"', "[y]:\n", "~~", "-\n", "é", "\0", " "],
]
texts = st.one_of(
    st.lists(st.sampled_from(FRAGMENTS), max_size=40).map("".join),
    st.lists(st.sampled_from(ALL), max_size=4).flatmap(
        lambda parts: st.sampled_from(["", "\n", "\n\n"]).map(lambda between: between.join(parts))
    ),
)
sizes = st.lists(st.integers(1, 40), min_size=1, max_size=20)


def pieces(text: str, lengths: list[int]) -> list[str]:
    """Cut a text at these lengths, over and over."""
    cut, start, turn = [], 0, 0
    while start < len(text):
        end = start + lengths[turn % len(lengths)]
        cut.append(text[start:end])
        start, turn = end, turn + 1
    return cut


@pytest.mark.parametrize("text", ALL, ids=range(len(ALL)))
@pytest.mark.parametrize("size", [1, 7, 1000])
def test_the_end_is_the_same_however_the_text_came(text: str, size: int) -> None:
    assert stream(text, size).settled == render(text)


@settings(max_examples=300, deadline=None)
@given(texts, sizes)
@example("[a]: https://x.example\n'b\n===\n' c", [1])
@example("- [a]: https://x.example\n(\n|-|-|2) \nb", [1])
@example("# a | b\n|-|-|\n1|2\n", [3])
def test_the_end_is_the_same_for_any_text_and_any_cuts(text: str, lengths: list[int]) -> None:
    screen = Screen()
    for piece in pieces(text, lengths):
        screen.feed(piece)
    screen.finish()
    assert screen.settled == screen.document.settled == render(text)
    assert screen.document.tail == Open("div", "")


@settings(max_examples=100, deadline=None)
@given(texts, sizes)
@example('[a]: https://example.com\n"heading\n===\n" rest\n[a]', [1])
def test_at_every_moment_the_screen_is_inert_and_can_be_shown_again(text: str, lengths: list[int]) -> None:
    screen = Screen()
    for piece in pieces(text, lengths):
        screen.feed(piece)
        document = screen.document
        check(screen.html)
        # Who comes late is sent this, and sees the same.
        tail = document.tail
        assert (document.settled, tail.tag, tail.attrs) == (screen.settled, screen.tag, screen.attrs)
        assert (tail.html.removeprefix("\n") if tail.tag == "pre" else tail.html) == screen.inner


def test_every_word_is_shown_as_it_comes() -> None:
    screen = Screen()
    text = "It began to rain in the morning, and at noon the river rose & took the bridge."
    for end, character in enumerate(text, 1):
        screen.feed(character)
        shown = check(screen.html)
        assert text.startswith(shown)
        # No more waits than what may become something else: the beginnings of `https:` and `mailto:`, and blanks.
        assert len(shown) >= end - 8


def test_chinese_is_shown_as_it_comes() -> None:
    screen = Screen()
    for end in range(40):
        screen.feed("字")
        assert len(check(screen.html)) == end + 1


def test_a_phrase_is_bold_when_it_is_complete_and_not_before() -> None:
    screen = Screen()
    screen.feed("This is **very bo")
    assert check(screen.html) == "This is "
    screen.feed("ld** and on")
    assert screen.html == '<p dir="auto">This is <strong>very bold</strong> and on</p>'


def test_an_asterisk_that_is_never_closed_holds_back_a_few_dozen_characters_only() -> None:
    screen = Screen()
    text = "A star *that opens nothing " + "word " * 100
    for end, character in enumerate(text, 1):
        screen.feed(character)
        assert len(check(screen.html)) >= end - 70


def test_a_long_phrase_shown_with_its_asterisks_is_put_right() -> None:
    screen = Screen()
    for word in ("**" + "many bold words " * 10 + "end** and then the rest of it, " + "in some more words " * 8).split(
        " "
    ):
        screen.feed(word + " ")
    assert "<strong>many bold" in screen.html
    assert "**" not in screen.html


def test_half_a_link_waits_for_its_other_half() -> None:
    screen = Screen()
    screen.feed("See [the docu")
    screen.feed("mentation](https://exa")
    assert check(screen.html) == "See "
    screen.feed("mple.com/) now")
    assert 'href="https://example.com/"' in screen.html


def test_an_open_fence_shows_its_lines_as_code() -> None:
    screen = Screen()
    screen.feed("```python\nprint('<")
    assert (screen.tag, screen.inner) == ("pre", "print('&lt;")
    change = screen.feed("b>')\nx")
    assert (change.tail, change.grown) == (None, "b&gt;')\nx")
    screen.feed("\n``")
    assert screen.inner.endswith("x\n")
    screen.feed("`\n")
    assert "hl-nb" in screen.settled
    assert screen.document.tail.html == ""


def test_a_paragraph_that_is_done_is_settled_once_and_for_all() -> None:
    screen = Screen()
    assert screen.feed("First.\n\n").settled == '<p dir="auto">First.</p>\n'
    assert screen.feed("Second.").settled == ""
    assert screen.feed("\n# Heading\n").settled == '<p dir="auto">Second.</p>\n<h3 dir="auto">Heading</h3>\n'


def test_a_list_grows_by_its_items() -> None:
    screen = Screen()
    screen.feed("3. three\n4. four\n5. fi")
    screen.feed("ve\n6. six\n7. seven")
    assert (screen.tag, screen.attrs) == ("ol", ' start="3"')
    assert check(screen.html).split() == ["three", "four", "five", "six", "seven"]


def test_a_long_list_sends_each_item_once() -> None:
    screen = Screen()
    screen.feed("- " + "word " * 300 + "\n- b\n- c\n")
    assert screen.inner.count("<li") == 2
    change = screen.feed("- d is not complete")
    assert (change.tail, change.grown) == (None, '<li dir="auto">c</li>\n')


def test_a_list_after_a_paragraph_is_seen_without_waiting_for_its_line() -> None:
    screen = Screen()
    screen.feed("Two things:\n- the first thing is th")
    assert screen.settled == '<p dir="auto">Two things:</p>\n'
    assert check(screen.html).split()[-3:] == ["thing", "is", "th"]


def test_a_list_that_turns_loose_is_shown_loose() -> None:
    screen = Screen()
    for line in ("- " + "word " * 100 + "\n") * 5:
        screen.feed(line)
    assert "<p" not in screen.html
    screen.feed("\n- after a blank line\n- next\n")
    assert screen.inner.count("<p") >= 6
    check(screen.html)


def test_a_table_grows_by_its_rows() -> None:
    screen = Screen()
    screen.feed("| a | b |\n")
    assert check(screen.html).strip() == ""
    screen.feed("|---|--:|\n| 1 | 2 |\n| 3 ")
    assert screen.tag == "table"
    change = screen.feed("| 4 |\n")
    assert change.tail is None
    assert 'class="align-right">4</td>' in change.grown


def test_the_title_of_a_paragraph_may_come_after_it() -> None:
    screen = Screen()
    screen.feed("A title\n")
    assert screen.tag == "p"
    screen.feed("=======\n")
    assert screen.settled == '<h3 dir="auto">A title</h3>\n'


def test_a_late_definition_links_what_was_settled() -> None:
    screen = Screen()
    screen.feed("See [the page][1].\n\nMore text.\n\n")
    assert "<a " not in screen.settled
    screen.feed("[1]: https://example.com\n")
    change = screen.finish()
    assert change.reset
    assert "<a " in screen.settled


@pytest.mark.parametrize("text", ["a *b*\n\n- c", "[a]\n\n[a]: https://example.com\n"])
def test_finishing_twice_changes_nothing(text: str) -> None:
    screen = stream(text)
    change = screen.finish()
    assert (change.settled, change.tail, change.grown) == ("", None, "")


def test_an_empty_piece_changes_nothing() -> None:
    document = Document()
    document.feed("Some words")
    change = document.feed("")
    assert (change.settled, change.tail, change.grown, change.reset) == ("", None, "", False)
