"""A prompt over HTTP, in its three shapes, and what a person may do with its answer."""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING

import pytest

from tests.integration.web.conftest import HTML, HTMX, JSON, Visitor, shown
from tests.running import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.running import App

SLOW = "openai:demo-slow"
COUNTED = " ".join(f"word{number}" for number in range(200))


async def test_a_prompt_is_accepted_at_once_and_answered_in_the_background(visitor: Visitor) -> None:
    generation = await visitor.submit("Say hello", model="openai:demo")
    assert generation["status"] == "queued"
    assert generation["url"] == f"/generations/{generation['id']}"
    finished = await visitor.until(generation["id"], "completed", "failed")
    assert finished["status"] == "completed"
    assert len(finished["content"]) > 20
    assert finished["usage"]["output_tokens"] > 0


async def test_anthropic_answers_too(visitor: Visitor) -> None:
    generation = await visitor.submit("[demo: echo] two\n\nparagraphs", model="anthropic:demo-fast")
    assert (await visitor.until(generation["id"], "completed", "failed"))["content"] == "two\n\nparagraphs"


async def test_the_stream_gives_every_piece_once_and_the_end_equals_the_stored_answer(visitor: Visitor) -> None:
    generation = await visitor.submit("count", model="openai:demo-ttft50-tps50-n200")
    messages = await visitor.messages(generation["stream_url"])
    text = "".join(m["content"] for m in messages if m["type"] in ("chunk", "snapshot"))
    assert text.split() == [f"word{i}" for i in range(len(text.split()))]
    assert messages[-1]["type"] == "complete"
    stored = await visitor.generation(generation["id"])
    assert messages[-1]["content"] == stored["content"] == " ".join(f"word{i}" for i in range(200))
    assert len([m for m in messages if m["type"] == "chunk"]) > 5
    assert [m["seq"] for m in messages] == sorted(m["seq"] for m in messages)


async def test_the_words_are_sent_once_to_who_follows_them_and_once_to_who_comes_after_the_end(
    visitor: Visitor,
) -> None:
    generation = await visitor.submit("count", model="openai:demo-ttft50-tps50-n200")
    url = generation["stream_url"].replace("dialect=json", "dialect=htmx")
    for _ in range(2):
        frames = "".join([data async for _, event, data in visitor.listen(url) if event == "message"])
        words = re.sub("<[^>]*>", "", frames)
        assert [words.count(f"word{number}") for number in range(100, 200)] == [1] * 100
        assert frames.count('data-ended="completed"') == 1


async def test_who_comes_back_with_a_cursor_goes_on_from_there(visitor: Visitor) -> None:
    generation = await visitor.submit("count", model="openai:demo-ttft50-tps50-n200")
    seen, place = "", ""
    async for cursor, _, data in visitor.listen(generation["stream_url"]):
        place, seen = cursor, shown(json.loads(data), seen)
        if "word20 " in seen:
            break
    first, *rest = [data async for _, event, data in visitor.listen(generation["stream_url"], {"Last-Event-ID": place})]
    assert '"word0 ' not in first or '"snapshot"' in first
    for data in [first, *rest[:-1]]:
        seen = shown(json.loads(data), seen)
        assert COUNTED.startswith(seen)
    assert seen == COUNTED


async def test_a_finished_generation_whose_log_is_gone_is_answered_from_the_database(
    visitor: Visitor, app: App
) -> None:
    import redis

    generation = await visitor.submit("[demo: echo] kept for ever", model="openai:demo-fast")
    await visitor.until(generation["id"], "completed")
    with redis.Redis.from_url(app.redis_url) as client:
        client.delete(f"stream:{{generation:{generation['id']}}}")
    messages = await visitor.messages(generation["stream_url"])
    assert [(m["type"], m["content"]) for m in messages] == [("complete", "kept for ever")]


