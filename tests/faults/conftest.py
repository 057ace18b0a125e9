"""A small fleet whose every part can be killed, frozen and restarted."""

from __future__ import annotations

import asyncio
import re
import tempfile
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from tests.postgres_server import PostgresServer
from tests.redis_server import RedisServer
from tests.running import App, answers, eventually, free_port, running_on

if TYPE_CHECKING:
    import signal
    from collections.abc import AsyncIterator, Iterator, Sequence
    from uuid import UUID

    from tests.faults.people import Person

SETTINGS = {
    "GENAPP_FLUSH_SECONDS": "0.5",
    # Waits of 0.3, 1.2, 2.7, 4.8 s and so on: a restarted model is back in one, and on a machine that does much else in
    # five. It has forgotten what it did to a prompt, and does it again.
    "GENAPP_RETRY_SECONDS": "0.3",
    "GENAPP_TRIES": "8",
    # Counted, since that is a way through Redis, and never reached.
    "GENAPP_REQUESTS_PER_MINUTE_PER_USER": "100000",
    "GENAPP_REQUESTS_PER_MINUTE_PER_ADDRESS": "100000",
}
# What a process says that gives up its start because the database or Redis is away: the second where it noticed late.
GAVE_UP = (2, 3)
# A traceback with the line before it, of ours, which says what failed.
TRACEBACK = re.compile(r"^.* genapp[.].*\nTraceback \(most recent call last\).*\n(?:[ \t|+].*\n)*.*", re.MULTILINE)
ACCOUNT = pytest.StashKey[list[tuple[str, int, float]]]()


@dataclass
class Fleet:
    """Two webs and two workers on one PostgreSQL, one Redis and one model. `long`: faults last as long as they may."""

    app: App
    redis: RedisServer
    postgres: PostgresServer
    web_urls: list[str]
    long: bool = False
    account: list[tuple[str, int, float]] = field(default_factory=list)
    finished: dict[UUID, Any] = field(default_factory=dict)

    def start(self, name: str) -> None:
        """Start web0, web1, worker0, worker1 or demo, where it was before."""
        match name.rstrip("01"):
            case "web":
                self.app.start(name, "web", PORT=self.web_urls[int(name[-1])].rsplit(":", 1)[1])
            case "worker":
                self.app.start(name, "worker")
            case "demo":
                self.app.start(name, "demo", "--port", self.app.demo_url.rsplit(":", 1)[1])

    async def end(self, name: str, by: signal.Signals) -> None:
        process = self.app.processes.pop(name)
        process.send_signal(by)
        await asyncio.to_thread(process.wait, 20)

    def pids(self) -> dict[str, int]:
        return {name: process.pid for name, process in self.app.processes.items()}

    def note(self, fault: str, people: Sequence[Person]) -> None:
        """Keep for the summary how many answers a fault struck, and the longest that a viewer waited for more."""
        answers = sum(len(person.answers) for person in people)
        self.account.append((fault, answers, max(person.longest_wait for person in people)))

    @asynccontextmanager
    async def database(self) -> AsyncIterator[Any]:
        connection = await asyncpg.connect(self.app.env["DATABASE_URL"], timeout=10)
        try:
            yield connection
        finally:
            await connection.close()

    async def finished_rows(self) -> dict[UUID, Any]:
        """What nothing may change any more."""
        async with self.database() as connection:
            rows = await connection.fetch("SELECT * FROM generations WHERE status = 'completed'")
        return {row["id"]: dict(row) for row in rows}

    @asynccontextmanager
    async def supervised(self) -> AsyncIterator[None]:
        """As on a platform: what could not start because a part was away is started again, until it can."""
        task = asyncio.create_task(self._supervise())
        try:
            yield
            assert not task.done(), task.exception()
        finally:
            task.cancel()

    async def _supervise(self) -> None:
        while True:
            for name, process in list(self.app.processes.items()):
                if (code := process.poll()) is not None:
                    assert code in GAVE_UP, f"{name} ended by itself with {code}: see {self.app.folder}/{name}.log"
                    self.start(name)
            await asyncio.sleep(0.2)

    def sizes(self) -> dict[Path, int]:
        """How much each process has logged by now."""
        return {log: log.stat().st_size for log in self.app.folder.glob("*.log")}

    def tracebacks(self, since: dict[Path, int]) -> list[str]:
        """What the processes logged since then that is a bug of ours: a fault is foreseen, and told in one line."""
        logs = [log.read_bytes()[since.get(log, 0) :].decode(errors="replace") for log in self.sizes()]
        return [found[0] for log in logs for found in TRACEBACK.finditer(log)]

    async def until_ready(self) -> None:
        async def ready() -> bool:
            return all([await asyncio.to_thread(answers, f"{url}/readyz") for url in self.web_urls])

        await eventually(ready, seconds=60)


@contextmanager
def running_fleet(folder: Path) -> Iterator[Fleet]:
    with tempfile.TemporaryDirectory(prefix="genapp-") as sockets:
        redis, postgres = RedisServer(folder), PostgresServer(folder / "postgres", Path(sockets))
        redis.start()
        postgres.start()
        try:
            with running_on(folder, postgres.url, redis.url, SETTINGS) as app:
                app.processes["web0"], app.processes["worker0"] = app.processes.pop("web"), app.processes.pop("worker")
                fleet = Fleet(app, redis, postgres, [app.url, f"http://127.0.0.1:{free_port()}"])
                fleet.start("web1")
                fleet.start("worker1")
                yield fleet
        finally:
            redis.kill()
            postgres.crash()


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Fleet]:
    """One fleet for all faults: whatever one of them leaves behind, the next one must bear."""
    with running_fleet(tmp_path_factory.mktemp("fleet")) as running:
        running.long = request.config.getoption("faults_long")
        request.config.stash[ACCOUNT] = running.account
        yield running


@pytest.fixture
def logs_without_tracebacks(fleet: Fleet) -> Iterator[None]:
    """Whatever is away, the processes say so in a line; also shows why a test failed."""
    before = fleet.sizes()
    yield
    found = fleet.tracebacks(before)
    assert not found, "\n".join(found)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    account = config.stash.get(ACCOUNT, [])
    if not account:
        return
    terminalreporter.section("faults")
    for fault, count, wait in account:
        terminalreporter.write_line(f"{fault}: {count} answers, a viewer waited {wait:.0f} s at most for more")
    terminalreporter.write_line(f"{sum(count for _, count, _ in account)} answers, {len(account)} faults")
