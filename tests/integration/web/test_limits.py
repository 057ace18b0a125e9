"""What one person may ask of everybody's machines, over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.web.conftest import HTML, HTMX, JSON, Visitor
from tests.running import App, running_app

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """An app that lets a user ask five times a minute."""
    settings = {"GENAPP_REQUESTS_PER_MINUTE_PER_USER": "5"}
    with running_app(tmp_path_factory.mktemp("limits"), **settings) as running:
        yield running


async def test_the_rate_is_refused_in_every_shape_and_the_form_keeps_its_words(visitor: Visitor) -> None:
    for number in range(5):
        done = await visitor.submit(f"[demo: echo] {number}", model="openai:demo-fast")
        await visitor.until(done["id"], "completed")
    as_json = await visitor.http.post("/generations", json={"prompt": "x"}, headers=JSON)
    partial = await visitor.post_form("/generations", HTMX, prompt="x")
    page = await visitor.post_form("/generations", HTML, prompt="my words")
    for answer in (as_json, partial, page):
        assert answer.status_code == 429
        assert 0 < int(answer.headers["retry-after"]) <= 12
    assert as_json.json()["retry_after"] == int(as_json.headers["retry-after"])
    assert '<p class="notice">' in partial.text
    assert "my words</textarea>" in page.text
    retried = await visitor.post_form(f"/generations/{done['id']}/retry", JSON)
    assert retried.status_code == 429
