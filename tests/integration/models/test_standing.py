"""Which keys let nobody in any more, as the rows have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from genapp import models
from genapp.models import ApiToken, Conversation, Session, Share, User, departing, new_id

if TYPE_CHECKING:
    from uuid import UUID

pytestmark = pytest.mark.usefixtures("database")


async def made() -> tuple[User, dict[str, UUID]]:
    """An account with one of everything that lets somebody in; their keys."""
    user = await User.sign_up(new_id(), f"{new_id().hex}@example.org", "no hash")
    session = await Session.begin(user, device="", address="", seconds=60)
    token, _ = await ApiToken.make(user.id, "one", "read", 1)
    conversation = Conversation(id=new_id(), user=user.id, title="x")
    await Conversation.insert(conversation)
    share = await Share.begin(conversation.id, 1)
    return user, {"session": session, "token": token.id, "share": share.id, "user": user.id}


async def void(ids: dict[str, UUID]) -> set[str]:
    """The kinds of those that are void."""
    return {key.partition(":")[0] for key in await models.void([f"{kind}:{id}" for kind, id in ids.items()])}


async def test_what_is_good_is_not_void_and_what_is_no_key_is_nothing() -> None:
    _, ids = await made()
    assert await void(ids) == set()
    assert await models.void(["", "session:", "user:x", "nothing:" + str(ids["user"])]) == set()


@pytest.mark.parametrize(("kind", "table"), [("session", "sessions"), ("token", "api_tokens"), ("share", "shares")])
async def test_what_is_gone_or_has_run_out_is_void(kind: str, table: str) -> None:
    for change in (f"UPDATE {table} SET expires_at = now()", f"DELETE FROM {table}"):  # noqa: S608  constants
        _, ids = await made()
        await User.raw(f"{change} WHERE id = {{}}", ids[kind])
        assert await void(ids) == {kind}


async def test_everything_of_a_disabled_user_is_void() -> None:
    user, ids = await made()
    await user.disable()
    assert await void(ids) == {"session", "token", "share", "user"}


async def test_an_admin_is_one_while_they_are_promoted_and_not_disabled() -> None:
    user, ids = await made()
    other, _ = await made()
    await other.set_role("admin")  # somebody has to be one
    assert await void({"admin": user.id}) == {"admin"}
    await user.set_role("admin")
    assert await void({**ids, "admin": user.id}) == set()
    await user.disable()
    assert "admin" in await void({"admin": user.id})
    assert await void({"admin": new_id()}) == {"admin"}


async def test_everything_of_a_deleted_account_is_void() -> None:
    user, ids = await made()
    await departing.end_user(user.id)
    assert await void({**ids, "guest": user.id}) == {"session", "token", "share", "user"}


async def test_a_guest_who_has_become_an_account_is_a_guest_no_more() -> None:
    user, _ = await made()
    assert await void({"guest": user.id}) == {"guest"}
    assert await void({"guest": new_id(), "user": new_id()}) == set()
