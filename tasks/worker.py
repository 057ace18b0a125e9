"""A worker process: its broker, and the connections that its jobs share."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import dramatiq

from genapp import collecting, jobs, models, redis_clients, tracing
from genapp.delivering import Delivering
from genapp.fleet import Member
from genapp.generating import Generating
from genapp.generating.housekeeping import Housekeeping
from genapp.generating.measuring import begin_at_nothing
from genapp.providers import ProviderConfig, Providers
from genapp.settings import Settings
from genapp.streams import Log, Scripts
from genapp.watching import Watch

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

settings = Settings()

_generating: Generating | None = None
_delivering: Delivering | None = None


def generating() -> Generating:
    """The workflow of this process; it exists while a worker runs."""
    if _generating is None:
        raise RuntimeError("no worker is running in this process")
    return _generating


def delivering() -> Delivering:
    """What tells webhooks, in this process; it exists while a worker runs."""
    if _delivering is None:
        raise RuntimeError("no worker is running in this process")
    return _delivering


def leave() -> None:
    """This worker shuts down: hand back what is in progress, begin nothing more."""
    generating().leave()
    delivering().leave()


@asynccontextmanager
async def running() -> AsyncIterator[None]:
    """Open what the jobs share, on their event loop, and say that this worker lives."""
    global _delivering, _generating
    async with AsyncExitStack() as stack:
        stack.callback(tracing.stop)
        await stack.enter_async_context(models.connected(settings.database_url, pool_size=settings.database_pool))
        client = redis_clients.bounded(settings)
        stack.push_async_callback(client.aclose)
        providers = Providers(provider_configs())
        stack.push_async_callback(providers.close)
        for one in settings.providers:
            # Now and not with the first prompt: an SDK takes half a second to import.
            providers.get(one.name)
        begin_at_nothing(settings)
        member = await stack.enter_async_context(Member(client, "worker"))
        await stack.enter_async_context(Watch(settings, member))
        log = Log(client, ttl=settings.stream_ttl)
        queue = jobs.Jobs(broker, Scripts(client))
        _generating = Generating(settings, log, providers, queue)
        _delivering = Delivering(settings)
        housekeeping = Housekeeping(client, log, queue, queue_timeout=settings.queue_timeout)
        stack.callback(asyncio.create_task(housekeeping.run()).cancel)
        collecting.pass_over_what_is_there()
        yield


def provider_configs() -> list[ProviderConfig]:
    """The configured providers with their keys, which only workers read."""
    return [
        ProviderConfig(one.name, one.api_key.get_secret_value() if one.api_key else "", one.base_url)
        for one in settings.providers
    ]


broker = jobs.make_broker(
    settings.redis_url,
    middleware=[
        jobs.EventLoop(running, grace=settings.shutdown_seconds, leave=leave),
    ],
    max_connections=settings.redis_pool,
    **settings.redis_ssl,
)
dramatiq.set_broker(broker)
