"""The headers that every answer has, whoever gives it."""

from __future__ import annotations

import gzip
import re
from typing import TYPE_CHECKING

import httpx
import pytest

from genapp import assets
from tests.integration.web.conftest import HTML, HTMX, JSON
from tests.integration.web.edge.conftest import exchange

if TYPE_CHECKING:
    from tests.running import App

HTTPS = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.30"}
PROMPT = {"prompt": "[demo: echo] x", "model": "openai:demo-fast"}
ALWAYS = {
    "x-content-type-options": "nosniff",
    "cross-origin-resource-policy": "same-origin",
}
OF_DOCUMENTS = {
    "content-security-policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
    ),
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "x-dns-prefetch-control": "off",
}
NO_DOCUMENTS = ("application/json", "application/problem+json", "text/event-stream")
STATIC = f"/static/{assets.DIGEST}/css/base.css"
ANSWERS = {
    "a page": ("GET", "/", HTML, 200),
    "a partial": ("POST", "/generations", HTMX, 422),
    "JSON": ("GET", "/", JSON, 200),
    "a page that is not there": ("GET", "/nothing", HTML, 404),
    "a file": ("GET", STATIC, {}, 200),
    "a file that is not there": ("GET", "/static/0/none.css", {}, 404),
    "another method": ("PUT", "/", {}, 405),
    "what may be done": ("OPTIONS", "/", {}, 204),
    "a stream that is refused": ("GET", "/streams", {}, 422),
    "a form of another site": ("POST", "/generations", {"Sec-Fetch-Site": "cross-site"}, 403),
    "another host": ("GET", "/", {"Host": "evil.example"}, 400),
    "health": ("GET", "/healthz", {}, 200),
    "metrics": ("GET", "/metrics", {}, 404),
    "a script for pages elsewhere": ("GET", "/embed.js", {}, 200),
    "a part without a token": ("GET", "/embed/composer", JSON, 401),
}
PUBLIC = ("a file", "a script for pages elsewhere")


def assert_always(headers: httpx.Headers, *, public: bool = False) -> None:
    # What is there for every page to load says so.
    said = {**ALWAYS, "cross-origin-resource-policy": "cross-origin"} if public else ALWAYS
    for name, value in said.items():
        assert headers.get_list(name) == [value], name
    if headers.get("content-type", "").split(";")[0] in NO_DOCUMENTS:
        # A browser has no use for the rest.
        assert headers.get_list("content-security-policy") == ["default-src 'none'; frame-ancestors 'none'"]
        assert not {*OF_DOCUMENTS, "permissions-policy"} - {"content-security-policy"} & set(headers)
        return
    for name, value in OF_DOCUMENTS.items():
        assert headers.get_list(name) == [value], name
    for feature in ("camera", "microphone", "geolocation", "payment", "usb"):
        assert f"{feature}=()" in headers["permissions-policy"]


@pytest.mark.parametrize("case", ANSWERS)
async def test_an_answer_lets_a_browser_do_no_more_than_it_must(app: App, case: str) -> None:
    method, path, headers, status = ANSWERS[case]
    async with httpx.AsyncClient(base_url=app.url, timeout=20) as http:
        for secure in (HTTPS, {}):
            answer = await http.request(method, path, headers={**headers, **secure})
            assert answer.status_code == status
            assert_always(answer.headers, public=case in PUBLIC)
            hsts = answer.headers.get_list("strict-transport-security")
            assert hsts == (["max-age=31536000"] if secure else [])


async def test_a_pages_length_tells_nothing_of_what_is_secret_in_it(app: App) -> None:
    async with httpx.AsyncClient(base_url=app.url, timeout=20) as http:
        answer = await http.get("/?prompt=csrf_token", headers={**HTML, "Accept-Encoding": "gzip, br, zstd"})
        assert "csrf_token" in answer.text
        assert "content-encoding" not in answer.headers


async def test_a_stream_has_them_too(app: App) -> None:
    async with httpx.AsyncClient(base_url=app.url, timeout=20) as http:
        made = await http.post("/generations", json=PROMPT, headers={**JSON, **HTTPS})
        cookie = {"Cookie": made.headers["set-cookie"].split(";")[0]}
        async with http.stream("GET", made.json()["stream_url"], headers={**HTTPS, **cookie}) as stream:
            assert stream.headers["content-type"].startswith("text/event-stream")
            assert_always(stream.headers)
            assert stream.headers["strict-transport-security"] == "max-age=31536000"
            assert stream.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_a_streams_body_is_framed_by_nothing_and_ends_with_its_connection(app: App, encoding: str) -> None:
    made = httpx.post(f"{app.url}/generations", json=PROMPT, headers={**JSON, **HTTPS})
    cookie, path = made.headers["set-cookie"].split(";")[0], made.json()["stream_url"]
    lines = {**HTTPS, "Host": "127.0.0.1", "Cookie": cookie, "Accept-Encoding": encoding}
    asked = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
    answer = exchange(app, f"GET {path} HTTP/1.1\r\n{asked}\r\n".encode())
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"\r\nconnection: close" in head
    assert b"transfer-encoding" not in head
    assert b"content-length" not in head
    text = gzip.decompress(body) if encoding == "gzip" else body
    assert text.startswith(b"event: hb\n")
    assert text.endswith(b"event: done\ndata: \n\n")


def test_what_cannot_be_read_as_a_request_gets_them_too(app: App) -> None:
    head = exchange(app, b"NONSENSE\r\n\r\n").split(b"\r\n\r\n")[0]
    lines = head.decode().split("\r\n")[1:]
    assert_always(httpx.Headers([tuple(re.split(": ", line, maxsplit=1)) for line in lines]))


async def test_where_it_is_not_production_no_browser_is_bound_to_https(hasty: App) -> None:
    async with httpx.AsyncClient(base_url=hasty.url, timeout=20) as http:
        answer = await http.get("/", headers=HTTPS)
        assert "Secure" in answer.headers["set-cookie"]
        assert "strict-transport-security" not in answer.headers
