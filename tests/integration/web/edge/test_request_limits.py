"""What one connection may send, and how long it may take to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.integration.web.conftest import JSON, Visitor
from tests.integration.web.edge.conftest import METRICS_TOKEN, connected, everything, exchange, status
from tests.running import eventually, figure

if TYPE_CHECKING:
    import socket

    from tests.running import App

GET = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n"
POST = b"POST /generations HTTP/1.1\r\nHost: 127.0.0.1\r\n"
CLOSE = b"Connection: close\r\n"
TOO_LARGE = {
    "a header without end": GET + b"X: " + b"a" * 1_000_000,
    "a large header": GET + b"X: " + b"a" * 65_536 + b"\r\n\r\n",
    "many headers": GET + b"X: a\r\n" * 100 + b"\r\n",
    "large headers together": GET + (b"X: " + b"a" * 8_000 + b"\r\n") * 9 + b"\r\n",
    "a long address": b"GET /" + b"a" * 65_536 + b" HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n",
    "an address without end": b"GET /" + b"a" * 1_000_000,
    "a trailer without end": POST + b"Transfer-Encoding: chunked\r\n\r\n0\r\nX: " + b"a" * 1_000_000,
    "a chunk's extension without end": POST + b"Transfer-Encoding: chunked\r\n\r\n1;" + b"a" * 1_000_000,
}


def drip(sock: socket.socket, drop: bytes) -> bytes:
    """Send a little every tenth of a second until the other side closes; gives what it has said."""
    sock.settimeout(0.1)
    said = b""
    for _ in range(200):
        try:
            sock.sendall(drop)
            said += (piece := sock.recv(65_536))
            if not piece:
                return said
        except TimeoutError:
            continue
        except ConnectionError:
            return said
    raise AssertionError("it was read for twenty seconds")


def one_answer(sock: socket.socket) -> bytes:
    """The next answer on a connection that stays open."""
    answer = b""
    while b"\r\n\r\n" not in answer:
        answer += sock.recv(65_536)
    head, _, body = answer.partition(b"\r\n\r\n")
    found = re.search(rb"content-length: (\d+)", head)
    assert found, head
    while len(body) < int(found[1]):
        body += sock.recv(65_536)
    return head + b"\r\n\r\n" + body


@pytest.mark.parametrize("case", TOO_LARGE)
def test_what_would_have_to_be_kept_is_refused_when_it_is_too_large(app: App, case: str) -> None:
    answer = exchange(app, TOO_LARGE[case])
    assert status(answer) == 431
    assert answer.endswith(b"Deleting cookies may help.")


def test_what_large_cookies_need_is_read(app: App) -> None:
    assert status(exchange(app, GET + CLOSE + b"X: a\r\n" * 98 + b"\r\n")) == 200
    assert status(exchange(app, GET + CLOSE + b"X: " + b"a" * 65_000 + b"\r\n\r\n")) == 200


def test_requests_are_answered_in_turn_and_only_so_many_are_taken_ahead(app: App) -> None:
    ten = exchange(app, (GET + b"\r\n") * 9 + GET + CLOSE + b"\r\n")
    assert ten.count(b"HTTP/1.1 200 OK") == 10
    assert b"HTTP/1.1 200 OK" not in exchange(app, (GET + b"\r\n") * 5_000)


def test_who_connects_and_says_nothing_is_hung_up_on(hasty: App) -> None:
    with connected(hasty) as sock:
        assert everything(sock) == b""


@pytest.mark.parametrize("begun", [GET, b"GET /healthz", b"G"], ids=["in the headers", "in the address", "at once"])
def test_who_stops_before_the_headers_are_whole_is_hung_up_on(hasty: App, begun: bytes) -> None:
    assert status(exchange(hasty, begun)) == 408


def test_who_sends_headers_drop_by_drop_is_hung_up_on(hasty: App) -> None:
    with connected(hasty) as sock:
        sock.sendall(GET)
        assert status(drip(sock, b"X: a\r\n")) == 408


def test_line_ends_keep_no_connection_open(hasty: App) -> None:
    with connected(hasty) as sock:
        sock.sendall(GET + b"\r\n")
        assert status(one_answer(sock)) == 200
        assert drip(sock, b"\r\n") == b""


def test_who_stops_in_the_middle_of_a_form_is_hung_up_on(hasty: App) -> None:
    answer = exchange(hasty, POST + b"Content-Length: 100\r\n\r\nprompt=")
    assert status(answer) == 408
    assert b"took too long" in answer


def test_who_sends_a_form_drop_by_drop_is_hung_up_on(hasty: App) -> None:
    with connected(hasty) as sock:
        sock.sendall(POST + b"Content-Length: 1000\r\n\r\nprompt=")
        assert status(drip(sock, b"a")) == 408


def test_what_is_too_large_is_not_read_for_long_after_its_refusal(hasty: App) -> None:
    with connected(hasty) as sock:
        sock.sendall(POST + b"Content-Length: 99999999\r\n\r\nprompt=")
        assert status(drip(sock, b"a")) == 413


async def test_an_answer_may_take_longer_than_a_request_and_its_connection_is_used_again(hasty: App) -> None:
    limits = httpx.Limits(max_connections=1)
    async with httpx.AsyncClient(base_url=hasty.url, timeout=20, limits=limits) as http:
        visitor = Visitor(http)
        generation = await visitor.submit("count", model="openai:demo-ttft50-tps50-n200")
        messages = await visitor.messages(generation["stream_url"])
        assert messages[-1]["type"] == "complete"
        assert (await http.get("/healthz")).status_code == 200


async def test_a_viewer_who_has_asked_for_more_and_goes_is_let_go(hasty: App) -> None:
    metrics = {"Authorization": f"Bearer {METRICS_TOKEN}"}
    async with httpx.AsyncClient(base_url=hasty.url, timeout=20) as http:

        async def viewers(count: int) -> bool:
            return figure((await http.get("/metrics", headers=metrics)).text, "genapp_connections") == count

        made = await http.post("/generations", json={"prompt": "[demo: stall] x"}, headers=JSON)
        url, cookie = made.json()["stream_url"], made.headers["set-cookie"].split(";")[0]
        with connected(hasty) as sock:
            sock.sendall(f"GET {url} HTTP/1.1\r\nHost: a\r\nCookie: {cookie}\r\n\r\n".encode() + GET + b"\r\n")
            seen = b""
            # From here on nothing is sent that could fail.
            while b'"processing"' not in seen:
                seen += sock.recv(65_536)
            await eventually(lambda: viewers(1))
        await eventually(lambda: viewers(0))
        # Written to a connection that is gone, the next frame would end it as well, as a fault of ours.
        assert "Traceback" not in (hasty.folder / "hasty.log").read_text()


async def test_who_follows_a_stream_and_sends_garbage_behind_is_refused_and_hung_up_on(hasty: App) -> None:
    async with httpx.AsyncClient(base_url=hasty.url, timeout=20) as http:
        made = await http.post("/generations", json={"prompt": "[demo: stall] x"}, headers=JSON)
    url, cookie = made.json()["stream_url"], made.headers["set-cookie"].split(";")[0]
    with connected(hasty) as sock:
        sock.sendall(f"GET {url} HTTP/1.1\r\nHost: a\r\nCookie: {cookie}\r\n\r\n".encode() + b"\0\r\n\r\n")
        assert status(everything(sock)) == 400

        async def closed() -> bool:  # and not only for what we say: nobody reads any more
            try:
                sock.sendall(b"a")
            except ConnectionError:
                return True
            return False

        await eventually(closed)
