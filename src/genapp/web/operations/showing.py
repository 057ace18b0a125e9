"""What was found out, as the page shows it."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from genapp import views
from genapp.views.amounts import count, dollars, known, per_second, seconds, share

if TYPE_CHECKING:
    from genapp.fleet import Process
    from genapp.web.operations.now import Now, Percentiles

NO_REDIS = (
    "Redis does not answer. What is asked is kept and waits, and no answer is shown live; what only Redis knows is not "
    "shown here. Look at it first: genapp doctor says what is wrong."
)
NO_WORKER = "No worker is running, so nothing is answered; {} now. Start one: genapp worker."
# From this share of failed attempts on, and from so many seconds in the queue, a figure is marked.
BAD_SHARE, BAD_WAIT = 0.1, 30


def now_part(now: Now) -> views.NowPart:
    """The live part."""
    return views.NowPart(_well(now), _troubles(now), _cards(now), [_process(one) for one in now.processes])


def _troubles(now: Now) -> list[str]:
    troubles = [] if now.redis else [NO_REDIS]
    if now.workers == 0:
        troubles.append(NO_WORKER.format(f"{_number(now.queued, 'prompt')} wait{'s' if now.queued == 1 else ''}"))
    return troubles + now.incidents


def _well(now: Now) -> str:
    processes = f"{_number(now.web or 0, 'web process', 'web processes')}, {_number(now.workers or 0, 'worker')}"
    return f"Everything answers: {processes}, Redis and the database."


def _cards(now: Now) -> list[views.Card]:
    waits = now.oldest_seconds if now.queued else 0
    bad_share = now.failed_share is not None and now.failed_share >= BAD_SHARE
    connections = now.connections
    return [
        views.Card("In progress", count(now.processing), "" if now.workers is None else _number(now.workers, "worker")),
        views.Card("Waiting", count(now.queued), f"first for {seconds(waits)}" if waits else "", waits > BAD_WAIT),
        views.Card(
            "Failed", known(share, now.failed_share), f"{now.failed} of {_number(now.ended, 'attempt')}", bad_share
        ),
        _percentiles("First text", now.first_text),
        views.Card("Pages, p95", known(seconds, now.response.p95), f"p50 {known(seconds, now.response.p50)}"),
        views.Card("Tokens", per_second(now.output_tokens_per_second), "written"),
        views.Card(
            "Connections",
            known(count, sum(connections.values()) if connections is not None else None),
            _by(connections),
        ),
        views.Card("Frames", known(per_second, now.frames_per_second), f"{known(count, now.bytes_per_second)} bytes/s"),
        views.Card("Loop lag, p95", known(seconds, now.loop_lag.p95), f"p50 {known(seconds, now.loop_lag.p50)}"),
        views.Card("Spend today", known(dollars, now.spend_today), "since 00:00 UTC"),
    ]


def _percentiles(label: str, of: Percentiles) -> views.Card:
    return views.Card(f"{label}, p50", known(seconds, of.p50), f"p95 {known(seconds, of.p95)}")


def _by(connections: dict[str, int] | None) -> str:
    return ", ".join(f"{number} {transport}" for transport, number in sorted((connections or {}).items()) if number)


def _process(process: Process) -> views.ProcessRow:
    return views.ProcessRow(
        process.kind,
        process.host,
        process.pid,
        process.version,
        seconds(max(0.0, time.time() - process.started)),
        in_hand(process),
    )


def in_hand(process: Process) -> str:
    """What a process is about: a worker's answers, a web process's connections."""
    name = "genapp_generations_running" if process.kind == "worker" else "genapp_connections"
    number = sum(int(one.value) for (named, _), one in process.figures.items() if named == name)
    return _number(number, "answer" if process.kind == "worker" else "connection")


def _number(number: int, one: str, many: str = "") -> str:
    return f"{number:,} {one if number == 1 else many or one + 's'}"
