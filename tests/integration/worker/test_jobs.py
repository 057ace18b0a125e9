"""The queue on a real Redis, with real Dramatiq workers."""

from __future__ import annotations

import asyncio
import threading
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import dramatiq
import pytest
from redis.asyncio import Redis

from genapp import jobs
from genapp.errors import ConfigurationError
from genapp.models import new_id
from genapp.streams import Scripts
from tests.running import eventually

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

PATIENCE = 10


@pytest.fixture
def broker(redis_url: str) -> Iterator[jobs.WakingRedisBroker]:
    broker = jobs.make_broker(redis_url)
    broker.namespace = f"test-{new_id().hex}"
    yield broker
    broker.close()
    broker.client.close()


@pytest.fixture
def start_worker(broker: jobs.WakingRedisBroker) -> Iterator[Callable[..., dramatiq.Worker]]:
    workers = []

    def start(threads: int = 2) -> dramatiq.Worker:
        worker = jobs.Working(broker, threads=threads)
        worker.start()
        workers.append(worker)
        return worker

    yield start
    for worker in workers:
        worker.stop()


@asynccontextmanager
async def nothing() -> AsyncIterator[None]:
    yield


def enqueue(broker: dramatiq.Broker, *args: str) -> None:
    message: dramatiq.Message[Any] = dramatiq.Message(
        queue_name=jobs.QUEUE, actor_name=jobs.GENERATE, args=args, kwargs={}, options={}
    )
    broker.enqueue(message)


def test_a_waiting_worker_is_woken_and_does_not_poll(
    broker: jobs.WakingRedisBroker, start_worker: Callable[..., dramatiq.Worker], monkeypatch: pytest.MonkeyPatch
) -> None:
    # With so long a wait only a token can bring the second job in time.
    monkeypatch.setattr(jobs, "WAIT", 300)
    done: list[str] = []
    came = threading.Condition()

    @dramatiq.actor(broker=broker, queue_name=jobs.QUEUE, actor_name=jobs.GENERATE)
    def generate(name: str) -> None:
        with came:
            done.append(name)
            came.notify_all()

    start_worker()
    for name in ("first", "second"):
        enqueue(broker, name)
        with came:
            assert came.wait_for(lambda: name in done, PATIENCE)  # noqa: B023  waited for before the next
    # Two that let the consumers, which wait for 300 s, see that they are to stop.
    for queue in (jobs.QUEUE, f"{jobs.QUEUE}.DQ"):
        broker.client.rpush(jobs.wake_key(broker.namespace, queue), b"", b"")
    monkeypatch.setattr(jobs, "WAIT", 1)


async def test_a_job_from_an_event_loop_wakes_a_worker_and_leaves_nothing_in_redis(
    broker: jobs.WakingRedisBroker,
    start_worker: Callable[..., dramatiq.Worker],
    monkeypatch: pytest.MonkeyPatch,
    redis_url: str,
) -> None:
    monkeypatch.setattr(jobs, "WAIT", 300)
    done: list[str] = []

    @dramatiq.actor(broker=broker, queue_name=jobs.QUEUE, actor_name=jobs.GENERATE)
    def generate(name: str) -> None:
        done.append(name)

    async def nothing_is_left() -> bool:
        left = [f"{broker.namespace}:{what}" for what in ("*msgs*", "__acks__*")]
        return not any(broker.client.keys(one) for one in left)

    start_worker()
    name = new_id().hex
    async with Redis.from_url(redis_url, client_name=name) as client:
        enqueuing = jobs.Jobs(broker, Scripts(client))
        ids = [new_id(), new_id(), new_id()]
        for one in ids[:2]:
            assert await enqueuing.generate_later(one)
        # Redis closes what has been idle for long, and a first command finds out.
        (cut,) = [one for one in broker.client.client_list() if one["name"] == name]
        broker.client.client_kill_filter(_id=cut["id"])
        assert await enqueuing.generate_later(ids[2])
        await eventually(nothing_is_left, PATIENCE)
    assert sorted(done) == sorted(map(str, ids))
    for queue in (jobs.QUEUE, f"{jobs.QUEUE}.DQ"):
        broker.client.rpush(jobs.wake_key(broker.namespace, queue), b"", b"")
    monkeypatch.setattr(jobs, "WAIT", 1)


async def test_a_queue_that_is_away_takes_no_job_and_says_so(broker: jobs.WakingRedisBroker) -> None:
    async with Redis.from_url("redis://127.0.0.1:1/0") as away:
        assert not await jobs.Jobs(broker, Scripts(away)).generate_later(new_id())


def test_a_day_without_workers_does_not_fill_redis_with_tokens(
    monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setattr(jobs, "TOKENS", 5)
    broker: jobs.WakingRedisBroker = request.getfixturevalue("broker")
    broker.declare_queue(jobs.QUEUE)
    for _ in range(20):
        enqueue(broker, "x")
    assert broker.client.llen(jobs.wake_key(broker.namespace, jobs.QUEUE)) == 5


def test_a_consumer_without_room_leaves_the_tokens_to_others(broker: jobs.WakingRedisBroker) -> None:
    broker.declare_queue(jobs.QUEUE)
    consumer = broker.consume(jobs.QUEUE, prefetch=1)
    for name in ("first", "second"):
        enqueue(broker, name)
    assert next(consumer).args == ("first",)
    assert next(consumer) is None
    assert broker.client.llen(jobs.wake_key(broker.namespace, jobs.QUEUE)) == 2
    assert next(broker.consume(jobs.QUEUE, prefetch=1)).args == ("second",)


def test_jobs_run_on_one_loop_and_are_told_to_leave_when_the_grace_is_over(redis_url: str) -> None:
    leaving = threading.Event()
    broker = jobs.make_broker(redis_url, middleware=[jobs.EventLoop(nothing, grace=0, leave=leaving.set)])
    broker.namespace = f"test-{new_id().hex}"
    loops: set[int] = set()
    started, ended = threading.Semaphore(0), threading.Semaphore(0)

    @dramatiq.actor(broker=broker, queue_name=jobs.QUEUE, actor_name=jobs.GENERATE)
    async def generate() -> None:
        loops.add(id(asyncio.get_running_loop()))
        started.release()
        while not leaving.is_set():  # noqa: ASYNC110  as an attempt does, between two frames
            await asyncio.sleep(0.01)
        ended.release()

    worker = jobs.Working(broker, threads=4)
    worker.start()
    for _ in range(3):
        enqueue(broker)
    assert all(started.acquire(timeout=PATIENCE) for _ in range(3))
    worker.stop(timeout=PATIENCE * 1000)
    assert all(ended.acquire(timeout=PATIENCE) for _ in range(3))
    assert len(loops) == 1
    broker.close()
    broker.client.close()


def test_a_worker_that_cannot_connect_takes_no_jobs_and_ends(redis_url: str) -> None:
    @asynccontextmanager
    async def away() -> AsyncIterator[None]:
        raise TimeoutError("the database does not answer")
        yield

    broker = jobs.make_broker(redis_url, middleware=[jobs.EventLoop(away, grace=0, leave=lambda: None)])
    broker.namespace = f"test-{new_id().hex}"
    threads = threading.active_count()
    worker = jobs.Working(broker, threads=4)
    with pytest.raises(ConfigurationError, match="the database does not answer"):
        worker.start()
    assert threading.active_count() == threads, "the process could not end"
    broker.close()
    broker.client.close()
