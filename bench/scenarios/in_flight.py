"""Answers in flight, a viewer each: 50 (S1), 200 (S2), and how many there can be."""

from __future__ import annotations

import argparse

from bench import driving
from bench.results import Result, Round, figure, markdown, median, spread
from bench.stack import Stack, running

TOKENS, FIRST_TOKEN = 400, 300
MODEL = f"fake-ttft{FIRST_TOKEN}-tps50-n{TOKENS}"
ENOUGH = 250  # ms from provider to viewer at p99, above which there are too many in flight
SEARCHED = range(100, 2_001, 100)

# What is told, and what issue 7 wants of it: for S1, for S2.
WANTED = {
    "whole, of all": ("all", "all"),
    "messages with a hole before them": ("0", "0"),
    "CPU ms a generation, web + worker": ("≤ 45", ""),
    "with Redis and PostgreSQL": ("≤ 55", ""),
    "of it web": ("", ""),
    "of it worker": ("", ""),
    "of it Redis": ("", ""),
    "of it PostgreSQL": ("", ""),
    "CPU µs a chunk, web + worker": ("", ""),
    "a chunk, in reference loops": ("", ""),
    "POST p50": ("≤ 8", ""),
    "POST p99": ("≤ 30", ""),
    "first content beyond the provider's p50": ("≤ 8", ""),
    "first content beyond the provider's p99": ("≤ 25", ""),
    "delay p50": ("≤ 20", ""),
    "delay p95": ("", ""),
    "delay p99": ("≤ 50", "≤ 80"),
    "page p50": ("", ""),
    "page p99": ("≤ 20", "≤ 60"),
    "KB a generation": ("≤ 20, deflated ≤ 8", ""),
    "frames a generation": ("", ""),
    "MB web": ("", ""),
    "MB worker": ("", ""),
    "MB Redis": ("", ""),
    "MB PostgreSQL": ("", ""),
    "reference loop µs": ("", ""),
}


def s1(options: argparse.Namespace) -> Result:
    """50 in flight, each of the 50 people asking twice; by a program, as of the alternatives it was asked."""
    return _rounds(options, at_once=50, reps=2, stagger=1000)


def s1_gzip(options: argparse.Namespace) -> Result:
    """The same, where every client accepts gzip."""
    return s1(argparse.Namespace(**vars(options) | {"gzip": True}))


def s1_browser(options: argparse.Namespace) -> Result:
    """The same, by the form of a page: the answer to somebody's first question has the main part of a page in it."""
    return s1(argparse.Namespace(**vars(options) | {"client": "browser"}))


def s2(options: argparse.Namespace) -> Result:
    """200 in flight, begun within two seconds."""
    return _rounds(options, at_once=200, reps=1, stagger=2000)


def _rounds(options: argparse.Namespace, *, at_once: int, reps: int, stagger: int) -> Result:
    with running([MODEL], **_processes(options, at_once)) as stack:
        driving.warm_up(stack)
        drive = {"reps": reps, "stagger": stagger, "client": options.client, "dialect": options.dialect}
        rounds = [one_round(stack, at_once, **drive, gzip=options.gzip) for _ in range(options.rounds or 4)]
    return {"at_once": at_once, "reps": reps, "gzip": options.gzip, "rounds": rounds}


