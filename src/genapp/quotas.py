"""How often somebody may ask, and how often somebody may try to log in: rates for users, accounts and addresses.

What is in flight and what was spent are counted in the rows (`models.submission`); a rate is about moments, so it
is kept in Redis. Where Redis is away nobody who asks is refused: the limits in the rows still hold. Log-ins have no
other limit, so they wait until Redis is back.
"""

from __future__ import annotations

import asyncio
import hashlib
import ipaddress
import logging
import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from redis.exceptions import RedisError

from genapp.errors import TooMany, Unavailable
from genapp.streams import Script

if TYPE_CHECKING:
    import uuid

    from genapp.streams import Scripts

logger = logging.getLogger(__name__)

# Seconds that a person waits for a Redis that says nothing, for each of two rates.
PATIENCE = 1

# The generic cell rate algorithm (GCRA, ITU-T I.371): a key holds the moment at which its bucket will be empty again.
# One number a key, and exact when many ask at once. Gives the milliseconds to wait, 0 where it may go ahead, and those
# after which the bucket is empty.
TAKE = Script("""
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local window = ARGV[2] * 1000
local empty = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now) + window / ARGV[1]
if empty - now > window then return {math.ceil(empty - now - window), math.ceil(empty - now - window / ARGV[1])} end
redis.call('SET', KEYS[1], empty, 'PX', math.ceil(empty - now))
return {0, math.ceil(empty - now)}
""")


@dataclass(frozen=True, slots=True)
class Rate:
    """So many in so many seconds, which may come all at once. 0: as many as they like."""

    count: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How far somebody has used a rate up: `left` may come at once.

    In so many `seconds` there is one more where none is left, and all of it is there again otherwise.
    """

    name: str
    rate: Rate
    left: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Rates:
    """What is admitted."""

    asking_user: Rate
    asking_address: Rate
    login_account: Rate
    login_address: Rate
    signup_address: Rate


class Quotas:
    """Admits what makes work, and what guesses."""

    def __init__(self, scripts: Scripts, rates: Rates) -> None:
        self._scripts = scripts
        self._rates = rates
        self._away = False

    async def admit(self, user_id: uuid.UUID, address: str | None) -> tuple[Standing, ...]:
        """Count a request; raises TooMany, with the seconds to wait, where it is one too many.

        Gives how far the rates are used up; nothing of those that are not limited, or cannot be counted.
        """
        # One after the other: what one of them refuses is not counted against the next.
        standings = await self._ask("user", str(user_id), self._rates.asking_user)
        if address is None:
            return standings
        # New guests cost nothing, so the address is what bounds somebody who throws their cookie away.
        return standings + await self._ask("address", network(address), self._rates.asking_address)

    async def admit_login(self, account: str, address: str | None) -> None:
        """Count a try of a password for an account, whether there is one or not; raises TooMany.

        Raises Unavailable where it cannot be counted: uncounted, a password could be guessed while Redis is away.
        """
        # The address first: who tries many accounts from one place uses up their own tries, not the accounts'.
        await self._try("login:address", address and network(address), self._rates.login_address)
        await self._try("login:account", account, self._rates.login_account)

    async def admit_password(self, address: str | None) -> None:
        """Count a password that somebody would like to have: to look at it is work too. Raises as `admit_login`."""
        await self._try("password", address and network(address), self._rates.login_address)

    async def admit_confirmation(self, user_id: uuid.UUID) -> None:
        """Count a try of the password of somebody who is logged in; raises as `admit_login`.

        Apart from those to log in: strangers may use these up, and keep nobody from changing their password.
        """
        await self._try("confirmation", str(user_id), self._rates.login_account)

    async def admit_signup(self, address: str | None) -> None:
        """Count a sign-up; raises TooMany, and Unavailable where it cannot be counted."""
        await self._try("signup", address and network(address), self._rates.signup_address)

    async def _ask(self, name: str, who: str, rate: Rate) -> tuple[Standing, ...]:
        if rate.count == 0:
            return ()
        try:
            wait, until_empty = await self._count(f"{name}:{who}", rate)
        except (RedisError, OSError) as error:
            self._tell(f"rates cannot be counted, so everybody is let through: {error!r}", away=True)
            return ()
        self._tell("rates are counted again", away=False)
        if wait > 0:
            refusal = TooMany("That is more than can be taken in a minute.", retry_after=-(-wait // 1000))
            refusal.standings = (Standing(name, rate, 0, -(-wait // 1000)),)
            raise refusal
        return (standing_of(name, rate, until_empty),)

    async def _try(self, what: str, who: str | None, rate: Rate) -> None:
        # A digest: an account's address is no business of whoever reads Redis' keys.
        key = f"{what}:{hashlib.sha256((who or '').encode()).hexdigest()[:32]}"
        try:
            wait = await self._count(key, rate) if rate.count else (0, 0)
        except (RedisError, OSError) as error:
            logger.warning("log-ins cannot be counted, so they have to wait: %r", error)
            raise Unavailable(retry_after=5) from None
        if wait[0] > 0:
            raise TooMany("There were too many tries.", retry_after=-(-wait[0] // 1000))

    async def _count(self, key: str, rate: Rate) -> tuple[int, int]:
        """Take one; gives the milliseconds to wait for it, and those until all of the rate is there again."""
        async with asyncio.timeout(PATIENCE):
            reply = await self._scripts.run(TAKE, (f"genapp:quota:{key}",), (rate.count, rate.seconds))
        return int(reply[0]), int(reply[1])

    def _tell(self, sentence: str, *, away: bool) -> None:
        # Once each time, not with each request.
        if away != self._away:
            self._away = away
            logger.warning(sentence)


def standing_of(name: str, rate: Rate, until_empty: int) -> Standing:
    """Say how far a rate is used up whose bucket is empty in so many milliseconds."""
    window, each = rate.seconds * 1000, rate.seconds * 1000 / rate.count
    left = max(0, int((window - until_empty) / each))
    milliseconds = until_empty if left else until_empty + each - window
    return Standing(name, rate, left, max(1, math.ceil(milliseconds / 1000)))


@lru_cache(maxsize=10_000)
def network(address: str) -> str:
    """What counts as one address: an IPv4 address, or the /64 that an IPv6 user has to themselves."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        # A socket for both kinds of addresses shows an IPv4 one so, and all of them are in one /64.
        parsed = parsed.ipv4_mapped
    if parsed.version == 4:
        return str(parsed)
    return str(ipaddress.ip_network((parsed, 64), strict=False))
