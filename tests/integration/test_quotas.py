"""Rates on a real Redis."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from redis.asyncio import Redis

from genapp.errors import TooMany
from genapp.models import new_id
from genapp.quotas import Quotas, Rate, Rates, network
from genapp.streams import Scripts

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


def rates(*, user: int = 0, address: int = 0, logins: int = 0, tries: int = 0, signups: int = 0) -> Rates:
    return Rates(Rate(user, 60), Rate(address, 60), Rate(logins, 600), Rate(tries, 600), Rate(signups, 3600))


@pytest.fixture
async def redis(redis_url: str) -> AsyncIterator[Redis]:
    async with Redis.from_url(redis_url) as client:
        yield client


async def test_exactly_as_many_as_allowed_get_through_when_a_hundred_ask_at_once(redis: Redis) -> None:
    quotas = Quotas(Scripts(redis), rates(user=10))
    user = new_id()
    results = await asyncio.gather(*[quotas.admit(user, None) for _ in range(100)], return_exceptions=True)
    refused = [result for result in results if isinstance(result, TooMany)]
    assert len(refused) == 90
    # One of ten a minute is free again after six seconds.
    assert all(0 < (refusal.retry_after or 0) <= 6 for refusal in refused)
    await quotas.admit(new_id(), None)


async def test_somebody_who_throws_their_cookie_away_is_bound_by_their_address(redis: Redis) -> None:
    quotas = Quotas(Scripts(redis), rates(user=100, address=3))
    address = f"2001:db8:{new_id().hex[-4:]}:1::"
    for number in range(3):
        await quotas.admit(new_id(), f"{address}{number}")
    with pytest.raises(TooMany):
        await quotas.admit(new_id(), f"{address}4")


async def test_nobody_is_refused_while_redis_is_away() -> None:
    async with Redis.from_url("redis://127.0.0.1:1/0") as away:
        quotas = Quotas(Scripts(away), rates(user=1, address=1))
        for _ in range(3):
            await quotas.admit(new_id(), "192.0.2.1")


async def test_counts_do_not_stay_in_redis(redis: Redis) -> None:
    user = new_id()
    await Quotas(Scripts(redis), rates(user=1)).admit(user, None)
    assert 0 < await redis.pttl(f"genapp:quota:user:{user}") <= 60_000


def test_an_ipv6_users_many_addresses_are_one() -> None:
    assert network("2001:db8::1") == network("2001:db8::ffff:1") != network("2001:db8:0:1::1")
    assert network("192.0.2.1") != network("192.0.2.2")
    assert network("::ffff:192.0.2.1") == network("192.0.2.1")
    assert network("a name") == "a name"
