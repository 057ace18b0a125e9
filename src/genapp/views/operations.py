"""The page that shows how the site does: live figures, charts, who spends what, what failed and what waits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from genapp.streams import update
from genapp.views.environment import render
from genapp.views.person import frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genapp.streams import Op
    from genapp.views.charts import Chart
    from genapp.views.pages import Stream
    from genapp.views.person import Person

# The stream of the live figures, for admins, and the element that they are in.
OPERATIONS_STREAM = "operations"
NOW = "operations_now"
# Seconds after which a page without JavaScript, or the charts of one with it, are asked for again.
REFRESH_SECONDS = 60
# The same for the live figures, which are there by themselves only as long as Redis and a stream carry them.
NOW_REFRESH_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Card:
    """One live figure. `bad`: somebody should look at it."""

    label: str
    value: str
    note: str = ""
    bad: bool = False


@dataclass(frozen=True, slots=True)
class ProcessRow:
    """A process that lives."""

    kind: str
    host: str
    pid: int
    version: str
    uptime: str
    in_hand: str


@dataclass(frozen=True, slots=True)
class NowPart:
    """What is live, `at` what time.

    `troubles` are sentences that say what is wrong and what to do; without one, `well` is said.
    """

    at: str
    well: str
    troubles: Sequence[str]
    cards: Sequence[Card]
    processes: Sequence[ProcessRow]


@dataclass(frozen=True, slots=True)
class SpenderRow:
    """A model or a user, and what came of what was asked. `url`: their page, or a model's charts."""

    name: str
    url: str
    attempts: str
    failed: str
    input_tokens: str
    output_tokens: str
    spend: str


@dataclass(frozen=True, slots=True)
class FailureRow:
    """A generation that failed: with what, and whose. Never what was asked."""

    id: str
    url: str
    ended_label: str
    code: str
    message: str
    model: str
    user_name: str
    user_url: str


@dataclass(frozen=True, slots=True)
class WaitingRow:
    """A generation in the queue."""

    place: int
    url: str
    since_label: str
    model: str
    user_name: str
    user_url: str


@dataclass(frozen=True, slots=True)
class OperationsPage:
    """All of it.

    `codes` are those that several have failed with lately, `queued` how many wait. Charts are of one `model`, or all.
    """

    span: str
    now: NowPart
    charts: Sequence[Chart]
    models: Sequence[SpenderRow]
    users: Sequence[SpenderRow]
    failures: Sequence[FailureRow]
    codes: Sequence[str]
    queue: Sequence[WaitingRow]
    queued: int
    model: str = ""
    done: str | None = None
    error: str | None = None


SPANS = {"hour": "the last hour", "day": "the last day", "month": "the last month"}


def admin_operations(person: Person, page: OperationsPage, stream: Stream | None = None) -> str:
    """The page, and the `stream` that keeps its figures live."""
    return render(
        "admin/operations.html",
        page=page,
        now=page.now,
        now_id=NOW,
        spans=SPANS,
        stream=stream,
        section="operations",
        every=REFRESH_SECONDS,
        every_now=NOW_REFRESH_SECONDS,
        **frame(person, "admin", refresh_seconds=REFRESH_SECONDS),
    )


def operations_ops(now: NowPart) -> list[Op]:
    """The live figures, in the place of the earlier ones."""
    return [update(NOW, operations_now(now))]


def operations_now(now: NowPart) -> str:
    """The live figures by themselves."""
    return render("admin/_operations_now.html", now=now)
