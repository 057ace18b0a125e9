"""`genapp user …`, as whoever runs the site uses it."""

from __future__ import annotations

import os
import pty
import subprocess
from typing import TYPE_CHECKING, Any

import asyncpg
import pytest
import redis

from genapp import passwords
from genapp.models import ApiToken, Conversation, Draft, Generation, Invitation, Limits, Session, User, new_id
from genapp.revocations import CHANNEL
from tests.running import GENAPP

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSWORD = "violet harbour crates at noon"
OTHER = "seven copper lanterns, unlit"

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def env(database_url: str, redis_url: str) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "SECRET_KEY": "0123456789abcdef" * 2,
    }


@pytest.fixture
def announced(redis_url: str) -> Iterator[redis.client.PubSub]:
    """What is announced from now on."""
    with redis.Redis.from_url(redis_url) as client, client.pubsub(ignore_subscribe_messages=True) as listening:
        listening.subscribe(CHANNEL)
        assert listening.get_message(timeout=5) is None  # it is heard that we listen
        yield listening


def user(env: dict[str, str], *words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*GENAPP, "user", *words], env=env, input=typed, capture_output=True, text=True, timeout=60, check=False
    )


def done(env: dict[str, str], *words: str, typed: str = "") -> str:
    """What a command prints that does what it should."""
    ended = user(env, *words, typed=typed)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


def refused(env: dict[str, str], *words: str, typed: str = "") -> str:
    """What a command says that does not: one line, and exit code 2."""
    ended = user(env, *words, typed=typed)
    assert (ended.returncode, ended.stdout) == (2, ""), ended.stdout
    (line,) = ended.stderr.splitlines()
    assert line.startswith("genapp: ")
    return line


def heard(listening: redis.client.PubSub) -> set[str]:
    message: dict[str, Any] | None = listening.get_message(timeout=5)
    assert message is not None, "nothing was announced"
    return set(message["data"].decode().split())


async def made(role: str = "user") -> User:
    """An account, made without a process."""
    return await User.sign_up(new_id(), f"{new_id().hex}@example.org", await passwords.hashed(PASSWORD), role=role)


async def account(email: str) -> User:
    """The account that has an address."""
    found = await User.find(email)
    assert found is not None
    return found


async def test_an_account_is_made_with_a_password_from_standard_input(env: dict[str, str]) -> None:
    email = f"{new_id().hex}@example.org"
    assert done(env, "create", f" {email.upper()} ", "--password-stdin", typed=f"{PASSWORD}\n") == ""
    found = await account(email)
    assert await passwords.matches(PASSWORD, found.password_hash)
    assert not found.is_admin
    assert f"There is an account {email} already." in refused(env, "create", email, "--generate")


async def test_a_generated_password_is_all_that_is_printed_and_lets_the_first_admin_in(env: dict[str, str]) -> None:
    email = f"{new_id().hex}@example.org"
    (password,) = done(env, "create", email, "--admin", "--generate").splitlines()
    assert len(password) >= 20
    found = await account(email)
    assert found.is_admin
    assert await passwords.matches(password, found.password_hash)


async def test_at_a_terminal_the_password_is_asked_for_twice_and_not_shown(env: dict[str, str]) -> None:
    email = f"{new_id().hex}@example.org"
    controller, terminal = pty.openpty()
    process = subprocess.Popen(  # noqa: ASYNC220  nothing else runs
        [*GENAPP, "user", "create", email],
        env=env,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        start_new_session=True,
    )
    os.close(terminal)
    shown = ""
    for question in ("Password: ", "Repeat for confirmation: "):
        while question not in shown:
            shown += os.read(controller, 1000).decode()
        os.write(controller, f"{PASSWORD}\n".encode())
    while "has an account" not in shown:
        shown += os.read(controller, 1000).decode()
    assert process.wait(timeout=30) == 0
    os.close(controller)
    assert PASSWORD not in shown
    assert await passwords.matches(PASSWORD, (await account(email)).password_hash)


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ("", "at least 10 characters"),
        ("password1234\n", "among the first"),
    ],
)
async def test_a_weak_password_is_refused_as_on_the_page(env: dict[str, str], typed: str, says: str) -> None:
    email = f"{new_id().hex}@example.org"
    assert says in refused(env, "create", email, "--password-stdin", typed=typed)
    assert await User.find(email) is None


async def test_a_new_password_ends_every_session_at_once_and_keeps_the_tokens(
    env: dict[str, str], announced: redis.client.PubSub
) -> None:
    one = await made()
    sessions = [await Session.begin(one, device="", address="", seconds=60) for _ in range(2)]
    await ApiToken.make(one.id, "script", "read", None)
    done(env, "password", str(one.email), "--password-stdin", typed=OTHER)
    assert heard(announced) == {f"session:{session}" for session in sessions}
    assert await Session.of_user(one.id) == []
    assert len(await ApiToken.of_user(one.id)) == 1
    stored = (await User.by_id(one.id)).password_hash
    assert await passwords.matches(OTHER, stored)
    assert not await passwords.matches(PASSWORD, stored)


