"""API tokens: what a program may do that has one, and how that ends."""

from __future__ import annotations

import asyncio
import hashlib
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.web.conftest import HTML, JSON, LONG, Visitor, cut, watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.web.conftest import Sql


async def make(account: Visitor, **fields: str) -> dict[str, Any]:
    """Make a token, as JSON."""
    answer = await account.http.post("/account/tokens", json={"name": "script", **fields}, headers=JSON)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def program(visitors: Callable[[], Visitor], token: str) -> Visitor:
    """A program without cookies that sends a token."""
    one = visitors()
    one.http.headers["Authorization"] = f"Bearer {token}"
    return one


async def test_a_token_is_shown_once_and_stored_as_a_digest(account: Visitor, sql: Sql) -> None:
    made = await account.post_form("/account/tokens", name="  my   script ", scope="generate", expires="30")
    assert made.status_code == 201
    shown = re.search(r'id="new_token"[^>]* value="(genapp_[\w-]{43})"', made.text)
    assert shown
    page = (await account.http.get("/account", headers=HTML)).text
    assert shown[1] not in page
    assert f"<code>{shown[1][:11]}</code> Reads and asks" in page
    assert "my script" in page
    assert "Last used: never." in page
    row = await sql.fetchrow('SELECT t::text, digest FROM api_tokens t WHERE "user" = $1', await account.user_id(sql))
    assert row is not None
    assert row["digest"] == hashlib.sha256(shown[1].encode()).hexdigest()
    assert shown[1] not in row["t"]


async def test_a_program_asks_follows_and_reads_with_a_token_alone(
    account: Visitor, visitors: Callable[[], Visitor], sql: Sql
) -> None:
    script = program(visitors, (await make(account, scope="generate"))["token"])
    asked = await script.http.post("/generations", data={"prompt": "count", "model": LONG}, headers=JSON)
    assert asked.status_code == 201
    messages = await script.messages(asked.json()["stream_url"])
    assert messages[-1]["type"] == "complete"
    assert messages[-1]["content"].endswith("word199")
    stored = await script.http.get(asked.json()["url"], headers=JSON)
    assert stored.json()["content"] == messages[-1]["content"]
    assert not script.http.cookies
    assert [one["id"] for one in await account.conversations()] == [asked.json()["conversation_id"]]
    assert "Last used: never." not in (await account.http.get("/account", headers=HTML)).text
    assert await sql.fetchval('SELECT used_at FROM api_tokens WHERE "user" = $1', await account.user_id(sql))


async def test_a_token_to_read_does_not_ask(account: Visitor, visitors: Callable[[], Visitor]) -> None:
    asked = await account.submit("[demo: echo] hi", model="openai:demo-fast")
    await account.until(asked["id"], "completed")
    script = program(visitors, (await make(account, scope="read"))["token"])
    assert (await script.generation(asked["id"]))["content"] == "hi"
    for path in ("/generations", f"/generations/{asked['id']}/retry", f"/generations/{asked['id']}/cancellation"):
        answer = await script.http.post(path, json={"prompt": "x"}, headers=JSON)
        assert answer.status_code == 403
        assert "lacks the scope “generate”" in answer.json()["detail"]


async def test_no_token_comes_near_the_account_or_the_admin_area(
    admin: Visitor, visitors: Callable[[], Visitor]
) -> None:
    script = program(visitors, (await make(admin, scope="generate"))["token"])
    asked = await admin.submit("[demo: echo] hi", model="openai:demo-fast")
    for path in ("/account", "/account/export", "/admin", "/admin/generations", "/admin/invitations"):
        assert (await script.http.get(path, headers=JSON)).status_code == 403, path
    for path in (
        "/account/tokens",
        "/account/password",
        "/account/deletion",
        "/account/sessions/revocation",
        f"/conversations/{asked['conversation_id']}/share",
        "/admin/invitations",
    ):
        assert (await script.http.post(path, json={"name": "more"}, headers=JSON)).status_code == 403, path


async def test_a_token_opens_nothing_of_others(account: Visitor, visitors: Callable[[], Visitor]) -> None:
    other = await (await visitors().arrive()).sign_up()
    asked = await other.submit("[demo: echo] theirs", model="openai:demo-fast")
    script = program(visitors, (await make(account, scope="generate"))["token"])
    assert await script.conversations() == []
    for path in (asked["url"], f"/conversations/{asked['conversation_id']}", asked["stream_url"]):
        assert (await script.http.get(path, headers=JSON)).status_code == 404, path


@pytest.mark.parametrize("token", ["genapp_" + "x" * 43, "genapp_", "something-else", "genapp_é"])
async def test_a_token_that_is_none_is_a_401_that_says_so(visitors: Callable[[], Visitor], token: str) -> None:
    answer = await visitors().http.get("/", headers={**JSON, "Authorization": f"bearer {token}".encode()})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert "token" in answer.json()["detail"]
    assert "set-cookie" not in answer.headers


async def test_a_revoked_token_and_what_it_has_open_end_at_once(
    account: Visitor, visitors: Callable[[], Visitor]
) -> None:
    made = await make(account, scope="generate")
    script = program(visitors, made["token"])
    stream = await watch(script)
    foreign = await (await visitors().arrive()).sign_up()
    assert (await foreign.post_form(f"/account/tokens/{made['id']}/revocation", JSON)).status_code == 404
    answer = await account.post_form(f"/account/tokens/{made['id']}/revocation")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?done=token")
    await cut(stream)
    assert (await script.http.get("/", headers=JSON)).status_code == 401


async def test_a_token_ends_when_it_was_said_to(account: Visitor, visitors: Callable[[], Visitor], sql: Sql) -> None:
    made = await make(account, expires="30")
    days = await sql.fetchval("SELECT expires_at - now() FROM api_tokens WHERE id = $1", made["id"])
    assert 29 < days.total_seconds() / 86_400 < 30
    await sql.execute("UPDATE api_tokens SET expires_at = now() - interval '1 second' WHERE id = $1", made["id"])
    assert (await program(visitors, made["token"]).http.get("/", headers=JSON)).status_code == 401
    assert "Expired." in (await account.http.get("/account", headers=HTML)).text


async def test_what_a_token_cannot_be_is_refused_and_stays_in_the_form(account: Visitor) -> None:
    await make(account, name="nightly")
    for fields, field in (
        ({"name": "nightly"}, "name"),
        ({"name": "   "}, "name"),
        ({"name": "n" * 81}, "name"),
        ({"scope": "admin"}, "scope"),
        ({"expires": "9999"}, "expires"),
    ):
        problem = await account.http.post("/account/tokens", json={"name": "x", **fields}, headers=JSON)
        assert (problem.status_code, problem.json()["field"]) == (422, field), fields
    page = await account.post_form("/account/tokens", name="nightly", scope="generate", expires="365")
    assert page.status_code == 422
    assert "You have a token of this name" in page.text
    assert 'value="nightly"' in page.text
    assert 'value="generate" required checked' in page.text
    assert 'value="365" selected' in page.text


async def test_fifty_are_enough(account: Visitor, sql: Sql) -> None:
    for start in range(0, 52, 13):
        answers = await asyncio.gather(
            *[
                account.http.post("/account/tokens", json={"name": f"token {number}"}, headers=JSON)
                for number in range(start, start + 13)
            ]
        )
    refused = [answer for answer in answers if answer.status_code == 422]
    assert {answer.json()["detail"] for answer in refused} == {
        "You have 50 tokens, which is the limit. Revoke one first."
    }
    assert await sql.fetchval('SELECT count(*) FROM api_tokens WHERE "user" = $1', await account.user_id(sql)) == 50
