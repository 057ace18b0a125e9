"""Histories that Hypothesis makes up: whatever happens, who follows a stream comes to see what was written, once."""

from __future__ import annotations

import asyncio
import contextlib
import functools
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test

from genapp.streams import Fenced, Log, StreamClosed, subscriber
from genapp.streams import hub as hub_module
from tests.integration.streams.playing import KINDS, STREAMS, TARGETS, Client
from tests.integration.streams.world import World
from tests.redis_server import RedisServer

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine, Iterator
    from pathlib import Path

_stream = st.sampled_from(STREAMS)
_seeds = st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from(TARGETS)), max_size=4)
_hub = st.integers(0, 1)
_which = st.integers(0, 5)
_followed = st.sampled_from([(("a",), "htmx"), (("b",), "htmx"), (STREAMS, "htmx"), (("a",), "json"), (("b",), "json")])
_what = st.sampled_from(["a frame", "a frame", "the whole", "an end", "an attempt"])
_then = st.sampled_from(["go on", "go on", "compare with Redis", "compare with the writers"])


def event(**drawn: Any) -> Callable[[Callable[..., Coroutine[Any, Any, None]]], Any]:
    """A rule that is a coroutine, after which what everybody sees may be compared, or may not yet."""

    def decorate(happens: Callable[..., Coroutine[Any, Any, None]]) -> Any:
        @functools.wraps(happens)
        def happen(self: Histories, then: str, **arguments: Any) -> None:
            self.run(happens(self, **arguments))
            if then == "compare with Redis":
                self.run(self.compare_with_redis())
            elif then == "compare with the writers":
                self.run(self.compare_with_the_writers())

        return rule(then=_then, **drawn)(happen)

    return decorate


