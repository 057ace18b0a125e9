"""The operations page: its figures are what was counted, it is there when little else is, failures are tried again."""

from __future__ import annotations

import asyncio
import os
import re
import signal
from typing import TYPE_CHECKING, Any

import pytest
import redis

from tests.integration.web.conftest import HTML, JSON, Visitor
from tests.running import App, eventually, running_app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.integration.web.conftest import Sql

PATH = "/admin/operations"
SUMS = """SELECT count(*) AS attempts, count(*) FILTER (WHERE outcome = 'failed') AS failed,
  sum(input_tokens) AS input_tokens, sum(output_tokens) AS output_tokens, sum(microdollars) / 1e6 AS spend
  FROM attempts"""


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """An app of its own: what is counted is what these tests ask."""
    settings = {
        "GENAPP_PRICES": "openai:demo-fast=1000/2000",
        "GENAPP_READING_SECONDS": "1",
        "GENAPP_ALERT_EVERY_SECONDS": "0.5",
    }
    with running_app(tmp_path_factory.mktemp("operations"), **settings) as running:
        yield running


async def told(admin: Visitor, span: str = "hour") -> dict[str, Any]:
    """The page, as a program reads it."""
    answer = await admin.http.get(PATH, params={"span": span}, headers=JSON)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def shown(admin: Visitor, span: str = "hour") -> str:
    """The page, as a person does."""
    answer = await admin.http.get(PATH, params={"span": span}, headers=HTML)
    assert answer.status_code == 200, answer.text
    return answer.text


async def until_said(admin: Visitor, sentence: str) -> str:
    """The page, once it says so: what the fleet said a second ago is good enough until then."""

    async def said() -> bool:
        return sentence in await shown(admin)

    await eventually(said)
    return await shown(admin)


async def asked(visitor: Visitor, prompt: str, status: str = "completed") -> str:
    """Ask for an answer, and wait until it has ended; gives its id."""
    generation = await visitor.submit(prompt, model="openai:demo-fast")
    await visitor.until(generation["id"], status)
    return str(generation["id"])


async def counted(sql: Sql, condition: str = "true", *values: Any) -> dict[str, Any]:
    """What the rows of attempts add up to."""
    row = await sql.fetchrow(f"{SUMS} WHERE {condition}", *values)
    assert row is not None
    return {**row, "spend": pytest.approx(float(row["spend"]))}


async def test_the_figures_are_what_was_counted(admin: Visitor, account: Visitor, sql: Sql) -> None:
    for number in range(3):
        await asked(account, f"[demo: echo] nobody else's business {number}")
    failed = await asked(account, "[demo: 401] nobody else's business", "failed")
    figures, user_id = await told(admin), await account.user_id(sql)
    everybody = await counted(sql)
    assert {name: figures["now"][name] for name in ("ended", "failed")} == {
        "ended": everybody["attempts"],
        "failed": everybody["failed"],
    }
    assert figures["now"]["spend_today"] == everybody["spend"]
    slots = figures["counted"]["slots"]
    assert len(slots) == 60
    for name in ("attempts", "failed", "input_tokens", "output_tokens"):
        assert sum(slot[name] for slot in slots) == everybody[name]
    assert figures["models"] == [
        {"model": "openai:demo-fast", **everybody, "outcomes": figures["models"][0]["outcomes"]}
    ]
    mine = [row for row in figures["users"] if row["user_id"] == str(user_id)]
    assert mine == [{"user_id": str(user_id), "user": account.email, **await counted(sql, '"user" = $1', user_id)}]
    assert (mine[0]["attempts"], mine[0]["failed"]) == (4, 1)
    assert figures["failures"][0]["id"] == failed
    assert figures["failures"][0]["error"]["code"] == "unauthorized"

    async def both_known() -> bool:  # a look at Redis that takes over a second, on a busy machine, knows of itself only
        return sorted(process["kind"] for process in (await told(admin))["processes"]) == ["web", "worker"]

    await eventually(both_known)
    for span in ("day", "month", "nonsense"):
        assert sum(slot["attempts"] for slot in (await told(admin, span))["counted"]["slots"]) == everybody["attempts"]
    none = (await admin.http.get(PATH, params={"model": "openai:demo"}, headers=JSON)).json()["counted"]["slots"]
    assert sum(slot["attempts"] for slot in none) == 0
    page = await shown(admin)
    assert 'href="/admin/operations?span=hour&amp;model=openai%3Ademo-fast"' in page
    assert account.email in page
    assert "does not accept this site" in page
    assert "nobody else" not in page


