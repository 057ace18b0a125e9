"""What an answer's writer says of what it has shown, when it ends."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from redis.asyncio import Redis

from genapp import views
from genapp.generating.answer import Answer
from genapp.models import Generation, new_id
from genapp.settings import Settings
from genapp.streams import Log

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
async def log(redis_url: str) -> AsyncIterator[Log]:
    async with Redis.from_url(redis_url) as client:
        yield Log(client, prefix=f"test-{new_id().hex}", ttl=60)


@pytest.fixture
def answer(log: Log) -> Answer:
    generation = Generation(
        id=new_id(),
        conversation=new_id(),
        user=new_id(),
        prompt="why",
        model="openai:demo",
        status="processing",
        attempt=1,
        created_at=datetime.now(UTC),
    )
    return Answer(generation, log, Settings(_env_file=None))


async def test_it_is_what_the_log_says_also_once_nothing_more_comes(answer: Answer, log: Log) -> None:
    assert answer.shown() is None
    await answer.begin()
    for piece in ("One.\n\n- a", " list\n", "- has more"):
        await answer.write(piece)
        assert answer.shown() == views.shown_by(answer.generation.id, await log.read(answer.stream))
    before = answer.shown()
    await answer.settle()
    assert answer.shown() == before


async def test_nothing_is_said_after_a_piece_whose_publishing_was_broken_off(answer: Answer) -> None:
    await answer.begin()
    await answer.write("One")
    writing = asyncio.create_task(answer.write(" and two"))
    await asyncio.sleep(0)
    writing.cancel()
    await asyncio.wait([writing])
    assert writing.cancelled()
    assert answer.shown() is None
    await answer.settle()
    assert answer.shown() is None
