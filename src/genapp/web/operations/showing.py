"""What was found out, as the page shows it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from genapp import metrics, views
from genapp.views.amounts import NOTHING, count, dollars, known, per_second, seconds, share

if TYPE_CHECKING:
    from genapp.fleet import Process
    from genapp.web.operations.now import Now, Percentiles

NO_REDIS = (
    "Redis does not answer. What is asked is kept and waits, and no answer is shown live; what only Redis knows is not "
    "shown here. Look at it first: genapp doctor says what is wrong."
)
NO_DATABASE = (
    "The database does not answer, so nothing can be asked or opened; what only it knows is not shown here. Look at it "
    "first: genapp doctor says what is wrong."
)
NO_WORKER = "No worker is running, so nothing is answered{}. Start one: genapp worker."
TRANSPORTS = {"sse": "SSE", "websocket": "WebSocket", "responses": "Responses"}
# From this share of failed attempts on, and from so many seconds in the queue, a figure is marked.
BAD_SHARE, BAD_WAIT = 0.1, 30


def now_part(now: Now) -> views.NowPart:
    """The live part."""
    at = f"{datetime.fromtimestamp(now.at, UTC):%H:%M:%S} UTC"
    return views.NowPart(at, _well(now), _troubles(now), _cards(now), [_process(one) for one in now.processes])


def _troubles(now: Now) -> list[str]:
    troubles = [says for answers, says in ((now.redis, NO_REDIS), (now.database, NO_DATABASE)) if not answers]
    if now.workers == 0:
        waiting = f": {_number(now.queued, 'prompt waits', 'prompts wait')}" if now.queued else ""
        troubles.append(NO_WORKER.format(waiting))
    return troubles + now.incidents


def _well(now: Now) -> str:
    processes = f"{_number(now.web or 0, 'web process', 'web processes')}, {_number(now.workers or 0, 'worker')}"
    return f"Everything answers: {processes}, Redis and the database."


def _cards(now: Now) -> list[views.Card]:
    waits = (now.oldest_seconds or 0) if now.queued else 0
    workers = "" if now.workers is None else f"on {_number(now.workers, 'worker')}"
    failed = f"{now.failed:,} of {_number(now.ended, 'attempt')}" if now.ended and now.failed is not None else ""
    bad = now.failed_share is not None and now.failed_share >= BAD_SHARE
    sent = "" if now.bytes_per_second is None else f"{count(now.bytes_per_second)} bytes/s"
    return [
        views.Card("In progress", known(count, now.processing), workers),
        views.Card(
            "Waiting", known(count, now.queued), f"the first for {seconds(waits)}" if waits else "", waits > BAD_WAIT
        ),
        views.Card("Failed", known(share, now.failed_share), failed, bad),
        _slowness("First text", now.first_text),
        _slowness("Pages", now.response),
        views.Card("Tokens written", known(per_second, now.output_tokens_per_second)),
        _errors(now.provider_errors),
        views.Card("Asked again", known(count, now.retries)),
        _connections(now.connections),
        views.Card("Frames sent", known(per_second, now.frames_per_second), sent),
        _slowness("On their way", now.frame_delay),
        views.Card("Logs read again", known(count, now.resyncs)),
        _slowness("Event loop lag", now.loop_lag),
        views.Card("Spend", known(dollars, now.spend_today), "today"),
    ]


def _slowness(label: str, of: Percentiles) -> views.Card:
    # Both or none of them are known.
    return views.Card(label, known(seconds, of.p50), "" if of.p95 is None else f"p95 {seconds(of.p95)}")


def _connections(by_transport: dict[str, float] | None) -> views.Card:
    if by_transport is None:
        return views.Card("Connections", NOTHING)
    some = [f"{number:,.0f} {TRANSPORTS.get(name, name)}" for name, number in sorted(by_transport.items()) if number]
    return views.Card("Connections", count(sum(by_transport.values())), ", ".join(some))


def _errors(by_code: dict[str, float] | None) -> views.Card:
    if by_code is None:
        return views.Card("Providers’ errors", NOTHING)
    some = sorted(((number, code) for code, number in by_code.items() if number), reverse=True)
    return views.Card(
        "Providers’ errors",
        count(sum(by_code.values())),
        ", ".join(f"{number:,.0f} {code}" for number, code in some),
        any(code in metrics.LASTING for _, code in some),
    )


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
