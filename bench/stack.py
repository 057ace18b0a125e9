"""The app as it runs in production, on this machine: PostgreSQL, Redis, web, worker, and a provider that keeps up."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import redis

from bench import reference
from bench.accounting import cpu_seconds, memory_kb
from genapp.dev.services import embedded_postgres, embedded_redis
from genapp.processes import Process, start, stop
from tests.running import answers, free_port, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

HERE = Path(__file__).resolve().parent
GENAPP = [sys.executable, "-P", "-m", "genapp.cli"]
# The driver and the provider stand for other machines: they are not to wait behind what is measured.
FIRST = ["nice", "-n", "-10"] if os.geteuid() == 0 else []
WARM_UP = "fake-ttft50-tps50-n20"
UNLIMITED = {  # everybody is at a few addresses here, and nobody is to be turned away
    "GENAPP_STREAMS_PER_ADDRESS": "0",
    "GENAPP_STREAMS_PER_USER": "0",
    "GENAPP_REQUESTS_PER_MINUTE_PER_ADDRESS": "0",
    "GENAPP_REQUESTS_PER_MINUTE_PER_USER": "0",
}


def build(name: str) -> Path:
    """Compile one of the C programs where it is missing or older than its source."""
    source, program = HERE / f"{name}.c", HERE / "bin" / name
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        program.parent.mkdir(exist_ok=True)
        compile_it = ["cc", "-O2", "-o", str(program), str(source)]
        if subprocess.run([*compile_it, "-lz"], check=False, stderr=subprocess.DEVNULL).returncode != 0:
            # Without zlib's headers (zlib1g-dev) everything works but what is measured with --gzip.
            subprocess.run([*compile_it, "-DWITHOUT_ZLIB"], check=True)
    return program


@dataclass(frozen=True)
class Usage:
    """Seconds of CPU, and kilobytes (PSS), of each part at one moment."""

    at: float
    cpu: dict[str, float]
    kb: dict[str, int]


@dataclass(frozen=True)
class Used:
    """What was used between two moments."""

    seconds: float
    cpu: dict[str, float]
    kb: dict[str, int]
    reference: dict[str, Any]

    @property
    def app(self) -> float:
        """Seconds of CPU of web and worker."""
        return self.cpu["web"] + self.cpu["worker"]

    @property
    def engines(self) -> float:
        """Seconds of CPU of Redis and PostgreSQL."""
        return self.cpu["redis"] + self.cpu["postgres"]


class Stack:
    """The running app, its provider and a reference loop. `vendor` is whose wire format the provider speaks."""

    def __init__(self, stack: ExitStack, models: Sequence[str], vendor: str, settings: dict[str, str]) -> None:
        self.vendor = vendor
        self.folder = folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="genapp-bench-")))
        self.port, fake_port = free_port(), free_port()
        self.url, self.provider_url = f"http://127.0.0.1:{self.port}", f"http://127.0.0.1:{fake_port}"
        self.database = stack.enter_context(embedded_postgres(folder / "postgres"))
        self.cache = stack.enter_context(embedded_redis(folder / "redis", durable=False))
        self.env = {
            **{name: value for name, value in os.environ.items() if not name.startswith(("OPENAI_", "ANTHROPIC_"))},
            "DATABASE_URL": self.database,
            "REDIS_URL": self.cache,
            "PORT": str(self.port),
            "GENAPP_DATA": str(folder),
            "GENAPP_ENV": "test",
            "OPENAI_API_KEY": "sk-bench",
            "OPENAI_BASE_URL": f"{self.provider_url}/v1",
            "ANTHROPIC_API_KEY": "sk-ant-bench",
            "ANTHROPIC_BASE_URL": self.provider_url,
            "GENAPP_MODELS": ",".join(f"{vendor}:{model}" for model in (*models, WARM_UP)),
            "GENAPP_SHUTDOWN_SECONDS": "1",
            **UNLIMITED,
            **settings,
        }
        subprocess.run([*GENAPP, "migrate"], env=self.env, check=True, stdout=subprocess.DEVNULL)
        self.processes: dict[str, Process] = {}
        stack.callback(lambda: stop(*self.processes.values(), patience=10))
        self.start("provider", *FIRST, str(build("fake_llm")), "-p", str(fake_port))
        self.start("reference", sys.executable, str(HERE / "reference.py"))
        began = time.monotonic()
        self.start("web", *GENAPP, "web")
        self.start("worker", *GENAPP, "worker")
        wait_for(lambda: answers(f"{self.url}/readyz"), self.processes)
        self.started = time.monotonic() - began  # seconds that web and worker took
        self._roots = {
            "web": self.processes["web"].pid,
            "worker": self.processes["worker"].pid,
            "redis": self._redis_pid(),
            "postgres": int((folder / "postgres/data/postmaster.pid").read_text().split()[0]),
        }

    def start(self, name: str, *command: str) -> None:
        """Start a process; what it says goes to `<folder>/<name>.log`."""
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = start(command, env=self.env, output=log)

    def _redis_pid(self) -> int:
        with redis.Redis.from_url(self.cache) as client:
            info: Any = client.info("server")
            return int(info["process_id"])

    def usage(self) -> Usage:
        cpu = {name: cpu_seconds(root) for name, root in self._roots.items()}
        return Usage(time.monotonic(), cpu, {name: memory_kb(root) for name, root in self._roots.items()})

    def used(self, before: Usage) -> Used:
        """What was used since `before`; memory is what is held now."""
        now = self.usage()
        cpu = {name: now.cpu[name] - before.cpu[name] for name in now.cpu}
        speed = reference.between(self.folder / "reference.log", before.at, now.at)
        return Used(now.at - before.at, cpu, now.kb, speed)


@contextmanager
def running(models: Sequence[str], *, vendor: str = "openai", **settings: str) -> Iterator[Stack]:
    """Start everything, on free ports, and end it. `settings` are environment variables."""
    with ExitStack() as stack:
        yield Stack(stack, models, vendor, settings)
