"""A web that stops and a Redis that goes: what clients are told, so that they come back."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import pytest
from websockets.exceptions import ConnectionClosed

from genapp.dev.services import embedded_redis
from tests.cable import connected, identifier
from tests.integration.web.cable.conftest import cookie_of
from tests.integration.web.cable.inside import served
from tests.running import answers, free_port, wait_for

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.web.conftest import Visitor
    from tests.running import App


async def test_a_web_that_is_stopped_says_goodbye_before_it_goes(app: App, visitor: Visitor) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    app.start("second", "web", PORT=str(port))
    wait_for(lambda: answers(f"{url}/readyz"), app.processes)
    await visitor.submit("[demo: echo] x", model="openai:demo-fast")
    async with connected(f"{url}/cable", headers=cookie_of(visitor), origin=url) as cable:
        assert (await cable.hear())["type"] == "welcome"
        app.processes["second"].terminate()
        assert await cable.ending() == ("server_restart", True, 1000)
    app.stop("second")


async def test_who_subscribes_while_redis_is_away_is_to_come_back(
    database: None, database_url: str, tmp_path: Path
) -> None:
    async with AsyncExitStack() as stack:
        with embedded_redis(tmp_path, durable=False) as redis_url:
            inside = await stack.enter_async_context(served(database_url, redis_url))
            cable = await stack.enter_async_context(connected(inside.url))
            await cable.hear()
            generation = await inside.generation()
            name = identifier(str(generation.id))
            assert (await cable.subscribe(name))["type"] == "confirm_subscription"
        await cable.say("subscribe", identifier(str(generation.id), again=True))
        assert await cable.ending() == ("unavailable", True, 1000)
        with pytest.raises(ConnectionClosed):
            await cable.hear()
