"""Viewers who are cut off: all at once (a storm), and some all the time (churn). Each must have the whole text."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from bench import driving
from bench.results import Result, Round, figure, markdown
from bench.scenarios.waiting import streams
from bench.stack import running

if TYPE_CHECKING:
    import argparse

ANSWERS = 20  # that the viewers are spread over
TOKENS, RATE = 80, 2
MODEL = f"fake-ttft30000-tps{RATE}-n{TOKENS}"  # everybody has come before it begins
STORM, DROP_AT = 10_000, 25  # viewers; seconds after all are there
CHURN, A_SECOND = 2_000, 200  # viewers; how many of them are cut off and come back, each second
WEB = 2
ROWS = {
    "viewers": "viewers",
    "ok": "with the whole text, in order",
    "gaps": "holes seen",
    "connections": "connections accepted",
    "refused": "connections refused or lost, and tried again",
    "back_p50": "s until a viewer is shown what is new again p50",
    "back_p99": "p99",
    "back_max": "the last",
    "web_cpu": "CPU s, web",
    "redis_cpu": "CPU s, Redis",
    "postgres_cpu": "CPU s, PostgreSQL",
    "mb_before": "MB web before",
    "mb_after": "MB web after",
}


def run(_options: argparse.Namespace) -> Result:
    storm = _crowded(STORM, drop_at=DROP_AT, burst=4_000)
    churn = _crowded(CHURN, churn=A_SECOND)
    return {"storm": storm, "churn": churn, "a_second": A_SECOND, "web": WEB}


def _crowded(viewers: int, **options: Any) -> Round:
    with running([MODEL], WEB_CONCURRENCY=str(WEB)) as stack:
        driving.warm_up(stack)
        watched = streams(stack, MODEL, ANSWERS)
        before = stack.usage()
        crowd_options = {"mode": "watch", "tokens": TOKENS, "timeout": 180, "ramp": 1500, **options}
        with driving.crowd(stack, watched, viewers, **crowd_options) as crowd:
            told = crowd.results()[0]
            time.sleep(2)
            used = stack.used(before)
    back = told["back_ms"]
    return {
        "viewers": viewers,
        **{name: told[name] for name in ("ok", "gaps", "connections", "refused")},
        **{f"back_{name}": back[name] / 1000 for name in ("p50", "p99", "max")},
        "returned": back["n"],
        **{f"{name}_cpu": used.cpu[name] for name in ("web", "redis", "postgres")},
        "mb_before": before.kb["web"] / 1000,
        "mb_after": used.kb["web"] / 1000,
    }


def table(result: Result) -> str:
    head = ["", "all cut off at once", f"{result['a_second']} a second cut off"]
    columns = (result["storm"], result["churn"])
    return markdown(head, [[label, *[figure(one[name]) for one in columns]] for name, label in ROWS.items()])
