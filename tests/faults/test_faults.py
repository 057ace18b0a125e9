"""Faults in the real processes while people ask and watch: each answer is whole, once, in order, and ends."""

from __future__ import annotations

import asyncio
import random
import time
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import asyncpg
import httpx
import pytest

from genapp.models.database import ANSWER_SECONDS, PATIENCE
from tests.faults.injecting import FAULTS, PARTS
from tests.faults.people import MODEL, SHAPES, Follower, Person, check_refusal
from tests.integration.web.conftest import HTML, JSON, Visitor

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable

    from tests.faults.conftest import Fleet
    from tests.faults.injecting import Fault

PEOPLE = 8
EACH = 3  # as many as one person may have in flight
WORDS = 150
# Of the people, those who ask all the time, each one question more than they may.
ASKERS = 2
# Seconds within which a page says that the database is away; one is for a machine that does much else.
LONGEST_WAIT = PATIENCE + ANSWER_SECONDS + 1


@pytest.fixture
async def people(fleet: Fleet, request: pytest.FixtureRequest) -> AsyncIterator[list[Person]]:
    await fleet.until_ready()
    chance = random.Random(request.node.name)
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(httpx.AsyncClient(base_url=fleet.web_urls[number % 2], timeout=20))
            for number in range(PEOPLE)
        ]
        visitors = [await Visitor(client).arrive() for client in clients]
        yield [Person(visitor, fleet.web_urls, random.Random(chance.random())) for visitor in visitors]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each fault, and in the long run two at once, at moments drawn from a seed that stands in the test's name."""
    if "faults" not in metafunc.fixturenames:
        return
    option = metafunc.config.getoption
    seeds = [option("faults_seed") + number for number in range(ROUNDS if option("faults_long") else 1)]
    cases = [case for seed in seeds for case in _cases(seed, pairs=PAIRS if option("faults_long") else 0)]
    ids = ["+".join(fault.__name__ for fault in faults) + f"-{seed}" for faults, seed in cases]
    metafunc.parametrize(("faults", "seed"), cases, ids=ids)


ROUNDS = 4
PAIRS = 3


def _cases(seed: int, pairs: int) -> list[tuple[tuple[Fault, ...], int]]:
    chance = random.Random(seed)
    both = [(one, other) for one in FAULTS for other in FAULTS if PARTS[one] < PARTS[other]]
    return [((fault,), seed) for fault in FAULTS] + [(pair, seed) for pair in chance.sample(both, pairs)]


async def test_every_answer_is_whole_and_every_viewer_has_it(
    fleet: Fleet, people: list[Person], faults: tuple[Fault, ...], seed: int, request: pytest.FixtureRequest
) -> None:
    chance = random.Random(request.node.name)
    over = asyncio.Event()
    struck = [PARTS[fault] for fault in faults]
    spared = {name: pid for name, pid in fleet.pids().items() if name not in struck}
    async with fleet.supervised(), asyncio.TaskGroup() as group:
        for person in people[ASKERS:]:
            for _ in range(EACH):
                group.create_task(person.ask(WORDS))
        for person in people[:ASKERS]:
            for _ in range(EACH + 1):
                group.create_task(ask_until(person, over))
        await asyncio.gather(*[strike(fleet, fault, chance.uniform(0.0, 3.0)) for fault in faults])
        over.set()
    await check_everything(fleet, people)
    assert {name: pid for name, pid in fleet.pids().items() if name not in struck} == spared


async def ask_until(person: Person, over: asyncio.Event) -> None:
    while not over.is_set():
        await person.ask(person.chance.randint(1, 60))


async def strike(fleet: Fleet, fault: Fault, moment: float) -> None:
    await asyncio.sleep(moment)
    await fault(fleet)


