from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from redis.asyncio import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from genapp.streams import Fenced, Log, LogLost, StreamClosed, append, notice, remove, replace, text, update

if TYPE_CHECKING:
    from tests.integration.streams.seams import SeamedLog as _Log


async def test_a_new_log_begins_an_epoch_and_counts(log: _Log) -> None:
    first = await log.publish("s", [append("a", "<i/>")])
    second = await log.publish("s", [append("a", "<b/>")], after=first.cursor)
    assert (first.cursor.seq, second.cursor.seq) == (1, 2)
    assert first.cursor.epoch == second.cursor.epoch
    assert not second.stop
    snapshot = await log.read("s")
    assert snapshot.cursor == second.cursor
    assert snapshot.inner("a") == "<i/><b/>"


async def test_two_streams_share_nothing(log: _Log) -> None:
    one = await log.publish("s1", [append("a", "1")])
    two = await log.publish("s2", [append("a", "2")])
    assert one.cursor.epoch != two.cursor.epoch
    assert (await log.read("s1")).inner("a") == "1"


async def test_a_stream_nobody_wrote_to_is_empty(log: _Log) -> None:
    snapshot = await log.read("s")
    assert snapshot.cursor is None
    assert snapshot.ops == ()
    assert not snapshot.closed


async def test_a_rewritten_tail_leaves_nothing_behind(log: _Log, redis: Redis) -> None:
    for size in range(50):
        await log.publish("s", [replace("tail", f"<i>{size}</i>"), append("tail", "<b/>"), append("tail", "<b/>")])
    await log.publish("s", [update("tail", "<p/>")])
    assert [op.content for op in (await log.read("s")).ops] == ["<i>49</i>", "<p/>"]
    assert await redis.hlen(log.channel("s")) == 5  # epoch, seq, fence and the two ops


async def test_a_removed_element_takes_its_ops_along(log: _Log) -> None:
    await log.publish("s", [append("a", "<i/>"), update("a", "<b/>"), replace("a", '<p id="a"/>'), remove("a")])
    assert [op.action for op in (await log.read("s")).ops] == ["remove"]


async def test_only_the_last_notice_is_kept_and_all_text(log: _Log) -> None:
    await log.publish("s", [text("Hel"), notice({"type": "status", "status": "processing"})])
    await log.publish("s", [text("lo"), notice({"type": "complete"})])
    snapshot = await log.read("s")
    assert snapshot.text == "Hello"
    assert [op.content for op in snapshot.ops if op.action == "notice"] == ['{"type":"complete"}']


async def test_content_of_any_kind_comes_back_as_it_was(log: _Log) -> None:
    odd = 'ünïcode 🎉 שלום "quotes" \\ \r\n\t \x00 ]] [[ 1 2 3'
    await log.publish("s", [append("a", odd), text(odd)])
    snapshot = await log.read("s")
    assert snapshot.inner("a") == odd
    assert snapshot.text == odd


async def test_a_reset_drops_what_was_there_and_goes_on_counting(log: _Log) -> None:
    first = await log.publish("s", [append("a", "old"), text("old")], fence=1)
    second = await log.publish("s", [append("a", "new")], fence=2, reset=True)
    assert second.cursor.seq == 2
    assert second.cursor.epoch != first.cursor.epoch
    snapshot = await log.read("s")
    assert snapshot.inner("a") == "new"
    assert snapshot.text == ""
    with pytest.raises(Fenced):
        await log.publish("s", [append("a", "zombie")], fence=1)


async def test_a_worker_back_from_the_dead_cannot_write(log: _Log) -> None:
    old = await log.publish("s", [append("a", "1")], fence=1)
    await log.publish("s", [append("a", "2")], fence=2)
    with pytest.raises(Fenced):
        await log.publish("s", [append("a", "zombie")], fence=1, after=old.cursor)
    with pytest.raises(Fenced):
        await log.publish("s", [replace("a", "zombie")], fence=1, reset=True, close=True)
    with pytest.raises(Fenced):
        await log.touch("s", fence=1)
    assert (await log.read("s")).inner("a") == "12"


async def test_a_later_attempt_that_starts_over_opens_a_closed_stream_again(log: _Log) -> None:
    last = await log.publish("s", [append("a", "1")], fence=1, close=True)
    again = await log.publish("s", [append("a", "2")], fence=2, reset=True)
    snapshot = await log.read("s")
    assert not snapshot.closed
    assert snapshot.inner("a") == "2"
    assert again.cursor.seq == last.cursor.seq + 1


async def test_nothing_follows_the_last_frame(log: _Log) -> None:
    last = await log.publish("s", [append("a", "1")], close=True)
    assert (await log.read("s")).closed
    for fence, reset in ((0, False), (0, True), (9, False)):
        with pytest.raises(StreamClosed):
            await log.publish("s", [append("a", "2")], fence=fence, reset=reset)
    with pytest.raises(StreamClosed):
        await log.touch("s")
    assert (await log.read("s")).cursor == last.cursor


async def test_a_writer_learns_that_its_log_is_gone_and_begins_anew(log: _Log, redis: Redis) -> None:
    old = await log.publish("s", [append("a", "1")], fence=1)
    await redis.delete(log.channel("s"))
    with pytest.raises(LogLost):
        await log.publish("s", [append("a", "2")], fence=1, after=old.cursor)
    with pytest.raises(LogLost):
        await log.touch("s", fence=1, after=old.cursor)
    new = await log.publish("s", [append("a", "12")], fence=1, after=old.cursor, reset=True)
    assert new.cursor.epoch != old.cursor.epoch
    assert (await log.read("s")).inner("a") == "12"
    with pytest.raises(LogLost):
        await log.publish("s", [append("a", "2")], fence=1, after=old.cursor)


