"""The readings of the figures: what is kept for how long, and what has come between two of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from genapp.figures import Figure
from genapp.models import Reading
from genapp.models.reading import increase, unpacked

if TYPE_CHECKING:
    from genapp.figures import Key

pytestmark = pytest.mark.usefixtures("database")

COMPLETED: Key = ("genapp_generations", (("outcome", "completed"), ("provider", "openai")))
ELSEWHERE: Key = ("genapp_generations", (("outcome", "completed"), ("provider", "anthropic")))
FAILED: Key = ("genapp_generations", (("outcome", "failed"), ("provider", "openai")))
FIRST: Key = ("genapp_first_token_seconds", (("provider", "openai"),))


def counted(completed: float, failed: float | None = None) -> dict[Key, Figure]:
    figures = {COMPLETED: Figure("counter", completed)}
    return figures if failed is None else {**figures, FAILED: Figure("counter", failed)}


def waited(quick: float, slow: float) -> dict[Key, Figure]:
    buckets = {0.5: quick, 1.0: quick + slow, float("inf"): quick + slow}
    return {FIRST: Figure("histogram", count=quick + slow, sum=quick * 0.25 + slow, buckets=buckets)}


async def test_what_came_is_counted_over_processes_that_began_anew_and_outcomes_that_were_new() -> None:
    readings = [counted(100), counted(110), counted(4), counted(9, failed=3)]
    came = increase(readings, "genapp_generations")
    assert came is not None
    assert came.value == 10 + 4 + 5 + 3
    failed = increase(readings, "genapp_generations", outcome="failed")
    assert failed is not None
    assert failed.value == 3
    assert increase(readings[:1], "genapp_generations") is None
    assert increase(readings, "genapp_generations", outcome="cancelled") is None


async def test_percentiles_are_those_of_the_time_looked_at_and_not_of_all_before() -> None:
    came = increase([waited(1000, 0), waited(1000, 100)], "genapp_first_token_seconds")
    assert came is not None
    assert came.quantile(0.5) == pytest.approx(0.75)
    assert came.mean == pytest.approx(1.0)


async def test_a_reading_is_stored_once_a_span_and_read_as_it_was_without_what_nobody_looks_back_on() -> None:
    await Reading.raw("DELETE FROM readings")
    infinite = waited(3, 2)
    unkept: Key = ("genapp_build_info", (("version", "1"),))
    figures = {**counted(5, 1), ELSEWHERE: Figure("counter", 7), **infinite, unkept: Figure("gauge", 1)}
    hour = 3600.0
    assert await Reading.due(every=hour)
    assert [await Reading.keep(figures, every=hour), await Reading.keep(counted(99), every=hour)] == [True, False]
    assert not await Reading.due(every=hour)
    now = datetime.now(UTC)
    (kept,) = await Reading.between(now - timedelta(hours=1), now)
    assert kept.figures == {
        ("genapp_generations", (("outcome", "completed"),)): Figure("counter", 12),
        ("genapp_generations", (("outcome", "failed"),)): Figure("counter", 1),
        ("genapp_first_token_seconds", ()): infinite[FIRST],
    }


async def test_a_month_is_thinned_to_minutes_of_a_day_tenths_of_three_and_hours_of_the_rest() -> None:
    await Reading.raw("DELETE FROM readings")
    await Reading.raw(
        """
        INSERT INTO readings (at, series) SELECT date_trunc('minute', now()) - n * interval '1 minute', '[]'
        FROM generate_series(0, 40 * 24 * 60) n
        """
    )
    await Reading.sweep()
    await Reading.sweep()
    now = datetime.now(UTC)

    async def left(since: float, until: float) -> int:
        return len(await Reading.between(now - timedelta(hours=since), now - timedelta(hours=until)))

    assert await left(25, 0) == 25 * 60
    assert abs(await left(72, 25) - 47 * 6) <= 1
    assert abs(await left(40 * 24, 72) - 29 * 24) <= 1
    hours = await Reading.between(now - timedelta(days=2), now, every=3600)
    assert abs(len(hours) - 48) <= 1
    assert unpacked("[]") == {}