async def test_what_is_measured_is_drawn_from_the_readings(admin: Visitor, account: Visitor) -> None:
    async def drawn() -> bool:
        await asked(account, "[demo: echo] once more")
        return "Nothing is known of this time" not in await shown(admin)

    await eventually(drawn, seconds=40)
    await asked(account, "[demo: 401] hi", "failed")

    async def by_code() -> bool:
        return ((await told(admin))["now"]["provider_errors"] or {}).get("unauthorized", 0) > 0

    await eventually(by_code)
    page = await shown(admin)
    charts = re.findall(r'<figure class="chart" id="chart_(\w+)">.*?</figure>', page, re.DOTALL)
    assert {"attempts", "first_text", "response", "queue", "spend", "connections"} <= set(charts)
    lines = re.findall(r'<path class="chart__line" data-series="(\w+)" d="(M[^"]+)"', page)
    assert [name for name, _ in lines].count("p95") == 4
    slots = (await told(admin))["measured"]["slots"]
    assert any(slot["first_text"]["p50"] and slot["queued"] == 0 and slot["connections"] == 0 for slot in slots)


async def test_what_the_database_does_not_find_out_in_time_is_not_shown_and_the_rest_is(
    admin: Visitor, sql: Sql
) -> None:
    await until_said(admin, "Everything answers: 1 web process, 1 worker")
    async with sql.transaction():
        await sql.execute("LOCK TABLE attempts IN ACCESS EXCLUSIVE MODE")
        figures = await told(admin, "day")
        page = (await admin.http.get(f"{PATH}/now", headers=HTML)).text
    assert (figures["now"]["ended"], figures["now"]["failed_share"]) == (None, None)
    assert (figures["now"]["queued"], figures["now"]["workers"]) == (0, 1)
    assert "Everything answers" in page


async def test_what_failed_is_tried_again_once_however_often_it_is_pressed(
    admin: Visitor, account: Visitor, sql: Sql
) -> None:
    generation_id = await asked(account, "[demo: 401] hi", "failed")
    await sql.execute("UPDATE generations SET prompt = '[demo: echo] well' WHERE id = $1", generation_id)
    path = f"/admin/generations/{generation_id}"
    assert f'action="{path}/retry"' in await shown(admin)
    answers = await asyncio.gather(*[admin.post_form(f"{path}/retry") for _ in range(3)])
    assert [(one.status_code, one.headers["location"]) for one in answers] == [(303, path)] * 3
    assert (await account.until(generation_id, "completed"))["content"] == "well"
    assert await sql.fetchval("SELECT count(*) FROM attempts WHERE generation = $1", generation_id) == 2
    assert "/retry" not in (await admin.http.get(path, headers=HTML)).text


async def test_all_that_failed_with_an_error_are_tried_again_but_for_whose_limits_are_reached(
    admin: Visitor, account: Visitor, visitors: Callable[[], Visitor], sql: Sql
) -> None:
    other = await (await visitors().arrive()).sign_up()
    mine = [await asked(account, "[demo: 429] hi", "failed") for _ in range(2)]
    kept = await asked(other, "[demo: 429] hi", "failed")
    another = await asked(account, "[demo: 401] hi", "failed")
    await sql.execute("UPDATE generations SET prompt = '[demo: echo] well' WHERE error_code = 'rate_limited'")
    await sql.execute("UPDATE users SET max_in_flight = 0 WHERE email = $1", other.email)
    assert 'name="code" value="rate_limited"' in await shown(admin)
    answer = await admin.post_form(f"{PATH}/retries", code="rate_limited")
    assert answer.status_code == 303
    said = (await admin.http.get(answer.headers["location"], headers=HTML)).text
    assert "Tried again: 2. Past their users’ limits, and left: 1." in said
    for generation_id in mine:
        await account.until(generation_id, "completed")
    assert (await account.generation(another))["status"] == "failed"
    assert (await other.generation(kept))["status"] == "failed"
    refused = await admin.post_form(f"/admin/generations/{kept}/retry")
    assert refused.status_code == 429
    assert "Change their limits" in refused.text
    assert (await admin.post_form(f"{PATH}/retries")).status_code == 422


async def test_it_is_there_without_a_worker_and_with_a_redis_that_hangs(
    app: App, admin: Visitor, account: Visitor
) -> None:
    await asked(account, "[demo: 401] hi", "failed")
    await until_said(admin, "Everything answers: 1 web process, 1 worker")
    app.stop("worker")
    waiting = await account.submit("[demo: echo] kept", model="openai:demo-fast")
    page = await until_said(admin, "No worker is running, so nothing is answered: 1 prompt waits.")
    assert f'href="/admin/generations/{waiting["id"]}">1</a>' in page
    pid = int(redis.Redis.from_url(app.redis_url).info("server")["process_id"])
    os.kill(pid, signal.SIGSTOP)
    try:
        page, figures = await until_said(admin, "Redis does not answer."), await told(admin)
        open_page = (await admin.http.get(f"{PATH}/now", headers=HTML)).text
    finally:
        os.kill(pid, signal.SIGCONT)
    assert "Redis does not answer." in open_page
    assert "Everything answers" not in open_page
    assert "does not accept this site" in page
    assert account.email in page
    assert figures["now"]["queued"] == 1
    app.start("worker", "worker")
    await account.until(waiting["id"], "completed")
