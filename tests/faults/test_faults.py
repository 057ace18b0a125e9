"""Faults in the real processes while answers are written: each is whole, once, in order, and ends."""

from __future__ import annotations

import asyncio
import json
import os
import random
import signal
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncpg
import httpx
import pytest
import redis

from tests.integration.web.conftest import JSON, Visitor, shown
from tests.running import answers, eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from tests.faults.conftest import Fleet

PEOPLE = 6
EACH = 3
WORDS = 150
MODEL = "openai:demo"
PROMPT = f"[demo: ttft50 tps50 n{WORDS}] x"
COUNTED = " ".join(f"word{number}" for number in range(WORDS))
SECONDS = 90


@dataclass
class Follower:
    """A person who watches an answer through whichever web answers, and comes back after every break."""

    visitor: Visitor
    urls: list[str]
    stream: str
    expected: str = COUNTED
    text: str = ""
    place: str = ""

    async def follow(self) -> str:
        for attempt in range(1000):
            try:
                if await self._once(self.urls[attempt % len(self.urls)]):
                    return self.text
            except (httpx.HTTPError, AssertionError) as error:
                if isinstance(error, AssertionError) and not str(error).startswith("b'"):
                    raise
            await asyncio.sleep(random.uniform(0.05, 0.3))
        raise AssertionError("never done")

    async def _once(self, url: str) -> bool:
        headers = {"Last-Event-ID": self.place} if self.place else None
        async for cursor, event, data in self.visitor.listen(f"{url}{self.stream}", headers, seconds=SECONDS):
            if event == "done":
                return True
            self.text = shown(json.loads(data), self.text)
            self.place = cursor
            assert self.expected.startswith(self.text), "twice, or out of order"
        return False


async def kill_a_worker(fleet: Fleet) -> None:
    await ended(fleet, "worker0", signal.SIGKILL)
    fleet.start_worker(0)


async def stop_a_worker(fleet: Fleet) -> None:
    await ended(fleet, "worker1", signal.SIGTERM)
    fleet.start_worker(1)


async def freeze_a_worker(fleet: Fleet) -> None:
    pid = fleet.app.processes["worker0"].pid
    os.kill(pid, signal.SIGSTOP)
    await asyncio.sleep(18)  # the fault itself: longer than the lease of 12 s and a round of housekeeping
    os.kill(pid, signal.SIGCONT)


async def kill_a_web(fleet: Fleet) -> None:
    await ended(fleet, "web0", signal.SIGKILL)
    fleet.start_web(0)


async def stop_a_web(fleet: Fleet) -> None:
    await ended(fleet, "web1", signal.SIGTERM)
    fleet.start_web(1)


async def cut_the_subscriptions(fleet: Fleet) -> None:
    with redis.Redis.from_url(fleet.redis.url) as client:
        client.execute_command("CLIENT", "KILL", "TYPE", "pubsub")


async def lose_redis(fleet: Fleet) -> None:
    await asyncio.to_thread(fleet.redis.kill)
    await asyncio.sleep(2)  # the fault itself
    await asyncio.to_thread(fleet.redis.start)


async def cut_the_database(fleet: Fleet) -> None:
    connection = await asyncpg.connect(fleet.app.env["DATABASE_URL"])
    await connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid()")
    await connection.close()


async def ended(fleet: Fleet, name: str, number: signal.Signals) -> None:
    process = fleet.app.processes.pop(name)
    process.send_signal(number)
    await asyncio.to_thread(process.wait, 20)


FAULTS = [
    kill_a_worker,
    stop_a_worker,
    freeze_a_worker,
    kill_a_web,
    stop_a_web,
    cut_the_subscriptions,
    lose_redis,
    cut_the_database,
]


async def all_webs_are_back(fleet: Fleet) -> None:
    async def ready() -> bool:
        return all([await asyncio.to_thread(answers, f"{url}/readyz") for url in fleet.web_urls])

    await eventually(ready, seconds=30)


@pytest.fixture
async def people(fleet: Fleet) -> AsyncIterator[list[Visitor]]:
    await all_webs_are_back(fleet)
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(httpx.AsyncClient(base_url=fleet.web_urls[number % 2], timeout=20))
            for number in range(PEOPLE)
        ]
        yield [await Visitor(client).arrive() for client in clients]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each fault, at moments drawn from a seed that stands in the test's name."""
    if "inject" not in metafunc.fixturenames:
        return
    first, rounds = metafunc.config.getoption("faults_seed"), metafunc.config.getoption("faults_rounds")
    cases = [(fault, first + number) for number in range(rounds) for fault in FAULTS]
    metafunc.parametrize(("inject", "seed"), cases, ids=[f"{fault.__name__}-{seed}" for fault, seed in cases])


async def test_every_answer_is_whole_and_every_viewer_has_it(
    fleet: Fleet, people: list[Visitor], inject: Callable[[Fleet], Awaitable[None]], seed: int
) -> None:
    chance = random.Random(f"{inject.__name__} {seed}")
    submitted = [(person, await person.submit(PROMPT, model=MODEL)) for person in people for _ in range(EACH)]
    following = [
        asyncio.create_task(Follower(person, fleet.web_urls, generation["stream_url"]).follow())
        for person, generation in submitted
    ]
    await asyncio.sleep(chance.uniform(0.0, 3.0))  # the fault's moment
    await inject(fleet)
    async with asyncio.timeout(SECONDS):
        texts = await asyncio.gather(*following)
    assert texts == [COUNTED] * len(submitted)
    await all_webs_are_back(fleet)
    for person, generation in submitted:
        row = await person.until(generation["id"], "completed", "failed", "cancelled")
        assert (row["status"], row["content"]) == ("completed", COUNTED)
    again = [await person.submit("[demo: echo] free", model=MODEL) for person in people for _ in range(3)]
    assert len(again) == 3 * PEOPLE
    for number, generation in enumerate(again):
        await people[number // 3].until(generation["id"], "completed")


async def test_a_prompt_sent_while_redis_is_away_is_taken_waits_and_is_answered(
    fleet: Fleet, people: list[Visitor]
) -> None:
    await asyncio.to_thread(fleet.redis.kill)
    try:
        generation = await people[0].submit("[demo: echo] waited", model=MODEL)
        page = await people[0].http.get(f"/conversations/{generation['conversation_id']}")
        assert page.status_code == 200
        assert 'data-status="queued"' in page.text
        stream = await people[0].http.get(generation["stream_url"], headers=JSON)
        assert stream.status_code == 503
        assert int(stream.headers["retry-after"]) > 0
    finally:
        await asyncio.to_thread(fleet.redis.start)
    follower = Follower(people[0], fleet.web_urls, generation["stream_url"], expected="waited")
    async with asyncio.timeout(SECONDS):
        assert await follower.follow() == "waited"
