"""What a client of a response is told, whatever the log has been through."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from genapp.errors import Invalid, TextReplaced
from genapp.models import Generation, new_id
from genapp.web.responses.numbering import ERA, Place, last_of, number_at, place_at
from genapp.web.responses.telling import Message, Telling

TEXT = "The sea is wide, and 🌊 deep."


def generation(status: str = "processing", attempt: int = 1, answer: str = "", **fields: Any) -> Generation:
    return Generation(
        id=new_id(),
        conversation=new_id(),
        user=new_id(),
        model="demo:demo",
        prompt="x",
        status=status,
        attempt=attempt,
        answer=answer,
        created_at=datetime.now(UTC),
        **fields,
    )


def chunk(text: str) -> Message:
    return Message("chunk", text)


def snapshot(text: str) -> Message:
    return Message("snapshot", text)


def status(attempt: int, name: str = "processing") -> Message:
    return Message("status", status=name, attempt=attempt)


def told(parts: list[bytes]) -> list[dict[str, Any]]:
    return [msgspec.json.decode(part.split(b"\ndata: ")[1]) for part in parts]


def text_in(events: list[dict[str, Any]]) -> str:
    return "".join(event.get("delta", "") for event in events)


@given(st.integers(1, 127), st.integers(0, 10_000_000))
def test_a_number_says_what_its_client_has(attempt: int, characters: int) -> None:
    number = number_at(Place(attempt, characters))
    assert place_at(number) == (attempt, characters)
    assert number + 4 < last_of(attempt) < number_at(Place(attempt + 1, 0))
    assert last_of(attempt) < 2**31


@given(st.lists(st.integers(0, len(TEXT))), st.lists(st.integers(0, len(TEXT))), st.integers(-1, len(TEXT) + 8))
def test_wherever_it_is_cut_and_continued_each_letter_is_told_once(
    before: list[int], later: list[int], after: int
) -> None:
    done = generation("completed", answer=TEXT)
    events: list[dict[str, Any]] = []
    for cuts in (sorted(before), sorted(later)):
        telling = Telling(done, None, events[-1]["sequence_number"] if events else after)
        events += told(telling.begin())
        start = 0
        for end in cuts:
            message = chunk(TEXT[start:end]) if start else snapshot(TEXT[:end])
            events += told(telling.take([status(1), message]))
            start = end
    events += told(telling.end(done))
    assert text_in(events) == TEXT[max(0, after - 4) :]
    numbers = [event["sequence_number"] for event in events]
    assert numbers == sorted(set(numbers))
    assert all(number > after for number in numbers)


def test_a_log_that_begins_again_with_the_same_attempt_repeats_nothing() -> None:
    telling = Telling(generation(), None)
    events = told(telling.take([status(1), chunk(TEXT[:10])]))
    events += told(telling.take([snapshot(""), status(1)]))
    events += told(telling.take([chunk(TEXT[:12])]))
    events += told(telling.take([snapshot(TEXT[:5])]))  # an older copy
    events += told(telling.take([chunk(TEXT[5:])]))
    assert text_in(events) == TEXT


def test_another_attempt_goes_on_where_nothing_was_told() -> None:
    telling = Telling(generation(), None)
    events = told(telling.begin()) + told(telling.take([status(1)])) + told(telling.take([snapshot(""), status(2)]))
    events += told(telling.take([chunk(TEXT)]))
    events += told(telling.end(generation("completed", 2, TEXT)))
    assert text_in(events) == TEXT
    assert events[-1]["type"] == "response.completed"
    assert events[-1]["sequence_number"] == ERA + 4 + len(TEXT) + 4


def test_another_attempt_ends_the_telling_where_text_was_told() -> None:
    telling = Telling(generation(), None)
    first = told(telling.take([status(1), chunk(TEXT[:10])]))
    # The number may come behind the text, as it does when a note is the newest in the log.
    (error,) = told(telling.take([snapshot("Another"), status(2)]))
    assert (error["type"], error["code"], error["error"]["code"]) == ("error", "text_replaced", "text_replaced")
    assert error["sequence_number"] == first[-1]["sequence_number"]
    assert telling.over


def test_an_older_attempt_in_a_restored_log_is_not_told() -> None:
    telling = Telling(generation(attempt=2), None, number_at(Place(2, 4)))
    assert telling.take([status(1), snapshot("Something else")]) == []
    assert telling.take([chunk(" and more")]) == []
    assert text_in(told(telling.take([status(2), snapshot(TEXT)]))) == TEXT[4:]


@pytest.mark.parametrize("now", ["queued", "processing", "completed"])
def test_a_number_of_a_void_text_is_refused(now: str) -> None:
    with pytest.raises(TextReplaced):
        Telling(generation(now, 2), None, number_at(Place(1, 3)))
    with pytest.raises(TextReplaced):
        Telling(generation(now, 2), None, last_of(1))
    Telling(generation(now, 2), None, number_at(Place(1, 0)))
    with pytest.raises(Invalid):
        Telling(generation(now, 2), None, number_at(Place(3, 0)))


@pytest.mark.parametrize(("ended", "event"), [("failed", "response.failed"), ("cancelled", "response.incomplete")])
def test_what_failed_or_was_cancelled_ends_behind_all_that_was_told(ended: str, event: str) -> None:
    over = generation(ended, 2, "The text that came furthest", error_code="cut", error_message="It broke.")
    for after in (-1, 1, number_at(Place(1, 20)), number_at(Place(2, 4))):
        *_, last = told(Telling(over, None, after).end(over))
        assert (last["type"], last["sequence_number"]) == (event, last_of(2))
        assert last["response"]["output"][0]["content"][0]["text"] == over.answer
    assert Telling(over, None, last_of(2)).end(over) == []


def test_what_is_tried_again_before_its_end_was_told_is_begun_anew() -> None:
    telling = Telling(generation(), None)
    telling.take([status(1), chunk("x")])
    (error,) = told(telling.end(generation("queued", 2)))
    assert error["code"] == "text_replaced"
