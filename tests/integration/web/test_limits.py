"""What one person may ask of everybody's machines, over HTTP."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from tests.integration.web.conftest import HTML, HTMX, JSON, Visitor
from tests.running import App, running_app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


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
    assert as_json.headers["ratelimit-policy"] == '"user";q=5;w=60'
    assert as_json.headers["ratelimit"] == f'"user";r=0;t={as_json.headers["retry-after"]}'
    retried = await visitor.post_form(f"/generations/{done['id']}/retry", JSON)
    assert retried.status_code == 429


async def test_programs_are_told_how_often_they_may_still_ask(visitors: Callable[[], Visitor]) -> None:
    visitor = await visitors().arrive()
    told = []
    for number in range(5):
        body = {"prompt": f"[demo: echo] {number}", "model": "openai:demo-fast", "wait": "true"}
        answer = await visitor.http.post("/generations", json=body, headers=JSON)
        assert answer.headers["ratelimit-policy"] == '"user";q=5;w=60'
        found = re.fullmatch(r'"user";r=(\d);t=(\d+)', answer.headers["ratelimit"])
        assert found
        told.append((int(found[1]), int(found[2])))
    left, seconds = zip(*told, strict=True)
    # One more every twelve seconds; that much may pass while this runs.
    assert left[0] == 4
    assert all(earlier - 1 <= later <= earlier for earlier, later in pairwise(left))
    assert 0 < seconds[0] <= 12
    assert all(0 < one <= 60 for one in seconds)