class Histories(World, RuleBasedStateMachine):
    """Each rule is something that may happen; Hypothesis draws which, when and with what, and shortens what fails."""

    def __init__(self, server: RedisServer) -> None:
        RuleBasedStateMachine.__init__(self)
        World.__init__(self, server)
        self.copy: dict[str, bytes | None] = {}
        self.restarts = 0
        self.failed = False
        self.runner = asyncio.Runner()
        self.run(self.start())

    def run(self, doing: Coroutine[Any, Any, None]) -> None:
        try:
            self.runner.run(doing)
        except BaseException:
            self.failed = True
            raise

    def teardown(self) -> None:
        try:
            if not self.failed:  # a world in which something was wrong is not asked any more
                self.run(self.end())
        finally:
            self.runner.run(self.close())
            self.runner.close()

    @initialize(first=st.lists(st.tuples(_followed, _hub), max_size=4))
    def begin_with_some_clients(self, first: list[Any]) -> None:
        for followed, hub in first:
            self.run(self.add(Client(*followed), hub))

    # What is written

    @event(stream=_stream, frames=st.lists(_seeds, min_size=1, max_size=3))
    async def write(self, stream: str, frames: list[Any]) -> None:
        await self.say(self.writers[stream], *frames)

    @event(stream=_stream)
    async def finish(self, stream: str) -> None:
        if self.writers[stream].writing:
            await self.writers[stream].finish()

    @event(stream=_stream, announced=st.booleans())
    async def begin_another_attempt(self, stream: str, announced: bool) -> None:
        await self.begin(self.writers[stream])
        if announced:  # by a web process; its worker says it again
            self.writers[stream].after = None
            await self.mend(self.writers[stream])

    @precondition(lambda self: self.zombies)
    @event(which=_which, seeds=_seeds)
    async def write_as_a_zombie(self, which: int, seeds: Any) -> None:
        zombie = self.zombies[which % len(self.zombies)]
        highest = int(await self.redis.hget(self.log.channel(zombie.stream), "fence") or 0)
        # A Redis that has forgotten the later attempt cannot know better, until that one writes again.
        with pytest.raises(Fenced) if highest > zombie.fence else contextlib.suppress(StreamClosed):
            await zombie.write(seeds)

    # Who follows it

    @event(followed=_followed, hub=_hub, cursors=st.sampled_from([None, None, "x.y", "0000.3", ",", "0.0.end."]))
    async def join(self, followed: Any, hub: int, cursors: str | None) -> None:
        await self.add(Client(*followed), hub, cursors)

    @event(stream=_stream)
    async def open_a_page_that_is_ahead_of_its_hub(self, stream: str) -> None:
        await self.add(Client([stream], "htmx"), 0)
        await self.heard(self.hubs[0])
        self.proxy.hold()
        await self.publish(self.writers[stream], "a frame")
        client = Client([stream], "htmx")
        client.screen.paint(await Log(self.redis).read(stream))
        await self.add(client, 0)
        self.proxy.release()

    @precondition(lambda self: self.clients)
    @event(which=_which, hub=_hub, how=st.sampled_from(["leaves", "lags", "comes back"]))
    async def move(self, which: int, hub: int, how: str) -> None:
        client = self.clients[which % len(self.clients)]
        if how == "comes back":
            await self.bring_back(client, hub)
        else:
            await (client.leave() if how == "leaves" else client.lag())

    @event(followed=_followed, hub=_hub, seeds=_seeds)
    async def write_while_somebody_joins(self, followed: Any, hub: int, seeds: Any) -> None:
        async with self.interjecting(followed[0][0], seeds):
            await self.add(Client(*followed), hub)

    @event(stream=_stream, seeds=_seeds)
    async def write_while_a_subscribe_is_on_its_way(self, stream: str, seeds: Any) -> None:
        for client in self.clients:
            if stream in client.streams and client.hub is self.hubs[0]:
                await client.leave()
        await self.heard(self.hubs[0])
        self.proxy.hold_commands()
        async with asyncio.TaskGroup() as group:
            for dialect in ("htmx", "json"):
                group.create_task(self.add(Client([stream], dialect), 0))
            await self.proxy.asked(self.log.channel(stream).encode())
            await self.say(self.writers[stream], seeds)
            self.proxy.release_commands()

    @event(followed=_followed, hub=_hub, seeds=_seeds)
    async def do_all_at_once(self, followed: Any, hub: int, seeds: Any) -> None:
        await asyncio.gather(
            *[self.say(writer, seeds, seeds) for writer in self.writers.values()],
            self.add(Client(*followed), hub),
            *[self.answered(hub.check()) for hub in self.hubs],
        )

    # What goes wrong

    @event(stream=_stream, what=_what)
    async def lose_a_message(self, stream: str, what: str) -> None:
        await self.lose(stream, what)
        await self.publish(self.writers[stream], "a frame")  # which tells of it

    @event(stream=_stream, what=_what)
    async def lose_the_last_message(self, stream: str, what: str) -> None:
        await self.lose(stream, what)
        self.unheard = True

    @event(stream=_stream, what=_what)
    async def lose_what_redis_wrote(self, stream: str, what: str) -> None:
        await self.add(Client([stream], "htmx"), 0)
        copies = await self.copies()
        await self.publish(self.writers[stream], what)
        for hub in self.hubs:
            await self.heard(hub)
        await self.restore(copies)

    @event(stream=_stream, seeds=_seeds)
    async def kill_the_subscribers(self, stream: str, seeds: Any) -> None:
        await self.redis.client_kill_filter(_type="pubsub")
        await self.say(self.writers[stream], seeds)
        async with self.interjecting(stream, seeds):
            for hub in self.hubs:
                await self.heard(hub)

    @event()
    async def empty_redis(self) -> None:
        await self.redis.flushall()

    @precondition(lambda self: self.restarts < 2)  # a start takes as long as ten other steps
    @event()
    async def restart_redis(self) -> None:
        self.restarts += 1
        self.server.kill()
        self.server.start()

    @event()
    async def copy_redis(self) -> None:
        self.copy = await self.copies()

    @precondition(lambda self: self.copy)
    @event()
    async def roll_redis_back(self) -> None:
        await self.restore(self.copy)

    @event(which=_hub)
    async def restart_a_hub(self, which: int) -> None:
        there = [client for client in self.clients if client.hub is self.hubs[which]]
        self.hubs[which].dismiss()
        for client in there:
            await client.leave()
        await self.hubs[which].__aexit__(None, None, None)
        self.hubs[which] = await self.new_hub(which).__aenter__()
        for client in there:
            await client.join(self.hubs[which])


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path)
    server.start()
    yield server
    server.kill()


def test_whatever_happens_everybody_sees_what_was_written_once(
    server: RedisServer, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config
) -> None:
    for module in (subscriber, hub_module):  # pauses between tries are not what is tested here
        monkeypatch.setattr(module, "_LONGEST_PAUSE_SECONDS", 0.01)
    run_state_machine_as_test(
        lambda: Histories(server),
        settings=settings(
            max_examples=pytestconfig.getoption("--streams-runs"),
            stateful_step_count=30,
            deadline=None,
            # The same histories each time, so that a change fails by its own doing; others with --hypothesis-seed.
            derandomize=pytestconfig.getoption("--hypothesis-seed") is None,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
