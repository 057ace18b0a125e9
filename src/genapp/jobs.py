"""The queue: a waking Redis broker, the workers' event loop, and `generate_later`.

A job's message holds an id and nothing else: the row is the outbox, so a lost message is enqueued again from it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from queue import Empty, PriorityQueue
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import dramatiq
import redis
import uvloop
from dramatiq.asyncio import EventLoopThread, set_event_loop_thread
from dramatiq.brokers.redis import RedisBroker, _RedisConsumer, _scripts
from dramatiq.common import current_millis
from dramatiq.errors import ConnectionClosed
from dramatiq.middleware import CurrentMessage, Middleware, MiddlewareError, Retries

from genapp import tracing
from genapp.errors import ConfigurationError
from genapp.streams import Script

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager
    from uuid import UUID

    from genapp.streams import Scripts


logger = logging.getLogger(__name__)

QUEUE = "generations"
GENERATE = "generate"
WEBHOOKS = "webhooks"
DELIVER = "deliver"

# How many wake tokens may wait: more than any fleet has consumers. Without a bound, a day without workers would fill
# Redis with them.
TOKENS = 1000
# Seconds a consumer that found nothing waits for a token. A lost token (Redis was restarted, say) costs this much.
WAIT = 1
# Seconds that Redis may take to answer: longer than WAIT, and short enough that a POST never hangs on it.
ANSWER_SECONDS = 5
# Seconds that a POST waits for the queue.
ENQUEUE_SECONDS = 0.5
# Seconds between looks of a consumer whose threads are all busy. It must leave the tokens to those that have room.
FULL_WAIT = 0.05


class WakingConsumer(_RedisConsumer):
    """Waits for a token instead of sleeping: a job starts in 3 ms instead of Dramatiq's median 451 ms."""

    def __next__(self) -> Any:
        if not self.message_cache:
            self._fill_or_wait()
            if not self.message_cache:
                return None
        return super().__next__()  # type: ignore[no-untyped-call]  # Dramatiq's has no annotations

    def _fill_or_wait(self) -> None:
        try:
            room = self.prefetch - self.outstanding_message_count
            if room <= 0:
                time.sleep(FULL_WAIT)
                return
            self.message_cache = self.broker.do_fetch(self.queue_name, room)
            if not self.message_cache:
                self.broker.client.blpop([wake_key(self.broker.namespace, self.queue_name)], timeout=WAIT)
        except redis.ConnectionError as error:
            raise ConnectionClosed(error) from None  # type: ignore[no-untyped-call]


# Before what Dramatiq's script does, of which nobody sees a half.
WAKE = b"""
if ARGV[1] == 'enqueue' then
  local tokens = KEYS[1] .. ':' .. ARGV[3] .. '.wake'
  redis.call('rpush', tokens, '')
  redis.call('ltrim', tokens, -%d, -1)
end
"""


class WakingRedisBroker(RedisBroker):
    """Dramatiq's Redis broker, whose `enqueue` pushes in the same go a token that wakes one waiting consumer."""

    def __init__(self, client: redis.Redis, middleware: list[Middleware]) -> None:
        # A dead worker's messages come back by maintenance, which runs on a lottery of commands: 0.1 % in stock, which
        # an idle queue may not win for minutes.
        super().__init__(  # type: ignore[no-untyped-call]
            client=client, middleware=middleware, maintenance_chance=10_000, heartbeat_timeout=15_000
        )
        source = WAKE % TOKENS + _scripts["dispatch"]
        self.scripts["dispatch"] = client.register_script(source)
        self.dispatch = Script(source.decode())

    @property
    def consumer_class(self) -> type[WakingConsumer]:
        return WakingConsumer

    async def enqueue_by(self, scripts: Scripts, message: dramatiq.Message[Any]) -> None:
        """As `enqueue`, from an event loop: without a thread and redis-py's client, 0.5 ms less of CPU.

        Raises redis-py's errors and OSError; what was under way as a connection is lost may be in the queue.
        """
        message_id = str(uuid4())
        message = message.copy(options={"redis_message_id": message_id})
        no_maintenance, unused = 0, 0
        arguments = (
            *("enqueue", current_millis(), message.queue_name, self.broker_id, self.heartbeat_timeout),
            *(self.dead_message_ttl, no_maintenance, unused, message_id, message.encode()),
        )
        self.emit_before("enqueue", message, None)
        try:
            await scripts.run(self.dispatch, (self.namespace,), arguments)
        except redis.ConnectionError:
            # Lost while nobody used it, perhaps; the same message twice in the queue finds one row.
            await scripts.run(self.dispatch, (self.namespace,), arguments)
        self.emit_after("enqueue", message, None)


class Line(PriorityQueue[Any]):
    """What the threads of a worker take jobs from. Until it is closed they wait in it, and look at nothing."""

    closed = False

    def get(self, block: bool = True, timeout: float | None = None) -> Any:
        """Wait for one. Stock, each of 256 idle threads looks up once a second, at the event loop's expense."""
        return super().get(block, None)

    def _qsize(self) -> int:
        return super()._qsize() or self.closed

    def _get(self) -> Any:
        if not super()._qsize():
            raise Empty
        return super()._get()

    def close(self) -> None:
        """Let everybody go who waits; there is nothing to come."""
        with self.not_empty:
            self.closed = True
            self.not_empty.notify_all()