async def test_an_html_form_without_javascript_is_sent_to_the_conversation(visitor: Visitor) -> None:
    answer = await visitor.post_form("/generations", prompt="[demo: echo] plain form", model=SLOW)
    assert answer.status_code == 303
    page = await visitor.http.get(answer.headers["location"], headers=HTML)
    assert page.status_code == 200
    assert '<noscript><meta http-equiv="refresh"' in page.text
    assert 'data-status="' in page.text
    article = re.search(r'id="generation_([0-9a-f-]{36})" data-status="(queued|processing)"', page.text)
    assert article
    stop = await visitor.post_form(f"/generations/{article[1]}/cancellation")
    assert stop.status_code == 303
    await visitor.until(article[1], "cancelled")
    page = await visitor.http.get(answer.headers["location"], headers=HTML)
    assert 'http-equiv="refresh"' not in page.text
    assert f"/generations/{article[1]}/retry" in page.text


async def test_htmx_gets_a_pages_main_part_from_home_and_an_article_inside_a_conversation(visitor: Visitor) -> None:
    home = await visitor.post_form("/generations", HTMX, prompt="first", model="openai:demo-fast")
    assert home.status_code == 201
    conversation = home.headers["HX-Push-Url"].rsplit("/", 1)[1]
    assert "<title>first · genapp</title>" in home.text
    assert 'id="main"' in home.text
    assert "<link" not in home.text, "the page that is there has its head"
    inside = await visitor.post_form(
        "/generations", HTMX, prompt="second", model="openai:demo-fast", conversation_id=conversation
    )
    assert inside.status_code == 201
    assert inside.text.lstrip().startswith("<article")
    assert 'id="main"' not in inside.text
    assert "hx-sse:connect" in inside.text


async def test_a_follow_up_sends_the_earlier_turns_to_the_model(visitor: Visitor) -> None:
    first = await visitor.submit("Tell me about lighthouses", model="openai:demo-fast")
    await visitor.until(first["id"], "completed")
    second = await visitor.submit(
        "And what did I ask before?", model="openai:demo-fast", conversation_id=first["conversation_id"]
    )
    answer = await visitor.until(second["id"], "completed")
    assert "lighthouses" in answer["content"].lower()


async def test_the_same_idempotency_key_answers_with_the_same_generation(visitor: Visitor) -> None:
    first = await visitor.submit("once", model="openai:demo-fast", idempotency_key="click-1")
    second = await visitor.submit("once", model="openai:demo-fast", idempotency_key="click-1")
    assert first["id"] == second["id"]
    assert len(await visitor.conversations()) == 1


async def test_stop_keeps_the_text_and_reaches_the_provider_while_it_is_silent(app: App, visitor: Visitor) -> None:
    generation = await visitor.submit("[demo: pause tagstopped] Describe the sea", model="openai:demo")
    async for _, _, data in visitor.listen(generation["stream_url"]):
        if '"chunk"' in data:
            break
    assert app.asked("tagstopped")["active"] == 1
    await visitor.post_form(f"/generations/{generation['id']}/cancellation", JSON)
    stopped = await visitor.until(generation["id"], "cancelled")
    assert stopped["content"]

    async def was_hung_up_on() -> bool:
        return app.asked("tagstopped") == {"requests": 1, "active": 0, "finished": 0, "disconnected": 1}

    await eventually(was_hung_up_on)


async def test_stopping_twice_is_the_same_as_once(visitor: Visitor) -> None:
    generation = await visitor.submit("[demo: stall] x", model="openai:demo")
    for _ in range(2):
        answer = await visitor.post_form(f"/generations/{generation['id']}/cancellation", JSON)
        assert answer.status_code == 200
    assert (await visitor.until(generation["id"], "cancelled"))["status"] == "cancelled"


async def test_a_failure_is_told_in_a_sentence_and_can_be_tried_again(visitor: Visitor) -> None:
    generation = await visitor.submit("[demo: 500x3] Describe rivers", model="openai:demo-fast")
    failed = await visitor.until(generation["id"], "completed", "failed")
    assert failed["status"] == "failed"
    assert failed["error"]["code"] == "unavailable"
    assert failed["error"]["message"].endswith(".")
    again = await visitor.post_form(f"/generations/{generation['id']}/retry", JSON)
    assert again.status_code == 200
    assert again.json()["status"] == "queued"
    completed = await visitor.until(generation["id"], "completed", "failed")
    assert (completed["status"], completed["error"]) == ("completed", None)


