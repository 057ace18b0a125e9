"""Visitors for the worker's tests, and an answer to write without a worker."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from redis.asyncio import Redis

from genapp.generating.answer import Answer
from genapp.models import Generation, new_id
from genapp.settings import Settings
from genapp.streams import Log
from tests.integration.web.conftest import visitor, visitors

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["visitor", "visitors"]


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
