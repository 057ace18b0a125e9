"""What bad input gets: a 4xx with a sentence, in the shape that was asked for, and nothing stored."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest

from tests.integration.web.conftest import HTML, HTMX, JSON, Visitor

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.running import App

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
BAD = {
    "nothing": (b"", 422),
    "empty": (b"prompt=", 422),
    "only spaces": (b"prompt=%20%0A%09", 422),
    "one too long": (b"prompt=" + b"a" * 32_001, 422),
    "binary": (b"prompt=%FF%FE%00%01", 422),
    "NUL": (b"prompt=a%00b", 422),
    "a megabyte of emoji": (b"prompt=" + quote("🦊" * 250_000).encode(), 413),
    "an unknown model": (b"prompt=x&model=openai:gpt-0", 422),
    "a model that is markup": (b"prompt=x&model=%3Cscript%3E", 422),
    "a conversation that is none": (b"prompt=x&conversation_id=42", 422),
    "a missing conversation": (b"prompt=x&conversation_id=01a00000-0000-7000-8000-000000000000", 404),
    "a repeated parameter": (b"prompt=x&prompt=y", 422),
    "too long a key": (b"prompt=x&idempotency_key=" + b"k" * 201, 422),
    "too many fields": (b"&".join(b"f%d=1" % i for i in range(60)), 422),
}
BAD_JSON = {
    "no JSON": b"{",
    "a list": b"[]",
    "a number for the prompt": b'{"prompt": 1}',
    "a list for the prompt": b'{"prompt": ["x"]}',
    "a lone surrogate": b'{"prompt": "\\ud800"}',
    "NUL": b'{"prompt": "a\\u0000b"}',
    "a repeated name": b'{"prompt": "a", "prompt": "b"}',
    "too deep": b"[" * 100_000,
    # A quadratic look for repeats took half a minute for these, in which nobody else was answered.
    "too many names": b"{" + b",".join(b'"%d":0' % i for i in range(30_000)) + b"}",
}


@pytest.mark.parametrize("shape", [HTMX, HTML, JSON], ids=["partial", "page", "json"])
@pytest.mark.parametrize("case", BAD)
async def test_a_bad_form_is_refused_and_stores_nothing(visitor: Visitor, case: str, shape: dict[str, str]) -> None:
    body, status = BAD[case]
    headers = {**FORM, **shape, "X-CSRF-Token": visitor.token}
    answer = await visitor.http.post("/generations", content=body, headers=headers)
    assert answer.status_code == status, answer.text
    if shape is JSON:
        problem = answer.json()
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert problem["status"] == status
        assert problem["detail"].rstrip().endswith(".")
    elif shape is HTMX:
        assert '<p class="notice">' in answer.text
        assert "<html" not in answer.text
    else:
        assert "<!doctype html>" in answer.text
    if shape is not JSON:
        assert "<script>" not in answer.text
    assert await visitor.conversations() == []


@pytest.mark.parametrize("case", BAD_JSON)
async def test_bad_json_is_refused_and_stores_nothing(visitor: Visitor, case: str) -> None:
    headers = {**JSON, "Content-Type": "application/json"}
    answer = await visitor.http.post("/generations", content=BAD_JSON[case], headers=headers)
    assert answer.status_code == 422
    assert answer.json()["detail"].endswith(".")
    assert await visitor.conversations() == []


async def test_the_form_keeps_what_was_typed(visitor: Visitor) -> None:
    typed = "a </textarea><script>alert(1)</script> question " + "x" * 32_000
    answer = await visitor.post_form("/generations", prompt=typed)
    assert answer.status_code == 422
    assert "a &lt;/textarea&gt;&lt;script&gt;alert(1)&lt;/script&gt; question" in answer.text
    assert "32,000 is the limit" in answer.text


async def test_line_ends_of_a_browser_count_once(visitor: Visitor) -> None:
    prompt = "\r\n" * 15_999 + "[demo: fast] x"
    answer = await visitor.post_form("/generations", JSON, prompt=prompt, model="openai:demo-fast")
    assert answer.status_code == 201
    assert answer.json()["prompt"].count("\n") == 15_999


@pytest.mark.parametrize("path", ["/nothing", "/conversations/x", "/generations/x", "/static/0/none.css"])
@pytest.mark.parametrize("shape", [HTMX, HTML, JSON], ids=["partial", "page", "json"])
async def test_what_is_not_there_is_a_404_in_every_shape(visitor: Visitor, path: str, shape: dict[str, str]) -> None:
    answer = await visitor.http.get(path, headers=shape)
    assert answer.status_code == 404
    assert "not yours to see" in (answer.json()["detail"] if shape is JSON else answer.text)


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("", 422),
        ("stream=", 404),
        ("stream=forged.token", 404),
        ("&".join(["stream=x"] * 30), 422),
    ],
)
async def test_a_stream_without_a_valid_name_is_refused(visitor: Visitor, query: str, status: int) -> None:
    assert (await visitor.http.get(f"/streams?{query}")).status_code == status


async def test_an_unknown_dialect_is_refused_and_a_garbage_cursor_starts_from_the_beginning(visitor: Visitor) -> None:
    generation = await visitor.submit("[demo: echo] hi", model="openai:demo-fast")
    await visitor.until(generation["id"], "completed")
    url = generation["stream_url"]
    assert (await visitor.http.get(url.replace("dialect=json", "dialect=xml"))).status_code == 422
    for cursor in ("garbage", "abc.1", "x" * 5000, "1.99999999999999999999"):
        messages = await visitor.messages(f"{url}&after={cursor}")
        assert messages[-1]["content"] == "hi", cursor


async def test_a_form_needs_its_pages_token(visitors: Callable[[], Visitor]) -> None:
    visitor, other = await visitors().arrive(), await visitors().arrive()
    for token in ("", "forged", other.token):
        answer = await visitor.http.post("/generations", data={"prompt": "x", "csrf_token": token}, headers=HTML)
        assert answer.status_code == 403, token
    assert await visitor.conversations() == []


async def test_what_another_site_makes_a_browser_send_is_refused(visitor: Visitor, app: App) -> None:
    for foreign in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
    ):
        answer = await visitor.http.post("/generations", json={"prompt": "x"}, headers={**JSON, **foreign})
        assert answer.status_code == 403, foreign
    ours = {**JSON, "Origin": app.url, "Sec-Fetch-Site": "same-origin"}
    answer = await visitor.http.post("/generations", json={"prompt": "x", "model": "openai:demo-fast"}, headers=ours)
    assert answer.status_code == 201


async def test_a_tampered_session_is_a_new_guest(visitor: Visitor) -> None:
    await visitor.submit("mine", model="openai:demo-fast")
    cookie = visitor.http.cookies["genapp_session"]
    visitor.http.cookies.set("genapp_session", cookie[:-3] + "abc", domain="127.0.0.1")
    visitor.http.cookies.delete("genapp_session", domain="127.0.0.1")
    answer = await visitor.http.get("/", headers={**JSON, "Cookie": f"genapp_session={cookie[:-3]}abc"})
    assert answer.json()["conversations"] == []
    set_cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in set_cookie
    assert "SameSite=Lax" in set_cookie


async def test_every_answer_carries_the_security_headers(visitor: Visitor) -> None:
    for path in ("/", "/nothing", "/healthz"):
        headers = (await visitor.http.get(path)).headers
        least = "'none'" if "json" in headers["content-type"] else "'self'"
        assert headers["content-security-policy"].startswith(f"default-src {least};")
        assert headers["x-content-type-options"] == "nosniff"


async def test_a_foreign_cookie_beside_ours_ends_no_session(visitor: Visitor) -> None:
    await visitor.submit("mine", model="openai:demo-fast")
    ours = f"genapp_session={visitor.http.cookies['genapp_session']}"
    for foreign in ('g_state={"i_l":0}', "a=b c", "naïve=1", "=", ";"):
        answer = await visitor.http.get("/", headers={**JSON, "Cookie": f"{foreign}; {ours}".encode()})
        assert len(answer.json()["conversations"]) == 1, foreign
        assert "set-cookie" not in answer.headers


async def test_what_everybody_gets_carries_no_session_and_may_be_kept(visitors: Callable[[], Visitor]) -> None:
    newcomer = visitors()
    page = await newcomer.http.get("/", headers={**HTML, "Cookie": ""})
    stylesheet = re.search(r'href="(/static/[^"]+[.]css)"', page.text)
    assert stylesheet
    newcomer.http.cookies.clear()
    for path in (stylesheet[1], "/healthz", "/readyz", "/metrics"):
        answer = await newcomer.http.get(path)
        assert answer.status_code == 200, path
        assert "set-cookie" not in answer.headers, path
    assert "immutable" in (await newcomer.http.get(stylesheet[1])).headers["cache-control"]


async def test_what_is_one_persons_is_kept_by_nobody(visitor: Visitor) -> None:
    for path in ("/", "/nothing"):
        for shape in (HTML, JSON, HTMX):
            headers = (await visitor.http.get(path, headers=shape)).headers
            assert headers["cache-control"] == "no-store"
            assert "Accept" in headers["vary"]


async def test_a_monitor_may_ask_with_head_and_nothing_else_changes_what_is_to_be_read(visitor: Visitor) -> None:
    for path in ("/", "/healthz", "/readyz"):
        assert (await visitor.http.head(path)).status_code == 200
    for path in ("/static/0/css/base.css", "/streams"):
        assert (await visitor.http.post(path, json={})).status_code == 405


async def test_a_refused_page_does_not_refresh_itself_and_lose_the_words(visitor: Visitor) -> None:
    await visitor.submit("[demo: stall] x", model="openai:demo")
    refused = await visitor.post_form("/generations", prompt="my words", model="openai:gpt-0")
    assert refused.status_code == 422
    assert "my words</textarea>" in refused.text
    assert 'http-equiv="refresh"' not in refused.text


async def test_a_key_that_was_used_for_another_prompt_is_refused(visitor: Visitor) -> None:
    await visitor.submit("one", model="openai:demo-fast", idempotency_key="k")
    body = {"prompt": "two", "model": "openai:demo-fast", "idempotency_key": "k"}
    answer = await visitor.http.post("/generations", json=body, headers=JSON)
    assert answer.status_code == 422
    assert "new key" in answer.json()["detail"]
