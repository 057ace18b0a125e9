"""`/admin/operations`: how the site does, as a page and as JSON."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from litestar import Request, Response

from genapp import streams, views
from genapp.models import operations
from genapp.web import retrying
from genapp.web.inspecting import viewer_of
from genapp.web.negotiation import readable, shape
from genapp.web.operations.charting import charts_of, model_rows, user_rows
from genapp.web.operations.history import SCALES, History
from genapp.web.operations.representing import operations_json
from genapp.web.operations.showing import now_part
from genapp.web.pages import page, person_of
from genapp.web.parts import Given, Parts
from genapp.web.policies import Policy, is_for
from genapp.web.visitors import Visitor

if TYPE_CHECKING:
    from genapp.web.operations.now import Now

AnyRequest = Request[Any, Any, Any]
Rows = list[dict[str, Any]]

# How many of those that failed, and of those that wait, are shown.
SHOWN = 10
TOO_MUCH = (
    "The attempts of this time could not be summed up within seconds: there are too many of them, or the database is "
    "busy. Choose a shorter time."
)


@readable("/admin/operations", opt=is_for(Policy.ADMIN))
async def show(request: AnyRequest, parts: Given[Parts], visitor: Given[Visitor]) -> Response[Any]:
    """How the site does, over the `span` hour, day or month; with `model`, the charts of attempts are of that one.

    Needs the database, and neither Redis nor a worker.
    """
    asked = request.query_params.get("span", "")
    span = asked if asked in SCALES else "hour"
    model = request.query_params.get("model", "")
    cursor, now, history, failures, queue = await asyncio.gather(
        parts.operations.cursor(),
        parts.operations.present.look(),
        parts.operations.histories.of(span),
        operations.failures(SHOWN),
        operations.waiting(SHOWN),
    )
    if shape(request) == "json":
        return Response(operations_json(span, model, now, history, failures, queue))
    content = _page(span, model, now, history, failures, queue, done=_done(request))
    url = streams.stream_from(
        parts.names, viewer_of(visitor), [(views.OPERATIONS_STREAM, cursor)], path="/admin/streams"
    )
    return page(views.admin_operations(person_of(parts.settings, visitor), content, views.Stream(url)))


@readable("/admin/operations/now", opt=is_for(Policy.ADMIN))
async def show_now(parts: Given[Parts]) -> Response[Any]:
    """The live figures alone, for a page that is open."""
    return page(views.operations_now(now_part(await parts.operations.present.look())))


def _page(
    span: str, model: str, now: Now, history: History, failures: Rows, queue: Rows, done: str | None
) -> views.OperationsPage:
    codes = [row["error_code"] for row in failures if row["error_code"]]
    return views.OperationsPage(
        span,
        now_part(now),
        charts_of(history, model),
        model_rows(history, span),
        user_rows(history),
        [_failure(row) for row in failures],
        sorted({code for code in codes if codes.count(code) > 1}),
        [_waiting(place, row) for place, row in enumerate(queue, 1)],
        now.queued or 0,
        model=model,
        done=done,
        error=None if history.complete else TOO_MUCH,
    )


def _failure(row: dict[str, Any]) -> views.FailureRow:
    return views.FailureRow(
        id=str(row["id"]),
        url=f"/admin/generations/{row['id']}",
        ended_label=views.when(row["finished_at"]),
        code=row["error_code"] or "",
        message=row["error_message"] or "It failed.",
        model=row["model"],
        user_name=views.user_name(row["user_id"], row["email"]),
        user_url=f"/admin/users/{row['user_id']}",
    )


def _waiting(place: int, row: dict[str, Any]) -> views.WaitingRow:
    return views.WaitingRow(
        place=place,
        url=f"/admin/generations/{row['id']}",
        since_label=views.when(row["queued_at"]),
        model=row["model"],
        user_name=views.user_name(row["user_id"], row["email"]),
        user_url=f"/admin/users/{row['user_id']}",
    )


def _done(request: AnyRequest) -> str | None:
    counts = [request.query_params.get(name, "") for name in ("tried", "kept", "remain")]
    if not all(one.isdecimal() for one in counts):
        return None
    tried, kept, remain = (int(one[:6]) for one in counts)
    said = f"Tried again: {tried:,}."
    if kept:
        said += f" Past their users’ limits, and left: {kept:,}."
    if remain:
        said += f" Not come to in time: {remain:,}. Press it again for these."
    return said


ROUTES = (show, show_now, *retrying.ROUTES)
