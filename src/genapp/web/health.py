"""For load balancers and operators."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg
from litestar import MediaType, Response
from redis.exceptions import RedisError

from genapp import jobs, metrics, models
from genapp.web.negotiation import readable
from genapp.web.parts import Given, Parts
from genapp.web.policies import Policy, is_for

AWAY = "does not answer"
# Seconds: a load balancer that waits longer takes us for dead in any case.
PATIENCE = 2


@readable("/healthz", media_type=MediaType.TEXT, sync_to_thread=False, opt=is_for(Policy.EVERYONE))
def healthz() -> str:
    """Liveness: the process answers. It asks nobody else, so that a database outage restarts no web process."""
    return "ok"


@readable("/readyz", opt=is_for(Policy.EVERYONE))
async def readyz(parts: Given[Parts]) -> Response[dict[str, str]]:
    """Readiness: database, Redis and at least one live worker."""
    answers = await asyncio.gather(_database(), _redis(parts), _worker(parts))
    checks = dict(zip(("database", "redis", "worker"), answers, strict=True))
    ready = all(value == "ok" for value in checks.values())
    return Response(checks, status_code=200 if ready else 503)


@readable("/metrics", sync_to_thread=False, opt=is_for(Policy.EVERYONE))
def metrics_page() -> Response[Any]:
    """Prometheus' text format."""
    return Response(metrics.exposition(), media_type=metrics.CONTENT_TYPE)


async def _database() -> str:
    try:
        async with asyncio.timeout(PATIENCE):
            await models.ping()
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return AWAY
    return "ok"


async def _redis(parts: Parts) -> str:
    try:
        async with asyncio.timeout(PATIENCE):
            await parts.redis.ping()
    except (RedisError, OSError):
        return AWAY
    return "ok"


async def _worker(parts: Parts) -> str:
    try:
        async with asyncio.timeout(PATIENCE):
            return "ok" if await jobs.live_workers(parts.redis) else "none is running"
    except (RedisError, OSError):
        return "unknown, since Redis does not answer"


ROUTES = (healthz, readyz, metrics_page)
