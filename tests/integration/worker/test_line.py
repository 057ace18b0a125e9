"""More prompts than workers have room for: people wait in line, and are told where."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.integration.web.conftest import JSON, Visitor
from tests.running import App, running_app

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """An app whose only worker has room for one."""
    with running_app(tmp_path_factory.mktemp("line"), GENAPP_WORKER_CONCURRENCY="1") as running:
        yield running


async def test_who_waits_reads_their_place_as_it_changes_and_is_answered(visitor: Visitor) -> None:
    first = await visitor.submit("[demo: pause] x", model="openai:demo-fast")
    second = await visitor.submit("[demo: echo] second", model="openai:demo-fast")
    third = await visitor.submit("[demo: echo] third", model="openai:demo-fast")
    places: list[str] = []

    async def follow() -> str:
        last = ""
        async for _, event, data in visitor.listen(third["stream_url"], seconds=40):
            if event == "message":
                last = data
            if "in line" in data:
                places.append(data)
                # The first in line makes room, so that the place changes.
                path = f"/generations/{second['id'] if len(places) == 1 else first['id']}/cancellation"
                await visitor.post_form(path, JSON)
        return last

    last = await asyncio.create_task(follow())
    assert "Number 2 in line." in places[0]
    assert "Next in line." in places[-1]
    assert '"complete"' in last
    page = await visitor.http.get(f"/conversations/{third['conversation_id']}")
    assert 'data-status="completed"' in page.text
