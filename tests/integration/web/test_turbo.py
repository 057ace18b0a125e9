"""The shape of Hotwire's Turbo: what forms answer, and what a stream says to who has seen its end."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

import pytest

from tests.hostile import document
from tests.integration.web.conftest import JSON, LONG, Visitor
from tests.running import eventually
from tests.sse import read_events, turbo_actions

if TYPE_CHECKING:
    import httpx

TURBO = {"Accept": "text/vnd.turbo-stream.html, text/html, application/xhtml+xml"}
SOURCE = re.compile(
    r'<turbo-stream action="append" target="generations"><template>(<turbo-stream-source .*)', re.DOTALL
)


def parts(answer: httpx.Response) -> tuple[list[tuple[str, str]], str, str | None]:
    """The (action, target) pairs of an answer, the article in it, and where Turbo is to listen."""
    assert answer.headers["content-type"] == "text/vnd.turbo-stream.html; charset=utf-8"
    source = SOURCE.search(answer.text)
    actions = turbo_actions(answer.text[: source.start()] if source else answer.text)
    url = re.search(r' src="([^"]+)"', source[1]) if source else None
    return [(one.action, one.target) for one in actions], actions[0].content, unescape(url[1]) if url else None


async def test_a_prompt_is_answered_with_its_article_and_where_to_follow_it(visitor: Visitor) -> None:
    answer = await visitor.post_form("/generations", TURBO, prompt="[demo: echo] hello", model="openai:demo")
    assert answer.status_code == 201
    actions, article, source = parts(answer)
    generation_id = answer.headers["location"].rsplit("/", 1)[1]
    assert actions == [
        ("append", "generations"),
        ("update", "composer_error"),
        ("replace", "composer_conversation"),
    ]
    assert f'id="generation_{generation_id}"' in article
    assert source is not None
    async with visitor.http.stream("GET", source) as stream:
        events = read_events(await stream.aread())
    told = [turbo_actions(event.data) for event in events if event.name == "message"]
    assert told[-1][0].action == "replace"
    assert 'data-status="completed"' in told[-1][0].content
    assert "hello" in told[-1][0].content


async def test_who_has_seen_the_end_of_a_stream_is_told_to_stop_asking(visitor: Visitor) -> None:
    asked = await visitor.submit("[demo: echo] hello", model="openai:demo-fast")
    for dialect in ("turbo", "json", "htmx"):
        url = asked["stream_url"].replace("dialect=json", f"dialect={dialect}")
        events = await visitor.events(url)
        assert events[-1][1] == "done"
        place = events[-2][0]
        assert place.endswith(".end")
        again = await visitor.http.get(url, headers={"Last-Event-ID": place})
        assert (again.status_code, again.content) == (204, b"")
        # Of two streams one of which goes on, nobody is told so.
        other = await visitor.submit("[demo: echo] hello", model="openai:demo-fast")
        both = url + "&" + other["stream_url"].partition("?")[2].partition("&")[0]
        assert [event async for event in visitor.listen(both, {"Last-Event-ID": f"{place},"})][-1][1] == "done"


async def test_a_stop_and_a_second_try_replace_the_article_where_it_stands(visitor: Visitor) -> None:
    asked = await visitor.submit("count", model=LONG)
    await visitor.until(asked["id"], "processing")
    stopping = await visitor.post_form(f"/generations/{asked['id']}/cancellation", TURBO)
    assert parts(stopping)[0][0] == ("replace", f"generation_{asked['id']}")
    await visitor.until(asked["id"], "cancelled")
    stopped = await visitor.post_form(f"/generations/{asked['id']}/cancellation", TURBO)
    assert 'data-status="cancelled"' in parts(stopped)[1]
    assert parts(stopped)[2] is None
    retried = await visitor.post_form(f"/generations/{asked['id']}/retry", TURBO)
    actions, article, source = parts(retried)
    assert actions[0] == ("replace", f"generation_{asked['id']}")
    assert 'data-status="queued"' in article
    assert source is not None
    await visitor.post_form(f"/generations/{asked['id']}/cancellation", JSON)


@pytest.mark.parametrize(
    ("path", "fields", "status", "sentence"),
    [
        ("/generations", {"prompt": " "}, 422, "Write something first, then send it."),
        ("/generations/01997a3e-8f7c-7d51-9c39-3f1f6f0a2b10/retry", {}, 404, "There is nothing here"),
    ],
)
async def test_an_error_is_put_where_the_form_says_such_things(
    visitor: Visitor, path: str, fields: dict[str, str], status: int, sentence: str
) -> None:
    answer = await visitor.post_form(path, TURBO, **fields)
    assert answer.status_code == status
    actions, notice, source = parts(answer)
    assert (actions, source) == ([("update", "composer_error")], None)
    assert sentence in notice


async def test_a_hostile_answer_adds_no_action_of_its_own(visitor: Visitor) -> None:
    hostile, count = document(3, 31_800)
    asked = await visitor.submit(f"[demo: echo ttft200 tps6000] {hostile}", model="openai:demo")

    async def completed() -> bool:
        return (await visitor.generation(asked["id"]))["status"] == "completed"

    await eventually(completed)
    actions, article, _ = parts(await visitor.http.get(asked["url"], headers=TURBO))
    assert [target for _, target in actions] == ["generations", "composer_error", "composer_conversation"]
    assert f"payload{count - 1}." in article
