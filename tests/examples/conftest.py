"""The examples, each run by the line that its README gives, beside an app of their own."""

from __future__ import annotations

import os
import re
import shlex
import sys
import tomllib
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from playwright.async_api import Page, Route, expect

from genapp.processes import start, stop
from tests.integration.web.conftest import JSON, Visitor
from tests.running import App, answers, free_port, wait_for
from tests.system.conftest import OpenPage, app, browser, open_page
from tests.system.elsewhere import Line, line_to

__all__ = ["app", "browser", "open_page"]

ROOT = Path(__file__).parents[2]
README = (ROOT / "examples" / "README.md").read_text()
LIBRARIES = (ROOT / "tests" / "vendor", ROOT / "static" / "vendor")
CDN = "https://cdn.jsdelivr.net/npm/"
COUNT = "[demo: ttft50 tps20 n240] count"  # twelve seconds: for a cut and a restart in the middle
COUNTED = " ".join(f"word{number}" for number in range(240))
# What the browser says of a connection that is lost, or is not to be had for a moment.
LOST = ("net::ERR_", "WebSocket connection")


def command_for(example: str, **instead: str) -> list[str]:
    """What the README says to run; `instead` of a question or a port there, those of a test."""
    found = re.search(rf"`\.venv/bin/python ([^`]*examples/[^`]*{example}[^`]*)`", README)
    assert found, example
    words = shlex.split(found[1])
    for there, here in instead.items():
        assert there in words
        words[words.index(there)] = here
    return [sys.executable, *words]


@pytest.fixture(autouse=True)
def in_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the README's lines are to be run."""
    monkeypatch.chdir(ROOT)


@pytest.fixture(scope="session")
async def line(app: App) -> AsyncIterator[Line]:
    """Between the examples and the app."""
    async with line_to(app.url) as one:
        yield one


@dataclass
class Owner:
    """Whoever runs the examples: an account with a token, and what they say to all of them."""

    visitor: Visitor
    token: str
    env: dict[str, str]


@pytest.fixture(scope="session")
async def owner(app: App, line: Line) -> AsyncIterator[Owner]:
    async with httpx.AsyncClient(base_url=app.url, timeout=20) as client:
        visitor = await (await Visitor(client).arrive()).sign_up()
        made = await client.post("/account/tokens", json={"name": "examples", "scope": "generate"}, headers=JSON)
        token = str(made.json()["token"])
        env = {name: value for name, value in os.environ.items() if not name.startswith("GENAPP_")}
        env |= {"GENAPP_URL": f"http://127.0.0.1:{line.port}", "GENAPP_TOKEN": token}
        yield Owner(visitor, token, env)


@contextmanager
def serving(command: list[str], env: dict[str, str], url: str, log: Path) -> Iterator[str]:
    """Run an example's server until it is not needed; gives its address."""
    with log.open("wb") as output:
        process = start(command, env=env, output=output)
    try:
        wait_for(lambda: answers(url), {command[-1]: process})
        yield url
    finally:
        stop(process, patience=5)


def published() -> dict[str, Path]:
    """The libraries' files as they were published, by their addresses at the CDN: of those versions and no others."""
    found = {}
    for folder in LIBRARIES:
        for package in tomllib.loads((folder / "versions.toml").read_text()).values():
            for source, file in package["files"].items():
                found[f"{CDN}{package['package']}@{package['version']}/{source}"] = folder / file["path"]
    return found


@dataclass
class Shown:
    """An example's page: where its answer's text is, and what is there when it has ended."""

    page: Page
    text: str
    ended: str

    async def ask(self, prompt: str = COUNT) -> None:
        await self.page.fill("textarea[name=prompt]", prompt)
        await self.page.locator("form button").filter(has_text=re.compile("Ask|Send")).click()

    async def words(self) -> list[str]:
        return (await self.page.locator(self.text).last.inner_text()).split()

    async def until_words(self, count: int) -> None:
        """Wait until so many are there; the last one may be half a word still."""
        await expect(self.page.locator(self.text).last).to_contain_text(f"word{count} ")

    async def until_ended(self) -> None:
        await expect(self.page.locator(self.ended)).to_have_count(1)


OpenExample = Callable[[str, str, str], Awaitable[Shown]]


@pytest.fixture
def open_example(open_page: OpenPage) -> OpenExample:
    """Opens an example's page; what it takes from the CDN is here."""
    files = published()

    async def give(route: Route) -> None:
        headers = {"Access-Control-Allow-Origin": "*", "Content-Type": "text/javascript"}
        await route.fulfill(body=files[route.request.url].read_bytes(), headers=headers)

    async def open_one(url: str, text: str, ended: str) -> Shown:
        page = await open_page("about:blank")
        await page.context.route(f"{CDN}**", give)
        await page.goto(url)
        return Shown(page, text, ended)

    return open_one


@pytest.fixture(scope="session")
def cable_url(owner: Owner, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    command, url = command_for("action_cable"), f"http://localhost:{port}"
    with serving(command, {**owner.env, "PORT": str(port)}, url, tmp_path_factory.mktemp("cable") / "log"):
        yield url


@pytest.fixture
async def cable(cable_url: str, open_example: OpenExample) -> Shown:
    shown = await open_example(cable_url, "#answer", "#status:text-is('complete')")
    await expect(shown.page.locator("#status")).to_have_text("connected")
    return shown


@pytest.fixture
async def flask(owner: Owner, open_example: OpenExample, tmp_path: Path) -> AsyncIterator[Shown]:
    port = free_port()
    url = f"http://localhost:{port}"
    made = await owner.visitor.http.post("/account/sites", json={"name": "shop", "origins": url}, headers=JSON)
    env = {**owner.env, "GENAPP_SITE_ID": made.json()["id"], "GENAPP_SITE_SECRET": made.json()["secret"]}
    with serving(command_for("embed_flask", **{"3000": str(port)}), env, url, tmp_path / "flask.log"):
        yield await open_example(url, "article [id$=_content]", "article[data-status=completed]")


@pytest.fixture
async def hotwire(owner: Owner, open_example: OpenExample, tmp_path: Path) -> AsyncIterator[Shown]:
    port = free_port()
    env, url = {**owner.env, "PORT": str(port)}, f"http://localhost:{port}/page/"
    with serving(command_for("hotwire"), env, url, tmp_path / "hotwire.log"):
        yield await open_example(url, "article [id$=_content]", "article[data-status=completed]")


@pytest.fixture(scope="session")
def react_url(owner: Owner, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    port = free_port()
    env, url = {**owner.env, "PORT": str(port)}, f"http://localhost:{port}/page/"
    with serving(command_for("react"), env, url, tmp_path_factory.mktemp("react") / "log"):
        yield url


@pytest.fixture
async def react(react_url: str, open_example: OpenExample) -> Shown:
    return await open_example(react_url, "#answer", "[role=status]:text-is('completed')")
