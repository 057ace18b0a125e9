"""What `deploy/` has for Prometheus and Grafana, and Prometheus' own tool to look at it with."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from genapp.metrics import DECLARED
from tests.programs import program

if TYPE_CHECKING:
    from collections.abc import Iterator

DEPLOY = Path(__file__).parents[1] / "deploy"
RULES = DEPLOY / "prometheus" / "rules.yaml"
DASHBOARD = DEPLOY / "grafana" / "genapp.json"
SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}


def promtool(*arguments: object, page: str | None = None) -> None:
    """Run it; fails with what it says where it does not agree."""
    command = [program("promtool"), *map(str, arguments)]
    ended = subprocess.run(command, input=page, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr


def panels() -> list[dict[str, Any]]:
    """All panels of the dashboard, headings among them."""
    return list(json.loads(DASHBOARD.read_text())["panels"])


def asked() -> Iterator[str]:
    """What the dashboard asks, with what Grafana puts in."""
    for panel in panels():
        for target in panel.get("targets", ()):
            yield re.sub(r"\$__\w+", "5m", target["expr"]).replace("$job", "genapp")


def series() -> dict[str, tuple[str, ...]]:
    """The series that there may be, each with its labels."""
    return {name + end: one.label_names for name, one in DECLARED.items() for end in SUFFIXES[one.kind]}
