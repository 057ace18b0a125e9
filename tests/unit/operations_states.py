"""The operations page in the states that it has: a busy site, one that nobody uses, and one in trouble."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import sin
from typing import TYPE_CHECKING

from genapp import views
from genapp.views import amounts, charts

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

HOUR = charts.Span(datetime(2026, 11, 25, 19, 15, tzinfo=UTC), timedelta(minutes=1), 60, timedelta(minutes=15), "%H:%M")
MONTH = charts.Span(datetime(2026, 10, 26, tzinfo=UTC), timedelta(days=1), 31, timedelta(days=7), "%-d %b")


def wave(most: float, phase: float = 0, span: charts.Span = HOUR) -> list[float | None]:
    """Something like a day's coming and going."""
    return [round(most * (1.2 + sin(slot / 9 + phase)) / 2.2, 3) for slot in range(span.slots)]


def drawn(span: charts.Span, subject: str = "") -> Sequence[charts.Chart]:
    """A chart of each kind; `subject` is in every name that comes from elsewhere."""
    attempts = charts.Subject("attempts", f"Attempts{subject}", amounts.count, "Nobody has asked.")
    first = charts.Subject("first_text", "Time to first text", amounts.seconds, "Nothing is known.")
    spend = charts.Subject("spend", "Spend", amounts.dollars, "Nothing was spent.")
    gap: list[float | None] = [None] * 7
    rare: list[float | None] = [1.0 if slot % 17 == 3 else 0 for slot in range(span.slots)]
    return (
        charts.stacks(
            attempts,
            span,
            [
                charts.Series("completed", wave(40, 0, span), "1,204"),
                charts.Series("failed", rare, "4"),
            ],
        ),
        charts.lines(
            first,
            span,
            [
                charts.Series("p50", [*wave(0.4, 1, span)[:-14], *gap, 0.3, *gap[:6]], "320 ms"),
                charts.Series("p95", wave(1.7, 2, span), "1.2 s"),
            ],
        ),
        charts.stacks(spend, span, [charts.Series("spend", wave(0.0123, 3, span), "$0.41")]),
    )


def page(hostile: str, span: str, **parts: object) -> views.OperationsPage:
    """A page of a busy site, with some parts in another state."""
    spender = views.SpenderRow(hostile, "/admin/users/u1", "1,204", "1.2 %", "12.3k", "45.6k", "$1.20")
    fields: dict[str, object] = {
        "now": now("41 of 1,204 in 5 minutes"),
        "charts": drawn(MONTH if span == "month" else HOUR, hostile),
        "models": [spender],
        "users": [spender],
        "failures": [
            views.FailureRow("g1", "/admin/g", "2 minutes ago", "code", hostile, hostile, hostile, "/admin/u")
        ],
        "codes": [hostile],
        "queue": [views.WaitingRow(1, "/admin/g", "just now", hostile, hostile, "/admin/u")],
        "queued": 412,
        **parts,
    }
    return views.OperationsPage(span=span, **fields)  # type: ignore[arg-type]


def now(note: str, *troubles: str) -> views.NowPart:
    """The live part."""
    cards = [
        views.Card("In progress", "12", "2 workers"),
        views.Card("Waiting", "3", "the first for 3.2 s"),
        views.Card("Failed", "3.4 %", note, bad=bool(troubles)),
    ]
    row = views.ProcessRow("worker", "host.example", 4711, "0.1.0", "2.5 h", "12 answers")
    return views.NowPart("03:15:20 UTC", "Everything answers.", troubles, cards, [] if troubles else [row])


def states(admin: views.Person, stream: views.Stream, hostile: str) -> dict[str, Callable[[], str]]:
    """Each of them, by what it is called; `hostile` stands wherever there may be anybody's word."""
    empty = [charts.lines(charts.Subject("empty", hostile, amounts.count, hostile), HOUR, [])]
    nothing = dict.fromkeys(("models", "users", "failures", "codes", "queue"), ())
    return {
        "admin, operations": lambda: views.admin_operations(admin, page(hostile, "hour", done=hostile), stream),
        "admin, operations of a month": lambda: views.admin_operations(
            admin, page(hostile, "month", model=hostile), stream
        ),
        "admin, operations in trouble": lambda: views.admin_operations(
            admin, page(hostile, "day", now=now(hostile, hostile, hostile), error=hostile)
        ),
        "admin, operations of an idle site": lambda: views.admin_operations(
            admin, page(hostile, "day", charts=empty, queued=0, **nothing)
        ),
    }
