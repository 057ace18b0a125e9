"""People who ask, watch, leave in the middle and come back, and notice everything that is not as it should be."""

from __future__ import annotations

import asyncio
import html
import json
import random
import re
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import httpx

from tests.integration.web.conftest import HTML, HTMX, JSON, Visitor, shown

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

MODEL = "openai:demo"
SHAPES = {"json": JSON, "partial": HTMX, "page": HTML}
# Seconds within which a web must say something, whatever is away: what it waits for, twice, and a busy machine.
PATIENCE = 10.0
# Seconds for which anybody waits for an answer.
SECONDS = 120.0
# What the model does to a prompt, once or twice, before it answers it well.
PROVIDER_FAULTS = ["cutx1", "halfx1", "malformedx1", "errorx1", "overloadedx1", "429x2", "500x2", "503x1", "529x2"]
ENDS = ("complete", "failed", "cancelled")
CONTENT = re.compile(r'id="generation_([0-9a-f-]+)_content">(.*?)<footer', re.DOTALL)


def story(name: str, words: int) -> str:
    """An answer in paragraphs, like no other: the model is told to echo it."""
    said = [name, *(f"word{number}" for number in range(words))]
    return "\n\n".join(" ".join(said[start : start + 40]) for start in range(0, len(said), 40))


@dataclass
class Follower:
    """Somebody who watches an answer through whichever web answers, and comes back after every break.

    `restless`: also leaves by themselves, at any moment, again and again.
    """

    visitor: Visitor
    urls: list[str]
    stream: str
    expected: str
    chance: random.Random = field(default_factory=random.Random)
    restless: bool = False
    text: str = ""
    place: str = ""
    ends: set[str] = field(default_factory=set)
    heard_at: float = field(default_factory=time.monotonic)
    longest_wait: float = 0.0

    async def follow(self) -> None:
        """Watch it to its end, and check that nothing is missing, and that it ended once."""
        async with asyncio.timeout(SECONDS):
            while not await self._connect():  # noqa: ASYNC110  the pause is a browser's
                await asyncio.sleep(self.chance.uniform(0.05, 0.3))
        assert self.text == self.expected
        assert len(self.ends) == 1, self.ends

    async def _connect(self) -> bool:
        try:
            return await self._once(self.chance.choice(self.urls))
        except httpx.HTTPStatusError as error:
            check_refusal(error.response, "json", 503)
        except httpx.TransportError:
            pass
        return False

    async def _once(self, url: str) -> bool:
        headers = {**JSON, **({"Last-Event-ID": self.place} if self.place else {})}
        stays = self.chance.randint(1, 25) if self.restless else None
        async for cursor, event, data in self.visitor.listen(f"{url}{self.stream}", headers, seconds=SECONDS):
            if event == "done":
                return True
            self._take(cursor, json.loads(data))
            if stays is not None and (stays := stays - 1) <= 0:
                return False
        return False

    def _take(self, cursor: str, message: dict[str, Any]) -> None:
        now = time.monotonic()
        self.longest_wait, self.heard_at = max(self.longest_wait, now - self.heard_at), now
        self.text = shown(message, self.text)
        self.place = cursor
        assert self.expected.startswith(self.text), f"twice, or out of order: {self.text[-200:]!r}"
        if message["type"] in ENDS:
            assert message["type"] == "complete", message
            self.ends.add(cursor)


