"""Fixtures for streams: a log of its own for each test, and what a viewer would see on the screen."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from redis.asyncio import Redis

from genapp.streams import Hub
from tests.integration.streams.screens import Message, Screen, messages
from tests.integration.streams.seams import Proxy, SeamedLog

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    client = Redis.from_url(redis_url)
    yield client
    await client.aclose()


@pytest.fixture
def log(redis: Redis) -> SeamedLog:
    return SeamedLog(redis, prefix=f"test-{uuid.uuid4().hex}", ttl=60)


@pytest.fixture
async def hub(log: SeamedLog, redis_url: str) -> AsyncIterator[Hub]:
    """A hub that checks its streams only when told to."""
    async with Hub(log, redis_url, check_interval=3600) as hub:
        yield hub


@pytest.fixture
async def proxy(redis_url: str) -> AsyncIterator[Proxy]:
    parts = urlsplit(redis_url)
    async with Proxy(parts.hostname or "localhost", parts.port or 6379) as proxy:
        yield proxy


@pytest.fixture
def proxied_url(redis_url: str, proxy: Proxy) -> str:
    parts = urlsplit(redis_url)
    login = parts.netloc.rpartition("@")[0]
    netloc = f"{login}@127.0.0.1:{proxy.port}" if login else f"127.0.0.1:{proxy.port}"
    return parts._replace(netloc=netloc).geturl()


@pytest.fixture
async def proxied_hub(log: SeamedLog, proxied_url: str, proxy: Proxy) -> AsyncIterator[Hub]:
    async with Hub(log, proxied_url, check_interval=3600) as hub:
        yield hub


@pytest.fixture
def new_screen() -> type[Screen]:
    return Screen


@pytest.fixture
def screen() -> Screen:
    return Screen()


@pytest.fixture
def read_messages() -> Callable[[bytes], list[Message]]:
    return messages
