"""Gives one answer, or the fault that was asked for."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from typing import TYPE_CHECKING

from genapp.providers.demo.answers import HOSTILE, compose
from genapp.providers.demo.outlet import Outlet, Pace
from genapp.providers.demo.script import BROKEN_ANSWERS, TOKENS_BEFORE_FAULT
from genapp.providers.demo.tokens import tokens

if TYPE_CHECKING:
    from genapp.providers.demo.replies import Ask, Reason, Wire

STREAM = "text/event-stream; charset=utf-8"
WITHOUT_TEXT = frozenset({"empty", "refuse"})
REASONS: dict[str, Reason] = {"filter": "filter", "refuse": "filter", "length": "length"}


class Tries:
    """How often a fault has struck a prompt, for the last 10,000 of them."""

    LIMIT = 10_000

    def __init__(self) -> None:
        self._struck: OrderedDict[tuple[str, str], int] = OrderedDict()

    def strikes(self, ask: Ask) -> bool:
        """Whether the fault in `ask` is still to happen; counts it."""
        if ask.script.fault is None:
            return False
        key = (ask.model, ask.turns[-1][1])
        self._struck[key] = self._struck.pop(key, 0) + 1
        if len(self._struck) > self.LIMIT:
            self._struck.popitem(last=False)
        return ask.script.fault_times is None or self._struck[key] <= ask.script.fault_times


async def answer(ask: Ask, wire: Wire, outlet: Outlet, tries: Tries) -> None:
    """Send the whole HTTP reply to `ask`. Never returns while a fault says to hang."""
    fault = ask.script.fault if tries.strikes(ask) else None
    if fault == "nousage" and not ask.wants_usage:
        fault = None
    if fault is not None and fault not in BROKEN_ANSWERS:
        await _refuse(fault, wire, outlet)
        return
    pieces, reason = _pieces(ask, fault)
    await asyncio.sleep(ask.script.first_token)
    if ask.streams:
        await _stream(ask, wire, outlet, fault, pieces, reason)
    else:
        await outlet.reply(200, wire.whole("".join(pieces), reason, len(pieces)), wire.headers())


async def _refuse(fault: str, wire: Wire, outlet: Outlet) -> None:
    if fault == "hang":
        await _for_ever()
    elif fault == "html":
        await outlet.start(200, "text/html; charset=utf-8", {})
        await outlet.end(b"<!doctype html><title>Sign in</title><p>Sign in to the network.</p>")
    else:
        refusal = wire.refusal(fault)
        await outlet.reply(refusal.status, refusal.body, refusal.headers)


def _pieces(ask: Ask, fault: str | None) -> tuple[list[str], Reason]:
    """The answer's tokens, as many as will be sent, and why it ends there."""
    pieces = _words(ask)
    reason: Reason = REASONS.get(fault or "", "stop")
    if fault is not None:
        pieces = [] if fault in WITHOUT_TEXT else pieces[:TOKENS_BEFORE_FAULT]
    if ask.limit is not None and len(pieces) > ask.limit:
        return pieces[: ask.limit], "length"
    return pieces, reason


def _words(ask: Ask) -> list[str]:
    if ask.script.words is not None:
        return [f" word{number}" if number else "word0" for number in range(ask.script.words)]
    if ask.script.content == "echo":
        return tokens(ask.prompt)
    if ask.script.content == "turns":
        return tokens("\n".join(f"{role}: {text}" for role, text in [*ask.turns[:-1], ("user", ask.prompt)]))
    if ask.script.content == "hostile":
        return tokens(HOSTILE)
    return tokens(compose(ask.prompt, ask.turns[:-1]))


async def _stream(ask: Ask, wire: Wire, outlet: Outlet, fault: str | None, pieces: list[str], reason: Reason) -> None:
    await outlet.start(200, STREAM, {"cache-control": "no-cache", **wire.headers()})
    await outlet.write(wire.opening())
    if fault == "stall":
        await _for_ever()
    pace = Pace(ask.script, ask.prompt)
    for piece in pieces:
        await outlet.write(wire.token(piece))
        await pace.wait()
    match fault:
        case "pause":
            await _for_ever()
        case "cut":
            return  # an unfinished body: the server closes the connection
        case "half":
            await outlet.end(wire.token("never read to the end")[:40])
        case "malformed":
            await outlet.write(b'data: {"choices": [{"delta\n\n')
            await outlet.end()
        case "error" | "overloaded":
            await outlet.write(wire.broken(overloaded=fault == "overloaded"))
            await outlet.end()
        case _:
            await outlet.write(wire.closing(reason, len(pieces)))
            await outlet.end()


async def _for_ever() -> None:
    await asyncio.Event().wait()
