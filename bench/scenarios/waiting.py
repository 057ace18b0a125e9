"""Streams that say nothing, for viewers who wait: answers that the provider does not begin."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import httpx

from tests.integration.web.conftest import Visitor

if TYPE_CHECKING:
    from pathlib import Path

    from bench.stack import Stack

SILENT = "fake-ttft100000000-tps1-n20"  # a day
AT_ONCE = 10  # who ask
# Nor do we say that the model is still waited for, which all viewers of a stream would be told in between.
PATIENT = dict.fromkeys(("GENAPP_FIRST_TOKEN_TIMEOUT", "GENAPP_TOTAL_TIMEOUT", "GENAPP_WAITING_NOTE_AFTER"), "3600")


async def ask(stack: Stack, model: str, people: int) -> list[tuple[str, str, dict[str, Any]]]:
    """So many people ask, one question each; gives path, cookie and generation of each stream."""
    batches = [min(AT_ONCE, people - first) for first in range(0, people, AT_ONCE)]
    return [one for batch in batches for one in await asyncio.gather(*[_ask(stack, model) for _ in range(batch)])]


async def _ask(stack: Stack, model: str) -> tuple[str, str, dict[str, Any]]:
    async with httpx.AsyncClient(base_url=stack.url, timeout=30) as http:
        generation = await (await Visitor(http).arrive()).submit("wait", model=f"{stack.vendor}:{model}")
        cookie = "; ".join(f"{name}={value}" for name, value in http.cookies.items())
    return generation["stream_url"].replace("dialect=json", "dialect=htmx"), cookie, generation


def streams(stack: Stack, model: str, people: int) -> Path:
    """The same, as the file of streams that `load` reads."""
    lines = [f"{path}\t{cookie}\n" for path, cookie, _ in asyncio.run(ask(stack, model, people))]
    written = stack.folder / "streams"
    written.write_text("".join(lines))
    return written
