"""A Redis that can be killed and started again."""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import redis

from genapp.dev.services import redis_program
from genapp.processes import Process, start, stop
from tests.running import free_port

if TYPE_CHECKING:
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
                    time.sleep(0.01)

    def kill(self) -> None:
        assert self.process is not None
        self.process.kill()
        stop(self.process, patience=5)
