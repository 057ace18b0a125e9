"""The rules for Prometheus and the dashboard for Grafana, by Prometheus' own tool and a running site's figures."""

from __future__ import annotations

import json
import re
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from genapp.metrics import DECLARED
from tests.integration.conftest import app
from tests.integration.web.conftest import visitor, visitors
from tests.programs import program
from tests.running import eventually

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.web.conftest import Visitor

__all__ = ["app", "visitor", "visitors"]

DEPLOY = Path(__file__).parents[2] / "deploy"
RULES = DEPLOY / "prometheus" / "rules.yaml"
DASHBOARD = DEPLOY / "grafana" / "genapp.json"


def promtool(*arguments: object, page: str | None = None) -> str:
    """What it prints; raises where it does not agree."""
    command = [program("promtool"), *map(str, arguments)]
    ended = subprocess.run(command, input=page, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def panels() -> list[dict[str, Any]]:
    return [one for one in json.loads(DASHBOARD.read_text())["panels"] if one["type"] != "row"]


def asked() -> Iterator[str]:
    """What the dashboard asks, with what Grafana puts in."""
    for panel in panels():
        for target in panel["targets"]:
            yield re.sub(r"\$__\w+", "5m", target["expr"]).replace("$job", "genapp")


def test_the_rules_tell_of_what_they_are_for_in_time_and_of_nothing_else() -> None:
    promtool("check", "rules", RULES)
    promtool("check", "config", "--syntax-only", DEPLOY / "prometheus" / "prometheus.yaml")
    promtool("test", "rules", Path(__file__).parent / "rules.test.yaml")


def test_each_rule_that_tells_somebody_is_in_the_guide_for_operators() -> None:
    guide = (DEPLOY.parent / "docs" / "operating.md").read_text()
    alerts = [
        rule["alert"]
        for group in yaml.safe_load(RULES.read_text())["groups"]
        for rule in group["rules"]
        if "alert" in rule
    ]
    assert len(alerts) > 10
    assert [name for name in alerts if f"`{name}`" not in guide] == []


def test_the_dashboard_asks_what_prometheus_understands_and_no_panel_lies_on_another(tmp_path: Path) -> None:
    rules = [{"record": f"asked:{number}", "expr": expression} for number, expression in enumerate(asked())]
    file = tmp_path / "asked.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "asked", "rules": rules}]}))
    promtool("check", "rules", file)
    taken = [
        (x, y)
        for place in (panel["gridPos"] for panel in json.loads(DASHBOARD.read_text())["panels"])
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < 24
    assert all(panel["title"] and panel["fieldConfig"] for panel in panels())


SUFFIXES = {"counter": ("_total",), "gauge": ("",), "histogram": ("_bucket", "_sum", "_count")}
# A series with labels begins with the first event that it is about, or with a setting such as GENAPP_PRICES.
LATER = {f"{name}{suffix}" for name, one in DECLARED.items() if one.label_names for suffix in SUFFIXES[one.kind]}


async def test_what_rules_and_dashboard_look_at_is_on_a_running_sites_page(visitor: Visitor) -> None:
    for prompt in ("[demo: ttft50 tps50 n20] figures", "[demo: 400] errors", "[demo: 503x1 fast] once more"):
        generation = await visitor.submit(prompt)
        await visitor.until(generation["id"], "completed", "failed")
    told = "\n".join([RULES.read_text(), *asked()])
    names = set(re.findall(r"\bgenapp_\w+", told))
    wanted = {name for name in names if name not in LATER or name.startswith(("genapp_generations", "genapp_retries"))}

    async def missing() -> set[str]:
        page = (await visitor.http.get("/metrics")).text
        return wanted - set(re.findall(r"^(genapp_\w+)", page, re.MULTILINE))

    async def all_there() -> bool:
        return not await missing()

    with suppress(TimeoutError):
        await eventually(all_there)
    assert await missing() == set()
    promtool("check", "metrics", page=(await visitor.http.get("/metrics")).text)


def test_each_label_that_rules_and_dashboard_name_is_one_of_its_figures() -> None:
    for expression in [RULES.read_text(), *asked()]:
        for name, selector in re.findall(r"\b(genapp_\w+)\{([^}]*)\}", expression):
            declared = next(one for key, one in DECLARED.items() if name in (key + end for end in SUFFIXES[one.kind]))
            labels = set(re.findall(r"(\w+)(?:=~|!=|=)\"", selector))
            assert labels <= {*declared.label_names, "job"}, name
