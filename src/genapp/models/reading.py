"""What the fleet's figures were, minute by minute: what charts and the built-in checks look back on."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, Self

import msgspec
from piccolo.columns import JSONB, Timestamptz
from piccolo.table import Table

from genapp.figures import Figure
from genapp.models.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from genapp.figures import Key

# The metrics that are kept (a counter's name without its _total), each with the labels that it keeps: over all others
# it is summed. So a row is some 4 KB, 1.5 of them on disk (measured), however many routes and models there are.
KEPT: dict[str, tuple[str, ...]] = {
    "genapp_http_request_seconds": ("method", "status"),
    "genapp_first_token_seconds": (),
    "genapp_output_tokens_per_second": (),
    "genapp_generation_seconds": (),
    "genapp_queue_wait_seconds": (),
    "genapp_frame_delay_seconds": (),
    "genapp_event_loop_lag_seconds": ("kind",),
    "genapp_generations": ("outcome",),
    "genapp_attempts": ("outcome",),
    "genapp_provider_errors": ("provider", "code"),
    "genapp_retries": (),
    "genapp_fallbacks": (),
    "genapp_tokens": ("direction",),
    "genapp_spend_dollars": (),
    "genapp_frames_sent": (),
    "genapp_sent_bytes": (),
    "genapp_resyncs": (),
    "genapp_connections": ("transport",),
    "genapp_stream_viewers": (),
    "genapp_generations_running": (),
    "genapp_queue_depth": ("status",),
    "genapp_queue_oldest_seconds": (),
    "genapp_processes": ("kind",),
}

# What is no page: load balancers and Prometheus ask again and again, and a page has 30 files. They would hide what
# people wait for.
LEFT_OUT = {("route", route) for route in ("/static", "/healthz", "/readyz", "/metrics")}

# (Older than so many hours, one row in so many minutes is enough.) Past the last nothing is kept.
THINNED = ((25, 10), (72, 60))
KEPT_DAYS = 32


class Reading(Rows, Table, tablename="readings"):
    """The figures of one moment. Counters and histograms are cumulative, and begin again where Redis forgets them."""

    at = Timestamptz(primary_key=True, default=None)
    series = JSONB()

    @classmethod
    async def keep(cls, figures: Mapping[Key, Figure], *, every: float) -> bool:
        """Store the figures of now, unless this span of `every` seconds has a reading; gives whether it had none."""
        rows = await cls.raw(
            """
            INSERT INTO readings (at, series)
            VALUES (to_timestamp(floor(extract(epoch FROM now()) / {}::float8) * {}::float8), {}::jsonb)
            ON CONFLICT DO NOTHING RETURNING at
            """,
            *(every, every, packed(figures)),
        )
        return bool(rows)

    @classmethod
    async def due(cls, *, every: float) -> bool:
        """Whether the present span of `every` seconds has no reading yet: a cheap look before all is summed up."""
        rows = await cls.raw("SELECT max(at) > now() - {} * interval '1 second' AS fresh FROM readings", every)
        return not rows[0]["fresh"]

    @classmethod
    async def between(cls, since: datetime, until: datetime, *, every: float = 1) -> list[Self]:
        """Those of a time, the oldest first; at most one (the first) in each span of `every` seconds."""
        return await cls._of("at BETWEEN {} AND {}", since, until, every=every)

    @classmethod
    async def recent(cls, seconds: float, *, every: float = 1) -> list[Self]:
        """Those of the last `seconds`, by the database's clock; the same."""
        return await cls._of("at >= now() - {} * interval '1 second'", seconds, every=every)

    @classmethod
    async def _of(cls, condition: str, *values: Any, every: float) -> list[Self]:
        rows = await cls.raw(
            f"""
            SELECT DISTINCT ON (span) at, series
            FROM (SELECT *, floor(extract(epoch FROM at) / {{}}::float8) AS span FROM readings) r
            WHERE {condition} ORDER BY span, at
            """,  # noqa: S608  constants of ours
            *(every, *values),
        )
        return [cls.from_row(row) for row in rows]

    @classmethod
    async def sweep(cls) -> None:
        """Delete what is too old, or stands too close to others for its age. What is left begins its span."""
        await cls.raw("DELETE FROM readings WHERE at < now() - {} * interval '1 day'", KEPT_DAYS)
        for hours, minutes in THINNED:
            await cls.raw(
                """
                DELETE FROM readings WHERE at < now() - {} * interval '1 hour' AND EXISTS (
                  SELECT 1 FROM readings earlier WHERE earlier.at < readings.at
                  AND earlier.at >= date_bin({} * interval '1 minute', readings.at, 'epoch')
                )
                """,
                *(hours, minutes),
            )

    @property
    def figures(self) -> dict[Key, Figure]:
        """The figures as they were."""
        return unpacked(self.series)


