"""The examples, each run by the line that its README gives, beside an app of their own."""

from __future__ import annotations

import os
import re
import shlex
import sys
import tomllib
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from genapp.processes import start, stop
from tests.integration.web.conftest import JSON, Visitor
from tests.running import answers, wait_for
from tests.system.conftest import OpenPage, app, browser, open_page
from tests.system.elsewhere import Line, line_to

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from playwright.async_api import Page, Route

    from tests.running import App

__all__ = ["app", "browser", "open_page"]

ROOT = Path(__file__).parents[2]
README = (ROOT / "examples" / "README.md").read_text()
LIBRARIES = (ROOT / "tests" / "vendor", ROOT / "static" / "vendor")
CDN = "https://cdn.jsdelivr.net/npm/"
# Two hundred words in seven seconds.
COUNT = "[demo: ttft50 tps30 n200] count"
COUNTED = " ".join(f"word{number}" for number in range(200))
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


def environment(app: App, **variables: str) -> dict[str, str]:
    named = {name: value for name, value in os.environ.items() if not name.startswith("GENAPP_")}
    return {**named, "GENAPP_URL": app.url, **variables}


@contextmanager
def serving(command: list[str], env: dict[str, str], url: str, log: Path) -> Iterator[None]:
    """Run an example's server until it is not needed."""
    with log.open("wb") as output:
        process = start(command, env=env, output=output)
    try:
        wait_for(lambda: answers(url), {command[-1]: process})
        yield
    finally:
        stop(process, patience=5)


@pytest.fixture(autouse=True)
def in_the_checkout(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the README's lines are to be run."""
    monkeypatch.chdir(ROOT)


@pytest.fixture
async def owner(app: App) -> AsyncIterator[Visitor]:
    """Whoever runs the examples: an account."""
    async with httpx.AsyncClient(base_url=app.url, timeout=20) as client:
        yield await (await Visitor(client).arrive()).sign_up()


@pytest.fixture
async def token(owner: Visitor) -> str:
    made = await owner.http.post("/account/tokens", json={"name": "examples", "scope": "generate"}, headers=JSON)
    return str(made.json()["token"])


@pytest.fixture
async def line(app: App) -> AsyncIterator[Line]:
    """Between an example and the app."""
    async with line_to(app.url) as one:
        yield one


def published() -> dict[str, Path]:
    """The libraries' files as they were published, by their addresses at the CDN: of those versions and no others."""
    found = {}
    for folder in LIBRARIES:
        for package in tomllib.loads((folder / "versions.toml").read_text()).values():
            for source, file in package["files"].items():
                found[f"{CDN}{package['package']}@{package['version']}/{source}"] = folder / file["path"]
    return found


@pytest.fixture
def open_example(open_page: OpenPage) -> Callable[[str], Any]:
    """Opens an example's page; what it takes from the CDN is here."""
    files = published()

    async def give(route: Route) -> None:
        headers = {"Access-Control-Allow-Origin": "*", "Content-Type": "text/javascript"}
        await route.fulfill(body=files[route.request.url].read_bytes(), headers=headers)

    async def open_one(url: str) -> Page:
        page = await open_page("about:blank")
        await page.context.route(f"{CDN}**", give)
        await page.goto(url)
        return page

    return open_one
