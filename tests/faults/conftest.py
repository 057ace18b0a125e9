"""A small fleet whose every part can be killed, frozen and restarted."""

from __future__ import annotations

import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
import redis

from genapp.dev.services import embedded_postgres, redis_program
from genapp.processes import Process, start, stop
from tests.running import App, free_port, running_on

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@dataclass
class RedisServer:
    """A Redis that keeps nothing, on a port that stays the same over restarts."""

    folder: Path
    port: int = field(default_factory=free_port)
    process: Process | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        options = ["--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
        self.process = start([redis_program(), *options, "--dir", str(self.folder)], output=subprocess.DEVNULL)
        with redis.Redis.from_url(self.url) as client:
            deadline = time.monotonic() + 10
            while True:
                try:
                    client.ping()
                    return
                except redis.ConnectionError:
                    assert time.monotonic() < deadline
                    time.sleep(0.02)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        stop(self.process, patience=5)


@dataclass
class Fleet:
    """Two webs and two workers on one PostgreSQL and one Redis."""

    app: App
    redis: RedisServer
    web_urls: list[str]

    def start_web(self, number: int) -> None:
        port = self.web_urls[number].rsplit(":", 1)[1]
        self.app.start(f"web{number}", "web", PORT=port)

    def start_worker(self, number: int) -> None:
        self.app.start(f"worker{number}", "worker")


@contextmanager
def running_fleet(folder: Path) -> Iterator[Fleet]:
    server = RedisServer(folder)
    server.start()
    try:
        with (
            embedded_postgres(folder / "postgres", durable=False) as database_url,
            running_on(folder, database_url, server.url, {"GENAPP_FLUSH_SECONDS": "0.5"}) as app,
        ):
            app.processes["web0"], app.processes["worker0"] = app.processes.pop("web"), app.processes.pop("worker")
            fleet = Fleet(app, server, [app.url, f"http://127.0.0.1:{free_port()}"])
            fleet.start_web(1)
            fleet.start_worker(1)
            yield fleet
    finally:
        server.kill()


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """One fleet for all faults: whatever one of them leaves behind, the next one must bear."""
    with running_fleet(tmp_path_factory.mktemp("fleet")) as running:
        yield running
