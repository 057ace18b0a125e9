"""Charts show what they are given, at a scale that is read at a glance, and numbers have the digits that matter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from genapp.views import amounts
from genapp.views.charts import HEIGHT, Series, Span, Subject, lines, stacks

if TYPE_CHECKING:
    from collections.abc import Callable

SPAN = Span(datetime(2026, 11, 25, 23, 50, tzinfo=UTC), timedelta(minutes=5), 5, timedelta(minutes=15), "%H:%M")
SUBJECT = Subject("x", "Things", amounts.count, "There are none.")


def test_bars_stand_on_each_other_and_are_as_high_as_what_they_show() -> None:
    chart = stacks(SUBJECT, SPAN, [Series("good", [30, 0, 10, 0, 0], "40"), Series("bad", [10, 0, 0, 0, 0], "10")])
    good, bad, later = chart.bars
    assert (good.name, bad.name, later.name) == ("good", "bad", "good")
    assert good.height == pytest.approx(3 * bad.height) == pytest.approx(3 * later.height)
    assert bad.y + bad.height == pytest.approx(good.y)
    assert good.y + good.height == chart.bottom
    assert good.x == bad.x < later.x
    assert [tick.label for tick in chart.across] == ["0", "10", "20", "30", "40"]
    assert chart.across[-1].at == bad.y


def test_a_line_has_gaps_where_nothing_is_known_and_a_dot_for_what_stands_alone() -> None:
    chart = lines(SUBJECT, SPAN, [Series("p50", [1, 2, None, 4, None], "4")])
    [line] = chart.lines
    assert [piece.count("L") for piece in line.path.split("M")[1:]] == [1, 0]
    assert line.path.endswith("h0")
    assert 0 < line.y < HEIGHT
    assert f"M{line.x} {line.y}" in line.path


def test_what_is_pointed_at_and_the_table_say_the_same_and_leave_out_what_is_nothing() -> None:
    chart = stacks(SUBJECT, SPAN, [Series("good", [1234, None, 0, 1, 0], ""), Series("bad", [0, 0, 0, 2, 0], "")])
    assert [slot.said for slot in chart.slots] == ["good 1,234, bad 0", "", "", "good 1, bad 2", ""]
    assert [slot.moment for slot in chart.slots] == ["23:50", "23:55", "00:00", "00:05", "00:10"]
    assert [tick.label for tick in chart.along] == ["00:00"]
    assert chart.along[0].at == chart.slots[2].x


@pytest.mark.parametrize("values", [[], [None] * 5, [0] * 5])
def test_nothing_is_drawn_of_nothing(values: list[float | None]) -> None:
    assert stacks(SUBJECT, SPAN, [Series("x", values or [0] * 5, "")]).slots == ()


def test_a_line_of_noughts_lies_on_the_ground() -> None:
    chart = lines(SUBJECT, SPAN, [Series("x", [0] * 5, "0")])
    assert chart.lines[0].y == chart.bottom


@pytest.mark.parametrize(
    ("write", "value", "text"),
    [
        (amounts.count, 0, "0"),
        (amounts.count, 1234, "1,234"),
        (amounts.count, 12_345, "12.3k"),
        (amounts.count, 4_560_000, "4.6M"),
        (amounts.count, 0.25, "0.25"),
        (amounts.seconds, 0.0032, "3.2 ms"),
        (amounts.seconds, 0.32, "320 ms"),
        (amounts.seconds, 1.25, "1.2 s"),
        (amounts.seconds, 240, "4 min"),
        (amounts.seconds, 9000, "2.5 h"),
        (amounts.dollars, 0, "$0.00"),
        (amounts.dollars, 1234.5, "$1,234.50"),
        (amounts.dollars, 0.0123, "$0.012"),
        (amounts.dollars, 0.00000001, "< $0.0001"),
        (amounts.share, 0.0412, "4.1 %"),
        (amounts.share, 1, "100 %"),
        (amounts.per_second, 12.34, "12.3/s"),
    ],
)
def test_a_number_has_the_digits_that_matter(write: Callable[[float], str], value: float, text: str) -> None:
    assert write(value) == text
