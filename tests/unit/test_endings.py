"""How a stream ends for who has followed it: the words that they lack, and nothing that they have."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from genapp import markdown, streams, views
from genapp.models import Generation
from genapp.streams.retained import Retained
from tests.unit.markdown.samples import SAMPLES

ID = UUID("01a00000-0000-7000-8000-000000abcdef")


def written(status: str, answer: str = "") -> Generation:
    return Generation(
        id=ID,
        conversation=ID,
        user=ID,
        prompt="why",
        model="openai:demo",
        status=status,
        answer=answer,
        html=markdown.render(answer),
        renderer=markdown.VERSION,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


class Log:
    """What a stream's log holds after each frame."""

    def __init__(self) -> None:
        self.retained = Retained()
        self.seq = 0

    def publish(self, ops: list[streams.Op]) -> None:
        self.seq += 1
        for index, op in enumerate(ops):
            self.retained.add(self.seq, index, op)

    def read(self) -> streams.Snapshot:
        placed = [(held.seq, index, op) for held in self.retained.after(0) for index, op in held.ops.items()]
        return streams.Snapshot(streams.Cursor("e", self.seq), tuple(placed))


def followed(text: str, size: int) -> Log:
    """The log of an answer that came in pieces of that size, up to its last piece."""
    log, document = Log(), markdown.Document()
    log.publish(views.shell_ops(written("processing")))
    for start in range(0, len(text), size):
        log.publish(views.change_ops(ID, document.feed(text[start : start + size])))
    return log


def ending(status: str, text: str, log: Log) -> list[streams.Op] | None:
    """How it ends for who has what the log holds; None where they are told the whole."""
    shown = views.shown_by(ID, log.read())
    return views.ending_ops(written(status, text), shown.written) if shown else None


def on_screen(log: Log) -> str:
    shown = views.written_from(ID, log.read())
    tail = re.sub(rf' id="{views.part_id(ID)}" class="tail"', "", shown.tail)
    return (shown.settled + tail).replace("<div></div>", "").strip("\n")


@pytest.mark.parametrize("status", ["completed", "failed", "cancelled"])
@settings(max_examples=100, deadline=None)
@given(st.sampled_from(SAMPLES), st.integers(1, 40))
def test_who_has_followed_has_in_the_end_what_every_later_visitor_finds(status: str, text: str, size: int) -> None:
    text = markdown.clean(text)  # as providers give it
    log = followed(text, size)
    ops = ending(status, text, log)
    if ops is not None:
        log.publish(ops)
        assert on_screen(log) == markdown.render(text).strip("\n")


@pytest.mark.parametrize(
    ("text", "sent"),
    [
        ("One paragraph, and *all* of it is there", ""),
        ("One.\n\nTwo, the last", ""),
        ("One.\n\n- a list\n- has more to it", "has more to it"),
        ("One.\n\n```\ncode()\n```\n", ""),
    ],
)
def test_what_is_on_the_screen_is_not_sent_again(text: str, sent: str) -> None:
    ops = ending("completed", text, followed(text, 3))
    assert ops is not None
    (message,) = streams.DIALECTS["htmx"].encode(9, ops)
    assert "One" not in message
    assert sent in message
    assert 'data-ended="completed"' in message


def test_turbo_is_told_the_article_since_it_cannot_change_an_attribute() -> None:
    ops = ending("completed", "One.", followed("One.", 2))
    assert ops is not None
    (message,) = streams.DIALECTS["turbo"].encode(9, ops)
    assert message.count("<turbo-stream") == 1
    assert 'data-status="completed"' in message


def test_nothing_is_left_out_where_the_log_is_not_of_this_answer() -> None:
    text = "[x] is a link.\n\n"
    changed = followed(text, 4)
    assert ending("completed", f"{text}[x]: https://example.org\n", changed) is None
    noted = Log()
    noted.publish(views.note_ops(written("queued"), "Nobody is there."))
    assert ending("cancelled", "kept", noted) is None
    assert ending("completed", "", followed("", 1)) is None


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(SAMPLES), st.integers(1, 40))
def test_a_writer_knows_what_its_log_has_shown(text: str, size: int) -> None:
    log, document = Log(), markdown.Document()
    log.publish(views.shell_ops(written("processing")))
    for start in range(0, len(text), size):
        log.publish(views.change_ops(ID, document.feed(text[start : start + size])))
        shown = views.written_from(ID, log.read())
        assert shown.settled == document.settled
        # A <pre> may be said in two ways, since its first line feed is no text. It is never what stays at the end.
        assert shown.tail == views.tail_element(ID, document.tail) or document.tail.tag == "pre"
