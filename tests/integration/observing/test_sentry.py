"""Errors that nobody foresaw arrive at Sentry, from web and worker, without what people wrote."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from tests.integration.web.conftest import JSON
from tests.running import GENAPP, App, eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.integration.observing.collecting import Collector
    from tests.integration.web.conftest import Visitor

# The database refuses what it is given, as it would a value out of range, and quotes it.
QUOTING = """
CREATE FUNCTION quote() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN RAISE 'cannot take %', NEW.prompt || NEW.answer USING ERRCODE = '22023'; END $$;
CREATE TRIGGER quoting_web BEFORE INSERT ON generations FOR EACH ROW
  WHEN (NEW.prompt LIKE '%otters at the web%') EXECUTE FUNCTION quote();
CREATE TRIGGER quoting_worker BEFORE UPDATE ON generations FOR EACH ROW
  WHEN (NEW.prompt LIKE '%otters at work%' AND NEW.status = 'completed') EXECUTE FUNCTION quote()
"""
VENDORS_KEY = "sk-proj-abcdefghijklmnop"


@pytest.fixture
async def quoting(app: App) -> AsyncIterator[None]:
    connection = await asyncpg.connect(app.env["DATABASE_URL"])
    await connection.execute(QUOTING)
    yield
    await connection.execute("DROP FUNCTION quote CASCADE")
    await connection.close()


async def first_error(collector: Collector, process: str) -> dict[str, Any]:
    async def arrived() -> bool:
        return bool(collector.errors_of(process))

    await eventually(arrived)
    return collector.errors_of(process)[0]


@pytest.mark.usefixtures("quoting")
async def test_an_error_of_web_and_one_of_the_worker_arrive_with_their_ids_and_nothing_private(
    app: App, collector: Collector, visitor: Visitor
) -> None:
    fields = {"prompt": f"{VENDORS_KEY} seven otters at the web, waiting for the tide", "model": "openai:demo-fast"}
    answer = await visitor.http.post("/generations", json=fields, headers=JSON)
    assert answer.status_code == 500
    error = await first_error(collector, "web")
    assert error["tags"]["request_id"] == answer.headers["X-Request-ID"]
    (exception,) = error["exception"]["values"]
    assert exception["type"] == "InvalidParameterValueError"
    assert "[private]" in exception["value"]
    assert exception["stacktrace"]["frames"]

    generation = await visitor.submit("[demo: fast echo] nine otters at work, below the mill", model="openai:demo-fast")
    error = await first_error(collector, "worker")
    assert error["tags"]["generation_id"] == generation["id"]
    assert error["exception"]["values"][-1]["type"] == "InvalidParameterValueError"

    for kept in (*collector.errors_of("web"), *collector.errors_of("worker")):
        assert not {"request", "user", "breadcrumbs", "modules", "contexts"} & kept.keys()
    secrets = (VENDORS_KEY, "otters", visitor.cookie, visitor.token, app.env["SECRET_KEY"], "sk-test")
    for body in collector.raw:
        assert not [secret for secret in secrets if secret.encode() in body]


def test_an_address_that_is_not_sentrys_stops_the_start_with_what_to_do(app: App) -> None:
    env = {**app.env, "SENTRY_DSN": "https://sentry.example.com"}
    ended = subprocess.run([*GENAPP, "worker"], env=env, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert ended.stderr.splitlines()[-1].endswith("Copy it from the project's settings.")
