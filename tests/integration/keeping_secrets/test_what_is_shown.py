"""Logs, metrics and error pages of real processes, read for what must not be in them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import asyncpg

from genapp.settings.offered import DEFAULT_MODELS
from tests.integration.keeping_secrets.conftest import MARK

if TYPE_CHECKING:
    from tests.integration.web.conftest import Visitor
    from tests.running import App

PROMPT = 'The "harbour master" of Łódź hides\nhis ledger below the third stair'
REPEATING = f"openai:{DEFAULT_MODELS['openai'][0]}"
ANSWERING = f"anthropic:{DEFAULT_MODELS['anthropic'][0]}"


def logged(app: App) -> str:
    return "".join((app.folder / f"{name}.log").read_text() for name in ("web", "worker"))


async def test_a_prompt_that_a_vendor_repeats_is_in_no_log_line_and_neither_is_the_key(
    app: App, visitor: Visitor
) -> None:
    generation = await visitor.submit(PROMPT, model=REPEATING)
    assert (await visitor.until(generation["id"], "failed", "completed"))["status"] == "failed"
    written = logged(app)
    assert re.search(rf'"message": "provider error: .*invalid_request: \[private\].*{generation["id"]}', written)
    assert not [word for word in ("harbour", "ledger", "stair") if word in written]
    assert MARK not in written


async def test_neither_is_what_was_said_before(app: App, visitor: Visitor) -> None:
    said = "[demo: fast echo] The lighthouse keeper counts seventeen ships"
    first = await visitor.submit(said, model=ANSWERING)
    await visitor.until(first["id"], "completed")
    repeated = "the answer was: The lighthouse keeper counts seventeen ships"
    again = await visitor.submit(repeated, model=REPEATING, conversation_id=first["conversation_id"])
    await visitor.until(again["id"], "failed")
    assert "lighthouse" not in logged(app)


QUOTING = """
CREATE FUNCTION quote() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN RAISE 'cannot take %, nor %', NEW.prompt, NEW.idempotency_key USING DETAIL = NEW.prompt; END $$;
CREATE TRIGGER quoting BEFORE INSERT ON generations FOR EACH ROW EXECUTE FUNCTION quote()
"""


async def test_a_prompt_that_the_database_quotes_as_it_is_sent_is_not_logged_either(app: App, visitor: Visitor) -> None:
    connection = await asyncpg.connect(app.env["DATABASE_URL"])
    await connection.execute(QUOTING)
    try:
        answer = await visitor.post_form(
            "/generations", prompt="Nobody but us knows the combination", idempotency_key="k1"
        )
    finally:
        await connection.execute("DROP TRIGGER quoting ON generations; DROP FUNCTION quote")
        await connection.close()
    assert answer.status_code == 500
    written = logged(app)
    assert r"cannot take [private], nor k1\nDETAIL:  [private]" in written
    assert "combination" not in written


async def test_a_broken_answer_is_told_without_its_words(app: App, visitor: Visitor) -> None:
    generation = await visitor.submit("[demo: fast malformed n20]", model=ANSWERING)
    await visitor.until(generation["id"], "failed")
    (line,) = [one for one in logged(app).splitlines() if generation["id"] in one and '"attempt": 1' in one]
    assert "malformed" in line
    assert "in an event of" in line
    assert "word0" not in line


async def test_metrics_error_pages_and_logs_have_no_secret(app: App, visitor: Visitor) -> None:
    generation = await visitor.submit("[demo: 401] hello", model=ANSWERING)
    await visitor.until(generation["id"], "failed")
    token = generation["stream_url"].split("stream=")[1].split("&")[0]
    cookie = visitor.http.cookies["genapp_session"]
    html = {"Accept": "text/html"}
    shown = [
        await visitor.http.get("/metrics"),
        await visitor.http.get(f"/shared/{token}", headers=html),
        await visitor.http.get(f"/streams?stream={token[:-4]}AAAA", headers=html),
        await visitor.http.put("/generations", headers=html),
        await visitor.post_form("/generations", prompt="", model=MARK),
        await visitor.http.post("/generations", content=b"{", headers={"Content-Type": "application/json"}),
        await visitor.http.get(generation["url"]),
    ]
    assert [answer.status_code for answer in shown] == [200, 404, 404, 405, 422, 422, 200]
    assert "genapp_connections" in shown[0].text
    written = logged(app)
    secrets = [app.env["SECRET_KEY"], app.redis_url.split("@")[0].rpartition(":")[2], "GENAPP_KEYLESS"]
    for text in (*(answer.text for answer in shown), written):
        assert not [secret for secret in secrets if secret in text]
        assert f"{MARK}-" not in text
    assert cookie not in written
    assert token not in written


async def test_prompts_are_logged_where_that_is_asked_for(app: App, visitor: Visitor) -> None:
    app.stop("worker")
    app.start("worker", "worker", GENAPP_LOG_PROMPTS="true")
    try:
        prompt = "The cartographer draws a river that is not there"
        generation = await visitor.submit(prompt, model=REPEATING)
        await visitor.until(generation["id"], "failed")
        broken = await visitor.submit("[demo: fast malformed n20]", model=ANSWERING)
        await visitor.until(broken["id"], "failed")
    finally:
        app.stop("worker")
        app.start("worker", "worker")
    written = logged(app)
    assert f"invalid_request: {prompt}" in written
    assert '"excerpt": "' in written
    assert MARK not in written
