"""What is checked before a process starts, so that what is missing is one line and not a traceback."""

from __future__ import annotations

import asyncio
import errno
import socket
from typing import TYPE_CHECKING

import asyncpg
import redis

from genapp.errors import ConfigurationError

if TYPE_CHECKING:
    from genapp.settings import Settings

ANSWER_SECONDS = 5


def require_services(settings: Settings) -> None:
    """Raises `ConfigurationError` unless the database and Redis answer within a few seconds each."""
    asyncio.run(require_database(settings.database_url))
    try:
        with redis.Redis.from_url(settings.redis_url, socket_timeout=ANSWER_SECONDS, **settings.redis_ssl) as client:
            client.ping()
    except (redis.RedisError, OSError, ValueError) as error:
        raise ConfigurationError(f"REDIS_URL: Redis does not answer: {_one_line(error)}") from None


async def require_database(url: str) -> None:
    """Raises `ConfigurationError` unless the database at `url` answers within a few seconds."""
    try:
        connection = await asyncpg.connect(url, timeout=ANSWER_SECONDS)
        await connection.close()
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, ValueError) as error:
        raise ConfigurationError(f"DATABASE_URL: the database does not answer: {_one_line(error)}") from None


def require_free_port(host: str, port: int) -> None:
    """Raises `ConfigurationError` when nothing can listen on `host` and `port`."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family) as probe:
            # As servers do: a port whose last connections are still fading is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except OSError as error:
        reason = "is in use" if error.errno == errno.EADDRINUSE else f"cannot be used ({error.strerror})"
        raise ConfigurationError(f"Port {port} on {host} {reason}: set PORT to another one.") from None


def _one_line(error: Exception) -> str:
    # Never the URL: it has the password.
    return " ".join(str(error).split()) or type(error).__name__