async def test_a_writer_learns_that_redis_came_back_with_an_older_copy(log: _Log, redis: Redis) -> None:
    await log.publish("s", [append("a", "1")], fence=1)
    copy = await redis.dump(log.channel("s"))
    last = await log.publish("s", [append("a", "2")], fence=1)
    await redis.restore(log.channel("s"), 0, copy, replace=True)
    with pytest.raises(LogLost):
        await log.publish("s", [append("a", "3")], fence=1, after=last.cursor)
    with pytest.raises(LogLost):
        await log.touch("s", fence=1, after=last.cursor)
    whole = await log.publish("s", [append("a", "123")], fence=1, after=last.cursor, reset=True)
    assert whole.cursor.epoch != last.cursor.epoch
    assert (await log.read("s")).inner("a") == "123"


async def test_a_writer_opens_its_stream_again_where_redis_came_back_with_the_end_of_an_earlier_attempt(
    log: _Log, redis: Redis
) -> None:
    await log.publish("s", [append("a", "failed")], fence=1, close=True)
    copy = await redis.dump(log.channel("s"))
    last = await log.publish("s", [append("a", "1")], fence=2, reset=True)
    await redis.restore(log.channel("s"), 0, copy, replace=True)
    with pytest.raises(LogLost):
        await log.publish("s", [append("a", "2")], fence=2, after=last.cursor)
    with pytest.raises(LogLost):
        await log.touch("s", fence=2, after=last.cursor)
    await log.publish("s", [append("a", "12")], fence=2, reset=True)
    assert (await log.read("s")).inner("a") == "12"


async def test_a_writer_whose_stream_was_ended_by_another_learns_it_when_it_begins_anew(log: _Log) -> None:
    last = await log.publish("s", [append("a", "1")], fence=1)
    await log.publish("s", [append("a", "the end")], fence=1, reset=True, close=True)
    with pytest.raises(LogLost):
        await log.publish("s", [append("a", "2")], fence=1, after=last.cursor)
    with pytest.raises(StreamClosed):
        await log.publish("s", [append("a", "12")], fence=1, reset=True)


async def test_a_frame_that_a_writer_sends_again_is_not_written_twice(log: _Log) -> None:
    first = await log.publish("s", [append("a", "1")])
    await log.publish("s", [append("a", "2")], after=first.cursor)
    with pytest.raises(LogLost):
        await log.publish("s", [append("a", "2")], after=first.cursor)
    assert (await log.read("s")).inner("a") == "12"


async def test_a_request_to_stop_reaches_the_writer_with_its_next_frame(log: _Log) -> None:
    assert not (await log.publish("s", [append("a", "1")], fence=1)).stop
    await log.request_stop("s", fence=1)
    assert (await log.publish("s", [append("a", "2")], fence=1)).stop
    assert (await log.publish("s", [], fence=1, reset=True)).stop
    assert await log.touch("s", fence=1)


async def test_a_request_to_stop_is_not_meant_for_a_later_attempt(log: _Log) -> None:
    await log.request_stop("s", fence=1)
    assert not (await log.publish("s", [], fence=2, reset=True)).stop
    assert not await log.touch("s", fence=2)


async def test_a_request_to_stop_can_come_before_the_first_frame(log: _Log, redis: Redis) -> None:
    await log.request_stop("s")
    assert await log.touch("s")
    assert (await log.publish("s", [])).stop
    assert 0 < await redis.ttl(log.channel("s") + ":stop") <= 60


async def test_a_deleted_stream_can_be_written_again(log: _Log, redis: Redis) -> None:
    old = await log.publish("s", [append("a", "1")], fence=3, close=True)
    await log.request_stop("s")
    await log.delete("s")
    new = await log.publish("s", [append("a", "2")], fence=4)
    assert new.cursor.epoch != old.cursor.epoch
    assert not new.stop


async def test_a_log_does_not_outlive_its_time(log: _Log, redis: Redis) -> None:
    await log.publish("s", [append("a", "1")])
    await redis.expire(log.channel("s"), 5)
    await log.touch("s")
    assert 50 < await redis.ttl(log.channel("s")) <= 60
    await redis.expire(log.channel("s"), 5)
    await log.publish("s", [])
    assert 50 < await redis.ttl(log.channel("s")) <= 60


async def test_the_keys_of_a_stream_share_a_hash_tag(log: _Log, redis: Redis) -> None:
    await log.publish("generation:1", [])
    await log.request_stop("generation:1")
    keys = await redis.keys(log.channel("generation:1").replace("{", "*").replace("}", "*") + "*")
    assert len(keys) == 2
    assert all(b"{generation:1}" in key for key in keys)


async def test_where_many_streams_end_can_be_asked_for_at_once(log: _Log) -> None:
    going_on = await log.publish("s1", [])
    ended = await log.publish("s2", [], close=True)
    assert await log.tops(["s1", "s2", "s3"]) == [going_on.cursor, ended.cursor, None]
    assert (going_on.cursor.ended, ended.cursor.ended) == (False, True)
    assert await log.tops([]) == []


async def test_errors_of_redis_pass_through() -> None:
    client = Redis.from_url("redis://127.0.0.1:1")
    with pytest.raises(RedisConnectionError):
        await Log(client).publish("s", [])
    await client.aclose()


async def test_publishing_costs_the_same_however_much_was_published(log: _Log, redis: Redis) -> None:
    for _ in range(20):
        await log.publish("s", [append("tail", "<i/>") for _ in range(500)])
    await log.publish("s", [update("tail", "<p/>")])
    assert await redis.hlen(log.channel("s")) == 4
