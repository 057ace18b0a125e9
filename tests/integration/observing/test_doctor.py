"""`genapp doctor`, beside services that are well, away, frozen, wrong, or not as they should be."""

from __future__ import annotations

import json
import os
import pty
import resource
import secrets
import signal
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest
import redis

from genapp import db
from genapp.doctor import queue
from genapp.doctor.configuring import check_configuration
from genapp.doctor.queue import check_redis
from genapp.settings import Settings
from tests.redis_server import RedisServer
from tests.running import GENAPP, App

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from genapp.doctor.findings import Finding

DOCTOR = [*GENAPP, "doctor"]
AHEAD = "import time; real = time.time; time.time = lambda: real() + 90; from genapp.cli import main; main()"


def examine(env: dict[str, str], *options: str, command: list[str] = DOCTOR, **given: Any) -> tuple[int, str]:
    """The exit code, and all that is printed."""
    ended = subprocess.run(
        [*command, *options], env=env, capture_output=True, text=True, timeout=90, check=False, **given
    )
    assert "Traceback" not in ended.stderr
    return ended.returncode, ended.stdout


def found(env: dict[str, str], *options: str, **given: Any) -> dict[str, tuple[str, str]]:
    """State and sentences of each finding, by what it is about."""
    code, output = examine(env, "--json", *options, **given)
    told = json.loads(output)
    assert code == (0 if told["ok"] else 1)
    assert told["ok"] is not any(one["state"] == "fail" for one in told["findings"])
    assert all(one["fix"] for one in told["findings"] if one["state"] != "ok")
    return {one["check"]: (one["state"], f"{one['says']} {one['fix']}".strip()) for one in told["findings"]}


