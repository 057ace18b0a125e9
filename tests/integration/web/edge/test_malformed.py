"""Requests as scanners and broken programs send them: refused or not found, and never a fault of ours."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.web.edge.conftest import exchange, status

if TYPE_CHECKING:
    from tests.running import App

END = b" HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
POST = b"POST /generations" + END
WEBSOCKET = (
    b" HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
)
KEY = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"

CASES = {
    "NUL in the address": (b"GET /\0" + END + b"\r\n", 400),
    "bytes beyond ASCII in the address": ("GET /ü".encode() + END + b"\r\n", 400),
    "escapes that are no text": (b"GET /%ff%fe%zz%00%0d%0a" + END + b"\r\n", 404),
    "escapes that are half a character": (b"POST /generations/%ed%a0%80/retry" + END + b"\r\n", 404),
    "escapes that are no id": (b"GET /conversations/%00" + END + b"\r\n", 404),
    "a way out of the files": (b"GET /static/0/%2e%2e/%2e%2e/etc/passwd" + END + b"\r\n", 404),
    "a query that is no text": (b"GET /streams?stream=%ff%00&after=%zz&dialect=%" + END + b"\r\n", 404),
    "a method that there is not": (b"FOO /" + END + b"\r\n", 400),
    "a method of file servers": (b"PROPFIND /" + END + b"\r\n", 405),
    "a method of caches, for a stream": (b"PURGE /streams" + END + b"\r\n", 405),
    "a method of tracers": (b"TRACE /" + END + b"\r\n", 405),
    "a request for a proxy": (b"CONNECT evil.example:443" + END + b"\r\n", 400),
    "half an address": (b"GET http://[" + END + b"\r\n", 400),
    "two lengths": (POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef", 400),
    "a length and chunks": (POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
    "a negative length": (POST + b"Content-Length: -1\r\n\r\n", 400),
    "a length beyond counting": (POST + b"Content-Length: 99999999999999999999999\r\n\r\n", 400),
    "a length beyond the limit": (POST + b"Content-Length: 99999999999\r\n\r\nabc", 413),
    "a chunk without a size": (POST + b"Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n", 400),
    "an encoding that there is not": (POST + b"Transfer-Encoding: gzip, identity\r\n\r\n", 400),
    "a charset that there is not": (
        POST + b"Content-Type: application/json; charset=\xff\r\nContent-Length: 2\r\n\r\n{}",
        422,
    ),
    "a multipart form without a boundary": (
        POST + b"Content-Type: multipart/form-data\r\nContent-Length: 2\r\n\r\n{}",
        422,
    ),
    "a space before a colon": (b"GET /" + END + b"X : a\r\n\r\n", 400),
    "NUL in a header": (b"GET /" + END + b"X: a\0b\r\n\r\n", 400),
    "a header folded onto two lines": (b"GET /nothing" + END + b"X: a\r\n b\r\n\r\n", 400),
    "a cookie that is no text": (b"GET /nothing" + END + b"Cookie: genapp_session=\xff.\xfe; \xff\r\n\r\n", 404),
    "line ends of one byte": (b"GET / HTTP/1.1\nHost: 127.0.0.1\n\n", 400),
    "another version": (b"GET / HTTP/9.9\r\nHost: 127.0.0.1\r\n\r\n", 400),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400),
    "TLS": (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400),
    "a WebSocket where there is none": (b"GET /streams" + WEBSOCKET + KEY, 403),
    "a WebSocket of another host": ((b"GET /" + WEBSOCKET + KEY).replace(b"127.0.0.1", b"evil.example"), 403),
    "a WebSocket without a key": (b"GET /" + WEBSOCKET + b"\r\n", 400),
}


@pytest.mark.parametrize("case", CASES)
def test_a_broken_request_is_the_clients_fault_and_leaves_no_traceback(app: App, case: str) -> None:
    request, expected = CASES[case]
    log = app.folder / "web.log"
    before = log.stat().st_size
    assert status(exchange(app, request)) == expected
    # What was said of it is in the log by the time a later request is answered.
    assert status(exchange(app, b"GET /healthz" + END + b"\r\n")) == 200
    said = log.read_bytes()[before:].decode()
    assert "traceback" not in said.lower()
    assert '"level": "error"' not in said


def test_an_upgrade_to_what_we_do_not_speak_is_answered_as_if_it_were_none(app: App) -> None:
    upgrade = b"Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABk\r\n\r\n"
    assert status(exchange(app, b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n" + upgrade)) == 200
