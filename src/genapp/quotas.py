"""How often somebody may ask: a rate for each user, and one for each address.

What is in flight and what was spent are counted in the rows (`models.submission`); a rate is about moments, so it
is kept in Redis. Where Redis is away nobody is refused: the limits in the rows still hold.
"""

from __future__ import annotations

import asyncio
import ipaddress
import logging
from typing import TYPE_CHECKING, Any, cast

from redis.exceptions import RedisError

from genapp.errors import TooMany

if TYPE_CHECKING:
    import uuid

    from redis.asyncio import Redis

logger = logging.getLogger(__name__)

# Seconds that a person waits for a Redis that says nothing, for each of two rates.
PATIENCE = 1

# The generic cell rate algorithm (GCRA, ITU-T I.371): a key holds the moment at which its bucket will be empty again.
# One number a key, and exact when many ask at once. Gives the milliseconds to wait, 0 where it may go ahead.
TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local step = 60000 / tonumber(ARGV[1])
local empty = math.max(tonumber(redis.call('GET', KEYS[1]) or 0), now) + step
if empty - now > 60000 then return math.ceil(empty - now - 60000) end
redis.call('SET', KEYS[1], empty, 'PX', math.ceil(empty - now))
return 0
"""


class Quotas:
    """Admits requests that make work. Rates are per minute, and may come all at once; 0 means no limit."""

    def __init__(self, redis: Redis, *, per_user: int, per_address: int) -> None:
        self._take = redis.register_script(TAKE)
        self._per_user = per_user
        self._per_address = per_address
        self._away = False

    async def admit(self, user_id: uuid.UUID, address: str | None) -> None:
        """Count a request; raises TooMany, with the seconds to wait, where it is one too many."""
        # One after the other: what one of them refuses is not counted against the next.
        await self._take_one(f"user:{user_id}", self._per_user)
        if address is not None:
            # New guests cost nothing, so the address is what bounds somebody who throws their cookie away.
            await self._take_one(f"address:{network(address)}", self._per_address)

    async def _take_one(self, key: str, per_minute: int) -> None:
        if (milliseconds := await self._wait(key, per_minute)) > 0:
            raise TooMany("That is more than can be taken in a minute.", retry_after=-(-milliseconds // 1000))

    async def _wait(self, key: str, per_minute: int) -> int:
        if per_minute == 0:
            return 0
        try:
            async with asyncio.timeout(PATIENCE):
                milliseconds = int(cast("Any", await self._take((f"genapp:quota:{key}",), (per_minute,))))
        except (RedisError, TimeoutError) as error:
            self._tell(f"rates cannot be counted, so everybody is let through: {error!r}", away=True)
            return 0
        self._tell("rates are counted again", away=False)
        return milliseconds

    def _tell(self, sentence: str, *, away: bool) -> None:
        # Once each time, not with each request.
        if away != self._away:
            self._away = away
            logger.warning(sentence)


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
