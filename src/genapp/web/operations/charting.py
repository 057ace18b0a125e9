"""The charts of a span, and its tables of who spent what."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from genapp import views
from genapp.views import user_name
from genapp.views.amounts import count, dollars, known, seconds, share
from genapp.views.charts import Series, Subject, lines, stacks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from genapp.views.charts import Chart
    from genapp.web.operations.history import History, Moment
    from genapp.web.operations.now import Percentiles

OUTCOMES = ("completed", "failed", "cancelled", "lost")
NOT_ASKED = "Nothing was asked in this time."
NOT_READ = "Nothing is known of this time. The figures are read once a minute while Redis is there."
ATTEMPTS = Subject("attempts", "Attempts", count, NOT_ASKED)
TOKENS = Subject("tokens", "Tokens", count, NOT_ASKED)
SPEND = Subject("spend", "Spend", dollars, "Nothing was spent, or GENAPP_PRICES does not say what it costs.")
FIRST_TEXT = Subject("first_text", "Time to first text", seconds, NOT_READ)
RESPONSE = Subject("response", "Response time of pages", seconds, NOT_READ)
QUEUE_WAIT = Subject("queue_wait", "Time in the queue", seconds, NOT_READ)
LOOP_LAG = Subject("loop_lag", "Event loop lag", seconds, NOT_READ)
QUEUE = Subject("queue", "Waiting in the queue", count, NOT_READ)
CONNECTIONS = Subject("connections", "Live connections", count, NOT_READ)


@dataclass(slots=True)
class Sums:
    """What came of some attempts. `spend` is None where no price is known."""

    attempts: int = 0
    failed: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    spend: float | None = None
    outcomes: dict[str, int] = field(default_factory=dict)

    def add(self, row: dict[str, Any]) -> None:
        """Count what a row of `models.operations` says, too."""
        self.attempts += row["attempts"]
        self.failed += row["failed"]
        self.input_tokens += row["input_tokens"]
        self.output_tokens += row["output_tokens"]
        if row["spend"] is not None:
            self.spend = (self.spend or 0.0) + row["spend"]
        if outcome := row.get("outcome"):
            self.outcomes[outcome] = self.outcomes.get(outcome, 0) + row["attempts"]


def by_slot(history: History, model: str = "") -> list[Sums]:
    """The sums of each slot, of one model or of all."""
    slots = [Sums() for _ in range(history.counted.slots)]
    for row in history.attempts:
        slot = (row["slot"] - history.counted.start) // history.counted.step
        # Not what was begun since the span was drawn up.
        if slot < len(slots) and model in ("", row["model"]):
            slots[slot].add(row)
    return slots


def by_model(history: History) -> dict[str, Sums]:
    """The sums of each model, what was used most first."""
    models: dict[str, Sums] = {}
    for row in history.attempts:
        models.setdefault(row["model"], Sums()).add(row)
    return dict(sorted(models.items(), key=lambda item: -item[1].attempts))


def charts_of(history: History, model: str = "") -> list[Chart]:
    """All of them; what is summed up from the attempts is of one `model`, or of all."""
    slots, span = by_slot(history, model), history.counted
    outcomes = [_summed(one, [slot.outcomes.get(one, 0) for slot in slots], count) for one in OUTCOMES]
    tokens = [
        _summed("out", [slot.output_tokens for slot in slots], count),
        _summed("in", [slot.input_tokens for slot in slots], count),
    ]
    return [
        # What nobody has to look at unless it is there.
        stacks(ATTEMPTS, span, [one for one in outcomes if one.name in OUTCOMES[:2] or any(one.values)]),
        stacks(TOKENS, span, tokens),
        stacks(SPEND, span, [_summed("spend", [slot.spend for slot in slots], dollars)]),
        _percentiles(FIRST_TEXT, history, lambda one: one.first_text),
        _percentiles(RESPONSE, history, lambda one: one.response),
        _percentiles(QUEUE_WAIT, history, lambda one: one.queue_wait),
        _measured(QUEUE, history, waiting=lambda one: one.queued),
        _measured(CONNECTIONS, history, open=lambda one: one.connections),
        _percentiles(LOOP_LAG, history, lambda one: one.loop_lag),
    ]


def _summed(name: str, values: Sequence[float | None], write: Callable[[float], str]) -> Series:
    there = [value for value in values if value is not None]
    return Series(name, values, known(write, sum(there) if there else None))


def _percentiles(subject: Subject, history: History, of: Callable[[Moment], Percentiles]) -> Chart:
    return _measured(subject, history, p50=lambda one: of(one).p50, p95=lambda one: of(one).p95)


def _measured(subject: Subject, history: History, **of: Callable[[Moment], float | None]) -> Chart:
    series = []
    for name, value in of.items():
        values = [value(moment) for moment in history.moments]
        last = next((one for one in reversed(values) if one is not None), None)
        series.append(Series(name, values, known(subject.write, last)))
    return lines(subject, history.measured, series)


def model_rows(history: History, span: str) -> list[views.SpenderRow]:
    """Models, what was used most first, each with its charts' address."""
    return [
        _row(name, f"/admin/operations?{urlencode({'span': span, 'model': name})}", sums)
        for name, sums in by_model(history).items()
    ]


def user_rows(history: History) -> list[views.SpenderRow]:
    """Users, who used most first."""
    return [
        # Whoever is deleted has no page any more, and has spent what they spent.
        _row(
            user_name(row["user_id"], row["email"]),
            "" if row["deleted_at"] else f"/admin/users/{row['user_id']}",
            _sums([row]),
        )
        for row in history.users
    ]


def _sums(rows: Iterable[dict[str, Any]]) -> Sums:
    sums = Sums()
    for row in rows:
        sums.add(row)
    return sums


def _row(name: str, url: str, sums: Sums) -> views.SpenderRow:
    return views.SpenderRow(
        name,
        url,
        f"{sums.attempts:,}",
        share(sums.failed / sums.attempts) if sums.failed else "–",
        count(sums.input_tokens),
        count(sums.output_tokens),
        known(dollars, sums.spend),
    )
