"""What an answer's writer says of what it has shown, when it ends."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from genapp import views

if TYPE_CHECKING:
    from genapp.generating.answer import Answer
    from genapp.streams import Log


async def test_it_is_what_the_log_says_also_once_nothing_more_comes(answer: Answer, log: Log) -> None:
    assert answer.shown() is None
    await answer.begin()
    for piece in ("One.\n\n- a", " list\n", "- has more"):
        await answer.write(piece)
        assert answer.shown() == views.shown_by(answer.generation.id, await log.read(answer.stream))
    before = answer.shown()
    await answer.settle()
    assert answer.shown() == before


async def test_nothing_is_said_after_a_piece_whose_publishing_was_broken_off(answer: Answer) -> None:
    await answer.begin()
    await answer.write("One")
    writing = asyncio.create_task(answer.write(" and two"))
    await asyncio.sleep(0)
    writing.cancel()
    await asyncio.wait([writing])
    assert writing.cancelled()
    assert answer.shown() is None
    await answer.settle()
    assert answer.shown() is None
