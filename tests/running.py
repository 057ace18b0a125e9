"""The real app as real processes, for tests: web, worker and a demo model of its own."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from genapp import figures
from genapp.dev.services import embedded_postgres, embedded_redis
from genapp.processes import Process, start, stop

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator
    from pathlib import Path

GENAPP = [sys.executable, "-P", "-m", "genapp.cli"]
MODELS = "openai:demo-fast,openai:demo,openai:demo-slow,anthropic:demo-fast,openai:demo-ttft50-tps50-n200"
START_SECONDS = 60


@dataclass
class App:
    """A running app. `url` is the web's address, `demo_url` the model's, `redis_url` Redis'."""

    url: str
    demo_url: str
    redis_url: str
    folder: Path
    env: dict[str, str]
    processes: dict[str, Process] = field(default_factory=dict)

    def start(self, name: str, *command: str, **settings: str) -> None:
        """Start one of its processes; its output goes to `<folder>/<name>.log`."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = start([*GENAPP, *command], env={**self.env, **settings}, output=log)

    def stop(self, name: str) -> None:
        stop(self.processes.pop(name), patience=15)

    def wait_until_ready(self) -> None:
        wait_for(lambda: answers(f"{self.url}/readyz"), self.processes)

    def stats(self) -> dict[str, Any]:
        """What the model's server has seen."""
        with urllib.request.urlopen(f"{self.demo_url}/stats", timeout=10) as response:
            return dict(json.load(response))

    def asked(self, tag: str) -> Counter[str]:
        """What the model's server has seen of the prompts with `[demo: … tag…]`, whatever other tests have left."""
        return Counter(self.stats()["models"].get(tag, {}))


@contextmanager
def running_app(folder: Path, **settings: str) -> Iterator[App]:
    """Run everything on free ports; `settings` are environment variables.

    On a PostgreSQL and a Redis of its own: the workers of two apps on one Redis would take each other's jobs.
    """
    with (
        embedded_postgres(folder / "postgres", durable=False) as database_url,
        embedded_redis(folder / "redis", durable=False) as redis_url,
        running_on(folder, database_url, redis_url, settings) as app,
    ):
        yield app


@contextmanager
def running_on(folder: Path, database_url: str, redis_url: str, settings: dict[str, str]) -> Iterator[App]:
    """The same, on a PostgreSQL and a Redis that are there."""
    port, demo_port = free_port(), free_port()
    demo_url = f"http://127.0.0.1:{demo_port}"
    env = {
        **{
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("GENAPP_", "OPENAI_", "ANTHROPIC_"))
        },
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "GENAPP_ENV": "test",
        "GENAPP_DATA": str(folder),
        "SECRET_KEY": "test-secret-that-is-long-enough-0123456789",
        "PORT": str(port),
        "OPENAI_API_KEY": "sk-test-openai-key",
        "OPENAI_BASE_URL": f"{demo_url}/v1",
        "ANTHROPIC_API_KEY": "sk-ant-test-key",
        "ANTHROPIC_BASE_URL": demo_url,
        "GENAPP_MODELS": MODELS,
        "GENAPP_SHUTDOWN_SECONDS": "1",
        "GENAPP_RETRY_SECONDS": "0.05",
        # All visitors of the tests are at one address.
        "GENAPP_REQUESTS_PER_MINUTE_PER_ADDRESS": "0",
        "GENAPP_REQUESTS_PER_MINUTE_PER_USER": "0",
        "GENAPP_STREAMS_PER_ADDRESS": "0",
        "GENAPP_STREAMS_PER_USER": "0",
        "GENAPP_LOGINS_PER_ADDRESS": "0",
        "GENAPP_SIGNUPS_PER_ADDRESS": "0",
        "GENAPP_WORKER_CONCURRENCY": "64",
        # The tests' webhooks are on this machine.
        "GENAPP_WEBHOOKS_PRIVATE": "true",
        **settings,
    }
    subprocess.run([*GENAPP, "migrate"], env=env, check=True, capture_output=True)
    app = App(f"http://127.0.0.1:{port}", demo_url, redis_url, folder, env)
    with ExitStack() as stack:
        stack.callback(lambda: stop(*app.processes.values(), patience=15))
        app.start("demo", "demo", "--port", str(demo_port))
        app.start("web", "web")
        app.start("worker", "worker")
        wait_for(lambda: answers(f"{demo_url}/stats"), app.processes)
        app.wait_until_ready()
        yield app


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def figure(page: str, name: str, **labels: str) -> float:
    """What a page of /metrics says: the sum of all figures of that name with these labels, of histograms how many."""
    known = figures.read(page).items()
    return sum(one.total for (named, pairs), one in known if named == name and labels.items() <= set(pairs))


async def eventually(condition: Callable[[], Awaitable[bool]], seconds: float = 20) -> None:
    """Wait until `await condition()` holds."""
    async with asyncio.timeout(seconds):
        while not await condition():  # noqa: ASYNC110  what is waited for happens in another process
            await asyncio.sleep(0.02)


def wait_for(condition: Any, processes: dict[str, Process], seconds: float = START_SECONDS) -> None:
    """Wait until `condition()` holds; a process that ends meanwhile is told as what it is."""
    deadline = time.monotonic() + seconds
    while not condition():
        for name, process in processes.items():
            assert process.poll() is None, f"{name} ended with {process.returncode}"
        assert time.monotonic() < deadline, "it did not come up in time"
        time.sleep(0.05)
