"""Webhooks, from the account's page to a server that listens: what it is told, and what becomes of what it refuses."""

from __future__ import annotations

import asyncio
import re
import signal
from typing import TYPE_CHECKING, Any
from uuid import UUID

import pytest
from standardwebhooks.webhooks import Webhook as Verifier

from genapp.models.delivery import WAITS
from tests.integration.web.conftest import HTML, JSON, Visitor
from tests.running import App, eventually

if TYPE_CHECKING:
    from tests.integration.web.conftest import Sql
    from tests.receiving import Receiver

EVENTS = {"completed": "yes", "failed": "yes", "cancelled": "yes"}


async def made(account: Visitor, url: str, **fields: str) -> dict[str, Any]:
    """A webhook of an account, with its secret."""
    answer = await account.http.post("/account/webhooks", json={"url": url, **(fields or EVENTS)}, headers=JSON)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def ended(account: Visitor, prompt: str, **fields: str) -> dict[str, Any]:
    asked = await account.submit(prompt, model="openai:demo", **fields)
    return await account.until(asked["id"], "completed", "failed", "cancelled")


async def log_of(account: Visitor, webhook: dict[str, Any]) -> list[dict[str, Any]]:
    answer = await account.http.get(f"/account/webhooks/{webhook['id']}", headers=JSON)
    return list(answer.json()["deliveries"])


async def until_logged(account: Visitor, webhook: dict[str, Any], **expected: Any) -> dict[str, Any]:
    """Wait until the newest delivery is so; gives it."""

    async def so() -> bool:
        newest = (await log_of(account, webhook))[:1]
        return bool(newest) and all(newest[0][name] == value for name, value in expected.items())

    await eventually(so)
    return (await log_of(account, webhook))[0]


async def let_time_pass(sql: Sql, webhook: dict[str, Any]) -> None:
    """It is time for the next try."""
    await sql.execute(
        "UPDATE deliveries SET next_try_at = now(), held_until = NULL, enqueued_at = NULL WHERE webhook = $1",
        UUID(webhook["id"]),
    )


async def test_a_server_is_told_of_the_end_of_an_answer_signed_so_that_standard_webhooks_takes_it(
    account: Visitor, receiver: Receiver
) -> None:
    webhook = await made(account, f"{receiver.url}/hooks?of=mine")
    done = await ended(account, "[demo: echo fast] the words of the answer")
    (message,) = await receiver.until(1)
    assert message.path == "/hooks?of=mine"
    told = Verifier(webhook["secret"]).verify(message.body, message.headers)
    assert told == {
        "type": "generation.completed",
        "timestamp": done["finished_at"].replace("+00:00", "Z"),
        "data": {
            "id": done["id"],
            "conversation_id": done["conversation_id"],
            "status": "completed",
            "model": "openai:demo",
            "usage": done["usage"],
            "url": done["url"],
        },
    }
    assert b"words" not in message.body
    assert message.headers["content-type"] == "application/json"
    logged = await until_logged(account, webhook, status="delivered")
    assert (logged["response_code"], logged["attempts"], logged["error"]) == (204, 1, None)
    assert message.id == f"msg_{UUID(logged['id']).hex}"
    page = await account.http.get(f"/account/webhooks/{webhook['id']}", headers=HTML)
    assert "Taken, with 204." in page.text
    assert webhook["secret"] not in page.text


async def test_each_end_is_told_once_also_of_an_answer_that_is_tried_again(
    account: Visitor, receiver: Receiver
) -> None:
    await made(account, receiver.url)
    failed = await ended(account, "[demo: 401x1 echo fast] second time lucky")
    await receiver.until(1)
    await account.post_form(f"/generations/{failed['id']}/retry", JSON)
    running = await account.submit("[demo: stall] x", model="openai:demo")
    await account.until(running["id"], "processing")
    await receiver.until(2)
    await account.post_form(f"/generations/{running['id']}/cancellation", JSON)
    messages = await receiver.until(3)
    told = [(message.json["type"], message.json["data"]["id"]) for message in messages]
    assert told == [
        ("generation.failed", failed["id"]),
        ("generation.completed", failed["id"]),
        ("generation.cancelled", running["id"]),
    ]
    assert len({message.id for message in messages}) == 3


async def test_only_what_was_chosen_is_told_and_the_text_only_to_who_wants_it(
    account: Visitor, receiver: Receiver
) -> None:
    await made(account, f"{receiver.url}/failures", failed="yes")
    await made(account, f"{receiver.url}/texts", completed="yes", with_content="yes")
    await ended(account, "[demo: echo fast] the whole\n\ntext")
    await ended(account, "[demo: 401] x")
    messages = {message.path: message.json for message in await receiver.until(2)}
    assert messages["/texts"]["data"]["content"] == "the whole\n\ntext"
    assert messages["/failures"]["type"] == "generation.failed"
    assert "content" not in messages["/failures"]["data"]


