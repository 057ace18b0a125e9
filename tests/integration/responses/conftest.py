"""A program with OpenAI's SDK and a token, and a second web process for it."""

from __future__ import annotations

from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from openai import AsyncOpenAI, omit

from tests.integration.web.conftest import JSON, Visitor, account, sql, visitor, visitors
from tests.running import App, answers, free_port, wait_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from openai.types.responses import Response, ResponseStreamEvent

__all__ = ["account", "sql", "visitor", "visitors"]

COUNTING = "demo-ttft50-tps50-n200"  # two hundred words in four seconds
QUICKLY = "[demo: tps120] count"  # the same in less than two
COUNTED = " ".join(f"word{number}" for number in range(200))


# What the second web process does at once, and the first after a minute.
IMPATIENT = {"GENAPP_WAIT_SECONDS": "0.3", "GENAPP_SSE_HEARTBEAT": "0.2"}


@dataclass
class Other:
    """The second web process of the app, which may be ended and started."""

    app: App
    port: int

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        self.app.start("other", "web", PORT=str(self.port), **IMPATIENT)
        wait_for(lambda: answers(f"{self.url}/readyz"), self.app.processes)

    def stop(self) -> None:
        self.app.stop("other")

    def kill(self) -> None:
        killed = self.app.processes.pop("other")
        killed.kill()
        killed.wait()


@pytest.fixture(scope="session")
def other(app: App) -> Iterator[Other]:
    """It runs."""
    one = Other(app, free_port())
    one.start()
    yield one
    one.stop()


@dataclass
class Program:
    """Somebody with a token, who may ask either web process."""

    app: App
    other: Other
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
        return self.at(self.other.url)


@pytest.fixture
async def program(app: App, other: Other, account: Visitor) -> AsyncIterator[Program]:
    """A new account's program."""
    async with AsyncExitStack() as stack:
        made = await account.http.post("/account/tokens", json={"name": "sdk", "scope": "generate"}, headers=JSON)
        yield Program(app, other, account, made.json()["token"], stack)


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