def kept(figures: Mapping[Key, Figure]) -> dict[Key, Figure]:
    """What a reading keeps of the figures. Only such can be compared with readings: others have more labels."""
    found: dict[Key, Figure] = {}
    for (name, labels), figure in figures.items():
        if name in KEPT and LEFT_OUT.isdisjoint(labels):
            key = (name, tuple(one for one in labels if one[0] in KEPT[name]))
            found[key] = summed([found[key], figure]) if key in found else figure
    return found


def packed(figures: Mapping[Key, Figure]) -> str:
    """What is kept of them as JSON: name, labels, kind, and its value, or its sum and buckets."""
    rows = [(name, dict(labels), one.kind, _value(one)) for (name, labels), one in kept(figures).items()]
    return msgspec.json.encode(rows).decode()


def unpacked(series: str) -> dict[Key, Figure]:
    """The figures that `packed` has made JSON of."""
    return {
        (name, tuple(sorted(labels.items()))): _figure(kind, value)
        for name, labels, kind, value in msgspec.json.decode(series)
    }


def summed(figures: Iterable[Figure]) -> Figure:
    """Several series as one. Histograms of one name have the same buckets."""
    first, *others = figures
    total = Figure(first.kind, first.value, first.count, first.sum, dict(first.buckets))
    for one in others:
        total.value += one.value
        total.count += one.count
        total.sum += one.sum
        for up_to, number in one.buckets.items():
            total.buckets[up_to] = total.buckets.get(up_to, 0.0) + number
    return total


def increases(readings: Sequence[Mapping[Key, Figure]], name: str, **labels: str) -> dict[Key, Figure]:
    """What has come from the first of these to the last, for each series of a name that has these labels.

    A counter that is less than before has begun again at nothing: what it has since then is what has come. Empty where
    nothing is known: with less than two readings, or without such a series. Quantiles of a histogram's increase are
    those of what has come.
    """
    steps: dict[Key, list[Figure]] = {}
    for earlier, later in pairwise(readings):
        for key, figure in later.items():
            if key[0] == name and labels.items() <= dict(key[1]).items():
                steps.setdefault(key, []).append(figure.since(earlier.get(key)))
    return {key: summed(figures) for key, figures in steps.items()}


def increase(readings: Sequence[Mapping[Key, Figure]], name: str, **labels: str) -> Figure | None:
    """The same, over all these series together; None where nothing is known."""
    found = increases(readings, name, **labels)
    return summed(found.values()) if found else None


def _value(figure: Figure) -> Any:
    if figure.kind != "histogram":
        return figure.value
    return [figure.sum, {_bound(up_to): number for up_to, number in figure.buckets.items()}]


def _bound(up_to: float) -> str:
    return "+Inf" if up_to == float("inf") else f"{up_to:g}"


def _figure(kind: Any, value: Any) -> Figure:
    if kind != "histogram":
        return Figure(kind, value)
    total, buckets = value
    read = {float(up_to): number for up_to, number in buckets.items()}
    return Figure(kind, count=max(read.values(), default=0.0), sum=total, buckets=read)
