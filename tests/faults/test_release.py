"""A release: the migrations run, then every process is replaced, while people ask and watch."""

from __future__ import annotations

import asyncio
import signal
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.faults.test_faults import ASKERS, EACH, LONGEST_WAIT, WORDS, ask_until, check_rows, check_slots, people
from tests.running import GENAPP, answers, eventually

if TYPE_CHECKING:
    from tests.faults.conftest import Fleet
    from tests.faults.people import Person

__all__ = ["people"]

PARTS = ("worker0", "web0", "worker1", "web1")


@pytest.mark.usefixtures("logs_without_tracebacks")
async def test_a_release_loses_nothing_and_every_viewer_has_the_whole(fleet: Fleet, people: list[Person]) -> None:
    before = fleet.pids()
    over = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for person in people[:ASKERS]:
            for _ in range(EACH + 1):
                group.create_task(ask_until(person, over))
        for person in people[ASKERS:]:
            for _ in range(EACH):
                group.create_task(person.ask(WORDS))
        await release(fleet)
        over.set()
    assert {before[part] for part in PARTS}.isdisjoint(fleet.pids().values())
    fleet.note("a release", people)
    assert max(person.longest_wait for person in people) < LONGEST_WAIT[fleet.long], "somebody was told nothing"
    await asyncio.gather(*[person.check_answers() for person in people])
    await check_slots(people)
    await check_rows(fleet, people)


async def release(fleet: Fleet) -> None:
    """As docs/operating.md says: first the schema, then one part after the other, each when the last one works."""
    migrate = await asyncio.create_subprocess_exec(
        *GENAPP, "migrate", env=fleet.app.env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    _, errors = await migrate.communicate()
    assert migrate.returncode == 0, errors
    for part in PARTS:
        await fleet.end(part, signal.SIGTERM)
        fleet.start(part)
        await (works(fleet, part) if part.startswith("web") else fleet.until_ready())


async def works(fleet: Fleet, web: str) -> None:
    url = fleet.web_urls[int(web[-1])]

    async def ready() -> bool:
        return await asyncio.to_thread(answers, f"{url}/readyz")

    await eventually(ready, seconds=60)
