"""For load balancers and operators."""

from __future__ import annotations

from typing import Any

import asyncpg
from litestar import MediaType, Response, get
from redis.exceptions import RedisError

from genapp import jobs, metrics, models
from genapp.web.parts import Given, Parts


@get("/healthz", media_type=MediaType.TEXT, sync_to_thread=False)
def healthz() -> str:
    """Liveness: the process answers. It asks nobody else, so that a database outage restarts no web process."""
    return "ok"


@get("/readyz")
async def readyz(parts: Given[Parts]) -> Response[dict[str, str]]:
    """Readiness: database, Redis and at least one live worker."""
    checks = {"database": await _database(), "redis": await _redis(parts), "worker": await _worker(parts)}
    ready = all(value == "ok" for value in checks.values())
    return Response(checks, status_code=200 if ready else 503)


@get("/metrics", sync_to_thread=False)
def metrics_page() -> Response[Any]:
    """Prometheus' text format."""
    return Response(metrics.exposition(), media_type=metrics.CONTENT_TYPE)


async def _database() -> str:
    try:
        await models.ping()
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError):
        return "does not answer"
    return "ok"


async def _redis(parts: Parts) -> str:
    try:
        await parts.redis.ping()
    except (RedisError, OSError):
        return "does not answer"
    return "ok"


async def _worker(parts: Parts) -> str:
    try:
        return "ok" if await jobs.live_workers(parts.redis) else "none is running"
    except (RedisError, OSError):
        return "unknown, since Redis does not answer"
