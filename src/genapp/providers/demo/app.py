"""The demo model's ASGI app: two wire formats, `GET /v1/models`, `GET /stats`."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import msgspec

from genapp.providers.demo import anthropic_wire, openai_wire
from genapp.providers.demo.answering import Tries, answer
from genapp.providers.demo.outlet import Outlet
from genapp.providers.demo.replies import Invalid

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from genapp.providers.demo.outlet import Send
    from genapp.providers.demo.replies import Ask, Json, Wire

    Receive = Callable[[], Awaitable[dict[str, Any]]]

MODELS = ("demo", "demo-fast", "demo-slow")

# A demo that runs for months under ever new `tag…` names must not grow.
NAMES_COUNTED = 1000

COUNTS = ("requests", "active", "finished", "disconnected")


class DemoApp:
    """One demo server. Counts are since it was made."""

    def __init__(self) -> None:
        self._tries = Tries()
        self._total: Counter[str] = Counter()
        self._models: dict[str, Counter[str]] = {}

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        outlet = Outlet(send)
        match (scope["method"], scope["path"]):
            case ("POST", "/v1/chat/completions" | "/v1/messages"):
                await self._model(scope, receive, send)
            case ("GET", "/v1/models"):
                await outlet.reply(200, models(dict(scope["headers"])), {})
            case ("GET", "/stats"):
                await outlet.reply(200, self.stats(), {})
            case _:
                await outlet.reply(404, {"error": {"message": "Not found", "type": "not_found_error"}}, {})

    def stats(self) -> Json:
        """What the server saw: requests, streams active now, whole ones, and those whose client went away."""
        named = {name: {count: counts[count] for count in COUNTS} for name, counts in self._models.items()}
        return {**{count: self._total[count] for count in COUNTS}, "models": named}

    async def _model(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        body = await read_body(receive)
        try:
            ask, wire = self._read(scope, body)
        except (Invalid, msgspec.DecodeError, KeyError, TypeError, AttributeError) as error:
            said = {"type": "invalid_request_error", "message": str(error), "param": None, "code": None}
            await Outlet(send).reply(400, {"type": "error", "error": said}, {})
            return
        self._count(ask, "requests", 1)
        self._count(ask, "active", 1)
        whole = False
        try:
            whole = await until_gone(receive, answer(ask, wire, Outlet(send, odd=ask.script.odd), self._tries))
        finally:
            self._count(ask, "active", -1)
            self._count(ask, "finished" if whole else "disconnected", 1)

    def _read(self, scope: dict[str, Any], body: bytes) -> tuple[Ask, Wire]:
        headers = dict(scope["headers"])
        secret = headers.get(b"x-api-key") or headers.get(b"authorization", b"").removeprefix(b"Bearer ")
        decoded = msgspec.json.decode(body)
        number = self._total["requests"]
        if scope["path"] == "/v1/messages":
            message_ask = anthropic_wire.read(decoded, secret.decode())
            return message_ask, anthropic_wire.MessageWire(message_ask, number)
        chat_ask = openai_wire.read(decoded, secret.decode())
        return chat_ask, openai_wire.ChatWire(chat_ask, number)

    def _count(self, ask: Ask, what: str, change: int) -> None:
        self._total[what] += change
        for name in filter(None, (ask.model, ask.script.tag)):
            if len(self._models) >= NAMES_COUNTED and name not in self._models:
                self._models.pop(next(iter(self._models)))
            self._models.setdefault(name, Counter())[what] += change


def models(headers: dict[bytes, bytes]) -> Json:
    """The list of models in the wire format of whoever asks."""
    if b"anthropic-version" in headers:
        listed: list[Json] = [{"type": "model", "id": name, "display_name": name} for name in MODELS]
        return {"data": listed, "has_more": False, "first_id": MODELS[0], "last_id": MODELS[-1]}
    data = [{"id": name, "object": "model", "created": 0, "owned_by": "genapp"} for name in MODELS]
    return {"object": "list", "data": data}


async def read_body(receive: Receive) -> bytes:
    """The whole request body."""
    body = b""
    while True:
        message = await receive()
        body += bytes(message.get("body", b""))
        if not message.get("more_body"):
            return body


async def until_gone(receive: Receive, work: Awaitable[None]) -> bool:
    """Do `work`, unless the client goes away first. Gives whether the work was done."""
    working = asyncio.ensure_future(work)
    watching = asyncio.ensure_future(_gone(receive))
    try:
        await asyncio.wait({working, watching}, return_when=asyncio.FIRST_COMPLETED)
        done = working.done()
    finally:
        watching.cancel()
        if not working.done():
            working.cancel()
            with suppress(asyncio.CancelledError):
                await working
    if done:
        working.result()
    return done


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


app = DemoApp()
