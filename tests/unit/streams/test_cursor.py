from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genapp.streams import Cursor, Cursors


@given(epoch=st.from_regex(r"[A-Za-z0-9]{1,32}", fullmatch=True), seq=st.integers(0, 10**15 - 1), ended=st.booleans())
def test_a_cursor_survives_the_way_to_the_browser_and_back(epoch: str, seq: int, ended: bool) -> None:
    assert Cursor.parse(str(Cursor(epoch, seq, ended))) == Cursor(epoch, seq, ended)


def test_a_cursor_says_whether_it_is_an_end() -> None:
    assert Cursor.parse("a.1") == Cursor("a", 1, ended=False)
    assert Cursor.parse("a.1.end") == Cursor("a", 1, ended=True)


GARBAGE = ["", ".", "a", "a.", ".1", "a.-1", "a.1.2", "a.1\n", "a.١", "a." + "1" * 16, "a" * 33 + ".1", "a b.1"]


@pytest.mark.parametrize("garbage", [*GARBAGE, "a.1.", "a.1end", "a.1.end.", "a.end"])
def test_garbage_is_no_cursor(garbage: str) -> None:
    assert Cursor.parse(garbage) is None


@given(st.text())
def test_no_text_breaks_parsing(text: str) -> None:
    Cursor.parse(text)
    assert len(Cursors.parse(text, 3).places) == 3


def test_several_cursors_travel_as_one() -> None:
    cursors = Cursors((Cursor("a", 1), None, Cursor("b", 20)))
    assert str(cursors) == "a.1,,b.20"
    assert Cursors.parse("a.1,,b.20", 3) == cursors


def test_cursors_of_another_request_are_all_void() -> None:
    assert Cursors.parse("a.1,b.2", 3).places == (None, None, None)
    assert Cursors.parse("a.1,b.2,c.3", 2).places == (None, None)


def test_one_bad_cursor_leaves_the_others() -> None:
    assert Cursors.parse("a.1,<script>", 2).places == (Cursor("a", 1), None)