async def test_who_is_disabled_loses_sessions_tokens_and_answers_in_progress_and_may_be_let_in_again(
    env: dict[str, str], announced: redis.client.PubSub
) -> None:
    one = await made()
    await Session.begin(one, device="", address="", seconds=60)
    await ApiToken.make(one.id, "script", "read", None)
    generation, _ = await Generation.submit(Draft(one.id, "Hello", "openai:demo", guest=False), Limits(3, 0))
    done(env, "disable", str(one.email))
    assert heard(announced) == {f"user:{one.id}"}
    assert (await User.by_id(one.id)).disabled_at is not None
    assert await Session.of_user(one.id) == []
    assert await ApiToken.of_user(one.id) == []
    assert (await generation.reread()).status == "cancelled"
    assert f"disabled  {one.created_at:%Y-%m-%d}  never       {one.email}" in done(env, "list").splitlines()
    done(env, "enable", str(one.email))
    assert (await User.by_id(one.id)).disabled_at is None
    assert len(await Conversation.recent(one.id)) == 1


async def test_an_account_is_promoted_and_demoted_and_its_sessions_look_again(
    env: dict[str, str], announced: redis.client.PubSub
) -> None:
    one, _ = await made(), await made(role="admin")
    await Session.begin(one, device="", address="", seconds=60)
    for command, role in (("promote", "admin"), ("demote", "user")):
        done(env, command, str(one.email))
        assert heard(announced) == {f"user:{one.id}", f"admin:{one.id}"}
        assert (await User.by_id(one.id)).role == role
    today = f"{one.created_at:%Y-%m-%d}"
    assert f"user      {today}  {today}  {one.email}" in done(env, "list").splitlines()


async def test_the_only_admin_stays_one(env: dict[str, str]) -> None:
    await User.raw("UPDATE users SET role = 'user'")
    one, _ = await made(role="admin"), await made()
    for command in ("demote", "disable"):
        assert "Nobody else is an admin here." in refused(env, command, str(one.email))
    (found,) = [line for line in done(env, "list").splitlines() if line.endswith(str(one.email))]
    assert found.startswith("admin ")


async def test_where_redis_is_away_it_is_done_all_the_same_and_said(env: dict[str, str]) -> None:
    one, _ = await made(role="admin"), await made(role="admin")
    ended = user({**env, "REDIS_URL": "redis://u:hidden@127.0.0.1:1/0"}, "demote", str(one.email))
    assert ended.returncode == 0
    assert "could not be announced, it will be noticed within seconds" in ended.stderr
    assert "hidden" not in ended.stderr
    assert not (await User.by_id(one.id)).is_admin


async def test_an_invitation_is_a_path_that_makes_one_account(env: dict[str, str]) -> None:
    (anybodys,) = done(env, "invite").splitlines()
    (theirs,) = done(env, "invite", "Ada@Example.org").splitlines()
    for path, email in ((anybodys, None), (theirs, "ada@example.org")):
        assert path.startswith("/signup?invitation=")
        found = await Invitation.open_one(path.partition("=")[2])
        assert found is not None
        assert found.email == email


async def test_what_cannot_be_done_is_one_line_that_says_what_to_do(env: dict[str, str]) -> None:
    assert "There is no account nobody@example.org" in refused(env, "promote", "nobody@example.org")
    assert "This is not an e-mail address" in refused(env, "enable", "nonsense")
    assert "There is no terminal" in refused(env, "create", "a@example.org")
    nobody = {**env, "DATABASE_URL": "postgres://u:hidden@127.0.0.1:1/d"}
    assert "DATABASE_URL: the database does not answer" in refused(nobody, "list")
    one = await made(role="admin")
    assert "REDIS_URL is not set" in refused({**env, "REDIS_URL": ""}, "demote", str(one.email))
    assert (await User.by_id(one.id)).is_admin


async def test_a_password_is_no_argument(env: dict[str, str]) -> None:
    ended = user(env, "create", "a@example.org", PASSWORD)
    assert ended.returncode == 2
    assert await User.find("a@example.org") is None


async def test_a_database_without_our_tables_is_told_how_it_gets_them(env: dict[str, str], database_url: str) -> None:
    connection = await asyncpg.connect(database_url)
    await connection.execute("CREATE DATABASE bare")
    try:
        path, question, query = database_url.partition("?")
        bare = f"{path.rsplit('/', 1)[0]}/bare{question}{query}"
        assert "run `genapp migrate`" in refused({**env, "DATABASE_URL": bare}, "list")
    finally:
        await connection.execute("DROP DATABASE bare")
        await connection.close()
