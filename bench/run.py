#!/usr/bin/env python3
"""Measures the way of a prompt, end to end, on this machine.

    .venv/bin/python bench/run.py                 # 50 answers at once, a viewer each; three rounds
    .venv/bin/python bench/run.py --at-once 200   # 200 at once
    .venv/bin/python bench/run.py --dialect json

Starts PostgreSQL, Redis, web, worker, a fake provider (`fake_llm.c`) and a load driver (`load.c`), all on the loopback
and all ended again. Needs a C compiler. The app's CPU is that of its own processes (web and worker), by the operating
system's accounting; Redis and PostgreSQL stand apart. Delays are from the provider's send() to the viewer's recv(), so
they hold everything in between. Machines are noisy: the medians over the rounds are what counts.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

from genapp.dev.services import embedded_postgres, embedded_redis  # noqa: E402
from genapp.processes import start, stop  # noqa: E402
from tests.running import answers, free_port, wait_for  # noqa: E402

GENAPP = [sys.executable, "-m", "genapp.cli"]
TICKS = os.sysconf("SC_CLK_TCK")


def build(name: str) -> Path:
    """Compile one of the C programs where it is missing or older than its source."""
    source, program = HERE / f"{name}.c", HERE / "bin" / name
    if not program.exists() or program.stat().st_mtime < source.stat().st_mtime:
        program.parent.mkdir(exist_ok=True)
        subprocess.run(["cc", "-O2", "-o", program, source], check=True)
    return program


def cpu_seconds(root: int) -> float:
    """CPU that a process and its descendants have used."""
    parents = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parents[int(entry.name)] = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
    total, todo = 0, [root]
    while todo:
        pid = todo.pop()
        if pid in parents:
            total += sum(int(value) for value in parents[pid][11:15])
        todo += [child for child, fields in parents.items() if int(fields[1]) == pid]
    return total / TICKS


class Bench:
    """The running app, its provider, and what drives it."""

    def __init__(
        self, options: argparse.Namespace, stack: ExitStack, *, vendor: str = "openai", **settings: str
    ) -> None:
        self.options, self.vendor = options, vendor
        self.folder = folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="genapp-bench-")))
        self.model = f"fake-ttft{options.first_token}-tps{options.rate}-n{options.tokens}"
        self.port, fake_port = free_port(), free_port()
        self.database = database = stack.enter_context(embedded_postgres(folder / "postgres"))
        self.cache = cache = stack.enter_context(embedded_redis(folder / "redis", durable=False))
        env = {
            **os.environ,
            "DATABASE_URL": database,
            "REDIS_URL": cache,
            "PORT": str(self.port),
            "GENAPP_DATA": str(folder),
            "GENAPP_ENV": "test",
            "OPENAI_API_KEY": "sk-bench",
            "OPENAI_BASE_URL": f"http://127.0.0.1:{fake_port}/v1",
            "ANTHROPIC_API_KEY": "sk-ant-bench",
            "ANTHROPIC_BASE_URL": f"http://127.0.0.1:{fake_port}",
            "GENAPP_MODELS": f"{vendor}:{self.model},{vendor}:fake-ttft50-tps50-n20",
            "GENAPP_SHUTDOWN_SECONDS": "1",
            "GENAPP_STREAMS_PER_ADDRESS": "0",
            "GENAPP_STREAMS_PER_USER": "0",
            "GENAPP_REQUESTS_PER_MINUTE_PER_ADDRESS": "0",  # everybody is at a few addresses here
            **settings,
        }
        subprocess.run([*GENAPP, "migrate"], env=env, check=True, stdout=subprocess.DEVNULL)
        self.processes = {"provider": start(["nice", "-n", "-10", str(build("fake_llm")), "-p", str(fake_port)])}
        stack.callback(lambda: stop(*self.processes.values(), patience=10))
        with (HERE / "bin" / "app.log").open("wb") as log:
            for name in ("web", "worker"):
                self.processes[name] = start([*GENAPP, name], env=env, output=log)
        wait_for(lambda: answers(f"http://127.0.0.1:{self.port}/readyz"), self.processes)

    def round(self) -> dict[str, float]:
        """One round: everybody submits within a second and follows their answer to its end."""
        before = {name: cpu_seconds(self.processes[name].pid) for name in ("web", "worker")}
        result = self.drive(self.model, self.options.at_once, self.options.tokens)
        after = {name: cpu_seconds(self.processes[name].pid) for name in before}
        count = self.options.at_once
        return {
            "whole": result["ok"],
            "imperfect or failed": result["imperfect"] + result["failed"],
            "lost": result["lost"],
            "out of order": result["out_of_order"] + result["regress"],
            "POST p50": result["post_ms"]["p50"],
            "POST p95": result["post_ms"]["p95"],
            "POST p99": result["post_ms"]["p99"],
            "first content p50": result["first_chunk_lat_ms"]["p50"],
            "first content p95": result["first_chunk_lat_ms"]["p95"],
            "first after POST p50": result["first_ms"]["p50"] - self.options.first_token,
            "first after POST p95": result["first_ms"]["p95"] - self.options.first_token,
            "delay p50": result["chunk_ms"]["p50"],
            "delay p95": result["chunk_ms"]["p95"],
            "delay p99": result["chunk_ms"]["p99"],
            "page p50": result["page_ms"]["p50"],
            "page p95": result["page_ms"]["p95"],
            "page p99": result["page_ms"]["p99"],
            "KB an answer": result["bytes_per_gen"]["p50"] / 1000,
            "web CPU ms an answer": 1000 * (after["web"] - before["web"]) / count,
            "worker CPU ms an answer": 1000 * (after["worker"] - before["worker"]) / count,
        }

    def drive(self, model: str, at_once: int, tokens: int) -> dict[str, Any]:
        """Have so many answers written at once, a viewer each; gives what `load` has measured."""
        cookie = "Cookie: {cookie}"
        body = json.dumps({"prompt": "count", "model": f"{self.vendor}:{model}"})
        command: list[str] = ["nice", "-n", "-10", str(build("load")), "gen", "--port", str(self.port)]
        command += ["--flow", "post-sub", "--accum", "--conc", str(at_once), "--stagger", "1000"]
        command += ["--tokens", str(tokens)]
        command += ["--pre", "/", "--post", "/generations", "--body", body, "--post-header", cookie]
        command += ["--post-header", "Content-Type: application/json", "--post-header", "Accept: application/json"]
        command += ["--id-re", r'"stream_url":"/streams.(stream=[^"&]+)', "--done", "event: done"]
        command += ["--sub", "/streams?{id}&dialect=" + self.options.dialect, "--sub-header", cookie]
        command += ["--page", "/", "--page-rate", "5", "--timeout", "60", "--src", "127.0.0.2-127.0.0.9"]
        output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        result: dict[str, Any] = json.loads(output.strip().splitlines()[-1])
        if result["err"]:
            print("load:", result["err"], file=sys.stderr)
        return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--at-once", type=int, default=50)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tokens", type=int, default=400)
    parser.add_argument("--rate", type=int, default=50, help="tokens a second")
    parser.add_argument("--first-token", type=int, default=300, help="ms until the provider's first token")
    parser.add_argument("--dialect", default="htmx")
    options = parser.parse_args()
    with ExitStack() as stack:
        bench = Bench(options, stack)
        bench.drive("fake-ttft50-tps50-n20", 5, 20)  # warm up
        rounds = [bench.round() for _ in range(options.rounds)]
    print(f"| {options.at_once} at once, {options.tokens} tokens, {options.dialect} | median | rounds |\n|---|---|---|")
    for name in rounds[0]:
        values = [one[name] for one in rounds]
        print(f"| {name} | {statistics.median(values):.1f} | {' '.join(f'{value:.1f}' for value in values)} |")


if __name__ == "__main__":
    main()
