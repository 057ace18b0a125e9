"""What is found in the rows and enqueued again."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from redis.asyncio import Redis

from genapp import metrics
from genapp.generating.housekeeping import KEPT, MOST_ATTEMPTS, Housekeeping
from genapp.jobs import Jobs, make_broker
from genapp.models import Draft, Generation, Limits, new_id
from genapp.streams import Log, Scripts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from uuid import UUID

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
async def housekeeping(redis_url: str) -> AsyncIterator[Housekeeping]:
    broker = make_broker(redis_url)
    broker.namespace = f"test-{new_id().hex}"
    async with Redis.from_url(redis_url) as client:
        yield Housekeeping(client, Log(client), Jobs(broker, Scripts(client)), queue_timeout=3600)
    broker.close()


async def submitted() -> UUID:
    generation, _ = await Generation.submit(Draft(user_id=new_id(), prompt="Hello", model="demo:demo"), Limits(3))
    return generation.id


async def enqueued(housekeeping: Housekeeping) -> str:
    """All messages in the queue, as they are stored."""
    keys = await housekeeping.redis.keys(f"{housekeeping.jobs.broker.namespace}:*.msgs")
    return str([await housekeeping.redis.hgetall(key) for key in keys])  # type: ignore[misc]


async def test_what_waits_is_enqueued_again_at_once_where_redis_has_forgotten_it_and_once(
    housekeeping: Housekeeping,
) -> None:
    await housekeeping.notice_a_new_redis()
    await housekeeping.revive()
    waiting = str(await submitted())
    await housekeeping.notice_a_new_redis()
    await housekeeping.revive()
    assert waiting not in await enqueued(housekeeping)
    await housekeeping.redis.delete(KEPT)
    for _ in range(2):
        await housekeeping.notice_a_new_redis()
        await housekeeping.revive()
    assert (await enqueued(housekeeping)).count(waiting) == 1


async def test_who_was_tried_again_after_many_attempts_has_another_and_what_nobody_takes_counts_as_failed(
    housekeeping: Housekeeping,
) -> None:
    again, late = await submitted(), await submitted()
    overdue = "UPDATE generations SET enqueued_at = to_timestamp(0), attempt = {}, queued_at = {} WHERE id = {}"
    now = datetime.now(UTC)
    await Generation.raw(overdue, MOST_ATTEMPTS, now, again)
    await Generation.raw(overdue, 0, now - timedelta(hours=2), late)
    failed = metrics.generations.labels("demo", "failed")
    before = failed.value
    await housekeeping.revive()
    assert str(again) in await enqueued(housekeeping)
    assert [(await Generation.by_id(one)).status for one in (again, late)] == ["queued", "failed"]
    assert failed.value == before + 1


async def test_what_the_queue_has_not_taken_is_enqueued_in_the_next_round(housekeeping: Housekeeping) -> None:
    ids = [await submitted() for _ in range(3)]
    await Generation.enqueue_soon(ids)
    there = housekeeping.jobs.scripts
    async with Redis.from_url("redis://127.0.0.1:1/0") as away:
        housekeeping.jobs.scripts = Scripts(away)
        await housekeeping.revive()
    housekeeping.jobs.scripts = there
    await housekeeping.revive()
    told = await enqueued(housekeeping)
    assert all(str(one) in told for one in ids)