def _processes(options: argparse.Namespace, at_once: int) -> dict[str, str]:
    """One web and one worker where nothing else is asked for, which has a thread for each answer."""
    threads = max(256, -(-at_once // (options.workers or 1)))
    return {
        "WEB_CONCURRENCY": str(options.web or 1),
        "GENAPP_WORKER_PROCESSES": str(options.workers or 1),
        "GENAPP_WORKER_CONCURRENCY": str(threads),
    }


def one_round(stack: Stack, at_once: int, *, reps: int = 1, **drive: object) -> Round:
    """Everybody submits and follows their answer to its end; milliseconds, but where a name says otherwise."""
    before = stack.usage()
    told = driving.generate(stack, MODEL, TOKENS, at_once, reps=reps, **drive)  # type: ignore[arg-type]
    used = stack.used(before)
    count = at_once * reps
    each = {name: 1000 * seconds / count for name, seconds in used.cpu.items()}
    chunk = 1000 * (each["web"] + each["worker"]) / TOKENS
    return {
        "whole, of all": told["ok"],
        "failed": told["failed"],
        "lost": told["lost"],
        "messages with a hole before them": told["gaps"] + told["regress"],
        "CPU ms a generation, web + worker": 1000 * used.app / count,
        "with Redis and PostgreSQL": 1000 * (used.app + used.engines) / count,
        "of it web": each["web"],
        "of it worker": each["worker"],
        "of it Redis": each["redis"],
        "of it PostgreSQL": each["postgres"],
        "CPU µs a chunk, web + worker": chunk,
        "a chunk, in reference loops": chunk / (used.reference["median_us"] or 1),
        "POST p50": told["post_ms"]["p50"],
        "POST p99": told["post_ms"]["p99"],
        "first content beyond the provider's p50": told["first_ms"]["p50"] - FIRST_TOKEN,
        "first content beyond the provider's p99": told["first_ms"]["p99"] - FIRST_TOKEN,
        "delay p50": told["chunk_ms"]["p50"],
        "delay p95": told["chunk_ms"]["p95"],
        "delay p99": told["chunk_ms"]["p99"],
        "page p50": told["page_ms"]["p50"],
        "page p99": told["page_ms"]["p99"],
        "KB a generation": told["bytes_per_gen"]["p50"] / 1000,
        "frames a generation": told["events"] / count,
        "MB web": used.kb["web"] / 1000,
        "MB worker": used.kb["worker"] / 1000,
        "MB Redis": used.kb["redis"] / 1000,
        "MB PostgreSQL": used.kb["postgres"] / 1000,
        "reference loop µs": used.reference["median_us"],
    }


def table(result: Result) -> str:
    """A row for each figure: what is wanted, the median of the rounds, the rounds."""
    rounds, at_once = result["rounds"], result["at_once"]
    second = at_once == 200
    head = [f"{at_once} at once{', deflated' if result['gzip'] else ''}", "wanted", "median (rounds)"]
    return markdown(head, [[name, WANTED[name][second], spread(rounds, name)] for name in WANTED])


def most(options: argparse.Namespace) -> Result:
    """More and more in flight, until the delay at p99 is too long or an answer is not whole."""
    tried = []
    for at_once in SEARCHED:
        with running([MODEL], **_processes(options, at_once)) as stack:
            driving.warm_up(stack)
            rounds = [one_round(stack, at_once, stagger=10 * at_once) for _ in range(options.rounds or 2)]
        whole = all(one["whole, of all"] == at_once for one in rounds)
        soon = median(rounds, "delay p99") < ENOUGH
        tried.append({"at_once": at_once, "rounds": rounds, "whole": whole, "good": whole and soon})
        if not any(one["good"] for one in tried[-2:]) and len(tried) > 1:  # one bad number may be the machine's
            break
    return {"limit_ms": ENOUGH, "tried": tried}


def most_table(result: Result) -> str:
    names = ["delay p50", "delay p99", "POST p99", "page p99", "CPU ms a generation, web + worker"]
    rows = [
        [str(one["at_once"]), "all" if one["whole"] else "no", *[figure(median(one["rounds"], name)) for name in names]]
        for one in result["tried"]
    ]
    return markdown(["in flight", "whole", *names], rows) + f"\n\nThe most within {ENOUGH} ms: {most_within(result)}."


def most_within(result: Result) -> int:
    """The largest number tried at which everything was whole and soon enough; 0 if there is none."""
    return max((one["at_once"] for one in result["tried"] if one["good"]), default=0)
