"""What a worker process holds, hands back and gives up on."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import pytest
import redis

from tests.integration.web.conftest import JSON, Visitor, shown
from tests.running import MODELS, App, eventually, running_app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

COUNTING = "openai:demo-ttft50-tps50-n200"
COUNTED = " ".join(f"word{number}" for number in range(200))


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """An app of its own, with short patience and the worker's own default of answers at once."""
    settings = {
        "GENAPP_FIRST_TOKEN_TIMEOUT": "3",
        "GENAPP_BETWEEN_TOKENS_TIMEOUT": "2",
        "GENAPP_WORKER_CONCURRENCY": "256",
        "GENAPP_MAX_IN_FLIGHT_PER_USER": "10",
        "GENAPP_FLUSH_SECONDS": "0.2",
        "GENAPP_WAITING_NOTE_AFTER": "1",
        "GENAPP_SILENCE_SECONDS": "2",
        "GENAPP_MODELS": f"{MODELS},openai:demo-500-tagbroken,openai:demo-stall-tagsilent",
        "GENAPP_FALLBACK_MODELS": "anthropic:demo-fast",
    }
    with running_app(tmp_path_factory.mktemp("worker"), **settings) as running:
        yield running


@pytest.mark.parametrize(("fault", "seconds", "text"), [("stall", 3, False), ("pause", 2, True)])
async def test_a_model_that_stays_silent_is_given_up_with_a_sentence(
    visitor: Visitor, fault: str, seconds: int, text: bool
) -> None:
    generation = await visitor.submit(f"[demo: {fault}] Describe the sea", model="openai:demo-fast")
    failed = await visitor.until(generation["id"], "failed", "completed")
    assert failed["error"]["code"] == "timeout"
    assert f"{seconds} seconds" in failed["error"]["message"]
    assert bool(failed["content"]) is text


@pytest.mark.parametrize("fault", ["429x2", "500x2", "cutx1", "overloadedx2", "malformedx1"])
async def test_a_passing_problem_is_tried_again_and_the_viewer_reads_so(visitor: Visitor, fault: str) -> None:
    generation = await visitor.submit(f"[demo: {fault} n50] x", model="openai:demo-fast")
    messages = await visitor.messages(generation["stream_url"])
    notes = [message["note"] for message in messages if message.get("note")]
    assert any(note.startswith("Trying again in") and "of 3" in note for note in notes), messages
    seen = ""
    for message in messages:
        seen = shown(message, seen)
    assert seen == " ".join(f"word{number}" for number in range(50))
    assert (await visitor.generation(generation["id"]))["status"] == "completed"


async def test_each_attempt_is_on_record_with_what_it_used(app: App, visitor: Visitor) -> None:
    generation = await visitor.submit("[demo: cutx1 n50] on record", model="openai:demo-fast")
    done = await visitor.until(generation["id"], "completed", "failed")
    connection = await asyncpg.connect(app.env["DATABASE_URL"])
    rows = await connection.fetch(
        "SELECT * FROM attempts WHERE generation = $1 ORDER BY number", UUID(generation["id"])
    )
    await connection.close()
    cut, whole = rows
    assert (cut["outcome"], cut["error_code"], cut["estimated"]) == ("failed", "cut", True)
    assert cut["output_tokens"] > 0, "what was written before the cut was paid for"
    assert (whole["outcome"], whole["error_code"], whole["estimated"]) == ("completed", None, False)
    assert (whole["input_tokens"], whole["output_tokens"]) == (
        done["usage"]["input_tokens"],
        done["usage"]["output_tokens"],
    )


async def test_a_model_that_does_not_begin_is_replaced_and_not_asked_again(app: App, visitor: Visitor) -> None:
    generation = await visitor.submit("x", model="openai:demo-stall-tagsilent")
    answered = await visitor.until(generation["id"], "completed", "failed")
    assert (answered["status"], answered["model"]) == ("completed", "anthropic:demo-fast")
    assert app.stats()["models"]["demo-stall-tagsilent"]["requests"] == 1


async def test_a_model_that_cannot_be_had_is_replaced_by_its_fallback(app: App, visitor: Visitor) -> None:
    generation = await visitor.submit("[demo: echo] hello", model="openai:demo-500-tagbroken")
    answered = await visitor.until(generation["id"], "completed", "failed")
    assert (answered["status"], answered["content"]) == ("completed", "hello")
    assert answered["model"] == "anthropic:demo-fast"
    asked = app.stats()["models"]["demo-500-tagbroken"]
    assert asked["requests"] == 3


async def test_a_silent_model_is_told_of_long_before_it_is_given_up(visitor: Visitor) -> None:
    generation = await visitor.submit("[demo: ttft2000 n20] x", model="openai:demo")
    messages = await visitor.messages(generation["stream_url"])
    notes = [message["note"] for message in messages if "note" in message]
    assert notes == ["Still waiting for the model…", None]


@pytest.mark.parametrize("prompt", ["count", "[demo: cutx1] count"], ids=["first attempt", "second attempt"])
async def test_a_stopped_worker_hands_its_answers_back_and_the_next_one_completes_them(
    app: App, visitor: Visitor, prompt: str
) -> None:
    generation = await visitor.submit(prompt, model=COUNTING)
    begun = asyncio.Event()

    async def follow() -> list[dict[str, Any]]:
        messages = []
        async for _, event, data in visitor.listen(generation["stream_url"], seconds=40):
            if event == "message":
                messages.append(json.loads(data))
            if "word15" in data:
                begun.set()
        return messages

    following = asyncio.create_task(follow())
    async with asyncio.timeout(20):
        await begun.wait()
    await asyncio.to_thread(app.stop, "worker")
    # At once, and not only when the lease has run out.
    assert (await visitor.generation(generation["id"]))["status"] == "queued"
    app.start("worker", "worker")
    messages = await following
    assert messages[-1]["type"] == "complete"
    assert messages[-1]["content"] == COUNTED