async def test_a_stream_opened_after_a_retry_shows_the_new_attempt(visitor: Visitor) -> None:
    generation = await visitor.submit("[demo: cutx3] Describe rivers", model="openai:demo-fast")
    failed = await visitor.until(generation["id"], "completed", "failed")
    assert failed["error"]["code"] == "cut"
    assert failed["content"]
    again = (await visitor.post_form(f"/generations/{generation['id']}/retry", JSON)).json()
    messages = await visitor.messages(again["stream_url"])
    assert messages[-1]["type"] == "complete"
    assert messages[-1]["content"] == (await visitor.generation(generation["id"]))["content"]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        ("429", "rate_limited"),
        ("401", "unauthorized"),
        ("context", "context_too_long"),
        ("policy", "content_filtered"),
        ("malformed", "malformed"),
        ("empty", "empty_answer"),
    ],
)
async def test_each_way_a_provider_fails_has_its_own_words(visitor: Visitor, fault: str, code: str) -> None:
    generation = await visitor.submit(f"[demo: {fault}] x", model="openai:demo-fast")
    failed = await visitor.until(generation["id"], "completed", "failed")
    assert (failed["status"], failed["error"]["code"]) == ("failed", code)


async def test_more_than_three_at_once_are_refused_with_a_wait(visitor: Visitor) -> None:
    for number in range(3):
        await visitor.submit(f"[demo: stall] {number}", model="openai:demo")
    refused = await visitor.http.post("/generations", json={"prompt": "fourth"}, headers=JSON)
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    assert "limit" in refused.json()["detail"]
    page = await visitor.post_form("/generations", prompt="my fourth question")
    assert page.status_code == 429
    assert "my fourth question</textarea>" in page.text
    for conversation in await visitor.conversations():
        whole = (await visitor.http.get(conversation["url"], headers=JSON)).json()
        for generation in whole["generations"]:
            await visitor.post_form(f"/generations/{generation['id']}/cancellation", JSON)


async def test_exactly_three_are_in_flight_when_a_hundred_requests_race(visitor: Visitor) -> None:
    body = {"prompt": "[demo: stall] x", "model": "openai:demo"}
    answers = await asyncio.gather(*[visitor.http.post("/generations", json=body, headers=JSON) for _ in range(100)])
    refused = [answer for answer in answers if answer.status_code == 429]
    assert (len(answers) - len(refused), len(refused)) == (3, 97)
    assert all(answer.headers["retry-after"] for answer in refused)
    taken = [answer.json()["id"] for answer in answers if answer.status_code == 201]
    for one in taken:
        await visitor.post_form(f"/generations/{one}/cancellation", JSON)
        await visitor.until(one, "cancelled")
    assert (await visitor.submit("[demo: echo] room again", model="openai:demo"))["status"] == "queued"


async def test_what_belongs_to_another_is_not_found(visitors: Callable[[], Visitor]) -> None:
    owner, stranger = await visitors().arrive(), await visitors().arrive()
    generation = await owner.submit("mine", model="openai:demo-fast")
    conversation = generation["conversation_id"]
    for path in (f"/conversations/{conversation}", f"/generations/{generation['id']}", generation["stream_url"]):
        assert (await stranger.http.get(path)).status_code == 404, path
    for verb in ("cancellation", "retry"):
        assert (await stranger.post_form(f"/generations/{generation['id']}/{verb}")).status_code == 404
    answer = await stranger.http.post("/generations", json={"prompt": "x", "conversation_id": conversation})
    assert answer.status_code == 404
    assert await stranger.conversations() == []


async def test_stop_try_again_stop_in_quick_succession_ends_stopped_and_every_viewer_learns_of_it(
    visitor: Visitor,
) -> None:
    generation = await visitor.submit("[demo: pause] x", model="openai:demo")
    path = f"/generations/{generation['id']}"
    for _ in range(5):
        for verb in ("cancellation", "retry"):
            assert (await visitor.post_form(f"{path}/{verb}", JSON)).status_code == 200
    again = await visitor.generation(generation["id"])
    answers = await asyncio.gather(*[visitor.post_form(f"{path}/cancellation", JSON) for _ in range(10)])
    assert {answer.status_code for answer in answers} == {200}
    await visitor.until(generation["id"], "cancelled")
    url = again["stream_url"] or generation["stream_url"]
    assert (await visitor.messages(url))[-1]["type"] == "cancelled"
