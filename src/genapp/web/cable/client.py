"""Who is at the other end of a connection, and how to reach them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable, Coroutine

    from genapp.streams import Socket
    from genapp.web.parts import Parts
    from genapp.web.visitors import Visitor

    Work = Callable[[], Coroutine[Any, Any, None]]


@dataclass(frozen=True, slots=True)
class Client:
    """What subscriptions need of their connection.

    `extended`: the client speaks AnyCable's protocol. `start` has something done beside the rest, for as long as the
    connection is.
    """

    parts: Parts
    visitor: Visitor
    address: str | None
    socket: Socket
    extended: bool
    start: Callable[[Work], asyncio.Task[None]]
