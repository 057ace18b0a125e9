"""A program with OpenAI's SDK and a token, and an app with two web processes for it."""

from __future__ import annotations

from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
import pytest
from openai import AsyncOpenAI, omit

from tests.integration.web.conftest import JSON, Visitor
from tests.running import App, answers, free_port, running_app, wait_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from openai.types.responses import Response, ResponseStreamEvent

COUNTING = "demo-ttft50-tps50-n200"  # two hundred words in four seconds
COUNTED = " ".join(f"word{number}" for number in range(200))


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """An app of its own, with short patience and a second web process, `other`."""
    settings = {
        "GENAPP_WAIT_SECONDS": "2",
        "GENAPP_LEASE_SECONDS": "5",
        "GENAPP_FLUSH_SECONDS": "0.5",
        "GENAPP_SSE_HEARTBEAT": "0.5",
    }
    with running_app(tmp_path_factory.mktemp("responses"), **settings) as running:
        start_other(running, free_port())
        yield running


def start_other(app: App, port: int) -> None:
    """Run the second web process, at `app.env["OTHER_URL"]`."""
    app.env["OTHER_URL"] = f"http://127.0.0.1:{port}"
    app.start("other", "web", PORT=str(port))
    wait_for(lambda: answers(f"{app.env['OTHER_URL']}/readyz"), app.processes)


@dataclass
class Program:
    """Somebody with a token, who may ask either web process."""

    app: App
    person: Visitor
    token: str
    stack: AsyncExitStack

    def at(self, url: str, token: str = "") -> AsyncOpenAI:
        client = AsyncOpenAI(base_url=f"{url}/v1", api_key=token or self.token, max_retries=0, timeout=30)
        self.stack.push_async_callback(client.close)
        return client

    @property
    def here(self) -> AsyncOpenAI:
        return self.at(self.app.url)

    @property
    def elsewhere(self) -> AsyncOpenAI:
        return self.at(self.app.env["OTHER_URL"])


@asynccontextmanager
async def program_at(app: App) -> AsyncIterator[Program]:
    async with AsyncExitStack() as stack:
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=app.url, timeout=20))
        person = await (await Visitor(http).arrive()).sign_up()
        made = await http.post("/account/tokens", json={"name": "sdk", "scope": "generate"}, headers=JSON)
        yield Program(app, person, made.json()["token"], stack)


@pytest.fixture
async def program(app: App) -> AsyncIterator[Program]:
    """A new account's program."""
    async with program_at(app) as one:
        yield one


@pytest.fixture
def sdk(program: Program) -> AsyncOpenAI:
    """Its SDK."""
    return program.here


async def follow(
    client: AsyncOpenAI,
    response_id: str,
    after: int | None = None,
    until: Callable[[ResponseStreamEvent], bool] = lambda _: False,
) -> list[ResponseStreamEvent]:
    """Follow a response from an event on, to its end or until one of the events is the last that is wanted."""
    events = []
    stream = await client.responses.retrieve(response_id, stream=True, starting_after=omit if after is None else after)
    async with stream:
        async for event in stream:
            events.append(event)
            if until(event):
                break
    return events


def text_of(events: list[ResponseStreamEvent]) -> str:
    """All deltas, joined."""
    return "".join(event.delta for event in events if event.type == "response.output_text.delta")


async def ended(client: AsyncOpenAI, response_id: str) -> Response:
    """Follow a response to its end, and retrieve it."""
    await follow(client, response_id)
    return await client.responses.retrieve(response_id)
