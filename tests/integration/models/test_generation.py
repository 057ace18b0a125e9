"""Every way a generation's status may change, and who loses a race."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from genapp.errors import Invalid, NotFound, TooMany
from genapp.models import Chunk, Conversation, Draft, Generation, Limits, Outcome, Spent, new_id
from genapp.models.lease import ABANDONED_PATIENCE, QUEUED_PATIENCE

if TYPE_CHECKING:
    from uuid import UUID

pytestmark = pytest.mark.usefixtures("database")

LEASE = 30.0
SPENT = Spent(60, 40)


def draft(user_id: UUID, prompt: str = "Why is the sky blue?", **fields: object) -> Draft:
    return Draft(user_id=user_id, prompt=prompt, model="demo:demo", **fields)  # type: ignore[arg-type]


async def submitted(user_id: UUID | None = None, **fields: object) -> Generation:
    generation, _ = await Generation.submit(draft(user_id or new_id(), **fields), Limits(3))
    return generation


async def claimed() -> Generation:
    generation = await Generation.claim((await submitted()).id, lease_seconds=LEASE)
    assert generation is not None
    return generation


def outcome(status: str = "completed", answer: str = "Because of scattering.") -> Outcome:
    return Outcome(status=status, answer=answer, html=f"<p>{answer}</p>", renderer=1)


async def test_a_prompt_is_stored_as_queued_in_a_conversation_named_after_it() -> None:
    generation = await submitted()
    assert (generation.status, generation.attempt) == ("queued", 0)
    conversation = await Conversation.owned(generation.conversation, generation.user)
    assert conversation.title == "Why is the sky blue?"


async def test_a_long_first_line_makes_a_title_cut_at_a_word() -> None:
    generation = await submitted(prompt="wonderful " * 40 + "\nsecond line")
    conversation = await Conversation.owned(generation.conversation, generation.user)
    assert conversation.title.endswith("wonderful…")
    assert len(conversation.title) <= 80


async def test_the_same_idempotency_key_gives_the_same_generation_even_at_the_same_moment() -> None:
    user = new_id()
    results = await asyncio.gather(
        *[Generation.submit(draft(user, idempotency_key="click"), Limits(3)) for _ in range(10)]
    )
    assert len({generation.id for generation, _ in results}) == 1
    assert [new for _, new in results].count(True) == 1
    assert len(await Conversation.recent(user)) == 1


async def test_exactly_three_of_a_hundred_submissions_at_once_are_taken() -> None:
    user = new_id()
    results = await asyncio.gather(
        *[Generation.submit(draft(user), Limits(3)) for _ in range(100)], return_exceptions=True
    )
    assert sum(isinstance(result, TooMany) for result in results) == 97
    assert len(await Conversation.recent(user)) == 3


async def test_what_is_finished_makes_room_for_another() -> None:
    user = new_id()
    first = await submitted(user)
    await submitted(user)
    await submitted(user)
    with pytest.raises(TooMany):
        await submitted(user)
    await first.cancel()
    assert (await submitted(user)).status == "queued"


async def test_a_foreign_conversation_is_not_found_and_stores_nothing() -> None:
    foreign = await submitted()
    stranger = new_id()
    with pytest.raises(NotFound):
        await submitted(stranger, conversation_id=foreign.conversation)
    assert await Conversation.recent(stranger) == []
    with pytest.raises(NotFound):
        await Generation.owned(foreign.id, stranger)
    with pytest.raises(NotFound):
        await Conversation.owned(foreign.conversation, stranger)


async def test_only_one_of_two_workers_gets_a_generation() -> None:
    generation = await submitted()
    claims = await asyncio.gather(*[Generation.claim(generation.id, lease_seconds=LEASE) for _ in range(8)])
    winners = [claim for claim in claims if claim is not None]
    assert [(winner.status, winner.attempt) for winner in winners] == [("processing", 1)]


async def test_a_worker_whose_lease_ran_out_is_overtaken_and_can_store_nothing_more() -> None:
    first = await Generation.claim((await submitted()).id, lease_seconds=0)
    assert first is not None
    second = await Generation.claim(first.id, lease_seconds=LEASE)
    assert second is not None
    assert second.attempt == 2
    assert await first.keep("zombie", 0, lease_seconds=LEASE) is None
    assert await first.finish(outcome(), SPENT) is None
    assert await first.hand_back(SPENT) is None
    assert await Chunk.joined(first.id, 1) == ""


async def test_partial_text_is_kept_in_order_and_compacted_when_it_ends() -> None:
    generation = await claimed()
    for seq, piece in enumerate(["Because ", "of ", "scattering."]):
        assert await generation.keep(piece, seq, lease_seconds=LEASE) is False
    assert await Chunk.joined(generation.id, 1) == "Because of scattering."
    finished = await generation.finish(outcome(), SPENT)
    assert finished is not None
    assert (finished.status, finished.answer) == ("completed", "Because of scattering.")
    assert await Chunk.joined(generation.id, 1) == ""


async def test_a_piece_that_was_stored_after_the_end_is_swept_and_no_other() -> None:
    ended, running = await claimed(), await claimed()
    await ended.finish(outcome(), SPENT)
    for one in (ended, running):
        await Chunk.insert(Chunk(generation=one.id, attempt=1, seq=0, text="late"))
    await Chunk.sweep()
    assert await Chunk.joined(ended.id, 1) == ""
    assert await Chunk.joined(running.id, 1) == "late"


async def test_an_end_whose_acknowledgement_was_lost_can_be_stored_again_and_no_other_after_it() -> None:
    generation = await claimed()
    await generation.finish(outcome(), SPENT)
    again = await generation.finish(outcome(), SPENT)
    assert again is not None
    assert (again.status, again.answer) == ("completed", "Because of scattering.")
    assert await generation.finish(outcome("failed"), SPENT) is None
    assert await generation.finish(outcome(answer="Another."), SPENT) is None


async def test_a_queued_generation_is_cancelled_at_once() -> None:
    generation = await (await submitted()).cancel()
    assert generation.status == "cancelled"
    assert generation.finished_at is not None
    assert await Generation.claim(generation.id, lease_seconds=LEASE) is None


async def test_a_processing_generation_is_asked_to_stop_and_its_worker_learns_of_it() -> None:
    generation = await claimed()
    assert (await generation.cancel()).status == "processing"
    assert await generation.keep("", 0, lease_seconds=LEASE) is True


async def test_cancelling_twice_or_after_the_end_changes_nothing() -> None:
    generation = await claimed()
    await generation.finish(outcome(), SPENT)
    after = await generation.cancel()
    assert (after.status, after.cancel_requested_at) == ("completed", None)


async def test_trying_again_queues_a_failed_one_once_and_leaves_a_completed_one() -> None:
    failed = await claimed()
    await failed.finish(outcome("failed", "Half an ans"), SPENT)
    results = await asyncio.gather(*[failed.retry(Limits(3)) for _ in range(5)])
    assert [new for _, new in results].count(True) == 1
    assert {generation.status for generation, _ in results} == {"queued"}
    again = await Generation.claim(failed.id, lease_seconds=LEASE)
    assert again is not None
    assert again.attempt > failed.attempt + 1  # what the first attempt may still write is shut out at once
    assert again.answer == ""
    completed = await again.finish(outcome(), SPENT)
    assert completed is not None
    assert (await completed.retry(Limits(3)))[1] is False


async def test_what_is_handed_back_can_be_claimed_at_once() -> None:
    generation = await claimed()
    back = await generation.hand_back(SPENT)
    assert back is not None
    assert back.status == "queued"
    again = await Generation.claim(generation.id, lease_seconds=LEASE)
    assert again is not None
    assert again.attempt == 2


async def test_earlier_turns_are_those_with_an_answer_and_the_newest_that_fit() -> None:
    user = new_id()
    first = await submitted(user, prompt="one")
    conversation = first.conversation
    for generation in (first, await submitted(user, prompt="two", conversation_id=conversation)):
        claim = await Generation.claim(generation.id, lease_seconds=LEASE)
        assert claim is not None
        await claim.finish(outcome(answer=f"answer to {generation.prompt}"), SPENT)
    unanswered = await submitted(user, prompt="three", conversation_id=conversation)
    last = await submitted(user, prompt="four", conversation_id=conversation)
    assert unanswered.status == "queued"
    turns = [("user", "one"), ("assistant", "answer to one"), ("user", "two"), ("assistant", "answer to two")]
    assert await last.messages(1000) == [*turns, ("user", "four")]
    assert await last.messages(20) == [*turns[2:], ("user", "four")]


async def test_a_key_that_was_used_for_another_prompt_is_refused() -> None:
    user = new_id()
    await submitted(user, prompt="one", idempotency_key="click")
    with pytest.raises(Invalid):
        await submitted(user, prompt="two", idempotency_key="click")


async def test_stopping_what_no_worker_holds_any_more_ends_it_and_keeps_its_text() -> None:
    handed_back = await claimed()
    await handed_back.keep("half an ", 0, lease_seconds=LEASE)
    await handed_back.keep("answer", 1, lease_seconds=LEASE)
    await handed_back.hand_back(SPENT)
    abandoned = await Generation.claim((await submitted()).id, lease_seconds=LEASE)
    assert abandoned is not None
    await abandoned.keep("half an answer", 0, lease_seconds=0)
    for generation in (handed_back, abandoned):
        stopped = await generation.cancel()
        assert (stopped.status, stopped.answer) == ("cancelled", "half an answer")
        assert await Chunk.joined(generation.id, 1) == ""


async def test_the_same_piece_kept_twice_is_there_once() -> None:
    generation = await claimed()
    for text in ("Because", "Because of"):
        assert await generation.keep(text, 0, lease_seconds=LEASE) is False
    assert await Chunk.joined(generation.id, 1) == "Because of"


async def test_what_was_abandoned_or_never_enqueued_is_found_once_per_patience() -> None:
    lost, abandoned, held = await submitted(), await submitted(), await submitted()
    assert await Generation.claim(abandoned.id, lease_seconds=0)
    assert await Generation.claim(held.id, lease_seconds=LEASE)
    for generation, seconds in ((lost, QUEUED_PATIENCE + 1), (abandoned, ABANDONED_PATIENCE + 1), (held, 3600)):
        await Generation.raw(
            "UPDATE generations SET enqueued_at = now() - {} * interval '1 second' WHERE id = {}",
            float(seconds),
            generation.id,
        )
    rounds = await asyncio.gather(*[Generation.overdue() for _ in range(4)])
    found = [generation.id for one in rounds for generation in one]
    assert found.count(lost.id) == found.count(abandoned.id) == 1
    assert held.id not in found


async def test_what_has_waited_too_long_is_failed_and_nothing_else_is() -> None:
    user = new_id()
    late, early, working = await submitted(user), await submitted(user), await submitted(user)
    await Generation.raw("UPDATE generations SET queued_at = now() - interval '2 hours' WHERE \"user\" = {}", user)
    await Generation.claim(working.id, lease_seconds=LEASE)
    assert await (await late.reread()).expire(3 * 3600) is None
    assert await early.expire(3600) is None
    assert await (await working.reread()).expire(3600) is None
    failed = await (await late.reread()).expire(3600)
    assert failed is not None
    assert (failed.status, failed.error_code) == ("failed", "waited_too_long")
    again, _ = await failed.retry(Limits(3))
    assert await again.expire(3600) is None


async def test_a_release_goes_on_working_on_the_schema_of_the_one_that_follows_it() -> None:
    generation = await submitted()
    await Generation.raw("ALTER TABLE generations ADD COLUMN of_the_next_release text")
    try:
        assert (await Generation.owned(generation.id, generation.user)).prompt == generation.prompt
    finally:
        await Generation.raw("ALTER TABLE generations DROP COLUMN of_the_next_release")
