"""The demo model, started once, and each adapter pointed at it."""

from __future__ import annotations

import asyncio
import json
import time
import urllib.request
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from genapp.providers.anthropic import AnthropicProvider
from genapp.providers.demo import ensure_running
from genapp.providers.openai import OpenAIProvider

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from genapp.providers import Provider


@dataclass
class DemoServer:
    url: str

    def stats(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self.url}/stats", timeout=5) as reply:
            counted: dict[str, Any] = json.load(reply)
            return counted

    def counts(self, model: str) -> dict[str, int]:
        none = {"requests": 0, "active": 0, "finished": 0, "disconnected": 0}
        counted: dict[str, int] = self.stats()["models"].get(model, none)
        return counted

    async def until(self, model: str, fits: Callable[[dict[str, int]], bool]) -> dict[str, int]:
        """The counts of `model`, as soon as they fit; fails after 5 s."""
        deadline = time.monotonic() + 5
        while True:
            counts = await asyncio.to_thread(self.counts, model)
            if fits(counts):
                return counts
            assert time.monotonic() < deadline, f"{model}: {counts}"
            await asyncio.sleep(0.01)


@pytest.fixture(scope="session")
def demo() -> DemoServer:
    return DemoServer(ensure_running())


@pytest.fixture(scope="session", params=["openai", "anthropic"])
def speaks(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="session")
def secret() -> str:
    return "sk-live-0123456789abcdefghijklmnop"


@pytest.fixture(scope="session")
async def make_provider(speaks: str, demo: DemoServer, secret: str) -> AsyncIterator[Callable[..., Provider]]:
    """Makes providers of the kind under test; all are closed in the end."""
    made: list[Provider] = []

    def make(url: str = demo.url, **options: Any) -> Provider:
        if speaks == "anthropic":
            made.append(AnthropicProvider("anthropic", api_key=secret, base_url=url, **options))
        else:
            made.append(OpenAIProvider("openai", api_key=secret, base_url=f"{url}/v1", **options))
        return made[-1]

    yield make
    for provider in made:
        await provider.close()


@pytest.fixture(scope="session")
def provider(make_provider: Callable[..., Provider]) -> Provider:
    return make_provider()
