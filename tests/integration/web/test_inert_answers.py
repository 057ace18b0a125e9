"""Hostile prompts and answers, in every shape they are given out in: the same pages and frames as for any others."""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.hostile import document
from tests.inert_page import read_page
from tests.integration.web.conftest import HTML, HTMX, JSON, Visitor
from tests.sse import Event, htmx_actions, read_events, turbo_actions
from tests.unit.markdown.inert import check

if TYPE_CHECKING:
    from collections.abc import Callable

# Every address that gives out an answer or its title as HTML, and for whom.
PLACES = {
    "the conversation": ("/conversations/{conversation_id}", HTML),
    "the generation": ("/generations/{id}", HTML),
    "the article": ("/generations/{id}", HTMX),
    "the first page": ("/", HTML),
    "what others read": ("/shared/{share}", HTML),
}
ANSWER, COUNT = document(3, 31_800)
TEXT = f"</title></h1><img src=/canary/0>\n\n{ANSWER}"
DIRECTIVE = "[demo: echo ttft200 tps6000] "


async def answered(visitor: Visitor, prompt: str) -> dict[str, Any]:
    generation = await visitor.submit(DIRECTIVE + prompt, model="openai:demo")
    return await visitor.until(generation["id"], "completed")


@pytest.fixture
async def two(visitors: Callable[[], Visitor]) -> list[tuple[Visitor, dict[str, Any]]]:
    """Two people and what they were answered: one a hostile text, one plain words."""
    people = [await visitors().arrive(), await visitors().arrive()]
    answers = [await answered(people[0], TEXT), await answered(people[1], "Plain words")]
    for person, answer in zip(people, answers, strict=True):
        share = await person.http.post(f"/conversations/{answer['conversation_id']}/share", json={}, headers=JSON)
        answer["share"] = share.json()["url"].rpartition("/")[2]
    return list(zip(people, answers, strict=True))


async def test_a_page_about_hostile_text_is_built_as_one_about_plain_words(
    two: list[tuple[Visitor, dict[str, Any]]],
) -> None:
    for path, headers in PLACES.values():
        pages = [await person.http.get(path.format(**answer), headers=headers) for person, answer in two]
        seen, plain = [read_page(page.text) for page in pages]
        assert seen.outline == plain.outline
        if "answer" in plain.words:
            assert seen.words["prompt"] == two[0][1]["prompt"]
            assert f"payload{COUNT - 1}." in seen.words["answer"]
        for page in pages:
            assert page.headers["content-type"] == "text/html; charset=utf-8"
            assert page.headers["x-content-type-options"] == "nosniff"
            # Or the hosts of its links are looked up before anybody has followed one.
            assert page.headers["x-dns-prefetch-control"] == "off"


async def test_a_hostile_answer_reaches_every_kind_of_viewer_as_frames_only(visitor: Visitor) -> None:
    generation = await visitor.submit(DIRECTIVE + TEXT, model="openai:demo")
    url = generation["stream_url"]
    streams = await asyncio.gather(*[_read(visitor, url, dialect) for dialect in ("htmx", "turbo", "json")])
    answer = await visitor.http.get(generation["url"], headers=JSON)
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    for events in streams:
        assert [event.name for event in events if event.name != "hb"] == ["message"] * (len(events) - 2) + ["done"]
    htmx, turbo, program = ([event.data for event in events if event.name == "message"] for events in streams)
    assert len(htmx) > 3
    for actions in [*map(htmx_actions, htmx), *map(turbo_actions, turbo)]:
        assert actions
        for action in actions:
            _require_inert(action.target, action.content)
    messages = [json.loads(data) for data in program]
    told = [message["type"] for message in messages if message["type"] not in ("chunk", "snapshot", "status")]
    assert told == ["complete"]
    assert messages[-1]["content"] == answer.json()["content"] == TEXT.strip()


async def _read(visitor: Visitor, url: str, dialect: str) -> list[Event]:
    # Not by lines: httpx ends one at more marks than events have.
    return read_events((await visitor.http.get(url.replace("dialect=json", f"dialect={dialect}"))).content)


def _require_inert(target: str, content: str) -> None:
    if re.fullmatch("g[A-Za-z0-9_-]{4}(-settled)?", target):
        check(content.replace(f' id="{target}" class="tail"', "", 1))
    else:
        read_page(content)


@pytest.mark.parametrize("field", ["prompt", "model", "conversation_id", "idempotency_key"])
async def test_a_refusal_repeats_nothing_that_comes_alive(visitor: Visitor, field: str) -> None:
    text, _ = document(1, 40_000)
    await _require_same_refusal(visitor, *[{"prompt": "x", field: value} for value in (text, "x" * 40_000)])


async def test_the_name_of_a_field_is_no_way_in_either(visitor: Visitor) -> None:
    for payload in ["<script>alert(1)</script>", '"><img src=/canary/1 onerror=alert(1)>', "</p></main><hx-partial>"]:
        await _require_same_refusal(visitor, *[{"prompt": "x", name: ["1", "2"]} for name in (payload, "y")])


async def _require_same_refusal(visitor: Visitor, hostile: dict[str, Any], plain: dict[str, Any]) -> None:
    for headers in (HTML, HTMX):
        pages = [
            await visitor.http.post("/generations", data={"csrf_token": visitor.token, **fields}, headers=headers)
            for fields in (hostile, plain)
        ]
        assert [page.status_code for page in pages] == [422, 422]
        seen, expected = [read_page(page.text) for page in pages]
        assert seen.outline == expected.outline


@pytest.mark.parametrize(
    "path", ["/<script>alert(1)</script>", "/conversations/%3Cimg%20src=x%3E", "/?prompt=%00%ED%A0%80"]
)
async def test_an_address_is_no_way_in_either(visitor: Visitor, path: str) -> None:
    read_page((await visitor.http.get(path, headers=HTML)).text)
    assert "<script>alert" not in (await visitor.http.get(path, headers=HTMX)).text


async def test_what_somebody_downloads_is_a_file_and_no_page(two: list[tuple[Visitor, dict[str, Any]]]) -> None:
    person, answer = two[0]
    export = await person.http.get("/account/export", headers=HTML)
    assert export.headers["content-type"] == "application/json"
    assert export.headers["x-content-type-options"] == "nosniff"
    assert export.headers["content-disposition"].startswith("attachment; ")
    (conversation,) = export.json()["conversations"]
    assert conversation["generations"][0]["answer"] == answer["content"]
