from __future__ import annotations

import pytest

from genapp.models.conversation import TITLE_CHARACTERS, title_from


@pytest.mark.parametrize(
    ("prompt", "title"),
    [
        ("  What is\ta star? \nAnd a planet?", "What is a star?"),
        ("\u202etxt.exe\u2066", "txt.exe"),
        ("\u200b\n\u00adWhat?", "What?"),
        ("\u200b\ufeff\u3164", "Untitled"),
        ("می\u200cخواهم", "می\u200cخواهم"),
    ],
)
def test_a_title_is_the_first_line_that_can_be_seen_and_turns_nothing(prompt: str, title: str) -> None:
    assert title_from(prompt) == title


def test_a_long_title_is_cut_at_a_word() -> None:
    title = title_from("word " * 40)
    assert len(title) <= TITLE_CHARACTERS
    assert title.endswith("word…")
