"""The page done in the request (`bench/before/`) beside genapp, at 1, 10, 50 and 200 people at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import urllib.request
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bench import driving
from bench.results import Result, markdown
from bench.scenarios.in_flight import FIRST_TOKEN, MODEL, TOKENS
from bench.stack import FIRST, build, running
from genapp.processes import start, stop
from tests.running import answers, free_port, wait_for

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

APP = Path(__file__).resolve().parents[1] / "before" / "app.py"
PEOPLE = (1, 10, 50, 200)
THREADS = 5  # of the synchronous app, as in Rails
PATIENCE = 30  # seconds: what a platform's router or a browser's user gives a request
LONGEST = 120  # seconds until a run is given up
KINDS = {"before": "in the request", "after": "genapp"}
COLUMNS = {
    "page_p50": "page p50",
    "page_p99": "page p99",
    "pages_unserved": "pages never served",
    "reaction_p50": "answer to the click p50",
    "content_p50": "first content p50",
    "whole_p50": "whole answer p50",
    "late": f"not whole within {PATIENCE} s",
    "blocked": "web waiting for the provider",
}


def run(_options: argparse.Namespace) -> Result:
    """Each kind with each number of people, pages loaded five times a second beside them."""
    with running([MODEL], GENAPP_WORKER_CONCURRENCY="512") as stack:
        driving.warm_up(stack)
        after = []
        for people in PEOPLE:
            told = driving.generate(stack, MODEL, TOKENS, people, timeout=LONGEST)
            after.append(_figures(people, told, blocked=0.0))
    return {"before": [_in_the_request(people) for people in PEOPLE], "after": after}


def _in_the_request(people: int) -> dict[str, Any]:
    """A fresh app each time: what was given up on is still being answered."""
    with ExitStack() as stack:
        port, provider = free_port(), f"http://127.0.0.1:{(fake := free_port())}"
        env = {**os.environ, "OPENAI_API_KEY": "sk-bench", "OPENAI_BASE_URL": f"{provider}/v1"}
        processes = {"provider": start([*FIRST, str(build("fake_llm")), "-p", str(fake)])}
        stack.callback(lambda: stop(*processes.values(), patience=5))
        processes["before"] = start([sys.executable, str(APP), str(port)], env=env, output=subprocess.DEVNULL)
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/"), processes)
        words = ["--flow", "sync", "--conc", people, "--stagger", 1000, "--tokens", TOKENS, "--timeout", LONGEST]
        words += ["--post", "/generations", "--body", f"prompt=count&model={MODEL}", "--page", "/", "--page-rate", 5]
        words += ["--post-header", "Content-Type: application/x-www-form-urlencoded"]
        command = [*FIRST, str(build("load")), "gen", "--port", port, *words, "--src", "127.0.0.2-127.0.0.9"]
        with _waiting(provider) as waiting:
            output = subprocess.run(list(map(str, command)), check=True, stdout=subprocess.PIPE, text=True).stdout
        return _figures(people, json.loads(output), blocked=sum(waiting) / len(waiting) / THREADS)


@contextmanager
def _waiting(provider: str) -> Iterator[list[int]]:
    """Looks at how many requests the provider has, four times a second: each is a thread that waits."""
    seen: list[int] = []
    over = threading.Event()

    def look() -> None:
        while not over.wait(0.25):
            with urllib.request.urlopen(f"{provider}/stats", timeout=5) as response:
                seen.append(json.load(response)["active"])

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield seen
    finally:
        over.set()
        looking.join()


def _figures(people: int, told: dict[str, Any], *, blocked: float) -> dict[str, Any]:
    """Milliseconds, but for counts and the share; None is "not within the run" for most of them."""
    served, unserved = told["page_ms"]["n"], told["page_pending"] + told["page_fail"]
    most = 2 * told["ok"] >= people
    return {
        "people": people,
        "seconds": told["wall_s"],
        "page_p50": told["page_ms"]["p50"] if served > unserved else None,
        "page_p99": told["page_ms"]["p99"] if unserved <= served / 100 else None,
        "pages_unserved": unserved,
        "reaction_p50": told["post_ms"]["p50"] if most else None,
        "content_p50": told["first_ms"]["p50"] if most else None,
        "whole_p50": told["total_ms"]["p50"] if most else None,
        "late": told["late"],
        "blocked": blocked,
    }


def table(result: Result) -> str:
    rows = [
        [str(one["people"]), KINDS[kind], *[_cell(name, one) for name in COLUMNS]]
        for before, after in zip(result["before"], result["after"], strict=True)
        for kind, one in (("before", before), ("after", after))
    ]
    provider = FIRST_TOKEN + 1000 * (TOKENS - 1) / 50
    note = f"The provider takes {provider / 1000:.2f} s for an answer. A run is given up after {LONGEST} s."
    return markdown(["people at once", "", *COLUMNS.values()], rows) + f"\n\n{note}"


def _cell(name: str, figures: dict[str, Any]) -> str:
    value = figures[name]
    if value is None:
        return f"> {figures['seconds']:.0f} s" if name == "page_p99" else f"> {LONGEST} s"
    if name == "blocked":
        return f"{100 * value:.0f} %"
    if name in ("late", "pages_unserved"):
        return str(value)
    return f"{value / 1000:,.1f} s" if value >= 1000 else f"{value:,.0f} ms"
