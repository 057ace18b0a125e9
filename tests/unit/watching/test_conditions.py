"""What counts as not well, by figures that were made up."""

from __future__ import annotations

from math import inf

import pytest

from genapp.figures import Figure, Key
from genapp.metrics import DECLARED
from genapp.models.reading import KEPT, kept
from genapp.settings import Settings
from genapp.watching.conditions import failing, slow, spending

ENDED = "genapp_generations"
SPENT: Key = ("genapp_spend_dollars", ())


def ended(completed: float, failed: float) -> dict[Key, Figure]:
    counts = {"completed": completed, "failed": failed, "cancelled": 100}
    return {(ENDED, (("outcome", one),)): Figure("counter", count) for one, count in counts.items()}


def took(method: str, quick: float, slow: float) -> dict[Key, Figure]:
    """So many requests that took up to a tenth of a second, and so many that took up to ten."""
    buckets = {0.1: quick, 10.0: quick + slow, inf: quick + slow}
    key: Key = ("genapp_http_request_seconds", (("method", method), ("status", "2xx")))
    return {key: Figure("histogram", count=quick + slow, buckets=buckets)}


@pytest.mark.parametrize(
    ("completed", "failed", "bad"), [(8, 2, False), (7, 3, True), (0, 9, False), (0, 0, False), (900, 200, False)]
)
def test_answers_fail_where_more_than_a_fifth_of_at_least_ten_do(completed: int, failed: int, bad: bool) -> None:
    look = failing(Settings(), [ended(1000, 1000), ended(1000 + completed, 1000 + failed)])
    assert look.bad is bad


def test_pages_are_slow_by_what_came_lately_and_not_by_those_who_wait_for_their_answer() -> None:
    before = took("GET", 100_000, 0) | took("POST", 0, 0)
    late = slow(Settings(), [before, took("GET", 100_080, 20) | took("POST", 0, 500)])
    assert late.bad
    assert "of 100 in the last 5 minutes" in late.says
    assert slow(Settings(), [before, took("GET", 100_098, 2) | took("POST", 0, 500)]).bad is False
    assert slow(Settings(), [before, took("GET", 100_000, 49)]).bad is False


def test_more_dollars_than_expected_are_told_with_both_sums() -> None:
    readings = [{SPENT: Figure("counter", value)} for value in (90.0, 99.5, 3.0)]
    look = spending("spend_day", "24 hours", 12, readings)
    assert look.bad
    assert "$12.50 in the last 24 hours; expected were at most $12.00" in look.says
    assert spending("spend_day", "24 hours", 13, readings).bad is False


def test_what_cannot_be_known_is_neither_well_nor_not_and_what_is_switched_off_is_well() -> None:
    for past in ([], [ended(1, 9)]):
        assert failing(Settings(), past).bad is None
        assert slow(Settings(), past).bad is None
        assert spending("spend_hour", "hour", 5, past).bad is None
    off = Settings(GENAPP_ALERT_FAILED_PERCENT=0, GENAPP_ALERT_RESPONSE_SECONDS=0)
    terrible = [ended(0, 0), ended(0, 500)]
    assert failing(off, terrible).bad is False
    assert slow(off, [took("GET", 0, 0), took("GET", 0, 500)]).bad is False
    assert (
        spending("spend_hour", "hour", 0, [{SPENT: Figure("counter", 0)}, {SPENT: Figure("counter", 1e6)}]).bad is False
    )


def test_what_is_kept_of_the_figures_is_counted_somewhere_and_summed_over_the_rest() -> None:
    for name, labels in KEPT.items():
        assert set(labels) <= set(DECLARED[name].label_names), name
    routes = {
        ("genapp_http_request_seconds", (("method", "GET"), ("route", route), ("status", "2xx"))): Figure(
            "histogram", count=3, sum=1.5, buckets={1.0: 2, inf: 3}
        )
        for route in ("/", "/about", "/static", "/healthz")
    }
    assert kept(routes) == {
        ("genapp_http_request_seconds", (("method", "GET"), ("status", "2xx"))): Figure(
            "histogram", count=6, sum=3, buckets={1.0: 4, inf: 6}
        )
    }
