"""What is looked at: each condition is well, or not, or nobody can know just now."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from genapp.errors import duration
from genapp.models import Reading
from genapp.models.reading import increase, increases, kept

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from genapp.figures import Figure, Key
    from genapp.fleet import Fleet
    from genapp.settings import Settings

    Past = Sequence[Mapping[Key, Figure]]

HOUR, DAY = 3600, 86_400
QUEUED: Key = ("genapp_queue_depth", (("status", "queued"),))
OLDEST: Key = ("genapp_queue_oldest_seconds", ())
WORKERS: Key = ("genapp_processes", (("kind", "worker"),))


@dataclass(frozen=True, slots=True)
class Look:
    """What was found. `bad` is None where that cannot be known: what was the case stays so. `says` is a sentence."""

    condition: str
    bad: bool | None
    says: str = ""


async def looks(settings: Settings, known: Fleet) -> list[Look]:
    """Look at everything but the spend. Raises what asyncpg raises where the database is away.

    A condition that is switched off is well, so that an incident of it does not stay open for ever.
    """
    window = await _past(known, settings.alert_window_seconds + settings.reading_seconds, every=1)
    return [
        *_parts(settings, known),
        *_queue(settings, known),
        failing(settings, window),
        slow(settings, window),
    ]


async def looks_at_spend(settings: Settings, known: Fleet) -> list[Look]:
    """The same of the spend, which looks back on a day of readings: once for each reading is often enough."""
    hour = await _past(known, HOUR, every=60) if settings.alert_spend_hour else []
    day = await _past(known, DAY, every=600) if settings.alert_spend_day else []
    return [
        spending("spend_hour", "hour", settings.alert_spend_hour, hour),
        spending("spend_day", "24 hours", settings.alert_spend_day, day),
    ]


async def _past(known: Fleet, seconds: float, *, every: float) -> Past:
    """The readings of the last seconds, and the figures of now. Nothing where Redis, which has them, is away."""
    if not known.up["redis"]:
        return []
    readings = await Reading.recent(seconds, every=every)
    # Off the loop, which writes frames: unpacking a day's takes some 10 ms.
    return await asyncio.to_thread(lambda: [*(one.figures for one in readings), kept(known.figures)])


def _value(known: Fleet, key: Key) -> float | None:
    return known.figures[key].value if key in known.figures else None


def _parts(settings: Settings, known: Fleet) -> Iterator[Look]:
    away = "Answers in progress stand still and new prompts wait. See that it runs, has memory and can be reached."
    yield Look("redis", settings.alert_redis and not known.up["redis"], away)
    # Workers say in Redis that they live.
    workers = _value(known, WORKERS) if known.up["redis"] else None
    waiting = f"{_value(known, QUEUED) or 0:.0f} prompts wait, and nobody answers them."
    bad = None if workers is None else workers == 0
    yield Look("no_worker", bad if settings.alert_no_worker else False, f"{waiting} Start one, or look into its log.")


def _queue(settings: Settings, known: Fleet) -> Iterator[Look]:
    depth, oldest = _value(known, QUEUED), _value(known, OLDEST)
    more = "Start more workers, or see what holds them up."
    for condition, value, most, says in (
        ("queue_depth", depth, settings.alert_queue_depth, f"{depth or 0:,.0f} prompts wait for a worker. {more}"),
        (
            "queue_wait",
            oldest,
            settings.alert_queue_seconds,
            f"A prompt has waited for {duration(int(oldest or 0))}. {more}",
        ),
    ):
        yield Look(condition, False if not most else None if value is None else value > most, says)


def failing(settings: Settings, past: Past) -> Look:
    """The share of the answers that failed. Those that were stopped count neither way."""
    if not settings.alert_failed_percent:
        return Look("failing", False)
    failed, completed = (_came(past, "genapp_generations", outcome=outcome) for outcome in ("failed", "completed"))
    total = failed + completed
    percent = 100 * failed / total if total else 0.0
    says = (
        f"{percent:.0f} % of {total:,.0f} answers failed in the last {duration(round(settings.alert_window_seconds))}"
    )
    bad = total >= settings.alert_failed_least and percent > settings.alert_failed_percent if len(past) > 1 else None
    return Look("failing", bad, f"{says}{_most_often(past)}.")


def _came(past: Past, name: str, **labels: str) -> float:
    came = increase(past, name, **labels)
    return came.value if came else 0.0


def _most_often(past: Past) -> str:
    errors = increases(past, "genapp_provider_errors")
    if not any(one.value for one in errors.values()):
        return ""
    (_, labels), _ = max(errors.items(), key=lambda item: item[1].value)
    named = dict(labels)
    return f", most often because {named['provider']} said {named['code']}"


def slow(settings: Settings, past: Past) -> Look:
    """The time that one page in twenty exceeds. Of GET alone: a POST may wait for its whole answer, and is to."""
    if not settings.alert_response_seconds:
        return Look("slow", False)
    came = increase(past, "genapp_http_request_seconds", method="GET")
    if came is None:
        return Look("slow", None)
    p95 = came.quantile(0.95)
    if p95 is None or came.count < settings.alert_response_least:
        return Look("slow", False)
    minutes = duration(round(settings.alert_window_seconds))
    says = f"One page in twenty took more than {p95:.1f} s, of {came.count:,.0f} in the last {minutes}."
    return Look("slow", p95 > settings.alert_response_seconds, says)


def spending(condition: str, span: str, most: float, past: Past) -> Look:
    """What answers have cost, by the prices of the moment they ended; `span` in words."""
    if not most:
        return Look(condition, False)
    spent = increase(past, "genapp_spend_dollars")
    if spent is None:
        return Look(condition, None)
    says = f"${spent.value:,.2f} in the last {span}; expected were at most ${most:,.2f}. See who spends it in /admin."
    return Look(condition, spent.value > most, says)
