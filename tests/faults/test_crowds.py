"""Long answers, slow viewers and crowds before the real processes: everybody has the whole, and nothing is kept."""

from __future__ import annotations

import asyncio
import random
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.faults.crowding import Person, counted, crowd, dawdle
from tests.faults.holding import Engines, engines_of, memory_of, open_files, resident
from tests.integration.web.conftest import Visitor
from tests.running import App, eventually, running_app

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

MILLION = 101_010  # words: 999,999 characters, one below the limit
ENDLESS = 100_000  # words, at 20 a second: nobody waits for the last
# MB. A hundred frames or flushes that each kept the whole text would hold 50.
FLAT = 25
# MB that Python may keep for the next time.
KEPT = 10
SLOW = 40


@dataclass(frozen=True)
class Scale:
    """How much of everything: words a second, words that a crowd watches, viewers at once, connections one by one."""

    pace: int
    crowd_words: int
    burst: int
    coming_and_going: int


SHORT = Scale(pace=20_000, crowd_words=10_000, burst=300, coming_and_going=1_000)
LONG = Scale(pace=1_000, crowd_words=MILLION, burst=1_000, coming_and_going=10_000)


@pytest.fixture(scope="module")
def scale(request: pytest.FixtureRequest) -> Scale:
    return LONG if request.config.getoption("faults_long") else SHORT


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with running_app(tmp_path_factory.mktemp("crowded"), GENAPP_MAX_IN_FLIGHT_PER_USER="10") as running:
        yield running


@pytest.fixture
async def engines(app: App) -> AsyncIterator[Engines]:
    async with engines_of(app) as engines:
        yield engines


@pytest.fixture
async def person(app: App) -> AsyncIterator[Person]:
    """One whose first answer is written: what processes make then (connections, caches) is no growth."""
    async with httpx.AsyncClient(base_url=app.url, timeout=30) as http:
        person = Person(await Visitor(http).arrive(), app.url)
        generation = await person.ask(2_000, 2_000)
        async with person.watcher(generation, 2_000) as watcher:
            await watcher.read_to_end()
        await person.completed(generation, 2_000)
        yield person


async def test_a_million_characters_stream_through_memory_that_stays_flat(
    app: App, person: Person, engines: Engines, scale: Scale
) -> None:
    text = counted(MILLION)
    redis_before, database_before = await engines.received()
    async with memory_of(web=app.processes["web"], worker=app.processes["worker"]) as memory:
        generation = await person.ask(MILLION, scale.pace)
        async with person.watcher(generation, MILLION) as page, person.watcher(generation, MILLION, "json") as program:
            following = asyncio.create_task(program.read_to_end())
            await page.read_frames(50)
            assert await engines.chunks(generation) > 0
            await page.read_to_end()
            await following
        final = await person.visitor.http.get(generation["url"], headers={"Accept": "text/html"})
    await person.completed(generation, MILLION)
    assert text in final.text
    assert (page.at, program.at) == (len(text), len(text))
    assert page.at_before_end > len(text) / 2, "it did not stream"
    assert await engines.chunks(generation) == 0
    assert memory.grown("web") < FLAT, memory
    assert memory.grown("worker") < FLAT, memory
    # As it is written, and the whole once at its end; the whole in each frame or flush would be fifty times that.
    redis_after, database_after = await engines.received()
    assert page.received < 3 * len(text)
    assert redis_after - redis_before < 8 * len(text)
    assert database_after - database_before < 8 * len(text)


