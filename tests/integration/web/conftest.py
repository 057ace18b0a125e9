"""A visitor: an HTTP client with its own cookies."""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.running import App, eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

HTML = {"Accept": "text/html"}
JSON = {"Accept": "application/json"}
HTMX = {"HX-Request": "true", "Accept": "text/html"}


def shown(message: dict[str, Any], text: str) -> str:
    """What somebody who has shown `text` shows after a message, as a client of the JSON stream would."""
    match message["type"]:
        case "chunk":
            return text + str(message["content"])
        case "snapshot" | "complete":
            return str(message["content"])
    return text


@dataclass
class Visitor:
    """Somebody with a browser's cookies, who reads the form token off the page as a browser does."""

    http: httpx.AsyncClient
    token: str = field(default="")

    async def arrive(self) -> Visitor:
        page = await self.http.get("/", headers=HTML)
        found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
        assert found, page.text
        self.token = found[1]
        return self

    async def post_form(self, path: str, headers: dict[str, str] | None = None, **fields: str) -> httpx.Response:
        return await self.http.post(path, data={"csrf_token": self.token, **fields}, headers=headers or HTML)

    async def submit(self, prompt: str, **fields: str) -> dict[str, Any]:
        answer = await self.http.post("/generations", json={"prompt": prompt, **fields}, headers=JSON)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def generation(self, generation_id: str) -> dict[str, Any]:
        return dict((await self.http.get(f"/generations/{generation_id}", headers=JSON)).json())

    async def conversations(self) -> list[dict[str, Any]]:
        return list((await self.http.get("/", headers=JSON)).json()["conversations"])

    async def until(self, generation_id: str, *statuses: str) -> dict[str, Any]:
        """Wait until a generation has one of the statuses."""

        async def reached() -> bool:
            return (await self.generation(generation_id))["status"] in statuses

        await eventually(reached)
        return await self.generation(generation_id)

    async def messages(self, url: str, headers: dict[str, str] | None = None) -> list[dict[str, Any]]:
        """Follow a JSON stream to its end; gives its messages."""
        return [json.loads(data) for _, event, data in await self.events(url, headers) if event == "message"]

    async def events(self, url: str, headers: dict[str, str] | None = None) -> list[tuple[str, str, str]]:
        """Follow a stream to its end; gives (id, event, data) of each event but heartbeats."""
        return [event async for event in self.listen(url, headers)]

    async def listen(
        self, url: str, headers: dict[str, str] | None = None, *, seconds: float = 20
    ) -> AsyncIterator[tuple[str, str, str]]:
        async with asyncio.timeout(seconds), self.http.stream("GET", url, headers=headers) as answer:
            if answer.status_code != 200:
                await answer.aread()
                answer.raise_for_status()
            fields: dict[str, list[str]] = {}
            async for line in answer.aiter_lines():
                if line:
                    name, _, value = line.partition(": ")
                    fields.setdefault(name, []).append(value)
                    continue
                event = fields.get("event", ["message"])[0]
                if event != "hb":
                    yield fields.get("id", [""])[-1], event, "\n".join(fields.get("data", []))
                fields = {}


@pytest.fixture
async def visitors(app: App) -> AsyncIterator[Callable[[], Visitor]]:
    """Makes visitors."""
    async with AsyncExitStack() as stack:

        def make() -> Visitor:
            client = httpx.AsyncClient(base_url=app.url, timeout=20)
            stack.push_async_callback(client.aclose)
            return Visitor(client)

        yield make


@pytest.fixture
async def visitor(visitors: Callable[[], Visitor]) -> Visitor:
    """A new guest on the home page."""
    return await visitors().arrive()
