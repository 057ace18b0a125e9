"""The load driver (`load.c`): people who submit prompts and follow their answers, and viewers who only follow."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from bench.stack import FIRST, WARM_UP, Stack, build

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

COOKIE = "Cookie: {cookie}"
STREAM = r"/streams.(stream=[^\"&]+)"


def as_program(model: str) -> list[str]:
    """Submits as a program does: JSON in, JSON out."""
    body = json.dumps({"prompt": "count", "model": model})
    headers = [COOKIE, "Content-Type: application/json", "Accept: application/json"]
    return ["--pre", "/", "--body", body, *[word for one in headers for word in ("--post-header", one)]]


def as_browser(model: str) -> list[str]:
    """Submits as the page does: a form through htmx, for which it read the token off the page."""
    body = f"prompt=count&model={quote(model)}&csrf_token={{sid}}"
    headers = [COOKIE, "Content-Type: application/x-www-form-urlencoded", "HX-Request: true", "Accept: text/html"]
    token = ["--pre", "/", "--pre-re", 'name="csrf_token" value="([^"]+)"', "--body", body]
    return [*token, *[word for one in headers for word in ("--post-header", one)]]


CLIENTS = {"browser": as_browser, "program": as_program}


def generate(
    stack: Stack,
    model: str,
    tokens: int,
    at_once: int,
    *,
    reps: int = 1,
    stagger: int = 1000,
    client: str = "browser",
    dialect: str = "htmx",
    gzip: bool = False,
    page_rate: float = 5,
    timeout: int = 75,
) -> dict[str, Any]:
    """Have so many answers written at once, a viewer each, pages loaded beside them; gives what was measured.

    Everybody is a new guest who loads the page first. `stagger` is within how many milliseconds they all begin.
    """
    words = ["--flow", "post-sub", "--accum", "--conc", at_once, "--reps", reps, "--stagger", stagger]
    words += ["--tokens", tokens, "--post", "/generations", *CLIENTS[client](f"{stack.vendor}:{model}")]
    words += ["--id-re", STREAM, "--done", "event: done", "--sub", f"/streams?{{id}}&dialect={dialect}"]
    words += ["--sub-header", COOKIE, "--page", "/", "--page-rate", page_rate, "--timeout", timeout]
    output = subprocess.run(_load(stack, "gen", words, gzip), check=True, stdout=subprocess.PIPE, text=True).stdout
    return _result(output)


def warm_up(stack: Stack) -> None:
    """Let every part do its work a few times: imports, pools, prepared statements, templates."""
    for client in CLIENTS:
        generate(stack, WARM_UP, 20, 10, stagger=200, client=client)


class Crowd:
    """Viewers of streams that are there; `ready` is what the driver said when all were connected."""

    def __init__(self, processes: Sequence[subprocess.Popen[str]]) -> None:
        self._processes = processes
        self.ready = [json.loads(_line(process).removeprefix("READY ")) for process in processes]

    @property
    def connected(self) -> int:
        return sum(one["ok"] for one in self.ready)

    def leave(self) -> None:
        for process in self._processes:
            process.terminate()

    def results(self) -> list[dict[str, Any]]:
        """Wait for the end of each; gives what each measured."""
        return [_result(process.communicate()[0]) for process in self._processes]


@contextmanager
def crowd(stack: Stack, streams: Path, count: int, *, mode: str = "idle", **options: Any) -> Iterator[Crowd]:
    """So many viewers of the streams that the file names, over as many drivers as the limit of open files asks for.

    `options` are those of `load`, with underscores; a list is given several times.
    """
    drivers = -(-count // 15_000)
    per, ramp = count // drivers, max(1, options.pop("ramp", 1500) // drivers)
    gzip = options.pop("gzip", False)
    words: list[Any] = ["-n", per, "--ramp", ramp, "--subs", streams, "--done", "event: done"]
    for name, value in options.items():
        for one in value if isinstance(value, list) else [value]:
            words += [f"--{name.replace('_', '-')}", one]
    processes = [
        subprocess.Popen(_load(stack, mode, words, gzip, network=number + 1), stdout=subprocess.PIPE, text=True)
        for number in range(drivers)
    ]
    try:
        yield Crowd(processes)
    finally:
        for process in processes:
            process.terminate()
            process.wait()


def _load(stack: Stack, mode: str, words: Sequence[Any], gzip: bool, network: int = 0) -> list[str]:
    addresses = ["--src", f"127.0.{network}.2-127.0.{network}.9"]
    options = [*words, *addresses, *(["--gzip"] if gzip else [])]
    return [*FIRST, str(build("load")), mode, "--port", str(stack.port), *map(str, options)]


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline()


def _result(output: str) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(output.strip().splitlines()[-1])
    if result["err"]:
        print("load:", result["err"], file=sys.stderr)
    return result
