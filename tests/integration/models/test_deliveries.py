"""The outbox of webhooks: what gets into it, and who takes what out."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from genapp.models import Delivery, Draft, Generation, Limits, Outcome, Spent, User, Webhook, new_id
from genapp.models.delivery import AT_ONCE, WAITS

if TYPE_CHECKING:
    from uuid import UUID

pytestmark = pytest.mark.usefixtures("database")

SPENT = Spent(60, 40)
URL = "https://hooks.example/"


async def listened_to(*events: str) -> tuple[UUID, Webhook]:
    """A user with a webhook."""
    user = await User.locked(new_id(), guest=True)
    return user.id, await Webhook.make(user.id, URL, events or ("completed", "failed", "cancelled"), with_content=False)


async def submitted(user_id: UUID) -> Generation:
    generation, _ = await Generation.submit(Draft(user_id=user_id, prompt="x", model="demo:demo"), Limits(100))
    return generation


async def claimed(user_id: UUID) -> Generation:
    generation = await Generation.claim((await submitted(user_id)).id, lease_seconds=30)
    assert generation is not None
    return generation


def outcome(status: str) -> Outcome:
    return Outcome(status=status, answer="An answer", html="<p>An answer</p>", renderer=1, output_tokens=40)


async def told(webhook: Webhook) -> list[str]:
    return [one.event for one in reversed(await Delivery.of_webhook(webhook.id))]


async def finished(user_id: UUID, status: str = "completed") -> Generation:
    done = await (await claimed(user_id)).finish(outcome(status), SPENT)
    assert done is not None
    return done


async def test_every_way_to_an_end_puts_one_message_into_the_outbox() -> None:
    user_id, webhook = await listened_to()
    for status in ("completed", "failed", "cancelled"):
        await finished(user_id, status)
    await (await submitted(user_id)).cancel()
    await (await submitted(user_id)).give_up("gave_up", "Nobody could be found.")
    lost = await claimed(user_id)
    await Generation.raw("UPDATE generations SET lease_expires_at = now() WHERE id = {}", lost.id)
    await lost.cancel()
    ends = ["completed", "failed", "cancelled", "cancelled", "failed", "cancelled"]
    assert await told(webhook) == [f"generation.{end}" for end in ends]


async def test_what_is_no_end_puts_nothing_into_it_and_the_same_end_again_neither() -> None:
    user_id, webhook = await listened_to()
    running = await claimed(user_id)
    await running.keep("text", 0, lease_seconds=30)
    await running.cancel()
    assert await told(webhook) == []
    for _ in range(3):
        await running.finish(outcome("cancelled"), SPENT)
        await running.cancel()
    assert await told(webhook) == ["generation.cancelled"]


async def test_an_end_that_is_not_stored_is_not_told() -> None:
    user_id, webhook = await listened_to()
    running = await claimed(user_id)

    async def undone() -> None:
        async with Generation._meta.db.transaction():
            assert await running.finish(outcome("completed"), SPENT)
            raise InterruptedError

    with pytest.raises(InterruptedError):
        await undone()
    assert await told(webhook) == []


async def test_only_what_is_wanted_is_noted_and_nothing_for_who_is_switched_off() -> None:
    user_id, webhook = await listened_to("failed")
    _, other = await listened_to()
    await finished(user_id)
    assert await told(webhook) == await told(other) == []
    await webhook.disable()
    await finished(user_id, "failed")
    assert await told(webhook) == []
    await webhook.enable()
    await finished(user_id, "failed")
    assert await told(webhook) == ["generation.failed"]


async def test_the_message_is_of_the_moment_of_the_end() -> None:
    user_id, webhook = await listened_to()
    done = await finished(user_id, "failed")
    await done.retry(Limits(3))
    (delivery,) = await Delivery.of_webhook(webhook.id)
    assert json.loads(delivery.payload)["data"] == {
        "id": str(done.id),
        "conversation_id": str(done.conversation),
        "status": "failed",
        "model": "demo:demo",
        "usage": {"input_tokens": None, "output_tokens": 40},
        "url": f"/generations/{done.id}",
    }


async def pending(count: int) -> tuple[Webhook, list[Any]]:
    user_id, webhook = await listened_to()
    for _ in range(count):
        await finished(user_id)
    return webhook, [one.id for one in await Delivery.of_webhook(webhook.id)]


async def test_one_of_many_workers_gets_a_message() -> None:
    _, (delivery_id,) = await pending(1)
    results = await asyncio.gather(*[Delivery.claim(delivery_id) for _ in range(20)])
    assert len([one for one in results if one is not None]) == 1


async def test_a_webhook_is_sent_a_few_at_a_time_and_then_the_next() -> None:
    webhook, ids = await pending(AT_ONCE + 2)
    taken = [await Delivery.claim(one) for one in ids]
    held = [one for one in taken if one is not None]
    assert len(held) == AT_ONCE
    assert await Delivery.claim_next(webhook.id) is None
    await Delivery.took(held[0], 200)
    following = await Delivery.claim_next(webhook.id)
    assert following is not None
    assert following.id in ids
    assert await Delivery.claim_next(webhook.id) is None


async def test_what_a_worker_took_along_is_sent_by_another_which_alone_says_what_became_of_it() -> None:
    webhook, (delivery_id,) = await pending(1)
    first = await Delivery.claim(delivery_id)
    assert first is not None
    await Delivery.raw("UPDATE deliveries SET held_until = now() - interval '1 second' WHERE id = {}", delivery_id)
    second = await Delivery.claim(delivery_id)
    assert second is not None
    assert (first.attempts, second.attempts) == (1, 2)
    await Delivery.refused(first, 500, "It answered 500.")
    (row,) = await Delivery.of_webhook(webhook.id)
    assert (row.status, row.response_code) == ("pending", None)
    await Delivery.took(second, 200)
    await Delivery.refused(first, 500, "It answered 500.")
    (row,) = await Delivery.of_webhook(webhook.id)
    assert (row.status, row.response_code) == ("delivered", 200)


async def tried(delivery_id: UUID, times: int) -> None:
    for _ in range(times):
        await Delivery.raw("UPDATE deliveries SET next_try_at = now() WHERE id = {}", delivery_id)
        claim = await Delivery.claim(delivery_id)
        assert claim is not None
        await Delivery.refused(claim, 500, "It answered 500.")


async def test_after_the_last_try_the_webhook_is_switched_off_unless_it_has_taken_something_since() -> None:
    for takes_others in (True, False):
        user_id, webhook = await listened_to()
        await finished(user_id)
        (delivery,) = await Delivery.of_webhook(webhook.id)
        await tried(delivery.id, len(WAITS))
        if takes_others:
            await finished(user_id)
            following = await Delivery.claim_next(webhook.id)
            assert following is not None
            await Delivery.took(following, 200)
        await tried(delivery.id, 1)
        assert (await Webhook.owned(webhook.id, user_id)).disabled_at is None or not takes_others
        row = next(one for one in await Delivery.of_webhook(webhook.id) if one.id == delivery.id)
        assert row.status == "failed"
    assert (await Webhook.owned(webhook.id, user_id)).disabled_because is not None


async def test_the_outbox_gives_each_message_once_per_patience_also_to_many_at_once() -> None:
    webhook, ids = await pending(20)
    taken = [one for batch in await asyncio.gather(*[Delivery.overdue(5) for _ in range(12)]) for one in batch]
    mine = [one for one in taken if one in ids]
    assert len(mine) == len(set(mine))
    await Delivery.overdue(1000)
    assert not set(await Delivery.overdue(1000)) & set(ids)
    await webhook.disable()
    await Delivery.raw("UPDATE deliveries SET enqueued_at = NULL WHERE webhook = {}", webhook.id)
    assert not set(await Delivery.overdue(1000)) & set(ids)


async def test_old_records_are_swept_and_what_waits_is_not() -> None:
    webhook, (first, second) = await pending(2)
    claim = await Delivery.claim(first)
    assert claim is not None
    await Delivery.took(claim, 200)
    await Delivery.raw("UPDATE deliveries SET created_at = now() - interval '31 days' WHERE webhook = {}", webhook.id)
    await Delivery.sweep()
    assert [one.id for one in await Delivery.of_webhook(webhook.id)] == [second]
