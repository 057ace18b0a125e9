"""No worker runs: people are told, and nobody waits for ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.running import App, running_app

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.web.conftest import Visitor

SECONDS = 12


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """An app whose worker has gone, and whose prompts may wait for a moment only."""
    settings = {"GENAPP_SILENCE_SECONDS": "1", "GENAPP_QUEUE_TIMEOUT": str(SECONDS)}
    with running_app(tmp_path_factory.mktemp("no-worker"), **settings) as running:
        running.stop("worker")
        yield running


async def test_who_waits_is_told_that_nothing_runs_and_in_the_end_that_it_took_too_long(visitor: Visitor) -> None:
    generation = await visitor.submit("hello", model="openai:demo-fast")
    messages = await visitor.messages(generation["stream_url"])
    notes = [message["note"] for message in messages if message.get("note")]
    assert notes
    assert all("nothing is running" in note for note in notes)
    assert messages[-1]["type"] == "failed"
    assert messages[-1]["error"]["code"] == "waited_too_long"
    assert (await visitor.generation(generation["id"]))["status"] == "failed"


async def test_a_prompt_that_waited_is_answered_once_a_worker_runs(app: App, visitor: Visitor) -> None:
    generation = await visitor.submit("[demo: echo] waited", model="openai:demo-fast")
    app.start("worker", "worker")
    answered = await visitor.until(generation["id"], "completed", "failed")
    assert (answered["status"], answered["content"]) == ("completed", "waited")