async def test_slow_viewers_hold_nobody_up_and_have_the_whole_in_the_end(
    app: App, person: Person, scale: Scale
) -> None:
    generation, other = await person.ask(MILLION, scale.pace), await person.ask(2_000, 1_000)
    reading = asyncio.Event()
    reading.set()
    async with AsyncExitStack() as stack, memory_of(web=app.processes["web"]) as memory:
        slow = [
            await stack.enter_async_context(person.watcher(generation, MILLION, dialect, receive_buffer=4096))
            for dialect in ("htmx", "json") * (SLOW // 2)
        ]
        dawdling = [asyncio.create_task(dawdle(watcher, reading)) for watcher in slow]
        others = [
            await stack.enter_async_context(watcher)
            for watcher in (
                person.watcher(generation, MILLION),
                person.watcher(generation, MILLION, "json"),
                person.watcher(other, 2_000),
            )
        ]
        await asyncio.gather(*[watcher.read_to_end() for watcher in others])
        assert [watcher.at for watcher in others] == [len(watcher.expected) for watcher in others]
        reading.clear()
        await asyncio.gather(*dawdling)
        assert max(watcher.at for watcher in slow) < len(counted(MILLION)) / 2, "they were not slow"
        # Past what waited in buffers since they fell behind, to what the server makes up for them now.
        await asyncio.gather(*[watcher.read_at_least(300_000) for watcher in slow])
        memory.look()
        await asyncio.gather(*[watcher.read_to_end() for watcher in slow])
    assert {watcher.at for watcher in slow} == {len(counted(MILLION))}
    assert all(watcher.at_before_end < watcher.at for watcher in slow), "what is superseded is not skipped"
    await person.completed(generation, MILLION)
    assert resident(app.processes["web"]) < memory.before["web"] + FLAT, memory


async def test_two_hundred_viewers_of_one_answer_have_the_whole_and_leave_no_memory(
    app: App, person: Person, scale: Scale
) -> None:
    words, held = scale.crowd_words, []
    for _ in range(2):
        generation = await person.ask(words, 4_000)
        async with AsyncExitStack() as stack:
            watchers = [
                await stack.enter_async_context(person.watcher(generation, words, dialect))
                for dialect in ("htmx", "json") * 100
            ]
            await asyncio.gather(*[watcher.read_to_end() for watcher in watchers])
        await person.completed(generation, words)
        assert {watcher.at for watcher in watchers} == {len(counted(words))}
        assert sum(watcher.at_before_end > 0 for watcher in watchers) > 100, "they were shown nothing but the end"
        held.append(resident(app.processes["web"]))
    # What the first round made of the process is there for the second.
    assert held[1] < held[0] + KEPT, held


async def test_hundreds_who_come_at_once_are_all_let_in(person: Person, scale: Scale) -> None:
    """As they do when a web process has been restarted. It has fewer connections to Redis than that."""
    generation = await person.ask(ENDLESS, 20)
    async with AsyncExitStack() as stack:
        watchers = [person.watcher(generation, ENDLESS) for _ in range(scale.burst)]
        await asyncio.gather(*[stack.enter_async_context(watcher) for watcher in watchers])
        await asyncio.gather(*[watcher.read_frames(2) for watcher in watchers])

        async def all_are_in() -> bool:
            return await person.viewers() == scale.burst

        await eventually(all_are_in)
    await person.stop(generation)


async def test_thousands_who_come_and_go_leave_nothing_behind(
    app: App, person: Person, engines: Engines, scale: Scale, request: pytest.FixtureRequest
) -> None:
    chance = random.Random(request.config.getoption("faults_seed"))
    web = app.processes["web"]

    async def nobody_is_left() -> bool:
        return await person.viewers() == 0 and engines.subscriptions() == []

    async def files_are_closed() -> bool:
        return open_files(web, app) <= files

    streams = [(await person.ask(ENDLESS, 20), ENDLESS) for _ in range(2)]
    await crowd(person, streams, 200, chance)
    await eventually(nobody_is_left)
    files, held = open_files(web, app), []
    count = scale.coming_and_going // 2
    words = count * 3
    for _ in range(2):
        watched = await person.ask(words, 300)
        async with person.watcher(watched, words) as page, person.watcher(watched, words, "json") as program:
            following = [asyncio.create_task(watcher.read_to_end()) for watcher in (page, program)]
            await crowd(person, [*streams, (watched, words)], count, chance)
            await asyncio.gather(*following)
        assert (page.at, program.at) == (len(counted(words)), len(counted(words)))
        await eventually(nobody_is_left)
        await eventually(files_are_closed)
        held.append(resident(web))
    # What the first round made of the process is there for the second.
    assert held[1] < held[0] + KEPT, held
    for generation, _ in streams:
        await person.stop(generation)
