"""What the handlers work with: made once a process, when it starts."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from litestar.di import NamedDependency
from litestar.params import SkipValidation

from genapp import collecting, jobs, models, redis_clients, tracing
from genapp.fleet import Member
from genapp.quotas import Quotas, Rate, Rates
from genapp.revocations import Revocations
from genapp.streams import Hub, Lines, Log, Names, Scripts
from genapp.watching import Watch
from genapp.web import measuring
from genapp.web.access import Access
from genapp.web.openings import Openings
from genapp.web.operations.live import Operations
from genapp.web.origins import Origins
from genapp.web.silence import Restoring, look_after
from genapp.web.stopping import before_stopping

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from litestar import Litestar
    from redis.asyncio import Redis

    from genapp.settings import Settings
    from genapp.web.sessions import Sessions


T = TypeVar("T")

# How a handler takes what the app gives it: our own objects, so that there is nothing for Litestar to validate.
Given = NamedDependency[SkipValidation[T]]


@dataclass(frozen=True, slots=True)
class Parts:
    """The handlers' connections and secrets."""

    settings: Settings
    sessions: Sessions
    access: Access
    revocations: Revocations
    openings: Openings
    origins: Origins
    names: Names
    redis: Redis
    log: Log
    hub: Hub
    lines: Lines
    restoring: Restoring
    jobs: jobs.Jobs
    quotas: Quotas
    fleet: Member
    operations: Operations


@asynccontextmanager
async def opened(app: Litestar, settings: Settings) -> AsyncIterator[None]:
    """Open the process's connections for as long as the app runs."""
    async with AsyncExitStack() as stack:
        stack.callback(tracing.stop)
        measuring.begin_at_nothing()
        await stack.enter_async_context(models.connected(settings.database_url, pool_size=settings.database_pool))
        client = redis_clients.bounded(settings)
        stack.push_async_callback(client.aclose)
        broker = jobs.make_broker(settings.redis_url, max_connections=settings.redis_pool, **settings.redis_ssl)
        stack.callback(broker.close)
        log = Log(client, ttl=settings.stream_ttl)
        hub = Hub(
            log,
            settings.redis_url,
            ssl_context=settings.redis_ssl_context,
            on_silent=partial(look_after, log, client, settings.queue_timeout),
            silence=settings.silence_seconds,
        )
        await stack.enter_async_context(hub)
        lines = Lines(heartbeat=settings.sse_heartbeat, lifetime=settings.sse_lifetime)
        stack.enter_context(before_stopping(hub.dismiss))
        restoring = Restoring(log, hub)
        stack.push_async_callback(restoring.close)
        revocations = await stack.enter_async_context(
            Revocations(client, settings.redis_url, void=models.void, ssl_context=settings.redis_ssl_context)
        )
        member = await stack.enter_async_context(Member(client, "web", look=partial(measuring.look_at, hub, lines)))
        await stack.enter_async_context(Watch(settings, member))
        sessions: Sessions = app.state.sessions
        # Not that of the log, where what a person waits for would stand behind thousands of logs that are read again.
        scripts = Scripts(client)
        app.state.parts = Parts(
            settings,
            sessions,
            Access(sessions, revocations, session_seconds=settings.session_seconds),
            revocations,
            Openings(per_user=settings.streams_per_user, per_address=settings.streams_per_address),
            Origins(revocations),
            Names(settings.secrets),
            client,
            log,
            hub,
            lines,
            restoring,
            jobs.Jobs(broker, scripts),
            Quotas(scripts, rates(settings)),
            member,
            await stack.enter_async_context(Operations(member, hub, log, client)),
        )
        collecting.pass_over_what_is_there()
        yield


def rates(settings: Settings) -> Rates:
    """How often somebody may do what."""
    minute, try_again, hour = 60, 600, 3600
    return Rates(
        asking_user=Rate(settings.requests_per_minute_per_user, minute),
        asking_address=Rate(settings.requests_per_minute_per_address, minute),
        login_account=Rate(settings.logins_per_account, try_again),
        login_address=Rate(settings.logins_per_address, try_again),
        signup_address=Rate(settings.signups_per_address, hour),
    )
