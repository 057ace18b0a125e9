from __future__ import annotations

import os
import signal
import subprocess
from typing import TYPE_CHECKING

import asyncpg
import pytest
import redis

from genapp.dev import services
from genapp.dev.services import embedded_postgres, embedded_redis
from genapp.errors import ConfigurationError

if TYPE_CHECKING:
    from pathlib import Path


async def test_what_is_written_to_the_database_is_there_after_a_restart(tmp_path: Path) -> None:
    folder = tmp_path / "a folder with spaces, and so long that no Unix socket could be in it" / ("x" * 60)
    with embedded_postgres(folder) as url:
        connection = await asyncpg.connect(url)
        await connection.execute("CREATE TABLE kept AS SELECT 'Grüße' AS word")
        await connection.close()
    with embedded_postgres(folder) as url:
        connection = await asyncpg.connect(url)
        assert await connection.fetchval("SELECT word FROM kept") == "Grüße"
        await connection.close()


async def test_the_environment_of_another_postgresql_does_no_harm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PGPORT", "PGDATA", "PGHOST"):
        monkeypatch.setenv(name, "1")
    with embedded_postgres(tmp_path, durable=False) as url:
        connection = await asyncpg.connect(url)
        assert await connection.fetchval("SELECT 1") == 1
        await connection.close()


async def test_a_server_that_was_killed_starts_again_with_its_data(tmp_path: Path) -> None:
    with embedded_postgres(tmp_path) as url:
        connection = await asyncpg.connect(url)
        await connection.execute("CREATE TABLE kept AS SELECT 1")
        os.kill(int((tmp_path / "data" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
        connection.terminate()  # nobody is there to say goodbye to
    assert (tmp_path / "data" / "postmaster.pid").exists()
    with embedded_postgres(tmp_path) as url:
        connection = await asyncpg.connect(url)
        assert await connection.fetchval("SELECT count(*) FROM kept") == 1
        await connection.close()


def test_a_first_start_that_was_cut_short_is_done_anew(tmp_path: Path) -> None:
    (tmp_path / "data.making").mkdir()
    (tmp_path / "data.making" / "PG_VERSION").write_text("18\n")
    with embedded_postgres(tmp_path, durable=False) as url:
        assert url


def test_data_that_postgresql_cannot_read_is_one_line(tmp_path: Path) -> None:
    with embedded_postgres(tmp_path, durable=False):
        pass
    (tmp_path / "data" / "PG_VERSION").write_text("9.4\n")
    with pytest.raises(ConfigurationError, match="PostgreSQL did not start") as caught, embedded_postgres(tmp_path):
        pass
    assert "\n" not in caught.value.message


def test_what_is_written_to_redis_is_there_after_a_restart(tmp_path: Path) -> None:
    with embedded_redis(tmp_path / "with space") as url, redis.Redis.from_url(url) as client:
        client.set("word", "kept")
    with embedded_redis(tmp_path / "with space") as url, redis.Redis.from_url(url) as client:
        assert client.get("word") == b"kept"


def test_another_user_of_the_machine_cannot_read_redis(tmp_path: Path) -> None:
    with embedded_redis(tmp_path) as url:
        _, _, address = url.rpartition("@")
        with redis.Redis.from_url(f"redis://{address}") as stranger, pytest.raises(redis.AuthenticationError):
            stranger.ping()
        assert (tmp_path / "redis.conf").stat().st_mode & 0o077 == 0
        password = url.split("@")[0].rpartition(":")[2]
        everybody = subprocess.run(["ps", "-A", "-o", "args"], capture_output=True, text=True, check=True).stdout
        assert password not in everybody


def test_a_missing_redis_is_one_line_with_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(services, "find_spec", lambda _name: None)
    with pytest.raises(ConfigurationError, match=r"Redis is missing: install it \((sudo apt|brew) install"):
        services.redis_program()
