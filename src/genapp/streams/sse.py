"""Serves a viewer as server-sent events, on bare ASGI: a framework's response holds 11 KB more."""

from __future__ import annotations

import asyncio
import contextlib
import random
from typing import TYPE_CHECKING, Any, Protocol

from .events import HEARTBEAT, pieces

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable, MutableMapping

    Message = MutableMapping[str, Any]
    Send = Callable[[Message], Awaitable[None]]
    Receive = Callable[[], Awaitable[Message]]

HEADERS = (
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
)


class Source(Protocol):
    """What is served, such as a `Viewer`."""

    @property
    def ended(self) -> bool: ...

    async def next_parts(self) -> list[bytes]:
        """Waits for what is to be written next. Cancelling it loses nothing."""
        ...


class _Gone(Exception):
    """The client has gone, or no longer reads."""


async def serve(
    send: Send,
    receive: Receive,
    viewer: Source,
    *,
    beat: bytes = HEARTBEAT,
    heartbeat: float = 15,
    lifetime: float = 600,
) -> None:
    """Answers a request with what `viewer` is to see, until it has ended or the client goes.

    Says `beat` at once and every `heartbeat` seconds. Ends after `lifetime` seconds, give or take a tenth,
    between two events: the client then comes back with its cursor. A client that reads slowly is waited
    for; what is superseded meanwhile is never sent. What still waits a heartbeat after its time (for a
    client that does not read at all) is given up.
    """
    # Jittered, so that the viewers of a restarted process do not all come back at once ten minutes later.
    lifetime *= random.uniform(0.9, 1.1)  # noqa: S311
    try:
        async with asyncio.TaskGroup() as group:
            watch = group.create_task(_raise_when_gone(receive, lifetime + heartbeat))
            await send({"type": "http.response.start", "status": 200, "headers": list(HEADERS)})
            await _write(send, [beat])
            await _stream(send, viewer, beat, heartbeat, lifetime)
            await send({"type": "http.response.body", "body": b"", "more_body": False})
            watch.cancel()
    except* _Gone:
        pass


async def _stream(send: Send, viewer: Source, beat: bytes, heartbeat: float, lifetime: float) -> None:
    now = asyncio.get_running_loop().time
    end = now() + lifetime
    due = now() + heartbeat
    while not viewer.ended and now() < end:
        try:
            async with asyncio.timeout_at(min(due, end)):
                parts = await viewer.next_parts()
        except TimeoutError:
            parts = []
        if now() >= due:
            due = now() + heartbeat
            parts = parts or [beat]
        await _write(send, parts)


async def _write(send: Send, parts: Iterable[bytes]) -> None:
    for piece in pieces(parts):
        await send({"type": "http.response.body", "body": piece, "more_body": True})


async def _raise_when_gone(receive: Receive, patience: float) -> None:
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(patience):
            while (await receive())["type"] != "http.disconnect":
                pass
    raise _Gone