class Working(dramatiq.Worker):
    """Dramatiq's worker, whose idle threads sleep until there is a job, or none to come any more."""

    def __init__(self, broker: dramatiq.Broker, *, threads: int) -> None:
        super().__init__(broker, worker_threads=threads)
        self.work_queue = self._line = Line()
        # Stock is twice the threads: jobs would wait here for a thread while other processes have some to spare.
        self.queue_prefetch = threads

    def stop(self, timeout: int = 600_000) -> None:
        """Finish what is being done, within so many milliseconds, and hand the rest back."""
        for thread in self.workers:
            thread.stop()
        self._line.close()
        super().stop(timeout)


def wake_key(namespace: str, queue_name: str) -> str:
    """The list of tokens of a queue."""
    return f"{namespace}:{queue_name}.wake"


class JobLoop(EventLoopThread):
    """The event loop that all jobs of a worker process run on."""

    def __init__(self) -> None:
        # Dramatiq's own thread looks for interrupts every 100 ms, for each of 256 waiting threads. Nothing here
        # interrupts threads (time limits and shutdown are the event loop's business), so it need not look.
        super().__init__(logger, interrupt_check_ival=3600)
        self.loop.close()
        self.loop = uvloop.new_event_loop()


class CannotWork(ConfigurationError, MiddlewareError):
    """The jobs' context cannot be entered: stops the start.

    A `MiddlewareError`, because Dramatiq only logs any other, and would take jobs that this process cannot do.
    """


class EventLoop(Middleware):
    """Runs a worker process's jobs on one uvloop, inside one context.

    `context` is entered when the worker boots (connections are made there) and left when it has shut down. On
    shutdown the running jobs have `grace` seconds; then `leave` is called on the loop, and they are to hand their
    work back. They are told and not cancelled: on Python 3.11 a cancellation can get lost in `asyncio.wait_for`.
    """

    def __init__(
        self, context: Callable[[], AbstractAsyncContextManager[Any]], *, grace: float, leave: Callable[[], None]
    ) -> None:
        self.context = context
        self.grace = grace
        self.leave = leave
        self._thread: JobLoop | None = None
        self._open: AbstractAsyncContextManager[Any] | None = None

    def before_worker_boot(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        self._thread = JobLoop()
        self._thread.start(timeout=5)
        self._open = self.context()
        try:
            self._thread.run_coroutine(self._open.__aenter__())
        except Exception as error:
            self._thread.stop()  # type: ignore[no-untyped-call]
            raise CannotWork(
                f"The worker could not connect to what it needs: {type(error).__name__}: {error}"
            ) from error
        set_event_loop_thread(self._thread)

    def before_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        if self._thread is not None:
            self._thread.loop.call_soon_threadsafe(self._thread.loop.call_later, self.grace, self.leave)

    def after_worker_shutdown(self, broker: dramatiq.Broker, worker: dramatiq.Worker) -> None:
        if self._thread is None or self._open is None:
            return
        self._thread.run_coroutine(self._open.__aexit__(None, None, None))
        self._thread.stop()  # type: ignore[no-untyped-call]
        set_event_loop_thread(None)


def make_broker(url: str, *, middleware: list[Middleware] | None = None, **options: Any) -> WakingRedisBroker:
    """Make the broker; `options` go to redis-py (TLS, `max_connections` …). Nothing is connected yet.

    Retries are for our own faults (the database away as a job starts): what a provider does wrong is counted and
    told in `generating`. Dramatiq's default of 20 retries over days would answer a prompt that nobody waits for.
    """
    # Blocking: stock, redis-py 8 refuses the 101st command at a time, and a worker has more threads than that.
    pool = redis.BlockingConnectionPool.from_url(url, timeout=ANSWER_SECONDS, socket_timeout=ANSWER_SECONDS, **options)
    client = redis.Redis.from_pool(pool)
    stack = [
        CurrentMessage(),
        Retries(max_retries=3, min_backoff=1_000, max_backoff=30_000),
        *(middleware or []),
    ]
    return WakingRedisBroker(client, stack)


class Jobs:
    """What the web may enqueue. Takes the broker, and what runs its script in Redis; knows no actor."""

    def __init__(self, broker: WakingRedisBroker, scripts: Scripts) -> None:
        self.broker = broker
        self.scripts = scripts

    async def generate_later(self, generation_id: UUID) -> bool:
        """Enqueue a generation; gives whether the queue took it in time. If not, housekeeping finds the row."""
        return await self._later(QUEUE, GENERATE, generation_id=generation_id)

    async def deliver_later(self, delivery_id: UUID) -> bool:
        """Enqueue what a webhook is to be told; the same."""
        return await self._later(WEBHOOKS, DELIVER, delivery_id=delivery_id)

    async def _later(self, queue: str, actor: str, **row: UUID) -> bool:
        ids = {name: str(one) for name, one in row.items()}
        job: dramatiq.Message[Any] = dramatiq.Message(queue, actor, tuple(ids.values()), kwargs={}, options={})
        # Not waited for when Redis hangs: a person waits for the answer to their click.
        try:
            with tracing.span("enqueue", kind="producer"):
                async with asyncio.timeout(ENQUEUE_SECONDS):
                    await self.broker.enqueue_by(self.scripts, job)
        except (redis.RedisError, OSError) as error:
            logger.warning("the queue did not take a job, its row will be enqueued later: %s", error, extra=ids)
            return False
        return True
