from __future__ import annotations

import json

import pytest

from genapp.streams import DIALECTS, after, append, before, notice, remove, replace, text, update
from genapp.streams.events import encoded

OPS = [append("a", "<p>1</p>"), text("1"), replace("b", '<div id="b"></div>'), notice({"type": "status"})]


def test_htmx_gets_one_partial_an_op() -> None:
    assert DIALECTS["htmx"].encode(3, OPS) == (
        '<hx-partial id=a><p>1</p></hx-partial><hx-partial id=b hx-swap=outerHTML><div id="b"></div>',
    )


def test_turbo_gets_one_stream_element_an_op() -> None:
    assert DIALECTS["turbo"].encode(3, [*OPS, remove("c")]) == (
        '<turbo-stream action="append" target="a"><template><p>1</p></template></turbo-stream>'
        '<turbo-stream action="replace" target="b"><template><div id="b"></div></template></turbo-stream>'
        '<turbo-stream action="remove" target="c"></turbo-stream>',
    )


def test_json_gets_the_text_and_the_notices() -> None:
    messages = [json.loads(message) for message in DIALECTS["json"].encode(3, OPS)]
    assert messages == [{"type": "chunk", "seq": 3, "content": "1"}, {"type": "status", "seq": 3}]


@pytest.mark.parametrize(
    ("op", "swap"),
    [
        (append("a", "x"), ""),
        (before("a", "x"), " hx-swap=before"),
        (after("a", "x"), " hx-swap=after"),
        (update("a", "x"), " hx-swap=innerHTML"),
        (replace("a", "x"), " hx-swap=outerHTML"),
        (remove("a"), " hx-swap=delete"),
    ],
)
def test_every_action_has_a_swap_of_htmx(op: object, swap: str) -> None:
    (message,) = DIALECTS["htmx"].encode(1, [op])  # type: ignore[list-item]
    assert message.startswith(f"<hx-partial id=a{swap}>")


@pytest.mark.parametrize("dialect", ["htmx", "turbo"])
def test_text_and_notices_say_nothing_in_html(dialect: str) -> None:
    assert DIALECTS[dialect].encode(1, [text("hello"), notice({"type": "status"})]) == ()


@pytest.mark.parametrize("dialect", ["htmx", "turbo"])
@pytest.mark.parametrize(
    "hostile",
    [
        "</template><b>out</b>",
        "</hx-partial><b>out</b>",
        "<hx-partial hx-target=body>",
        '<a title="</HX-PARTIAL >">',
        "<TEMPLATE>",
        "<head><title>mine</title></head>",
        "</hx-x>",
    ],
)
def test_content_cannot_leave_its_wrapper(dialect: str, hostile: str) -> None:
    (message,) = DIALECTS[dialect].encode(1, [append("a", f"<p>{hostile}</p>")])
    content = message[message.index("<p>") : message.rindex("</p>")].lower()
    assert not any(mark in content for mark in ("<hx-", "</hx-", "<template", "</template", "<head", "</head"))
    assert "&lt;" in content


def test_ordinary_html_is_left_alone() -> None:
    html = '<header hx-get="/x"><form hx-post="/y"><thead></thead>&lt;hx-partial&gt;</form></header>'
    (message,) = DIALECTS["htmx"].encode(1, [append("a", html)])
    assert html in message


def test_lines_survive_and_carriage_returns_do_not_break_an_event() -> None:
    (message,) = DIALECTS["htmx"].encode(1, [append("a", "<pre>1\r\n  2\r3\n\n</pre>")])
    sse = encoded((message,)).sse.decode()
    assert "\r" not in sse
    lines = sse.removesuffix("\n").split("\n")
    assert all(line.startswith("data: ") for line in lines)
    assert "<pre>1\n  2\n3\n\n</pre>" in "\n".join(line.removeprefix("data: ") for line in lines)


def test_only_the_last_message_of_a_frame_moves_the_cursor() -> None:
    assert encoded(("1", "2")).sse == b"data: 1\n\ndata: 2\n"
