"""People whom a site vouches for: what is theirs, what they may do, and how it ends."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

from genapp.models import new_id
from tests.embedding import embed_token
from tests.integration.web.conftest import JSON, LONG, PASSWORD, Visitor, cut, watch
from tests.integration.web.embedding.conftest import Site, make_site
from tests.running import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    import asyncpg

    Embedded = Callable[..., Visitor]

ECHO = {"prompt": "[demo: echo] hi", "model": "openai:demo-fast"}


async def test_somebody_asks_and_follows_by_a_token_alone_and_another_token_finds_it_again(
    site: Site, embedded: Embedded, sql: asyncpg.Connection[Any]
) -> None:
    one = embedded(site)
    asked = await one.submit("count", model=LONG)
    messages = await one.messages(asked["stream_url"])
    assert messages[-1]["content"].endswith("word199")
    assert not one.http.cookies
    again = embedded(site, exp=int(time.time()) + 60)
    assert [item["id"] for item in await again.conversations()] == [asked["conversation_id"]]
    row = await sql.fetchrow(
        'SELECT users.* FROM users JOIN generations ON "user" = users.id WHERE generations.id = $1', asked["id"]
    )
    assert row is not None
    assert (str(row["site"]), row["email"]) == (site.id, None)


async def test_one_sees_nothing_of_another_of_the_same_site_nor_of_the_same_id_at_another_site(
    site: Site, embedded: Embedded
) -> None:
    asked = await embedded(site).submit(**ECHO)
    other_site = await make_site(site.owner)
    for stranger in (embedded(site, sub="user-2"), embedded(other_site), site.owner):
        assert asked["conversation_id"] not in [one["id"] for one in await stranger.conversations()]
        for path in (asked["url"], f"/conversations/{asked['conversation_id']}", asked["stream_url"]):
            assert (await stranger.http.get(path, headers=JSON)).status_code == 404, path


async def test_who_may_read_only_does_not_ask(site: Site, embedded: Embedded) -> None:
    asked = await embedded(site).submit(**ECHO)
    reader = embedded(site, scope="read")
    assert (await reader.until(asked["id"], "completed"))["content"] == "hi"
    refused = await reader.http.post("/generations", json=ECHO, headers=JSON)
    assert (refused.status_code, "generate" in refused.json()["detail"]) == (403, True)
    part = (await reader.http.get(f"/embed/conversation/{asked['conversation_id']}")).text
    assert "<form" not in part
    assert "read-only" in part


async def test_no_embed_token_comes_near_an_account(site: Site, embedded: Embedded) -> None:
    one = embedded(site)
    for path in ("/account", "/account/sites", "/account/export", "/admin"):
        assert (await one.http.get(path, headers=JSON)).status_code in (401, 403), path
    for path in ("/account/tokens", "/account/sites", f"{site.path}/deletion", "/account/deletion"):
        assert (await one.http.post(path, json={"confirm": "yes"}, headers=JSON)).status_code in (401, 403), path


async def test_parts_are_for_embed_tokens_and_for_nobody_else(
    account: Visitor, visitors: Callable[[], Visitor]
) -> None:
    made = await account.http.post("/account/tokens", json={"name": "x", "scope": "generate"}, headers=JSON)
    program = {**JSON, "Authorization": f"Bearer {made.json()['token']}"}
    for visitor, headers in ((account, JSON), (visitors(), JSON), (visitors(), program)):
        answer = await visitor.http.get("/embed/composer", headers=headers)
        assert answer.status_code == 401
        assert "embed token" in answer.json()["detail"]


async def test_a_part_names_this_site_and_what_is_in_progress(site: Site, embedded: Embedded, app: Any) -> None:
    one = embedded(site)
    asked = await one.submit("count", model=LONG)
    answer = await one.http.get(f"/embed/generation/{asked['id']}", headers={"HX-Request": "true"})
    assert answer.headers["content-type"].startswith("text/html")
    assert "set-cookie" not in answer.headers
    assert f'<script type="module" src="{app.url}/embed.js">' in answer.text
    assert f'id="generation_{asked["id"]}"' in answer.text
    assert "data-stream=" in answer.text
    assert "dialect=turbo" in answer.text
    assert "textarea" not in answer.text
    whole = (await one.http.get(f"/embed/conversation/{asked['conversation_id']}")).text
    assert f'action="{app.url}/generations"' in whole
    assert f'name="conversation_id" value="{asked["conversation_id"]}"' in whole
    assert (await one.http.get(f"/embed/generation/{new_id()}")).status_code == 404


async def test_a_token_for_one_conversation_opens_that_one(site: Site, embedded: Embedded) -> None:
    whole = embedded(site)
    mine, other = await whole.submit(**ECHO), await whole.submit(**ECHO)
    one = embedded(site, conversation=mine["conversation_id"])
    for path in (f"/conversations/{mine['conversation_id']}", mine["url"], f"/embed/generation/{mine['id']}"):
        assert (await one.http.get(path, headers=JSON)).status_code == 200, path
    for path in (f"/conversations/{other['conversation_id']}", other["url"], f"/embed/generation/{other['id']}"):
        assert (await one.http.get(path, headers=JSON)).status_code == 404, path
    assert (await one.http.get("/", headers=JSON)).status_code == 403
    follow_up = await one.submit(**ECHO)
    assert follow_up["conversation_id"] == mine["conversation_id"]
    elsewhere = await one.http.post(
        "/generations", json={**ECHO, "conversation_id": other["conversation_id"]}, headers=JSON
    )
    assert elsewhere.status_code == 404
    assert (await one.http.post(f"{other['url']}/cancellation", json={}, headers=JSON)).status_code == 404
    queries = (f"?conversation_id={mine['conversation_id']}", f"?conversation_id={other['conversation_id']}", "")
    lists = [await one.http.get(f"/generations{query}", headers=JSON) for query in queries]
    assert [answer.status_code for answer in lists] == [200, 404, 404]
    assert (await one.http.get("/conversations", headers=JSON)).status_code == 403
    assert mine["conversation_id"] in (await one.http.get("/embed/composer")).text


async def test_a_token_that_is_over_or_of_no_site_says_so(site: Site, embedded: Embedded) -> None:
    over = await embedded(site, exp=int(time.time()) - 60).http.get("/", headers=JSON)
    assert (over.status_code, over.json()["code"]) == (401, "token_expired")
    assert over.headers["www-authenticate"] == "Bearer"
    other = await make_site(site.owner)
    for kid, secret in ((str(new_id()), site.secret), (other.id, site.secret), ("none", site.secret)):
        token = embed_token(kid, secret, {"sub": "x", "origin": site.origin, "exp": int(time.time()) + 60})
        answer = await embedded(site, token).http.get("/", headers=JSON)
        assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")
        assert "set-cookie" not in answer.headers


async def test_a_connection_ends_with_the_token_that_opened_it(site: Site, embedded: Embedded) -> None:
    one = embedded(site)
    asked = await one.submit("[demo: pause] long", model="openai:demo")
    # Half a minute is forgiven to clocks that differ: of that, some seconds are left.
    short = embedded(site, exp=int(time.time()) - 26)
    stream = await watch(short, asked["stream_url"])
    await cut(stream)

    async def is_over() -> bool:
        return (await short.http.get(asked["stream_url"], headers=JSON)).status_code == 401

    await eventually(is_over)


@pytest.mark.parametrize("what", ["secret", "disablement", "deletion", "origins"])
async def test_what_ends_a_site_or_its_secret_ends_what_is_open(site: Site, embedded: Embedded, what: str) -> None:
    one = embedded(site)
    stream = await watch(one)
    changed = await site.post(what, confirm="yes", origins="https://moved.example")
    assert changed.status_code in (200, 204), changed.text
    if what == "deletion":
        assert '"code":"deleted"' in await stream
    else:
        await cut(stream)
    assert (await one.http.get("/", headers=JSON)).status_code == 401


async def test_who_is_deleted_or_disabled_takes_their_sites_along(
    site: Site, embedded: Embedded, admin: Visitor, sql: asyncpg.Connection[Any]
) -> None:
    one = embedded(site)
    stream = await watch(one)
    owner = await site.owner.user_id(sql)
    assert (await admin.post_form(f"/admin/users/{owner}/disablement")).status_code == 303
    await cut(stream)
    assert (await one.http.get("/", headers=JSON)).status_code == 401
    assert (await admin.post_form(f"/admin/users/{owner}/enablement")).status_code == 303
    await site.owner.log_in()
    asked = await one.submit(**ECHO)
    gone = await site.owner.http.post("/account/deletion", json={"password": PASSWORD}, headers=JSON)
    assert gone.status_code == 204
    assert (await one.http.get("/", headers=JSON)).status_code == 401

    async def all_gone() -> bool:
        return not await sql.fetchval(
            "SELECT EXISTS (SELECT 1 FROM generations WHERE id = $1) OR EXISTS (SELECT 1 FROM users WHERE site = $2)",
            *(asked["id"], site.id),
        )

    await eventually(all_gone)


async def test_one_visitor_can_be_shut_out_alone(
    site: Site, embedded: Embedded, admin: Visitor, sql: asyncpg.Connection[Any]
) -> None:
    one, other = embedded(site), embedded(site, sub="user-2")
    asked = await one.submit(**ECHO)
    user = await sql.fetchval('SELECT "user" FROM generations WHERE id = $1', asked["id"])
    await admin.post_form(f"/admin/users/{user}/disablement")
    assert (await one.http.get("/", headers=JSON)).status_code == 403
    assert (await other.http.get("/", headers=JSON)).status_code == 200


async def test_limits_hold_for_each_person_of_a_site(site: Site, embedded: Embedded) -> None:
    one, other = embedded(site), embedded(site, sub="user-2")
    for _ in range(3):
        await one.submit("[demo: stall] x", model="openai:demo")
    refused = await one.http.post("/generations", json={"prompt": "[demo: stall] x"}, headers=JSON)
    assert refused.status_code == 429
    assert (await other.submit(**ECHO))["status"] == "queued"


async def test_a_page_asks_by_the_cable_too_with_a_ticket_for_its_token(
    site: Site, embedded: Embedded, sql: asyncpg.Connection[Any]
) -> None:
    one = embedded(site)
    made = await one.http.post("/cable/tickets", json={}, headers={**JSON, "Origin": site.origin})
    assert made.status_code == 201, made.text
    async with connect(made.json()["url"], subprotocols=[Subprotocol("actioncable-v1-json")]) as socket:
        identifier = json.dumps({"channel": "GenerationChannel"})
        await socket.send(json.dumps({"command": "subscribe", "identifier": identifier}))
        data = json.dumps({"action": "generate", **ECHO})
        await socket.send(json.dumps({"command": "message", "identifier": identifier, "data": data}))
        async for text in socket:
            message = json.loads(text).get("message")
            if isinstance(message, dict) and message["type"] == "created":
                asked = message["generation"]["id"]
                break
    assert (await one.until(asked, "completed"))["content"] == "hi"
    row = 'SELECT users.site FROM users JOIN generations ON "user" = users.id WHERE generations.id = $1'
    assert str(await sql.fetchval(row, asked)) == site.id


async def test_a_token_for_one_conversation_gets_no_ticket_and_opens_no_cable(site: Site, embedded: Embedded) -> None:
    asked = await embedded(site).submit(**ECHO)
    confined = site.token(conversation=asked["conversation_id"])
    assert (await embedded(site, confined).http.post("/cable/tickets", json={}, headers=JSON)).status_code == 403
    address = str(site.owner.http.base_url).replace("http", "ws").rstrip("/") + "/cable"
    headers = {"Authorization": f"Bearer {confined}"}
    async with connect(
        address, subprotocols=[Subprotocol("actioncable-v1-json")], additional_headers=headers
    ) as socket:
        told = json.loads(await socket.recv())
    assert (told["type"], told["reconnect"]) == ("disconnect", False)


async def test_the_api_for_programs_takes_no_embed_token(site: Site, embedded: Embedded) -> None:
    one = embedded(site)
    for answer in (
        await one.http.get("/v1/models", headers=JSON),
        await one.http.post("/v1/responses", json={"model": "demo-fast", "input": "x"}, headers=JSON),
    ):
        assert answer.status_code == 403
        assert "embed token" in answer.text