async def test_of_another_account_nothing_is_told(account: Visitor, visitors: Any, receiver: Receiver) -> None:
    webhook = await made(account, receiver.url)
    other = await (await visitors().arrive()).sign_up()
    await ended(other, "[demo: echo fast] not for everybody")
    await ended(account, "[demo: echo fast] mine")
    (message,) = await receiver.until(1)
    assert len(await log_of(account, webhook)) == 1
    path = f"/account/webhooks/{webhook['id']}"
    assert (await other.http.get(path, headers=JSON)).status_code == 404
    for form in ("disablement", "enablement", "deletion", f"deliveries/{UUID(message.id[4:])}/retry"):
        answer = await other.http.post(f"{path}/{form}", json={"confirm": "yes"}, headers=JSON)
        assert answer.status_code == 404, form


async def test_what_is_not_taken_is_sent_again_with_the_same_id_after_growing_waits(
    account: Visitor, receiver: Receiver, sql: Sql
) -> None:
    receiver.answers = [500, 429, 204]
    webhook = await made(account, receiver.url)
    await ended(account, "[demo: echo fast] hello")
    for number, code in enumerate((500, 429)):
        logged = await until_logged(account, webhook, attempts=number + 1, response_code=code)
        assert logged["error"] == f"It answered {code}."
        wait = await sql.fetchval("SELECT next_try_at - tried_at FROM deliveries WHERE id = $1", UUID(logged["id"]))
        assert 0 <= wait.total_seconds() - WAITS[number] < 20
        await let_time_pass(sql, webhook)
    await until_logged(account, webhook, status="delivered", attempts=3)
    first, *rest = await receiver.until(3)
    for message in rest:
        assert (message.id, message.body) == (first.id, first.body)
        Verifier(webhook["secret"]).verify(message.body, message.headers)


async def test_a_webhook_that_takes_nothing_for_long_is_switched_off_with_the_reason_and_goes_on_when_it_is_switched_on(
    account: Visitor, receiver: Receiver, sql: Sql
) -> None:
    receiver.answers = [503, 503]
    webhook = await made(account, receiver.url)
    await ended(account, "[demo: echo fast] one")
    await until_logged(account, webhook, attempts=1)
    await sql.execute("UPDATE deliveries SET attempts = $1 WHERE webhook = $2", len(WAITS), UUID(webhook["id"]))
    await let_time_pass(sql, webhook)
    await until_logged(account, webhook, status="failed")
    path = f"/account/webhooks/{webhook['id']}"
    state = (await account.http.get(path, headers=JSON)).json()
    assert not state["enabled"]
    assert state["disabled_because"].startswith("It has not taken what it was sent for more than a day.")
    for page in (await account.http.get("/account/webhooks", headers=HTML), await account.http.get(path, headers=HTML)):
        assert state["disabled_because"] in page.text
    retry = f"{path}/deliveries/{state['deliveries'][0]['id']}/retry"
    assert "Switch it on" in (await account.post_form(retry)).text
    # While it is off, what happens is not for it.
    await ended(account, "[demo: echo fast] two")
    assert len(await log_of(account, webhook)) == 1
    assert (await account.post_form(f"{path}/enablement")).status_code == 303
    assert (await account.post_form(retry)).headers["location"] == f"{path}?done=retry"
    await until_logged(account, webhook, status="delivered", attempts=1)
    assert len(await receiver.until(3)) == 3


async def test_410_switches_a_webhook_off_at_once(account: Visitor, receiver: Receiver) -> None:
    receiver.answers = [410]
    webhook = await made(account, receiver.url)
    await ended(account, "[demo: echo fast] hello")
    await until_logged(account, webhook, status="failed", response_code=410)
    state = (await account.http.get(f"/account/webhooks/{webhook['id']}", headers=JSON)).json()
    assert (state["enabled"], "410" in state["disabled_because"]) == (False, True)


async def test_a_redirect_is_not_followed(account: Visitor, receiver: Receiver) -> None:
    receiver.answers = [302]
    webhook = await made(account, receiver.url)
    await ended(account, "[demo: echo fast] hello")
    logged = await until_logged(account, webhook, attempts=1, response_code=302)
    assert "redirect, which is not followed" in logged["error"]
    assert [message.path for message in receiver.messages] == ["/"]


