"""What somebody has here: taken along, and deleted."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest
import redis

from genapp.models import new_id
from tests.integration.web.conftest import HTML, JSON, PASSWORD, Visitor, watch
from tests.running import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.web.conftest import Sql
    from tests.running import App

HOSTILE = '</script><script>alert(1)</script>"}]\u2028 \\u0000 =cmd()'


async def exported(visitor: Visitor) -> dict[str, Any]:
    """The file that somebody gets."""
    answer = await visitor.http.get("/account/export")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    assert re.fullmatch(r'attachment; filename="genapp-export-[\d-]{10}\.json"', answer.headers["content-disposition"])
    return dict(json.loads(answer.content))


async def test_a_guest_and_an_account_take_along_everything_of_theirs_and_nothing_of_others(
    visitor: Visitor, visitors: Callable[[], Visitor]
) -> None:
    assert await exported(visitor) == {"account": None, "conversations": []}
    other = await (await visitors().arrive()).sign_up()
    await other.submit("[demo: echo] of somebody else", model="openai:demo-fast")
    prompt = f"[demo: echo] {HOSTILE}"
    asked = await visitor.submit(prompt, model="openai:demo-fast")
    later = await visitor.submit("[demo: 401] x", model="openai:demo-fast", conversation_id=asked["conversation_id"])
    for one in (asked, later):
        await visitor.until(one["id"], "completed", "failed")
    guests = await exported(visitor)
    await visitor.sign_up()
    await visitor.http.post("/account/tokens", json={"name": "nightly"}, headers=JSON)
    accounts = await exported(visitor)
    assert guests["conversations"] == accounts["conversations"]
    (conversation,) = accounts["conversations"]
    assert conversation["id"] == asked["conversation_id"]
    first, second = conversation["generations"]
    assert (first["prompt"], first["answer"], first["status"]) == (prompt, HOSTILE, "completed")
    assert second["status"] == "failed"
    assert accounts["account"]["email"] == visitor.email
    assert [token["name"] for token in accounts["account"]["api_tokens"]] == ["nightly"]
    assert len(accounts["account"]["sessions"]) == 1
    assert "password" not in json.dumps(accounts)
    assert "argon2" not in json.dumps(accounts)


async def test_a_hundred_conversations_are_all_in_it_once_and_in_order(account: Visitor, sql: Sql) -> None:
    user_id = await account.user_id(sql)
    conversations = [new_id() for _ in range(100)]
    await sql.executemany(
        'INSERT INTO conversations (id, "user", title) VALUES ($1, $2, $3)',
        [(one, user_id, HOSTILE) for one in conversations],
    )
    await sql.executemany(
        'INSERT INTO generations (id, conversation, "user", prompt, model, status) '
        "VALUES ($1, $2, $3, $4, 'openai:demo', 'completed')",
        [(new_id(), one, user_id, f"{one} {HOSTILE}") for one in conversations],
    )
    found = (await exported(account))["conversations"]
    assert [one["id"] for one in found] == [str(one) for one in conversations]
    assert [one["generations"][0]["prompt"] for one in found] == [f"{one} {HOSTILE}" for one in conversations]


async def test_links_ends_limits_and_what_is_written_so_far_are_in_it(account: Visitor, sql: Sql) -> None:
    running = await account.submit("[demo: pause] Say something", model="openai:demo")
    shared = await account.http.post(
        f"/conversations/{running['conversation_id']}/share", json={"expires": "week"}, headers=JSON
    )
    await account.http.post("/account/tokens", json={"name": "nightly", "expires": "30"}, headers=JSON)
    await account.http.post("/account/sites", json={"name": "shop", "origins": "https://a.example"}, headers=JSON)
    await sql.execute("UPDATE users SET max_in_flight = 7, tokens_per_day = 1000 WHERE email = $1", account.email)

    async def kept() -> bool:
        return bool(await sql.fetchval("SELECT count(*) FROM chunks WHERE generation = $1", running["id"]))

    await eventually(kept)
    found = await exported(account)
    await account.post_form(f"/generations/{running['id']}/cancellation")
    told = found["account"]
    assert (told["max_in_flight"], told["tokens_per_day"], told["role"]) == (7, 1000, "user")
    assert told["api_tokens"][0]["expires_at"] > told["api_tokens"][0]["created_at"]
    assert told["sessions"][0]["expires_at"] > told["sessions"][0]["created_at"]
    assert [(site["name"], site["origins"]) for site in told["sites"]] == [("shop", ["https://a.example"])]
    (conversation,) = found["conversations"]
    assert f"/shared/{conversation['share']['token']}" == shared.json()["url"]
    assert conversation["share"]["expires_at"] is not None
    (generation,) = conversation["generations"]
    assert generation["status"] == "processing"
    assert generation["answer"]
    assert "embed_" not in json.dumps(found)


async def test_a_download_stops_half_way_when_its_session_is_ended(
    account: Visitor, visitors: Callable[[], Visitor], sql: Sql
) -> None:
    user_id = await account.user_id(sql)
    for _ in range(60):  # more than what the network holds of it
        await sql.execute(
            """
            WITH one AS (INSERT INTO conversations (id, "user", title) VALUES ($1, $3, 'x') RETURNING *)
            INSERT INTO generations (id, conversation, "user", prompt, model, status, answer)
            SELECT $2, id, "user", 'x', 'openai:demo', 'completed', repeat('long ', 100000) FROM one
            """,
            *(new_id(), new_id(), user_id),
        )
    other = await (await visitors().arrive()).log_in(account.email)
    async with account.http.stream("GET", "/account/export") as answer:
        chunks = answer.aiter_bytes()
        file = await anext(chunks)
        assert (await other.post_form("/account/sessions/revocation")).status_code == 303
        file += b"".join([chunk async for chunk in chunks])
    assert len(file) < 60 * 500_000
    with pytest.raises(json.JSONDecodeError):
        json.loads(file)


async def test_who_only_asks_how_long_the_download_is_does_not_have_it_made(account: Visitor) -> None:
    answer = await account.http.head("/account/export")
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, OPTIONS")


async def rows_with(sql: Sql, *words: str) -> list[str]:
    """Every row of any table that has one of these words in it."""
    tables = await sql.fetch(
        "SELECT quote_ident(table_name) AS name FROM information_schema.tables "
        "WHERE table_schema = 'public' AND table_type = 'BASE TABLE'"
    )
    assert len(tables) >= 9
    found: list[str] = []
    for table in tables:
        name = table["name"]
        rows = await sql.fetch(
            f"SELECT t::text AS row FROM {name} t WHERE t::text LIKE ANY ($1)",  # noqa: S608
            [f"%{word}%" for word in words],
        )
        found.extend(f"{name}: {row['row']}" for row in rows)
    return found


def keys_with(app: App, word: str) -> list[str]:
    """Every key in Redis that has a word in it, or in its value."""
    with redis.Redis.from_url(app.redis_url) as client:
        return [key.decode() for key in client.scan_iter(count=1000) if word in f"{key!r} {_value(client, key)!r}"]


def _value(client: redis.Redis, key: bytes) -> Any:
    kind = client.type(key)
    if kind == b"hash":
        return client.hgetall(key)
    if kind == b"list":
        return client.lrange(key, 0, -1)
    if kind == b"set":
        return client.smembers(key)
    if kind == b"zset":
        return client.zrange(key, 0, -1)
    assert kind in (b"string", b"none"), kind
    return client.get(key)


@pytest.mark.parametrize("guest", [True, False], ids=["a guest", "an account"])
async def test_of_who_deletes_everything_nothing_is_left(
    app: App, admin: Visitor, visitors: Callable[[], Visitor], sql: Sql, guest: bool
) -> None:
    canary = f"canary{new_id().hex}"
    visitor, reader = await visitors().arrive(), visitors()
    if not guest:
        email = f"{canary}@example.org"
        made = await admin.post_form("/admin/invitations", email=email)
        invitation = re.search(r"/signup\?invitation=([\w-]+)", made.text)
        assert invitation
        await visitor.sign_up(email, invitation=invitation[1])
        await visitor.http.post("/account/tokens", json={"name": canary}, headers=JSON)
        webhook = {"url": f"http://127.0.0.1:9/{canary}", "completed": "yes", "with_content": "yes"}
        await visitor.http.post("/account/webhooks", json=webhook, headers=JSON)
    finished = await visitor.submit(f"[demo: echo] {canary}", model="openai:demo-fast")
    await visitor.until(finished["id"], "completed")
    running = await visitor.submit(f"[demo: pause tag{canary}] Say {canary}", model="openai:demo")
    shared = (
        await visitor.http.post(f"/conversations/{running['conversation_id']}/share", json={}, headers=JSON)
    ).json()
    page = (await reader.http.get(shared["url"], headers=HTML)).text
    url = re.search(r'hx-sse:connect="([^"]+)"', page)
    assert url
    streams = [await watch(visitor, running["stream_url"]), await watch(reader, url[1].replace("&amp;", "&"))]
    async for _, _, data in visitor.listen(running["stream_url"]):
        if '"chunk"' in data or '"snapshot"' in data:
            break
    assert app.asked(f"tag{canary}")["active"] == 1
    user_id = await sql.fetchval('SELECT "user" FROM generations WHERE id = $1', running["id"])
    words = (canary, str(user_id), finished["id"], running["id"])
    assert await rows_with(sql, *words)
    assert keys_with(app, canary)

    old = visitor.cookie
    answer = await visitor.post_form("/account/deletion", **({"confirm": "yes"} if guest else {"password": PASSWORD}))
    assert (answer.status_code, answer.headers["location"]) == (303, "/login?done=deletion")
    for stream in streams:
        await stream

    async def stopped() -> bool:
        return app.asked(f"tag{canary}")["active"] == 0

    assert (await reader.http.get(shared["url"], headers=HTML)).status_code == 404
    assert await visitor.conversations() == []
    headers = {**JSON, "Cookie": f"genapp_session={old}"}
    assert (await reader.http.get(finished["url"], headers=headers)).status_code == 404
    assert canary not in (await reader.http.get(running["stream_url"], headers=headers)).text
    listed = await admin.http.get("/admin", params={"q": str(user_id)}, headers=HTML)
    assert "Nobody is found" in listed.text

    async def all_gone() -> bool:
        return not await rows_with(sql, *words) and not keys_with(app, canary)

    await eventually(stopped)
    await eventually(all_gone)
    if not guest:
        refused = await visitor.http.post("/login", json={"email": email, "password": PASSWORD}, headers=JSON)
        assert refused.status_code == 401


async def test_everything_is_deleted_only_by_who_says_so_twice(visitor: Visitor) -> None:
    asked = await visitor.submit("[demo: echo] mine", model="openai:demo-fast")
    await visitor.until(asked["id"], "completed")
    for fields in ({}, {"confirm": ""}, {"confirm": "no"}):
        page = await visitor.post_form("/account/deletion", **fields)
        assert page.status_code == 422
        assert "it cannot be undone" in page.text
    await visitor.sign_up()
    for fields in ({}, {"password": "wrong"}, {"confirm": "yes"}):
        problem = await visitor.post_form("/account/deletion", JSON, **fields)
        assert (problem.status_code, problem.json()["field"]) == (422, "password")
    assert len(await visitor.conversations()) == 1
    done = await visitor.http.post("/account/deletion", json={"password": PASSWORD}, headers=JSON)
    assert done.status_code == 204
    assert await visitor.conversations() == []


async def test_who_deletes_their_account_is_out_in_every_browser(
    account: Visitor, visitors: Callable[[], Visitor]
) -> None:
    other = await visitors().arrive()
    await other.log_in(account.email)
    stream = await watch(other)
    assert (await account.post_form("/account/deletion", password=PASSWORD)).status_code == 303
    await stream
    page = await other.http.get("/account", headers=HTML)
    assert "You are a guest" in page.text
    assert account.email not in page.text
    assert await other.conversations() == []