async def test_a_stopped_worker_hands_back_also_what_waits_to_be_tried_again(app: App, visitor: Visitor) -> None:
    app.stop("worker")
    app.start("worker", "worker", GENAPP_RETRY_SECONDS="30")
    app.wait_until_ready()
    asked = [await visitor.submit(f"[demo: 500x1 n5] {number}", model="openai:demo-fast") for number in range(10)]
    async for _, _, data in visitor.listen(asked[-1]["stream_url"]):
        if "Trying again in" in data:
            break
    await asyncio.to_thread(app.stop, "worker")
    connection = await asyncpg.connect(app.env["DATABASE_URL"])
    rows = await connection.fetch("SELECT status FROM generations WHERE id = any($1)", [one["id"] for one in asked])
    await connection.close()
    assert [row["status"] for row in rows] == ["queued"] * len(asked)
    app.start("worker", "worker")
    for one in asked:
        assert (await visitor.until(one["id"], "completed", "failed"))["status"] == "completed"


async def test_a_killed_workers_answer_is_taken_up_by_another_and_its_viewer_sees_it_whole(
    app: App, visitor: Visitor
) -> None:
    generation = await visitor.submit("count", model=COUNTING)
    shown_once = asyncio.Event()

    async def follow() -> str:
        seen = ""
        async for _, event, data in visitor.listen(generation["stream_url"], seconds=40):
            if event == "message":
                seen = shown(json.loads(data), seen)
            if "word10" in seen:
                shown_once.set()
        return seen

    following = asyncio.create_task(follow())
    async with asyncio.timeout(20):
        await shown_once.wait()
    app.processes["worker"].kill()
    await asyncio.to_thread(app.stop, "worker")
    app.start("worker", "worker")
    assert await following == COUNTED
    assert (await visitor.generation(generation["id"]))["content"] == COUNTED


async def test_a_restarted_web_process_lets_its_viewers_go_and_they_miss_nothing(app: App, visitor: Visitor) -> None:
    generation = await visitor.submit("count", model=COUNTING)
    seen, place = "", ""

    async def follow() -> bool:
        """Show what comes; gives whether it was all of it."""
        nonlocal seen, place
        headers = {"Last-Event-ID": place} if place else None
        async for cursor, event, data in visitor.listen(generation["stream_url"], headers):
            if event == "done":
                return True
            place = cursor
            seen = shown(json.loads(data), seen)
        return False

    following = asyncio.create_task(follow())

    async def some_came() -> bool:
        return "word10" in seen

    await eventually(some_came)
    await asyncio.to_thread(app.stop, "web")
    # It ended, and was not cut off: the client would have raised.
    assert await following is False
    assert "Traceback" not in (app.folder / "web.log").read_text()
    assert COUNTED.startswith(seen)
    app.start("web", "web")
    await asyncio.to_thread(app.wait_until_ready)
    assert await follow() is True
    assert seen == COUNTED


async def test_a_log_that_redis_lost_is_written_anew_and_the_viewer_has_everything(visitor: Visitor, app: App) -> None:
    generation = await visitor.submit("count", model=COUNTING)
    last, lost = "", False
    async for _, event, data in visitor.listen(generation["stream_url"].replace("dialect=json", "dialect=turbo")):
        last = data if event == "message" else last
        if not lost and "word20" in data:
            with redis.Redis.from_url(app.redis_url) as client:
                client.delete(f"stream:{{generation:{generation['id']}}}")
            lost = True
    assert lost
    assert 'data-status="completed"' in last
    assert COUNTED in last


async def test_two_hundred_answers_are_in_flight_in_one_worker(app: App, visitors: Callable[[], Visitor]) -> None:
    people = [await visitors().arrive() for _ in range(20)]
    submitted = [
        await person.submit(f"[demo: tps2 n400 tagcrowd] {number}", model="openai:demo")
        for person in people
        for number in range(10)
    ]
    assert len(submitted) == 200

    async def all_are_asked() -> bool:
        return (await asyncio.to_thread(app.asked, "tagcrowd"))["active"] == 200

    await eventually(all_are_asked)
    for person in people:
        for conversation in (await person.http.get("/", headers=JSON)).json()["conversations"]:
            whole = (await person.http.get(conversation["url"], headers=JSON)).json()
            await person.post_form(f"/generations/{whole['generations'][0]['id']}/cancellation", JSON)


async def test_viewers_learn_of_an_end_whose_last_frame_was_never_published(app: App, visitor: Visitor) -> None:
    generation = await visitor.submit("[demo: tps2 n400] x", model="openai:demo")
    await visitor.until(generation["id"], "processing")
    following = asyncio.create_task(visitor.messages(generation["stream_url"]))
    # As if the worker had died, or Redis had been away, between the row's end and the stream's.
    connection = await asyncpg.connect(app.env["DATABASE_URL"])
    await connection.execute(
        "UPDATE generations SET status = 'completed', answer = 'all of it' WHERE id = $1", UUID(generation["id"])
    )
    await connection.close()
    last = (await following)[-1]
    assert (last["type"], last["content"]) == ("complete", "all of it")