async def test_what_was_taken_is_sent_again_on_request_with_the_same_id(account: Visitor, receiver: Receiver) -> None:
    webhook = await made(account, receiver.url)
    await ended(account, "[demo: echo fast] hello")
    logged = await until_logged(account, webhook, status="delivered")
    path = f"/account/webhooks/{webhook['id']}/deliveries/{logged['id']}/retry"
    assert (await account.http.post(path, json={}, headers=JSON)).status_code == 204
    first, second = await receiver.until(2)
    assert first.id == second.id


async def test_a_worker_that_is_killed_while_it_sends_loses_nothing(
    app: App, account: Visitor, receiver: Receiver, sql: Sql
) -> None:
    receiver.answers = [0]
    webhook = await made(account, receiver.url)
    await ended(account, "[demo: echo fast] hello")
    await receiver.until(1)
    app.processes["worker"].send_signal(signal.SIGKILL)
    await asyncio.to_thread(app.stop, "worker")
    app.start("worker", "worker")
    await let_time_pass(sql, webhook)
    await until_logged(account, webhook, status="delivered", attempts=2)
    first, second = await receiver.until(2)
    assert first.id == second.id


async def test_a_slow_server_is_sent_four_at_a_time_and_then_all_the_rest(account: Visitor, receiver: Receiver) -> None:
    receiver.answers = [0] * 4
    webhook = await made(account, receiver.url)
    for _ in range(7):
        await ended(account, "[demo: echo fast] hello")
    assert len(await receiver.until(4)) == 4
    assert [one["attempts"] for one in await log_of(account, webhook)].count(0) == 3
    receiver.free.set()
    assert len(await receiver.until(7)) == 7
    assert len({message.id for message in receiver.messages}) == 7


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"url": ""}, "url"),
        ({"url": "example.org"}, "url"),
        ({"url": "ftp://example.org/"}, "url"),
        ({"url": "http://user:secret@example.org/"}, "url"),
        ({"url": "http://[::1/"}, "url"),
        ({"url": "http://example.org:99999/"}, "url"),
        ({"url": "http://example.org/a b"}, "url"),
        ({"url": "http://example.org/#part"}, "url"),
        ({"url": "http://example.org/" + "x" * 2000}, "url"),
        ({"completed": ""}, "events"),
        ({"with_content": "perhaps"}, "with_content"),
    ],
)
async def test_what_is_no_webhook_is_refused_beside_its_field_which_keeps_what_was_entered(
    account: Visitor, fields: dict[str, str], field: str
) -> None:
    sent = {"url": "http://127.0.0.1:9/", "completed": "yes", **fields}
    refused = await account.http.post("/account/webhooks", json=sent, headers=JSON)
    assert (refused.status_code, refused.json()["field"]) == (422, field)
    page = await account.post_form("/account/webhooks", **sent)
    assert page.status_code == 422
    assert f'value="{sent["url"]}"' in page.text
    assert (await account.http.get("/account/webhooks", headers=JSON)).json() == {"webhooks": []}


async def test_an_account_has_ten_webhooks_and_is_shown_each_secret_once(account: Visitor) -> None:
    for _ in range(9):
        await made(account, "http://127.0.0.1:9/")
    page = await account.post_form("/account/webhooks", url="http://127.0.0.1:9/", failed="yes")
    assert page.status_code == 201
    secret = re.search(r'value="(whsec_[^"]+)"', page.text)
    assert secret
    assert secret[1] not in (await account.http.get("/account/webhooks", headers=HTML)).text
    refused = await account.http.post("/account/webhooks", json={"url": "http://127.0.0.1:9/", **EVENTS}, headers=JSON)
    assert "which is the limit" in refused.json()["detail"]
    (first, *_) = (await account.http.get("/account/webhooks", headers=JSON)).json()["webhooks"]
    path = f"/account/webhooks/{first['id']}"
    assert (await account.post_form(f"{path}/deletion")).status_code == 422
    assert (await account.post_form(f"{path}/deletion", confirm="yes")).status_code == 303
    assert (await account.http.get(path, headers=JSON)).status_code == 404


async def test_a_disabled_account_is_told_nothing(
    account: Visitor, receiver: Receiver, sql: Sql, admin: Visitor
) -> None:
    webhook = await made(account, receiver.url)
    running = await account.submit("[demo: stall] x", model="openai:demo")
    await account.until(running["id"], "processing")
    await admin.post_form(f"/admin/users/{await account.user_id(sql)}/disablement")

    async def stopped() -> bool:
        status = await sql.fetchval("SELECT status FROM generations WHERE id = $1", UUID(running["id"]))
        return bool(status == "cancelled")

    await eventually(stopped)
    assert await sql.fetchval("SELECT count(*) FROM deliveries WHERE webhook = $1", UUID(webhook["id"])) == 0