@pytest.fixture
def own_redis(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.kill()


def test_where_all_is_well_each_part_says_so_and_the_models_have_answered(app: App) -> None:
    code, output = examine(app.env)
    assert code == 0, output
    lines = dict(line.split(maxsplit=1) for line in output.splitlines() if line.strip() and "→" not in line)
    assert "fail" not in lines
    assert "PostgreSQL" in output
    assert f"all {len(db.known_migrations())} have been run" in output
    assert "what is published is heard" in output
    assert "1 worker process alive" in output
    for provider in ("openai", "anthropic"):
        assert f"ok   {provider}" in output
    assert output.count("began to answer after") == 2
    assert "sk-" not in output
    assert app.env["SECRET_KEY"] not in output


def test_services_that_are_away_are_named_without_their_passwords_and_the_rest_is_looked_at(app: App) -> None:
    nobody = "u:hidden@127.0.0.1:1"
    away = {"DATABASE_URL": f"postgres://{nobody}/d", "REDIS_URL": f"redis://{nobody}/0"}
    code, output = examine({**app.env, **away}, "--no-providers")
    assert code == 1
    assert "fail database              DATABASE_URL: the database does not answer" in output
    assert "fail redis                 Redis does not answer" in output
    assert "→ Check REDIS_URL" in output
    assert "ok   open files" in output
    assert "hidden" not in output


async def test_a_schema_that_is_older_or_newer_than_the_release_is_told(app: App) -> None:
    connection = await asyncpg.connect(app.env["DATABASE_URL"])
    name = f"bare_{os.getpid()}"
    await connection.execute(f"CREATE DATABASE {name}")
    try:
        path, question, query = app.env["DATABASE_URL"].partition("?")
        bare = f"{path.rsplit('/', 1)[0]}/{name}{question}{query}"
        state, says = found({**app.env, "DATABASE_URL": bare}, "--no-providers")["migrations"]
        assert (state, says.endswith("Run `genapp migrate`.")) == ("fail", True)
        await connection.execute("INSERT INTO migration (name, app_name) VALUES ('9999', 'genapp')")
        state, says = found(app.env, "--no-providers")["migrations"]
        assert (state, "newer than this release" in says) == ("warn", True)
    finally:
        await connection.execute("DELETE FROM migration WHERE name = '9999'")
        await connection.execute(f"DROP DATABASE {name}")
        await connection.close()


def test_a_key_that_a_provider_refuses_is_told_with_its_variable_and_not_shown(app: App) -> None:
    models = {"GENAPP_MODELS": "openai:demo-401", "GENAPP_FALLBACK_MODELS": "gemini:gemini-9"}
    findings = found({**app.env, **models})
    state, says = findings["openai"]
    assert state == "fail"
    assert "Check OPENAI_API_KEY: it is wrong" in says
    assert "HTTP 401" in says
    assert findings["anthropic"] == ("ok", "has a key, and none of its models is offered")
    assert findings["models"] == (
        "fail",
        "Nobody is configured to answer for gemini:gemini-9. "
        "Set that provider's key, or take them out of GENAPP_MODELS and GENAPP_FALLBACK_MODELS.",
    )
    assert "sk-" not in str(findings)


async def told_of(server: RedisServer) -> dict[str, Finding]:
    """The findings about a Redis, looked at from here."""
    settings = Settings(REDIS_URL=server.url)
    return {finding.check: finding async for finding in check_redis(settings)}


async def test_a_redis_that_throws_things_away_or_is_full_is_told_and_so_is_one_without_workers(
    own_redis: RedisServer,
) -> None:
    with redis.Redis.from_url(own_redis.url) as client:
        client.config_set("maxmemory-policy", "allkeys-lru")
        findings = await told_of(own_redis)
        assert findings["redis memory"].state == "warn"
        assert "Set maxmemory-policy to noeviction" in findings["redis memory"].fix
        assert findings["workers"].state == "warn"
        client.config_set("maxmemory", client.info("memory")["used_memory"] * 100 // 95)
        assert (await told_of(own_redis))["redis memory"].state == "fail"


async def test_a_redis_that_says_nothing_is_given_up(own_redis: RedisServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(queue, "ANSWER_SECONDS", 0.2)
    assert own_redis.process is not None
    own_redis.process.send_signal(signal.SIGSTOP)
    try:
        findings = await told_of(own_redis)
    finally:
        own_redis.process.send_signal(signal.SIGCONT)
    (finding,) = findings.values()
    assert (finding.check, finding.state) == ("redis", "fail")
    assert finding.says.startswith("Redis does not answer: Timeout")


def few_files() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))


def test_a_machine_with_a_wrong_clock_and_too_few_files_is_told_which_way_and_how_many(app: App) -> None:
    command = [sys.executable, "-P", "-c", AHEAD, "doctor"]
    findings = found(app.env, "--no-providers", command=command, preexec_fn=few_files)
    for clock in ("database clock", "redis clock"):
        state, says = findings[clock]
        assert state == "fail"
        assert says.startswith("this machine's clock is 90.0 s ahead of the server's")
    state, says = findings["open files"]
    assert state == "fail"
    assert "200 may be open, and a worker with GENAPP_WORKER_CONCURRENCY=64 needs" in says


async def test_in_production_the_edge_the_key_and_who_is_told_are_looked_at() -> None:
    async def states(**variables: str) -> list[str]:
        settings = Settings(GENAPP_ENV="production", HOST="0.0.0.0", **variables)  # noqa: S104  nothing is bound
        found = {finding.check: finding.state async for finding in check_configuration(settings)}
        return [found[one] for one in ("secret key", "hosts", "proxies", "alerts")]

    assert await states(SECRET_KEY="ab12" * 10) == ["fail", "warn", "warn", "warn"]
    random = secrets.token_hex(32)
    known = {"GENAPP_HOSTS": "app.example.com", "FORWARDED_ALLOW_IPS": "10.0.0.0/8"}
    told = {"GENAPP_ALERT_WEBHOOK": "https://hooks.example.com/a"}
    assert await states(SECRET_KEY=random, **known, **told) == ["ok", "ok", "ok", "ok"]


def test_a_broken_setting_is_the_one_finding(app: App) -> None:
    findings = found({**app.env, "PORT": "eighty"})
    assert list(findings) == ["configuration"]
    assert "PORT must be a whole number" in findings["configuration"][1]


def test_at_a_terminal_it_says_what_it_is_looking_at(app: App) -> None:
    controller, terminal = pty.openpty()
    env = {**app.env, "TERM": "xterm", "COLUMNS": "300"}
    process = subprocess.Popen([*DOCTOR, "--no-providers"], env=env, stdin=terminal, stdout=terminal, stderr=terminal)
    os.close(terminal)
    shown = b""
    with suppress(OSError):  # what Linux says when the other end is closed
        while part := os.read(controller, 65536):
            shown += part
    os.close(controller)
    assert process.wait(timeout=30) == 0
    assert "Looking at Redis …" in shown.decode()
    assert "to mend." in shown.decode()
