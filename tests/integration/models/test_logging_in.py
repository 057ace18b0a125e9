"""What happens to an account's rows when several things happen at one moment."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import asyncpg
import pytest

from genapp.errors import Forbidden, Unauthenticated
from genapp.models import Draft, Generation, Limits, Session, User, new_id
from tests.running import eventually

if TYPE_CHECKING:
    from uuid import UUID

pytestmark = pytest.mark.usefixtures("database")


async def account() -> User:
    return await User.sign_up(new_id(), f"{new_id().hex}@example.org", "a hash")


async def begun(user: User, adopting: UUID | None = None) -> UUID:
    return await Session.begin(user, device="", address="", seconds=60, adopting=adopting)


async def asked(user_id: UUID, *, guest: bool = True) -> Generation:
    draft = Draft(user_id=user_id, prompt="x", model="demo:demo", guest=guest)
    return (await Generation.submit(draft, Limits(3)))[0]


async def test_a_guest_is_taken_over_while_a_worker_begins_to_answer_them(database_url: str) -> None:
    guest, user = new_id(), await account()
    generation = await asked(guest)
    worker = await asyncpg.connect(database_url)
    beginning = worker.transaction()
    await beginning.start()
    await worker.execute("UPDATE generations SET attempt = attempt + 1 WHERE id = $1", generation.id)
    logging_in = asyncio.create_task(begun(user, adopting=guest))

    async def waits() -> bool:
        rows = await User.raw("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND pid <> {}", 0)
        return bool(rows)

    await eventually(waits)
    await worker.execute(
        'INSERT INTO attempts (generation, "user", number, model) VALUES ($1, $2, 1, $3)', generation.id, guest, "x"
    )
    await beginning.commit()
    await logging_in
    await worker.close()
    assert (await Generation.owned(generation.id, user.id)).attempt == 1
    rows = await User.raw('SELECT "user" FROM attempts WHERE generation = {}', generation.id)
    assert [row["user"] for row in rows] == [user.id]


async def test_a_guest_who_has_logged_in_cannot_ask_as_a_guest_any_more() -> None:
    guest, user = new_id(), await account()
    await asked(guest)
    await begun(user, adopting=guest)
    with pytest.raises(Unauthenticated):
        await asked(guest)
    assert (await Session.standing(None, guest, seconds=60)).adopted
    assert await User.raw('SELECT 1 FROM generations WHERE "user" = {}', guest) == []


async def test_who_cannot_be_logged_in_loses_nothing_to_the_account() -> None:
    guest, user = new_id(), await account()
    generation = await asked(guest)
    await user.disable()
    with pytest.raises(Unauthenticated):
        await begun(user, adopting=guest)
    assert (await Generation.owned(generation.id, guest)).id == generation.id


async def test_another_password_ends_every_other_session_or_is_not_stored() -> None:
    user = await account()
    here, there = await begun(user), await begun(user)
    stale = await User.by_id(user.id)
    assert await user.change_password("another hash", but=here) == [there]
    assert [one.id for one in await Session.of_user(user.id)] == [here]
    assert await stale.change_password("a third one") is None
    with pytest.raises(Unauthenticated):
        await begun(stale)
    assert [one.id for one in await Session.of_user(user.id)] == [here]


async def test_who_is_shut_out_asks_nothing_more_whatever_a_process_remembers() -> None:
    user = await account()
    await user.disable()
    with pytest.raises(Forbidden):
        await asked(user.id, guest=False)
