"""Heroku's runtime, as far as a program can tell: the Procfile's lines in its environment, and its router."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psutil

from genapp.processes import Process, start

ROOT = Path(__file__).parents[2]
KILLED_AFTER = 30  # seconds from SIGTERM to SIGKILL


def procfile() -> dict[str, str]:
    """The command of each process type."""
    return dict(re.findall(r"^(\w+): (.+)$", (ROOT / "Procfile").read_text(), re.MULTILINE))


@dataclass
class Dynos:
    """Dynos of one app. `slug` is their working directory and home, `logs` is not on their disk."""

    slug: Path
    logs: Path
    config: dict[str, str]
    port: int
    running: dict[str, Process] = field(default_factory=dict)

    def env(self, dyno: str) -> dict[str, str]:
        """Config, and what Heroku and its Python buildpack (.profile.d) put above it."""
        return {
            **self.config,
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "HOME": str(self.slug),
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "true",
            "PORT": str(self.port),
            "DYNO": dyno,
            "FORWARDED_ALLOW_IPS": "*",
        }

    def start(self, kind: str) -> None:
        """Start the first dyno of a type."""
        with (self.logs / kind).open("ab") as log:
            command = ["bash", "-c", f"cd {self.slug} && {procfile()[kind]}"]
            self.running[kind] = start(command, env=self.env(f"{kind}.1"), output=log)

    def run(self, command: str, typed: str = "", **config: str) -> subprocess.CompletedProcess[str]:
        """Run a one-off dyno to its end."""
        env = {**self.env("run.1"), **config}
        return subprocess.run(
            ["bash", "-c", command], cwd=self.slug, env=env, input=typed, capture_output=True, text=True, timeout=60
        )

    def written(self) -> set[str]:
        """What is in the working directory, and in the folder for temporary files."""
        return {path.name for folder in (self.slug, Path(self.config["TMPDIR"])) for path in folder.iterdir()}

    def stop(self) -> None:
        """What a restart does: SIGTERM to every process of every dyno at once, and some time later SIGKILL."""
        processes = [
            process
            for dyno in self.running.values()
            for process in [psutil.Process(dyno.pid), *psutil.Process(dyno.pid).children(recursive=True)]
        ]
        for process in processes:
            process.send_signal(signal.SIGTERM)
        _, left = psutil.wait_procs(processes, timeout=KILLED_AFTER)
        for process in left:
            process.kill()
        for dyno in self.running.values():
            dyno.wait()
        self.running.clear()
        assert not left, f"had to be killed: {left}"


class Router(httpx.AsyncBaseTransport):
    """TLS ends here: on it goes by plain HTTP to a port, with the headers that say how it came."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._http = httpx.AsyncHTTPTransport()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self.port)
        headers = httpx.Headers(request.headers)
        headers["X-Forwarded-For"] = "203.0.113.7"
        headers["X-Forwarded-Proto"] = "https"
        onward = httpx.Request(
            request.method, url, headers=headers, stream=request.stream, extensions=request.extensions
        )
        return await self._http.handle_async_request(onward)

    async def aclose(self) -> None:
        await self._http.aclose()
