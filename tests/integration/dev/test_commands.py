"""`genapp web`, `worker` and `migrate` where something they need is missing."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

GENAPP = [sys.executable, "-P", "-m", "genapp.cli"]
NOBODY = "u:hidden@127.0.0.1:1"  # nothing listens on port 1


def refused(command: str, **variables: str) -> str:
    """What the command says when it does not start: one line, and exit code 2."""
    env = {**os.environ, "SECRET_KEY": "0123456789abcdef" * 2, "PORT": "18765", **variables}
    ended = subprocess.run([*GENAPP, command], env=env, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2, ended.stderr
    (line,) = ended.stderr.splitlines()
    assert "hidden" not in line
    return line


@pytest.mark.parametrize("command", ["web", "worker"])
def test_a_database_or_redis_that_is_not_there_is_one_line_without_the_password(
    command: str, database_url: str, redis_url: str
) -> None:
    without_database = refused(command, DATABASE_URL=f"postgres://{NOBODY}/d", REDIS_URL=redis_url)
    assert without_database.startswith("genapp: DATABASE_URL: the database does not answer")
    without_redis = refused(command, DATABASE_URL=database_url, REDIS_URL=f"redis://{NOBODY}/0")
    assert without_redis.startswith("genapp: REDIS_URL: Redis does not answer")


@pytest.mark.parametrize("command", ["web", "worker", "migrate"])
def test_what_is_not_configured_is_named(command: str) -> None:
    assert "DATABASE_URL is not set" in refused(command)
    assert "SECRET_KEY is not set" in refused(command, SECRET_KEY="", GENAPP_ENV="production")
