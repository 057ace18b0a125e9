"""`genapp user …`: accounts, for whoever has the site's environment. The first admin is made here.

A password is never an argument: it would be in `ps`, and in the shell's history.
"""

from __future__ import annotations

import asyncio
import secrets
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import asyncpg
import click

from genapp import passwords, redis_clients, revocations
from genapp.errors import ConfigurationError, Invalid, NotFound
from genapp.models import Generation, Invitation, User, administering, connected, new_id, normal_email
from genapp.settings import Settings
from genapp.starting import require_database

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine
    from datetime import datetime

    from redis.asyncio import Redis

T = TypeVar("T")

BATCH = 500
GENERATED_BYTES = 18  # 144 bits, in 24 characters


@click.group("user")
def commands() -> None:
    """Make accounts, and say what they may do."""


def _normal(_context: click.Context, _parameter: click.Parameter, email: str | None) -> str | None:
    return normal_email(email) if email is not None else None


with_email = click.argument("email", callback=_normal)


def with_password(command: Callable[..., None]) -> Callable[..., None]:
    """The options that say where a password comes from; without one it is asked for, twice."""
    generate = click.option("--generate", is_flag=True, help="Make one, and print it this once.")
    from_stdin = click.option("--password-stdin", is_flag=True, help="Read it from the first line of standard input.")
    return from_stdin(generate(command))


@commands.command()
@with_email
@click.option("--admin", is_flag=True, help="Let them see and change everything.")
@with_password
def create(email: str, *, admin: bool, password_stdin: bool, generate: bool) -> None:
    """Make an account."""
    ask = _asking(password_stdin=password_stdin, generate=generate)
    _run(_create(email, "admin" if admin else "user", ask))
    _say(f"{email} has an account.")


@commands.command()
@with_email
@with_password
def password(email: str, *, password_stdin: bool, generate: bool) -> None:
    """Give an account another password. It is logged out everywhere; its API tokens stay."""
    _run(_change_password(email, _asking(password_stdin=password_stdin, generate=generate)))
    _say(f"{email} has another password, and is logged out everywhere.")


@commands.command()
@with_email
def promote(email: str) -> None:
    """Make an account an admin."""
    _run(_set_role(email, "admin"))
    _say(f"{email} is an admin.")


@commands.command()
@with_email
def demote(email: str) -> None:
    """Make an admin an ordinary user again."""
    _run(_set_role(email, "user"))
    _say(f"{email} is no admin.")


@commands.command()
@with_email
def disable(email: str) -> None:
    """Shut an account out: its sessions and API tokens end, its answers stop. What is theirs stays."""
    _run(_disable(email))
    _say(f"{email} is disabled.")


@commands.command()
@with_email
def enable(email: str) -> None:
    """Let a disabled account in again."""
    _run(_enable(email))
    _say(f"{email} is enabled.")


@commands.command()
@click.argument("email", required=False, callback=_normal)
def invite(email: str | None) -> None:
    """Print the path of an invitation, this once: behind the site's address it makes one account.

    With EMAIL, only that address can use it.
    """
    token = _run(_invite(email))
    click.echo(f"/signup?invitation={token}")


@commands.command("list")
def list_accounts() -> None:
    """Print all accounts: role, since when, when last seen, address."""
    _run(_print_accounts())


def _asking(*, password_stdin: bool, generate: bool) -> Callable[[], str]:
    """Where the password comes from. Raises Invalid where there is no such place."""
    if password_stdin and generate:
        raise Invalid("Choose one of --password-stdin and --generate.")
    if generate:
        return _generated
    if password_stdin:
        return _from_stdin
    if not sys.stdin.isatty():
        raise Invalid("There is no terminal to ask for the password at: use --password-stdin or --generate.")
    return lambda: str(click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True))


def _generated() -> str:
    made = secrets.token_urlsafe(GENERATED_BYTES)
    click.echo(made)
    return made


def _from_stdin() -> str:
    line = sys.stdin.buffer.readline()
    try:
        return line.decode().rstrip("\r\n")
    except UnicodeDecodeError:
        raise Invalid("The password must be UTF-8.") from None


async def _create(email: str, role: str, ask: Callable[[], str]) -> None:
    if await User.find(email) is not None:
        raise Invalid(f"There is an account {email} already.")
    await User.sign_up(new_id(), email, await _hashed(ask(), email), role=role)


async def _change_password(email: str, ask: Callable[[], str]) -> None:
    async with _redis() as redis:
        user = await _account(email)
        ended = await user.change_password(await _hashed(ask(), email))
        if ended is None:
            raise Invalid("The password was changed in another place just now. Do this again.")
        await revocations.announce(redis, *[f"session:{one}" for one in ended])


async def _set_role(email: str, role: str) -> None:
    async with _redis() as redis:
        user = await _account(email)
        await user.set_role(role)
        await revocations.announce(redis, f"user:{user.id}", f"admin:{user.id}")


async def _disable(email: str) -> None:
    async with _redis() as redis:
        user = await _account(email)
        await user.disable()
        for generation in await Generation.in_flight_of(user.id):
            await generation.cancel()  # its worker finds it in the row, within GENAPP_FLUSH_SECONDS
        await revocations.announce(redis, f"user:{user.id}")


async def _enable(email: str) -> None:
    await (await _account(email)).enable()


async def _invite(email: str | None) -> str:
    _, token = await Invitation.make(email, None)
    return token


async def _print_accounts() -> None:
    after = ""
    while rows := await administering.accounts(after=after, limit=BATCH):
        for row in rows:
            role = "disabled" if row["disabled_at"] else row["role"]
            click.echo(f"{role:<8}  {_day(row['created_at'])}  {_day(row['seen_at'])}  {row['email']}")
        after = rows[-1]["email"]


def _day(moment: datetime | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else f"{'never':<10}"


async def _account(email: str) -> User:
    found = await User.find(email)
    if found is None:
        raise NotFound(f"There is no account {email}. `genapp user list` prints them all.")
    return found


async def _hashed(password: str, email: str) -> str:
    await passwords.require_good(password, email)
    return await passwords.hashed(password)


@asynccontextmanager
async def _redis() -> AsyncIterator[Redis]:
    # Raises ConfigurationError where there is no address, so before anything is changed. A Redis that is away is no
    # error: what could not be announced is told as a warning.
    client = redis_clients.bounded(Settings())
    try:
        yield client
    finally:
        await client.aclose()


def _run(work: Coroutine[Any, Any, T]) -> T:
    return asyncio.run(_connected(work))


async def _connected(work: Coroutine[Any, Any, T]) -> T:
    url = Settings().database_url
    try:
        await require_database(url)
        async with connected(url, pool_size=1):
            return await work
    except (asyncpg.UndefinedTableError, asyncpg.UndefinedColumnError):
        raise ConfigurationError("The database's schema is not up to date: run `genapp migrate`.") from None
    finally:
        work.close()


def _say(sentence: str) -> None:
    # Not to stdout: that has what was asked for, and nothing else.
    click.echo(sentence, err=True)
