"""What monitors ask, as the document tells it, and the document itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genapp.errors import NotFound, Unauthenticated
from genapp.web import health
from genapp.web.openapi.route import show
from genapp.web.openapi.writing import Area, Operation, answer, one_of, plain, record, ref, string

if TYPE_CHECKING:
    from genapp.settings import Settings

TAG = "operating"


def area(settings: Settings) -> Area:
    """All of it; `settings` change nothing here."""
    operations = {
        health.healthz: Operation(
            "get_liveness", TAG, "Whether the process answers", {200: plain("It does.", "text/plain", one_of(["ok"]))}
        ),
        health.readyz: Operation(
            "get_readiness",
            TAG,
            "Whether prompts can be taken and answered",
            {
                200: answer("All that is needed is there.", ref("Readiness")),
                503: answer("Something is away.", ref("Readiness")),
            },
        ),
        health.metrics_page: Operation(
            "get_metrics",
            TAG,
            "Figures for Prometheus",
            {200: plain("In its text format.", "text/plain", string())},
            "Where `GENAPP_METRICS_TOKEN` is set: to who sends it as a bearer token. Production has them only then.",
            refusals=(Unauthenticated, NotFound),
        ),
        show: Operation("get_openapi", TAG, "This document", {200: answer("OpenAPI 3.1.", {"type": "object"})}),
    }
    return Area(operations, SCHEMAS)


_PART = string("`ok`, or what is wrong.")
SCHEMAS = {"Readiness": record({"database": _PART, "redis": _PART, "worker": _PART})}
