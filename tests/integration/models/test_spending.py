"""What each attempt used is on record, and bounds what its user may ask for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from genapp.errors import TooMany
from genapp.models import Attempt, Generation, Limits, Spent, new_id
from tests.integration.models.test_generation import LEASE, SPENT, claimed, draft, outcome, submitted

if TYPE_CHECKING:
    from uuid import UUID

pytestmark = pytest.mark.usefixtures("database")


async def attempts_of(generation: Generation) -> list[tuple[object, ...]]:
    rows = await Attempt.select().where(Attempt.generation == generation.id).order_by(Attempt.number)
    return [
        (row["number"], row["model"], row["outcome"], row["error_code"], row["input_tokens"], row["output_tokens"])
        for row in rows
    ]


async def test_each_attempt_is_recorded_with_its_model_its_end_and_what_it_used() -> None:
    first = await claimed()
    second = await first.begin_again("demo:other", "rate_limited", Spent(5, 0, estimated=True))
    assert second is not None
    await second.hand_back(Spent(6, 1, estimated=True))
    third = await Generation.claim(first.id, lease_seconds=0)
    fourth = await Generation.claim(first.id, lease_seconds=LEASE)
    assert third is not None
    assert fourth is not None
    assert await third.finish(outcome(), SPENT) is None
    await fourth.finish(outcome("failed", ""), SPENT)
    guess = len(first.prompt) // 4
    assert await attempts_of(first) == [
        (1, "demo:demo", "failed", "rate_limited", 5, 0),
        (2, "demo:other", "handed_back", None, 6, 1),
        (3, "demo:other", "lost", None, guess, 0),
        (4, "demo:other", "failed", None, 60, 40),
    ]


async def used_an_attempt(user: UUID, hours_ago: float) -> Generation:
    generation = await Generation.claim((await submitted(user)).id, lease_seconds=LEASE)
    assert generation is not None
    finished = await generation.finish(outcome("failed"), SPENT)
    await Attempt.raw(
        "UPDATE attempts SET started_at = now() - {} * interval '1 hour' WHERE generation = {}",
        hours_ago,
        generation.id,
    )
    assert finished is not None
    return finished


@pytest.mark.parametrize(("limit", "hours"), [(250, 4.0), (200, 6.0), (100, 23.0)])
async def test_who_has_spent_the_days_tokens_is_told_when_enough_of_them_are_back(limit: int, hours: float) -> None:
    user = new_id()
    for hours_ago in (20, 18, 1):
        await used_an_attempt(user, hours_ago)
    assert await Generation.submit(draft(user), Limits(9, tokens_per_day=301))
    with pytest.raises(TooMany) as refusal:
        await Generation.submit(draft(user), Limits(9, tokens_per_day=limit))
    assert refusal.value.retry_after == pytest.approx(hours * 3600, abs=60)


async def test_trying_again_or_deleting_an_answer_does_not_give_its_tokens_back() -> None:
    user = new_id()
    failed = await used_an_attempt(user, 1)
    with pytest.raises(TooMany):
        await failed.retry(Limits(3, tokens_per_day=100))
    await failed.retry(Limits(3))
    await Generation.delete().where(Generation.id == failed.id)
    with pytest.raises(TooMany):
        await Generation.submit(draft(user), Limits(3, tokens_per_day=100))
