"""Who sees the figures: they tell how much is asked, and of which models."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from tests.integration.web.edge.conftest import METRICS_TOKEN

if TYPE_CHECKING:
    from tests.running import App


def test_where_there_is_a_token_the_figures_are_for_who_sends_it(hasty: App) -> None:
    def asked(authorization: str) -> httpx.Response:
        return httpx.get(f"{hasty.url}/metrics", headers={"Authorization": authorization.encode()})

    figures = asked(f"Bearer {METRICS_TOKEN}")
    assert figures.status_code == 200
    assert "genapp_connections" in figures.text
    for wrong in ("", METRICS_TOKEN, "Bearer", f"Bearer {METRICS_TOKEN}x", f"Bearer {METRICS_TOKEN[:-1]}", "Bearer é"):
        refused = asked(wrong)
        assert refused.status_code == 401, wrong
        assert refused.headers["www-authenticate"] == "Bearer"
        assert "genapp_" not in refused.text


def test_production_has_no_figures_without_a_token_and_says_how_to_have_them(app: App) -> None:
    for authorization in ("Bearer None", "Bearer"):
        answer = httpx.get(f"{app.url}/metrics", headers={"Authorization": authorization})
        assert answer.status_code == 404
        assert "Set GENAPP_METRICS_TOKEN" in answer.text