async def check_everything(fleet: Fleet, people: list[Person]) -> None:
    await fleet.until_ready()
    for person in people:
        await person.check_answers()
        await check_latecomers(person)
        person.refusals = 0
    async with asyncio.TaskGroup() as group:
        for person in people:
            for _ in range(EACH):
                group.create_task(person.ask(3))
    assert not any(person.refusals for person in people), "somebody's slots are still taken"
    await check_rows(fleet, people)


async def check_latecomers(person: Person) -> None:
    """Who comes when all is over sees one answer and one end."""
    for generation_id, stream in list(person.streams.items())[:5]:
        late = Follower(person.visitor, person.urls, stream, person.answers[generation_id], person.chance)
        await late.follow()
        late.check()


async def check_rows(fleet: Fleet, people: list[Person]) -> None:
    """No prompt was stored twice, and nothing half-done is left."""
    connection = await asyncpg.connect(fleet.app.env["DATABASE_URL"])
    try:
        ids = [generation_id for person in people for generation_id in person.answers]
        stored = await connection.fetchval(
            'SELECT count(*) FROM generations WHERE "user" IN (SELECT "user" FROM generations WHERE id = any($1))', ids
        )
        assert stored == len(ids)
        assert await connection.fetchval("SELECT count(*) FROM chunks") == 0
    finally:
        await connection.close()


@pytest.mark.parametrize(("leave", "come_back"), [("crash", "start"), ("freeze", "thaw")])
async def test_everything_says_503_in_time_while_the_database_is_away(
    fleet: Fleet, people: list[Person], leave: str, come_back: str
) -> None:
    visitor = people[0].visitor
    generation = await visitor.submit("[demo: echo] before", model=MODEL)
    await visitor.until(generation["id"], "completed")
    paths = ["/", f"/conversations/{generation['conversation_id']}", f"/generations/{generation['id']}"]
    pids = fleet.pids()
    getattr(fleet.postgres, leave)()
    try:
        async with asyncio.TaskGroup() as group:
            for url in fleet.web_urls:
                for shape, headers in SHAPES.items():
                    for path in paths:
                        group.create_task(says_503(visitor.http.get(f"{url}{path}", headers=headers), shape))
                    form = {"csrf_token": visitor.token, "prompt": "my words", "idempotency_key": "mine"}
                    post = visitor.http.post(f"{url}/generations", data=form, headers=headers)
                    group.create_task(says_503(post, shape, typed="my words"))
        for url in fleet.web_urls:
            assert (await visitor.http.get(f"{url}/healthz")).status_code == 200, "a platform would restart it"
            assert (await visitor.http.get(f"{url}/readyz")).json()["database"] != "ok"
    finally:
        getattr(fleet.postgres, come_back)()
    await fleet.until_ready()
    assert fleet.pids() == pids
    for path in paths:
        assert (await visitor.http.get(path, headers=HTML)).status_code == 200


async def says_503(request: Awaitable[httpx.Response], shape: str, typed: str = "") -> None:
    began = time.monotonic()
    answer = await request
    check_refusal(answer, shape, 503)
    assert time.monotonic() - began < LONGEST_WAIT
    if typed and shape == "page":
        assert f"{typed}</textarea>" in answer.text
        assert 'name="idempotency_key" value="mine"' in answer.text, "sent again, it may be stored twice"


async def test_a_prompt_sent_while_redis_is_away_is_taken_waits_and_is_answered(
    fleet: Fleet, people: list[Person]
) -> None:
    visitor = people[0].visitor
    fleet.redis.kill()
    try:
        generation = await visitor.submit("[demo: echo] waited", model=MODEL)
        page = await visitor.http.get(f"/conversations/{generation['conversation_id']}")
        assert page.status_code == 200
        assert 'data-status="queued"' in page.text
        stream = await visitor.http.get(generation["stream_url"], headers=JSON)
        check_refusal(stream, "json", 503)
    finally:
        fleet.redis.start()
    follower = Follower(visitor, fleet.web_urls, generation["stream_url"], expected="waited")
    await follower.follow()
    follower.check()
