"""Users who delete themselves, as the rows have it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest

from genapp.errors import Forbidden, Unauthenticated
from genapp.models import Conversation, Draft, Generation, Limits, Session, Share, Site, User, departing, new_id
from genapp.models.departing import BATCH
from genapp.models.site import visitor_id
from tests.running import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from uuid import UUID

pytestmark = pytest.mark.usefixtures("database")

MORE_THAN_A_BATCH = BATCH + 20


@pytest.fixture
async def sql(database_url: str) -> AsyncIterator[asyncpg.Connection[Any]]:
    """A connection of somebody else's."""
    connection = await asyncpg.connect(database_url)
    yield connection
    await connection.close()


async def until_waiting(sql: asyncpg.Connection[Any]) -> None:
    """Wait until something waits for what this connection holds."""

    async def waiting() -> bool:
        return bool(
            await sql.fetchval(
                "SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
            )
        )

    await eventually(waiting)


async def account(role: str = "user") -> User:
    return await User.sign_up(new_id(), f"{new_id().hex}@example.org", "no hash", role=role)


async def with_answers(user_id: UUID, count: int) -> UUID:
    """Give a user a conversation of finished answers, each of which was worked for; gives its id."""
    conversation = new_id()
    await Conversation.insert(Conversation(id=conversation, user=user_id, title="x"))
    for _ in range(count):
        generation = new_id()
        await User.raw(
            """
            WITH one AS (
              INSERT INTO generations (id, conversation, "user", prompt, model, status, answer, attempt)
              VALUES ({}, {}, {}, 'x', 'demo:demo', 'completed', 'y', 1) RETURNING *
            )
            INSERT INTO attempts (generation, "user", number, model) SELECT id, "user", attempt, model FROM one
            """,
            *(generation, conversation, user_id),
        )
    return conversation


async def count(table: str, user_id: UUID) -> int:
    rows = await User.raw(f'SELECT count(*) FROM {table} WHERE "user" = {{}}', user_id)  # noqa: S608  names of ours
    return int(rows[0]["count"])


async def swept() -> list[int]:
    """Delete whatever is left of anybody who is gone; gives how many answers went each time."""
    parts = []
    while (part := await departing.sweep()) is not None:
        parts.append(len(part))
    return parts


async def test_who_has_more_than_can_be_deleted_at_once_is_gone_at_once_and_the_rest_by_and_by() -> None:
    await swept()
    one, other = await account(), await account()
    for user in (one, other):
        await with_answers(user.id, MORE_THAN_A_BATCH)
    await departing.end_user(one.id)
    assert await count("generations", one.id) == MORE_THAN_A_BATCH, "a page would have had to wait for all of it"
    assert await User.find(str(one.email)) is None
    parts = await swept()
    assert sum(parts) == MORE_THAN_A_BATCH
    assert max(parts) == BATCH
    for table in ("generations", "conversations", "attempts"):
        assert await count(table, one.id) == 0, table
    assert await User.raw("SELECT 1 FROM users WHERE id = {}", one.id) == []
    assert await count("generations", other.id) == MORE_THAN_A_BATCH


async def test_what_lets_anybody_in_ends_at_once_and_the_address_is_free() -> None:
    one = await account()
    session = await Session.begin(one, device="", address="", seconds=60)
    share = await Share.begin(await with_answers(one.id, 1), None)
    site = await Site.make(one.id, "shop", ["https://shop.example"])
    await departing.end_user(one.id)
    assert (await Session.standing(session, one.id, seconds=60)).deleted
    assert await User.raw("SELECT 1 FROM shares WHERE id = {}", share.id) == []
    assert await Site.standing(site.id, visitor_id(site.id, "ada")) is None
    again = await User.sign_up(new_id(), str(one.email), "no hash")
    assert again.id != one.id


async def test_what_is_in_progress_stops_and_nothing_more_can_be_asked() -> None:
    guest = new_id()
    draft = Draft(guest, "Hello", "demo:demo")
    generation, _ = await Generation.submit(draft, Limits(3))
    assert await departing.end_user(guest) == [(generation.id, 0)]
    assert await Generation.claim(generation.id, lease_seconds=5) is None
    with pytest.raises(Unauthenticated):
        await Generation.submit(draft, Limits(3))
    await swept()
    assert await count("generations", guest) == 0


async def test_a_worker_who_begins_an_answer_and_who_deletes_its_user_do_not_wait_for_each_other(
    sql: asyncpg.Connection[Any],
) -> None:
    guest = new_id()
    generation, _ = await Generation.submit(Draft(guest, "Hello", "demo:demo"), Limits(3))
    async with sql.transaction():  # what a claim does, with time between
        await sql.execute("UPDATE generations SET attempt = attempt + 1 WHERE id = $1", generation.id)
        deletion = asyncio.create_task(departing.end_user(guest))
        await until_waiting(sql)
        await sql.execute(
            "INSERT INTO attempts (generation, \"user\", number, model) VALUES ($1, $2, 1, 'demo:demo')",
            *(generation.id, guest),
        )
    assert await deletion == [(generation.id, 1)]
    await swept()


async def test_of_a_deleted_site_or_owner_the_visitors_go_too() -> None:
    for end_site in (True, False):
        owner = await account()
        site, other = [await Site.make(owner.id, "shop", ["https://shop.example"]) for _ in range(2)]
        visitors = [visitor_id(one.id, "ada") for one in (site, other)]
        for one, visitor in zip((site, other), visitors, strict=True):
            await Generation.submit(Draft(visitor, "Hello", "demo:demo", site=one.id), Limits(3))
            await with_answers(visitor, 2)
        gone = await (departing.end_site(site.id) if end_site else departing.end_user(owner.id))
        assert len(gone) == (1 if end_site else 2)
        if end_site:
            assert [one.id for one in await Site.of_user(owner.id)] == [other.id]
        await swept()
        assert [await count("generations", visitor) for visitor in visitors] == [0, 3 if end_site else 0]
        assert bool(await User.raw("SELECT 1 FROM users WHERE id = {}", owner.id)) is end_site


async def test_the_only_admin_cannot_be_lost_by_any_way() -> None:
    await User.raw("UPDATE users SET role = 'user'")
    one = await account("admin")
    disabled = await account("admin")
    await disabled.disable()
    for attempt in (one.set_role("user"), one.disable(), departing.end_user(one.id)):
        with pytest.raises(Forbidden, match="Nobody else is an admin here"):
            await attempt


async def test_of_two_admins_who_take_it_away_from_each_other_one_stays(sql: asyncpg.Connection[Any]) -> None:
    await User.raw("UPDATE users SET role = 'user'")
    one, other = await account("admin"), await account("admin")
    async with sql.transaction():
        await sql.execute("UPDATE users SET role = 'user' WHERE id = $1", other.id)
        demotion = asyncio.create_task(one.set_role("user"))
        await until_waiting(sql)
    with pytest.raises(Forbidden):
        await demotion
