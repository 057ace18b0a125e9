"""Following a generation's stream for a subscription, from where its client is."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from genapp.streams import Cursor
from genapp.web.subscriptions import restore_finished

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from genapp.streams import Dialect, Event
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


async def follow(
    parts: Parts,
    stream: str,
    since: Since,
    dialect: str | Dialect,
    show: Callable[[list[Event]], Awaitable[None]],
) -> None:
    """Have a stream shown, at first what is missing at once, perhaps nothing. Returns after its end.

    An error of Redis, or of the database for a generation whose log is gone, passes through.
    """
    await restore_finished(parts, [stream])
    if isinstance(since, int):
        (top,) = await parts.log.tops([stream])
        since = Cursor(top.epoch, since) if top else _NOWHERE
    async with parts.hub.join([(stream, since)], dialect) as viewer:
        await show(viewer.due_events())
        while events := await viewer.next_events():
            await show(events)
