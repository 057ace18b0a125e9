"""A Redis that is away, at a site that is watched. The last of these tests: what was counted before is lost with it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.integration.watching.conftest import Site


async def test_that_redis_is_away_is_told_and_nothing_is_said_of_workers_whom_nobody_can_count(site: Site) -> None:
    workers = len(site.about("no_worker"))
    site.redis.kill()
    (opened,) = await site.told("redis", 1)
    assert "Redis does not answer" in opened.json["text"]
    assert len(site.about("no_worker")) == workers
    site.redis.start()
    assert (await site.told("redis", 2))[1].json["event"] == "incident.recovered"
