from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genapp.providers.events import LINE_LIMIT, EventSplitter, EventTooLongError

BODY = (
    ': a comment\n\ndata: {"a": 1}\n\nevent: ping\ndata: two\ndata: lines\n\n'
    "event: nothing\n\ndata:日本 🏁\r\n\r\nid: 3\ndata: [DONE]\n\n"
).encode()
EVENTS = [b'{"a": 1}', b"two\nlines", "日本 🏁".encode(), b"[DONE]"]


@given(st.lists(st.integers(0, len(BODY))))
def test_the_events_are_the_same_wherever_the_body_is_cut(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(BODY)]
    splitter = EventSplitter()
    events = [event for start, end in itertools.pairwise(places) for event in splitter.feed(BODY[start:end])]
    assert events + splitter.end() == EVENTS


def test_an_event_without_its_blank_line_is_given_at_the_end() -> None:
    splitter = EventSplitter()
    assert splitter.feed(b"data: last") == []
    assert splitter.end() == [b"last"]


def test_a_line_may_not_fill_the_memory() -> None:
    splitter = EventSplitter()
    splitter.feed(b"x" * LINE_LIMIT)
    with pytest.raises(EventTooLongError):
        splitter.feed(b"x")
