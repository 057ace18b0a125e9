"""A visitor: an HTTP client with its own cookies."""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import UUID

import asyncpg
import httpx
import pytest

from genapp.models import new_id
from tests.integration.web import fuzzing
from tests.running import App, eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    Sql = asyncpg.Connection[Any]

HTML = {"Accept": "text/html"}
JSON = {"Accept": "application/json"}
HTMX = {"HX-Request": "true", "Accept": "text/html"}
LONG = "openai:demo-ttft50-tps50-n200"  # two hundred words in four seconds
PASSWORD = "violet harbour crates at noon"


def new_email() -> str:
    """An address that no other test has."""
    return f"{new_id().hex}@example.org"


def token_in(page: str) -> str:
    """The token in a page's forms."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found, page
    return found[1]


def pytest_configure(config: pytest.Config) -> None:
    # Some tests are made of it when they are collected.
    fuzzing.RUNS = config.getoption("--api-runs")


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
    """Somebody with a browser's cookies, who reads the form token off the page as a browser does.

    `email` is that of the account that they have signed up for or logged in to last.
    """

    http: httpx.AsyncClient
    token: str = field(default="")
    email: str = field(default="")

    async def arrive(self, path: str = "/") -> Visitor:
        """Read the form token off a page: that of the session there is now."""
        page = await self.http.get(path, headers=HTML, follow_redirects=True)
        self.token = token_in(page.text)
        return self

    async def sign_up(self, email: str = "", password: str = PASSWORD, **fields: str) -> Visitor:
        """Make an account, of whoever this is until now."""
        self.email = email or new_email()
        return await self._enter("/signup", password, fields)

    async def log_in(self, email: str = "", password: str = PASSWORD, **fields: str) -> Visitor:
        """Log in to an account, the own one where none is named."""
        self.email = email or self.email
        return await self._enter("/login", password, fields)

    async def _enter(self, path: str, password: str, fields: dict[str, str]) -> Visitor:
        answer = await self.post_form(path, email=self.email, password=password, **fields)
        assert answer.status_code == 303, answer.text
        return await self.arrive()

    async def log_out(self) -> Visitor:
        """End the session; the browser is a stranger's then."""
        answer = await self.post_form("/logout")
        assert answer.status_code == 303, answer.text
        return await self.arrive()

    @property
    def cookie(self) -> str:
        """What this browser is known by."""
        return str(self.http.cookies["genapp_session"])

    async def user_id(self, sql: Sql) -> UUID:
        """The row behind the account."""
        return UUID(str(await sql.fetchval("SELECT id FROM users WHERE email = $1", self.email)))

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
            if answer.status_code == 204:  # there is nothing after the cursor that was sent, and never will be
                yield "", "done", ""
                return
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


async def watch(visitor: Visitor, url: str = "") -> asyncio.Task[str]:
    """Follow a stream in the background, an answer of four seconds where none is named; gives all that it brings."""
    url = url or (await visitor.submit("count", model=LONG))["stream_url"]
    opened = asyncio.Event()

    async def follow() -> str:
        async with asyncio.timeout(20), visitor.http.stream("GET", url) as answer:
            assert answer.status_code == 200
            opened.set()
            return "".join([text async for text in answer.aiter_text()])

    task = asyncio.create_task(follow())
    waiting = asyncio.create_task(opened.wait())
    await asyncio.wait([task, waiting], return_when=asyncio.FIRST_COMPLETED)
    if not opened.is_set():
        waiting.cancel()
        await task  # raises what went wrong
    return task


async def cut(stream: asyncio.Task[str]) -> None:
    """Wait until a stream ends that has not come to its end."""
    assert "event: done" not in await stream


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


@pytest.fixture
async def account(visitor: Visitor) -> Visitor:
    """A new account, logged in, on the home page."""
    return await visitor.sign_up()


@pytest.fixture
async def sql(app: App) -> AsyncIterator[Sql]:
    """The app's database: to look at what is stored, and to let time pass."""
    connection = await asyncpg.connect(app.env["DATABASE_URL"])
    yield connection
    await connection.close()


@pytest.fixture
async def admin(visitors: Callable[[], Visitor], sql: Sql) -> Visitor:
    """An account that runs the site, logged in."""
    one = await (await visitors().arrive()).sign_up()
    await sql.execute("UPDATE users SET role = 'admin' WHERE email = $1", one.email)
    return await one.log_in()
