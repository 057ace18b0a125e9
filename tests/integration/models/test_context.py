"""What a program sends with a prompt, and what it goes on from."""

from __future__ import annotations

import asyncio

import pytest

from genapp.errors import Invalid
from genapp.models import Context, Generation, new_id
from tests.integration.models.test_generation import LEASE, SPENT, outcome, submitted

pytestmark = pytest.mark.usefixtures("database")


async def test_what_came_with_a_prompt_is_said_again_in_later_turns_but_not_its_instructions() -> None:
    user = new_id()
    came = Context(instructions="Rhyme.", messages=(("user", "before"), ("assistant", "said")), metadata={"a": "b"})
    first = await submitted(user, prompt="one", context=came)
    assert first.came_with == came
    claim = await Generation.claim(first.id, lease_seconds=LEASE)
    assert claim is not None
    assert await claim.messages() == [("system", "Rhyme."), *came.messages, ("user", "one")]
    await claim.finish(outcome(answer="answer"), SPENT)
    last = await submitted(user, prompt="two", follows=first.id, context=Context(instructions="Be brief."))
    turns = [*came.messages, ("user", "one"), ("assistant", "answer")]
    assert await last.messages() == [("system", "Be brief."), *turns, ("user", "two")]
    assert (last.conversation, await last.previous()) == (first.conversation, first.id)


async def test_only_the_last_of_a_conversation_that_has_ended_is_gone_on_from() -> None:
    user = new_id()
    first = await submitted(user)
    with pytest.raises(Invalid, match="has not ended"):
        await submitted(user, follows=first.id)
    await first.cancel()
    # At the same moment: one of them is the next, and the conversation stays a line.
    both = await asyncio.gather(
        *[submitted(user, prompt=prompt, follows=first.id) for prompt in ("a", "b")], return_exceptions=True
    )
    (refused,) = [one for one in both if isinstance(one, Exception)]
    assert isinstance(refused, Invalid)
    assert "has gone on from there" in refused.message
    with pytest.raises(Invalid, match="no such response"):
        await submitted(new_id(), follows=first.id)


async def test_rows_are_read_while_the_next_release_has_added_a_column() -> None:
    generation = await submitted()
    row = (await Generation.raw("SELECT *, 1 AS of_the_next_release FROM generations WHERE id = {}", generation.id))[0]
    assert Generation.from_row(row).prompt == generation.prompt
