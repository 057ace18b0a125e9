"""The operations page as JSON."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from genapp.views import user_name
from genapp.web.operations.charting import OUTCOMES, Sums, by_model, by_slot

if TYPE_CHECKING:
    from genapp.fleet import Process
    from genapp.views.charts import Span
    from genapp.web.operations.history import History
    from genapp.web.operations.now import Now

Row = dict[str, Any]


def operations_json(span: str, model: str, now: Now, history: History, failures: list[Row], queue: list[Row]) -> Row:
    """All that the page shows. Times are UTC, durations seconds, money US dollars; null is what is not known."""
    return {
        "span": span,
        "model": model or None,
        "now": _now(now),
        "complete": history.complete,
        "counted": {**_times(history.counted), "slots": [_sums(one) for one in by_slot(history, model)]},
        "measured": {**_times(history.measured), "slots": [asdict(one) for one in history.moments]},
        "models": [{"model": name, **_sums(one)} for name, one in by_model(history).items()],
        "users": [{**_whose(row), **_only(row, *SPENT)} for row in history.users],
        "failures": [
            {
                **_which(row),
                "error": {"code": row["error_code"], "message": row["error_message"]},
                "finished_at": row["finished_at"].isoformat(),
            }
            for row in failures
        ],
        "queue": [{**_which(row), "queued_at": row["queued_at"].isoformat()} for row in queue],
        "processes": [_process(one) for one in now.processes],
    }


SPENT = ("attempts", "failed", "input_tokens", "output_tokens", "spend")
NOT_SAID_HERE = ("at", "processes")


def _now(now: Now) -> Row:
    told = {name: value for name, value in asdict(now).items() if name not in NOT_SAID_HERE}
    return {"at": datetime.fromtimestamp(now.at, UTC).isoformat(), **told, "failed_share": now.failed_share}


def _times(span: Span) -> Row:
    return {"since": span.start.isoformat(), "step": span.step.total_seconds()}


def _sums(sums: Sums) -> Row:
    told = {name: getattr(sums, name) for name in SPENT}
    return {**told, "outcomes": {name: sums.outcomes.get(name, 0) for name in OUTCOMES}}


def _only(row: Row, *names: str) -> Row:
    return {name: row[name] for name in names}


def _whose(row: Row) -> Row:
    return {"user_id": str(row["user_id"]), "user": user_name(row["user_id"], row["email"])}


def _which(row: Row) -> Row:
    return {"id": str(row["id"]), "url": f"/admin/generations/{row['id']}", "model": row["model"], **_whose(row)}


def _process(process: Process) -> Row:
    return {
        "kind": process.kind,
        "host": process.host,
        "pid": process.pid,
        "version": process.version,
        "started_at": datetime.fromtimestamp(process.started, UTC).isoformat(),
    }
