"""For load balancers and operators."""

from __future__ import annotations

import asyncio
import hmac
from typing import TYPE_CHECKING, Any

import asyncpg
from litestar import MediaType, Request, Response
from redis.exceptions import RedisError

from genapp import fleet, models
from genapp.errors import NotFound, Unauthenticated
from genapp.web.negotiation import readable
from genapp.web.parts import Given, Parts
from genapp.web.policies import Policy, is_for

if TYPE_CHECKING:
    from genapp.settings import Settings

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


@readable("/metrics", opt=is_for(Policy.EVERYONE))
async def metrics_page(request: Request[Any, Any, Any], parts: Given[Parts]) -> Response[Any]:
    """The whole fleet's figures in Prometheus' text format, to who sends the token where there is one.

    Production has no such page without.
    """
    _require_operator(request, parts.settings)
    known = await parts.fleet.read()
    return Response(fleet.exposition(known.figures), media_type=fleet.CONTENT_TYPE)


def _require_operator(request: Request[Any, Any, Any], settings: Settings) -> None:
    if settings.metrics_token is None:
        if settings.env == "production":
            raise NotFound("Set GENAPP_METRICS_TOKEN to have figures here, and ask for them with it.")
        return
    expected = f"Bearer {settings.metrics_token.get_secret_value()}"
    given = request.headers.get("authorization", "")
    if not hmac.compare_digest(given.encode(), expected.encode()):
        raise Unauthenticated("Send GENAPP_METRICS_TOKEN, as Authorization: Bearer ….")


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
            return "ok" if await fleet.live_workers(parts.redis) else "none is running"
    except (RedisError, OSError):
        return "unknown, since Redis does not answer"


ROUTES = (healthz, readyz, metrics_page)
