"""Following a generation's stream for a subscription, from where its client is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from genapp.streams import Cursor
from genapp.web.silence import restore_finished

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from genapp.streams import Dialect, Event, Hub
    from genapp.web.parts import Parts

    # A cursor, or only its seq, of whatever log there is; None: from the beginning.
    Since = Cursor | int | None

_SEQ = re.compile(r"[0-9]{1,15}", re.ASCII)
# Of no log. Who says something odd has something on the screen, perhaps: the first message will be that it is void.
_NOWHERE = Cursor("nowhere", 0)


def parse_since(value: str | int | None) -> Since:
    """Where a client says that it is: a cursor of ours, or its seq alone. What is neither is no place at all."""
    if value is None or value == "":
        return None
    text = str(value)
    return int(text) if _SEQ.fullmatch(text) else Cursor.parse(text) or _NOWHERE


async def place_in(parts: Parts, stream: str, since: Since) -> Cursor | None:
    """Where in a stream to go on. A finished generation whose log is gone is there again afterwards.

    Errors of Redis, and of the database for a log that is gone, pass through.
    """
    await restore_finished(parts.log, [stream])
    if not isinstance(since, int):
        return since
    (top,) = await parts.log.tops([stream])
    return Cursor(top.epoch, since) if top else _NOWHERE


async def follow(
    hub: Hub,
    stream: str,
    cursor: Cursor | None,
    dialect: str | Dialect,
    show: Callable[[list[Event]], Awaitable[None]],
) -> None:
    """Have a stream shown, at first what is missing at once, perhaps nothing. Returns after its end.

    Made to be cancelled, so it asks Redis for nothing itself: redis-py 8.1 loses one cancellation in two.
    """
    async with hub.join([(stream, cursor)], dialect) as viewer:
        await show(viewer.due_events())
        while events := await viewer.next_events():
            await show(events)
