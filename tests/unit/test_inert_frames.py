"""Whatever a model says, in whatever pieces: what goes out to a viewer is our frames and nothing else."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from uuid import UUID

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from genapp import markdown, streams, views
from genapp.models import Generation
from genapp.streams.events import Event as Sent
from genapp.streams.events import encoded
from tests.hostile import PAYLOADS, PLACES, payload
from tests.inert_page import read_page
from tests.sse import Action, htmx_actions, read_events, turbo_actions
from tests.unit.markdown.inert import check

ID = UUID("01a00000-0000-7000-8000-000000000000")
BORDERS = [
    "\n",
    "\n\n",
    "\r",
    "\r\n",
    "\u2028",
    "\u2029",
    "\x85",
    "\0",
    "\x0b",
    "\x1c",
    " ",
    "\ufeff",
    "`",
    "<",
    "\u202e",
]
ACTIONS = {"htmx": htmx_actions, "turbo": turbo_actions}
SWAPS = {"append": "append", "replace": "outerHTML", "update": "innerHTML"}

wrapped = st.builds(
    lambda place, template, number: place[0] + payload(template, number) + place[1],
    st.sampled_from(PLACES),
    st.sampled_from(PAYLOADS),
    st.integers(0, 99),
)
characters = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
texts = st.lists(st.one_of(wrapped, wrapped, st.sampled_from(BORDERS), characters), max_size=8).map("".join)
cuts = st.lists(st.integers(1, 200), min_size=1, max_size=8)


def pieces(text: str, lengths: list[int]) -> list[str]:
    """Cut a text at these lengths, over and over."""
    cut = []
    while text:
        length = lengths[len(cut) % len(lengths)]
        cut.append(text[:length])
        text = text[length:]
    return cut


def asked(text: str) -> str:
    """A text as a form takes it."""
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]", "", text.replace("\r\n", "\n").replace("\r", "\n"))


def answered(prompt: str, answer: str, status: str = "completed") -> Generation:
    return Generation(
        id=ID,
        conversation=ID,
        user=ID,
        prompt=asked(prompt),
        model="openai:demo",
        status=status,
        answer=answer,
        html=markdown.render(answer),
        renderer=markdown.VERSION,
        created_at=datetime(2026, 1, 1, tzinfo=UTC),
    )


def frames_of(text: str, lengths: list[int]) -> list[list[streams.Op]]:
    """The frames of an answer from its beginning to its end, its prompt being the same text."""
    document = markdown.Document()
    return [
        views.shell_ops(answered(text, "", "processing")),
        *[[*views.change_ops(ID, document.feed(piece)), streams.text(piece)] for piece in pieces(text, lengths)],
        views.change_ops(ID, document.finish()),
        views.final_ops(answered(text, text)),
    ]


def sent(dialect: str, frames: list[list[streams.Op]]) -> bytes:
    """The bytes of a viewer's connection."""
    out = b""
    for seq, ops in enumerate(frames, 1):
        frame = encoded(streams.DIALECTS[dialect].encode(seq, ops))
        if frame.messages:
            out += b"".join(Sent(f"epoch.{seq}", frame).sse())
    return out


@pytest.mark.parametrize("dialect", ["htmx", "turbo"])
@settings(max_examples=150, deadline=None)
@given(texts, cuts)
@example("</template></hx-partial>\r\rdata: x\r\n\r\nevent: done", [1])
def test_a_viewer_gets_the_frames_and_nothing_else(dialect: str, text: str, lengths: list[int]) -> None:
    frames = frames_of(text, lengths)
    shown = [[op for op in ops if op.action in SWAPS] for ops in frames]
    events = read_events(sent(dialect, frames))
    assert [event.id for event in events] == [f"epoch.{seq}" for seq, ops in enumerate(shown, 1) if ops]
    assert {event.name for event in events} == {"message"}
    for event, ops in zip(events, filter(None, shown), strict=True):
        expected = [Action(op.target, SWAPS[op.action] if dialect == "htmx" else op.action, op.content) for op in ops]
        assert ACTIONS[dialect](event.data) == expected


@settings(max_examples=150, deadline=None)
@given(texts, cuts)
def test_every_frame_is_inert(text: str, lengths: list[int]) -> None:
    tail = f' id="{views.part_id(ID)}" class="tail"'
    plain = "x" if markdown.render(text) else ""
    begun, *grown, ended = frames_of(text, lengths)
    for frame, status in ((begun, "processing"), (ended, "completed")):
        seen = read_page(frame[0].content)
        assert seen.outline == read_page(views.article(answered("x", plain, status))).outline
        assert seen.words.get("prompt", "") == asked(text)
    for op in [op for ops in grown for op in ops if op.action in SWAPS]:
        check(op.content.replace(tail, "", 1) if op.action == "replace" else op.content)


@settings(max_examples=150, deadline=None)
@given(texts, cuts)
@example("a\u2028event: done\u2028data: \u2028\u2028b\x85\x85c\u2029", [1000])
def test_a_program_reads_the_text_and_nothing_else_however_it_finds_the_lines(text: str, lengths: list[int]) -> None:
    stream = sent("json", frames_of(text, lengths))
    assert stream.decode().splitlines() == stream.decode().split("\n")[:-1]
    messages = [json.loads(event.data) for event in read_events(stream)]
    chunks = [message["content"] for message in messages if message["type"] == "chunk"]
    assert "".join(chunks) == text
    assert [message["type"] for message in messages] == ["status", *["chunk"] * len(chunks), "complete"]
    assert messages[-1]["content"] == text


@pytest.mark.parametrize("dialect", ["htmx", "turbo"])
@settings(max_examples=150, deadline=None)
@given(st.lists(texts, min_size=1, max_size=4))
def test_even_html_that_no_renderer_of_ours_makes_stays_in_its_place(dialect: str, contents: list[str]) -> None:
    ops = [streams.append("a", content) for content in contents]
    (event,) = read_events(sent(dialect, [ops]))
    actions = ACTIONS[dialect](event.data)
    assert [(action.target, action.action) for action in actions] == [("a", "append")] * len(contents)
    for action, content in zip(actions, contents, strict=True):
        lines = content.replace("\r\n", "\n").replace("\r", "\n")
        assert action.content.replace("&lt;", "<") == lines.replace("&lt;", "<")
