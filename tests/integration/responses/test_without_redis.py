"""Where Redis is away a response is made all the same, once: an error would have the SDK send it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import openai
import pytest

from genapp.dev.services import embedded_redis
from tests.integration.responses.conftest import Program, ended, follow
from tests.running import answers, free_port, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.running import App


@pytest.fixture
def cut_off(app: App, tmp_path: Path) -> Iterator[str]:
    """The address of a web process whose Redis has gone."""
    port = free_port()
    with embedded_redis(tmp_path, durable=False) as url:
        app.start("cut off", "web", PORT=str(port), REDIS_URL=url)
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/healthz"), app.processes)
    yield f"http://127.0.0.1:{port}"
    app.stop("cut off")


async def test_a_response_is_made_and_who_would_follow_is_told_its_name(program: Program, cut_off: str) -> None:
    sdk = program.at(cut_off)
    # A worker finds them by itself in seconds; they must not be over before they are cancelled.
    long = "[demo: tps1] count"
    stream = await sdk.responses.create(model="openai:demo-fast", input=long, stream=True)
    events = [event async for event in stream]
    assert [event.type for event in events] == ["response.created", "response.queued"]
    waited = await sdk.responses.create(model="openai:demo-fast", input=long)
    assert waited.status in ("queued", "in_progress")
    with pytest.raises(openai.InternalServerError) as away:
        await follow(sdk, waited.id)
    assert (away.value.status_code, away.value.code) == (503, "unavailable")
    assert away.value.response.headers["retry-after"] == "5"
    first = events[0]
    assert first.type == "response.created"
    for one in (first.response, waited):
        await program.here.responses.cancel(one.id)
        assert (await ended(program.here, one.id)).status == "cancelled"
    done = await program.here.responses.create(model="openai:demo-fast", input="[demo: echo] x")
    assert (await ended(sdk, done.id)).output_text == "x", "what is finished is told from the database"
