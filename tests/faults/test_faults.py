"""Faults in the real processes while people ask and watch: each answer is whole, once, in order, and ends."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.faults.injecting import PARTS, freeze_redis
from tests.faults.people import Person
from tests.integration.web.conftest import Visitor
from tests.running import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.faults.conftest import Fleet
    from tests.faults.injecting import Fault

# The long run: how often each fault strikes, and how many pairs of them each time.
ROUNDS = 4
PAIRS = 3
# Seconds that a viewer may wait for more, in the short run and in the long one, whose faults last for up to 30 s: what
# the worst fault costs (a killed worker's lease and a round of housekeeping: 14 s), twice.
LONGEST_WAIT = {False: 30, True: 60}
PEOPLE = 9
EACH = 3  # as many as one person may have in flight
WORDS = 150
# Of the people: those who ask all the time, each one question more than they may, and one who asks nothing beforehand.
ASKERS = 2


@pytest.fixture
async def people(fleet: Fleet, request: pytest.FixtureRequest) -> AsyncIterator[list[Person]]:
    await fleet.until_ready()
    async with AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(httpx.AsyncClient(base_url=fleet.web_urls[number % 2], timeout=20))
            for number in range(PEOPLE)
        ]
        visitors = [await Visitor(client).arrive() for client in clients]
        yield [
            Person(visitor, fleet.web_urls, random.Random(f"{request.node.name} {number}"))
            for number, visitor in enumerate(visitors)
        ]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Each fault, and in the long run two at once, at moments drawn from a seed that stands in the test's name."""
    if "faults" not in metafunc.fixturenames:
        return
    long, first = metafunc.config.getoption("faults_long"), metafunc.config.getoption("faults_seed")
    cases = [case for seed in range(first, first + (ROUNDS if long else 1)) for case in cases_of(seed, long=long)]
    ids = ["+".join(fault.__name__ for fault in faults) + f"-{seed}" for faults, seed in cases]
    metafunc.parametrize(("faults", "seed"), cases, ids=ids)


def cases_of(seed: int, *, long: bool) -> list[tuple[tuple[Fault, ...], int]]:
    alone: list[tuple[Fault, ...]] = [(fault,) for fault in PARTS if long or fault is not freeze_redis]
    both = [(one, other) for one in PARTS for other in PARTS if PARTS[one] < PARTS[other]]
    drawn = random.Random(seed).sample(both, PAIRS) if long else []
    return [(faults, seed) for faults in [*alone, *drawn]]


@pytest.mark.usefixtures("logs_without_tracebacks")
async def test_every_answer_is_whole_and_every_viewer_has_it(
    fleet: Fleet, people: list[Person], faults: tuple[Fault, ...], seed: int, request: pytest.FixtureRequest
) -> None:
    chance = random.Random(request.node.name)
    struck = {PARTS[fault] for fault in faults}
    spared = {name: pid for name, pid in fleet.pids().items() if name not in struck}
    bystander, *others = people
    await bystander.ask(1, faults=False)
    over = asyncio.Event()
    async with fleet.supervised(), asyncio.TaskGroup() as group:
        for person in others[:ASKERS]:
            for _ in range(EACH + 1):
                group.create_task(ask_until(person, over))
        for person in others[ASKERS:]:
            for _ in range(EACH):
                group.create_task(person.ask(WORDS))
        alone = bystander if len(faults) == 1 else None
        await asyncio.gather(*[strike(fleet, fault, chance.uniform(0.0, 3.0), alone) for fault in faults])
        over.set()
    await fleet.until_ready()
    fleet.note(request.node.callspec.id, people)
    assert max(person.longest_wait for person in people) < LONGEST_WAIT[fleet.long], "somebody was told nothing"
    await asyncio.gather(*[person.check_answers() for person in people])
    await check_slots(people)
    await check_rows(fleet, people)
    assert {name: pid for name, pid in fleet.pids().items() if name not in struck} == spared


async def ask_until(person: Person, over: asyncio.Event) -> None:
    while not over.is_set():
        await person.ask(person.chance.randint(1, 60))


async def strike(fleet: Fleet, fault: Fault, moment: float, bystander: Person | None) -> None:
    await asyncio.sleep(moment)
    await fault(fleet, bystander)


async def check_slots(people: list[Person]) -> None:
    for person in people:
        person.refusals = 0
    async with asyncio.TaskGroup() as group:
        for person in people:
            for _ in range(EACH):
                group.create_task(person.ask(3, faults=False))
    assert not any(person.refusals for person in people), "somebody's slots are still taken"


async def check_rows(fleet: Fleet, people: list[Person]) -> None:
    """No prompt was stored twice, nothing half-done is left, and what was finished is as it was."""
    ids = [generation_id for person in people for generation_id in person.answers]
    async with fleet.database() as connection:
        stored = await connection.fetchval(
            'SELECT count(*) FROM generations WHERE "user" IN (SELECT "user" FROM generations WHERE id = any($1))', ids
        )

        async def swept() -> bool:
            return bool(await connection.fetchval("SELECT count(*) = 0 FROM chunks"))

        await eventually(swept)
    assert stored == len(ids)
    now = await fleet.finished_rows()
    assert {generation_id: now.get(generation_id) for generation_id in fleet.finished} == fleet.finished
