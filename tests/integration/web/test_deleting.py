"""Deleting an answer and a conversation: what goes, what is stopped, who is told."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from genapp.models import new_id
from tests.integration.web.conftest import HTML, HTMX, JSON, Visitor, watch
from tests.integration.web.test_account_data import keys_with, rows_with
from tests.integration.web.test_turbo import TURBO
from tests.running import eventually
from tests.sse import turbo_actions

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import httpx

    from tests.integration.web.conftest import Sql
    from tests.running import App

    Delete = Callable[[Visitor, str], Awaitable[httpx.Response]]


async def by_program(visitor: Visitor, url: str) -> httpx.Response:
    return await visitor.http.request("DELETE", url, json={}, headers=JSON)


async def by_form(visitor: Visitor, url: str) -> httpx.Response:
    return await visitor.post_form(f"{url}/deletion", confirm="yes")


WAYS = [by_program, by_form]


async def answered(visitor: Visitor, text: str, **fields: str) -> dict[str, Any]:
    asked = await visitor.submit(f"[demo: echo fast] {text}", model="openai:demo", **fields)
    return await visitor.until(asked["id"], "completed")


@pytest.mark.parametrize("delete", WAYS)
async def test_of_a_deleted_answer_nothing_is_left_and_the_rest_of_its_conversation_is_as_it_was(
    visitor: Visitor, app: App, sql: Sql, delete: Delete
) -> None:
    secret = f"secret{new_id().hex}"
    first = await answered(visitor, f"{secret} words")
    second = await answered(visitor, "the second question", conversation_id=first["conversation_id"])
    assert keys_with(app, secret)
    answer = await delete(visitor, first["url"])
    assert answer.status_code in (204, 303)
    # Its words were also what the conversation was called by.
    assert await rows_with(sql, secret) == []
    assert keys_with(app, secret) == []
    assert (await visitor.http.get(first["url"], headers=JSON)).status_code == 404
    (conversation,) = await visitor.conversations()
    assert conversation["title"] == "[demo: echo fast] the second question"
    assert (await visitor.generation(second["id"]))["content"] == "the second question"
    assert (await delete(visitor, first["url"])).status_code == 404
    # With the last one, the conversation.
    answer = await delete(visitor, second["url"])
    assert answer.headers.get("location") in (None, "/")
    assert await visitor.conversations() == []
    assert (await visitor.http.get(f"/conversations/{first['conversation_id']}", headers=JSON)).status_code == 404


@pytest.mark.parametrize("delete", WAYS)
async def test_of_a_deleted_conversation_nothing_is_left_neither_its_link_nor_what_is_being_written(
    visitor: Visitor, visitors: Callable[[], Visitor], app: App, sql: Sql, delete: Delete
) -> None:
    secret = f"secret{new_id().hex}"
    first = await answered(visitor, secret)
    other = await answered(visitor, "of another conversation")
    page = f"/conversations/{first['conversation_id']}"
    shared = (await visitor.http.post(f"{page}/share", json={}, headers=JSON)).json()["url"]
    running = await visitor.submit(
        f"[demo: pause tag{secret}] {secret}", model="openai:demo", conversation_id=first["conversation_id"]
    )
    owner = await watch(visitor, running["stream_url"])
    reader = visitors()
    found = re.search(r'hx-sse:connect="([^"]+)"', (await reader.http.get(shared, headers=HTML)).text)
    assert found
    guest = await watch(reader, found[1].replace("&amp;", "&"))
    async for _, _, data in visitor.listen(running["stream_url"]):
        if '"chunk"' in data or '"snapshot"' in data:
            break
    assert app.asked(f"tag{secret}")["active"] == 1
    assert (await delete(visitor, page)).status_code in (204, 303)
    # Both are told, and let go.
    assert '"code":"deleted"' in await owner
    assert f"<hx-partial id=generation_{running['id']} hx-swap=delete>" in await guest
    assert (await reader.http.get(shared, headers=HTML)).status_code == 404
    assert await rows_with(sql, secret) == []
    assert keys_with(app, secret) == []

    async def worker_has_stopped() -> bool:
        return app.asked(f"tag{secret}")["active"] == 0

    await eventually(worker_has_stopped)
    assert keys_with(app, secret) == []
    assert [one["id"] for one in await visitor.conversations()] == [other["conversation_id"]]
    assert (await delete(visitor, page)).status_code == 404


async def test_what_was_used_of_a_days_tokens_stays_used(visitor: Visitor, sql: Sql) -> None:
    done = await answered(visitor, "some words of which each is a token")
    user = await sql.fetchval('SELECT "user" FROM generations WHERE id = $1', done["id"])
    spent = 'SELECT sum(input_tokens + output_tokens) FROM attempts WHERE "user" = $1'
    before = await sql.fetchval(spent, user)
    assert (await by_program(visitor, done["url"])).status_code == 204
    assert await sql.fetchval(spent, user) == before > 0


@pytest.mark.parametrize("shape", [HTML, HTMX, JSON, TURBO], ids=["page", "partial", "json", "turbo"])
async def test_a_form_that_does_not_say_that_it_is_meant_deletes_nothing(
    visitor: Visitor, shape: dict[str, str]
) -> None:
    done = await answered(visitor, "kept")
    for url in (done["url"], f"/conversations/{done['conversation_id']}"):
        answer = await visitor.post_form(f"{url}/deletion", shape)
        assert answer.status_code == 422
        assert "cannot be undone" in answer.text
    assert (await visitor.generation(done["id"]))["content"] == "kept"


async def test_a_turbo_page_loses_the_article_and_what_follows_it(visitor: Visitor) -> None:
    done = await answered(visitor, "gone")
    answer = await visitor.post_form(f"{done['url']}/deletion", TURBO, confirm="yes")
    article = f"generation_{done['id']}"
    assert [(one.action, one.target) for one in turbo_actions(answer.text)] == [
        ("remove", article),
        ("remove", f"{article}_source"),
    ]


async def test_another_persons_are_not_there_to_be_deleted(visitor: Visitor, visitors: Callable[[], Visitor]) -> None:
    done = await answered(visitor, "mine")
    other = await visitors().arrive()
    for url in (done["url"], f"/conversations/{done['conversation_id']}"):
        for delete in WAYS:
            assert (await delete(other, url)).status_code == 404
    assert (await visitor.generation(done["id"]))["content"] == "mine"
