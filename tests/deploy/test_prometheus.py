"""The rules for Prometheus and the dashboard for Grafana, by Prometheus' own tool."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from tests.prometheus import DEPLOY, RULES, asked, panels, promtool, series


def test_the_rules_tell_of_what_they_are_for_in_time_and_of_nothing_else() -> None:
    promtool("check", "rules", RULES)
    promtool("check", "config", "--syntax-only", DEPLOY / "prometheus" / "prometheus.yaml")
    promtool("test", "rules", Path(__file__).parent / "rules.test.yaml")


def test_each_rule_that_tells_somebody_is_in_the_guide_for_operators() -> None:
    guide = (DEPLOY.parent / "docs" / "operating.md").read_text()
    rules = [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]
    alerts = [rule["alert"] for rule in rules if "alert" in rule]
    assert len(alerts) > 10
    assert [name for name in alerts if f"`{name}`" not in guide] == []


def test_the_dashboard_asks_what_prometheus_understands_and_no_panel_lies_on_another(tmp_path: Path) -> None:
    rules = [{"record": f"asked:{number}", "expr": expression} for number, expression in enumerate(asked())]
    file = tmp_path / "asked.yaml"
    file.write_text(yaml.safe_dump({"groups": [{"name": "asked", "rules": rules}]}))
    promtool("check", "rules", file)
    taken = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels())
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(taken) == len(set(taken))
    assert max(x for x, _ in taken) < 24
    assert all(panel["title"] for panel in panels())


def test_rules_and_dashboard_look_at_figures_that_there_are_by_labels_that_they_have() -> None:
    known = series()
    for expression in [RULES.read_text(), *asked()]:
        assert set(re.findall(r"\bgenapp_\w+", expression)) <= known.keys()
        for name, selector in re.findall(r"\b(genapp_\w+)\{([^}]*)\}", expression):
            assert set(re.findall(r'(\w+)(?:=~|!=|!~|=)"', selector)) <= {*known[name], "job"}, expression