@dataclass
class Person:
    """Somebody who asks, and every answer that they were promised."""

    visitor: Visitor
    urls: list[str]
    chance: random.Random
    answers: dict[str, str] = field(default_factory=dict)  # generation id → what the model was told to say
    streams: dict[str, str] = field(default_factory=dict)
    paths: list[str] = field(default_factory=list)
    refusals: int = 0
    longest_wait: float = 0.0

    async def ask(self, words: int, *, faults: bool = True) -> None:
        """Send a prompt until it is taken, as the form does with one key, and watch its answer to the end.

        `faults`: the provider has some with a third of them.
        """
        expected = story(f"a{uuid.uuid4().hex[:8]}", words)
        fault = self.chance.choice(PROVIDER_FAULTS) if faults and self.chance.random() < 1 / 3 else ""
        prompt = f"[demo: echo ttft50 tps{self.chance.randint(40, 80)} {fault}] {expected}"
        generation = await self._taken({"prompt": prompt, "model": MODEL, "idempotency_key": uuid.uuid4().hex})
        self.expect(generation, expected)
        if generation["id"] in self.streams:
            await self.watch(generation["id"], restless=self.chance.random() < 0.4)

    def expect(self, generation: dict[str, Any], text: str) -> None:
        self.answers[generation["id"]] = text
        self.paths = [generation["url"], f"/conversations/{generation['conversation_id']}"]
        if generation["stream_url"] is not None:  # else it is finished already: an acceptance that was lost on the way
            self.streams[generation["id"]] = generation["stream_url"]

    async def watch(self, generation_id: str, *, restless: bool = False) -> None:
        stream, text = self.streams[generation_id], self.answers[generation_id]
        follower = Follower(self.visitor, self.urls, stream, text, self.chance, restless=restless)
        await follower.follow()
        self.longest_wait = max(self.longest_wait, follower.longest_wait)

    async def _taken(self, fields: dict[str, str]) -> dict[str, Any]:
        shape = self.chance.choice(list(SHAPES))
        async with asyncio.timeout(SECONDS):
            while True:
                answer = await self._post(shape, fields)
                if answer is not None and answer.status_code in (201, 303):
                    if shape == "json":
                        return dict(answer.json())
                    shape = "json"  # the same key again: gives what it gave first
                    continue
                if answer is not None:
                    self.refusals += 1
                    check_refusal(answer, shape, 429, 503)
                    if shape == "page":
                        assert f"{fields['prompt']}</textarea>" in html.unescape(answer.text), "what was typed is lost"
                await asyncio.sleep(self.chance.uniform(0.1, 0.5))

    async def _post(self, shape: str, fields: dict[str, str]) -> httpx.Response | None:
        url = f"{self.chance.choice(self.urls)}/generations"
        body: dict[str, Any] = {"json": fields} if shape == "json" else {"data": self._form(fields)}
        return await answered(lambda: self.visitor.http.post(url, headers=SHAPES[shape], timeout=PATIENCE, **body))

    def _form(self, fields: dict[str, str]) -> dict[str, str]:
        return {"csrf_token": self.visitor.token, **fields}

    async def check_answers(self) -> None:
        """When all is over: each answer is whole in its row, on its page, and for some who come only now."""
        for generation_id in list(self.streams)[-5:]:
            await self.watch(generation_id)
        for generation_id, expected in self.answers.items():
            row = await self.visitor.until(generation_id, "completed", "failed", "cancelled")
            assert (row["status"], row["content"]) == ("completed", expected), row["error"]
            page = await self.visitor.http.get(f"/generations/{generation_id}", headers=HTML)
            words = {id: html.unescape(re.sub("<[^>]+>", " ", content)) for id, content in CONTENT.findall(page.text)}
            assert words[generation_id].split() == expected.split()


async def answered(request: Callable[[], Awaitable[httpx.Response]]) -> httpx.Response | None:
    """Give the answer, None where the web has gone away meanwhile. A web that is there must say something."""
    began = time.monotonic()
    try:
        return await request()
    except httpx.TimeoutException:
        raise AssertionError(f"no answer after {time.monotonic() - began:.1f} s") from None
    except httpx.TransportError:
        return None


def check_refusal(answer: httpx.Response, shape: str, *statuses: int) -> None:
    """It is one of those, says when to come again, and comes in the shape that was asked for."""
    assert answer.status_code in statuses, f"{answer.status_code}: {answer.text}"
    assert int(answer.headers["retry-after"]) > 0
    if shape == "json":
        assert answer.headers["content-type"].startswith("application/problem+json")
        assert answer.json()["status"] == answer.status_code
        assert answer.json()["detail"]
    else:
        assert answer.headers["content-type"].startswith("text/html")
        assert answer.text.startswith("<!doctype html>") == (shape == "page")
        assert re.search(r'class="(notice|failure__message)"', answer.text)
