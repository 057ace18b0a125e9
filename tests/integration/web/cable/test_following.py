"""A generation over Action Cable: what a subscriber is told, from whatever moment on it listens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import redis

from tests.cable import EXTENDED, Cable, identifier
from tests.integration.web.cable.conftest import COUNT
from tests.integration.web.conftest import Visitor, shown

if TYPE_CHECKING:
    from tests.integration.web.cable.conftest import Connect
    from tests.running import App

COUNTED = " ".join(f"word{number}" for number in range(200))


async def read_on(cable: Cable, text: str = "", until: str = "") -> tuple[str, str]:
    """Read until the end, or until the text so far contains `until`; gives the text and the last cursor.

    At each message the text is a beginning of the answer, so nothing is missing and nothing is said twice.
    """
    cursor = ""
    while True:
        message = await cable.told()
        text, cursor = shown(message, text), message.get("cursor", cursor)
        assert COUNTED.startswith(text)
        if message["type"] == "complete" or (until and until in text):
            return text, cursor


async def test_a_subscriber_reads_along_and_is_told_nothing_after_the_end(visitor: Visitor, connect: Connect) -> None:
    generation = await visitor.submit(COUNT, model="openai:demo")
    cable, name = await connect(visitor), identifier(generation["id"])
    assert await cable.subscribe(name) == {"type": "confirm_subscription", "identifier": name}
    told = await cable.until("complete")
    chunks = [one for one in told if one["type"] == "chunk"]
    assert len(chunks) > 5
    assert "".join(one["content"] for one in told if one["type"] in ("snapshot", "chunk")) == COUNTED
    assert [one["seq"] for one in told] == sorted(one["seq"] for one in told)
    assert set(chunks[-1]) == {"type", "seq", "content", "cursor"}
    assert told[-1]["content"] == (await visitor.generation(generation["id"]))["content"] == COUNTED
    other = identifier(generation["id"], channel="AiGenerationChannel")
    assert (await cable.subscribe(other))["identifier"] == other  # the next that is said is about something else


async def test_who_comes_back_gets_what_it_missed_and_who_comes_late_the_whole(
    visitor: Visitor, connect: Connect
) -> None:
    generation = await visitor.submit(COUNT, model="openai:demo")
    cable = await connect(visitor)
    await cable.subscribe(identifier(generation["id"]))
    text, cursor = await read_on(cable, until="word20 ")
    await cable.say("unsubscribe", identifier(generation["id"]))
    by_cursor, by_seq, late = await connect(visitor), await connect(visitor), await connect(visitor)
    await by_cursor.subscribe(identifier(generation["id"], since=cursor))
    await by_seq.subscribe(identifier(generation["id"], since=int(cursor.split(".")[1])))
    await late.subscribe(identifier(generation["id"]))
    first = (await by_cursor.told(), await by_seq.told())
    assert all(one["type"] in ("chunk", "status") for one in first)
    assert (await read_on(by_cursor, shown(first[0], text)))[0] == COUNTED
    assert (await read_on(by_seq, shown(first[1], text)))[0] == COUNTED
    assert (await late.until("snapshot"))[-1]["content"] in ("", COUNTED[: len(text)])
    assert (await read_on(late))[0] == COUNTED


async def test_an_odd_place_begins_with_the_word_that_the_text_so_far_is_void(
    visitor: Visitor, connect: Connect
) -> None:
    generation = await visitor.submit(COUNT, model="openai:demo")
    cable = await connect(visitor)
    for since in ("of another log.7", "abcdef.3", 999_999, -1):
        name = identifier(generation["id"], since=since)
        await cable.subscribe(name)
        first = await cable.told()
        assert first["type"] == "snapshot", since
        await cable.say("unsubscribe", name)
        await cable.say("subscribe", "nothing")
        while "message" in await cable.hear():  # until it is rejected: what was under way has come
            pass


async def test_a_finished_generation_is_told_from_the_log_or_from_the_database(
    visitor: Visitor, connect: Connect, app: App
) -> None:
    generation = await visitor.submit("[demo: echo] kept for ever", model="openai:demo-fast")
    await visitor.until(generation["id"], "completed")
    cable = await connect(visitor)
    await cable.subscribe(identifier(generation["id"], a=1))
    *_, told = await cable.until("complete")
    with redis.Redis.from_url(app.redis_url) as client:
        client.delete(f"stream:{{generation:{generation['id']}}}")
    await cable.subscribe(identifier(generation["id"], a=2))
    *_, restored = await cable.until("complete")
    assert told["content"] == restored["content"] == "kept for ever"
    await cable.subscribe(identifier(generation["id"], since=restored["cursor"]))
    await cable.say("subscribe", "nothing")
    assert (await cable.hear())["type"] == "reject_subscription"  # and nothing before it


async def test_who_asks_for_it_gets_the_whole_text_with_each_message(visitor: Visitor, connect: Connect) -> None:
    generation = await visitor.submit(COUNT, model="openai:demo")
    cable = await connect(visitor)
    await cable.subscribe(identifier(generation["id"], accumulated=True))
    text = ""
    for message in await cable.until("complete"):
        text = shown(message, text)
        if message["type"] in ("chunk", "snapshot"):
            assert message["accumulated"] == text
    assert text == COUNTED
    assert COUNTED.startswith(text)


async def test_a_failure_is_told_with_its_reason_and_a_stop_with_what_was_written(
    visitor: Visitor, connect: Connect
) -> None:
    failing = await visitor.submit("[demo: 401] x", model="openai:demo-fast")
    cable = await connect(visitor)
    await cable.subscribe(identifier(failing["id"]))
    failed = (await cable.until("failed"))[-1]
    assert failed["error"]["code"] == "unauthorized"
    paused = await visitor.submit("[demo: pause] Describe the sea", model="openai:demo")
    name = identifier(paused["id"])
    await cable.subscribe(name)
    await cable.until("chunk", "snapshot")
    await cable.perform(name, "stop")
    cancelled = (await cable.until("cancelled"))[-1]
    assert cancelled["content"] == (await visitor.until(paused["id"], "cancelled"))["content"]


async def test_an_any_cable_client_goes_on_from_the_place_that_its_last_message_had(
    visitor: Visitor, connect: Connect
) -> None:
    generation = await visitor.submit(COUNT, model="openai:demo")
    name = identifier(generation["id"])
    cable = await connect(visitor, subprotocols=[EXTENDED])
    assert (await cable.subscribe(name, history={"since": 1}))["type"] == "confirm_subscription"
    text, history_confirmed, places = "", False, {}
    while "word20 " not in text:
        message = await cable.hear()
        if message.get("type") == "confirm_history":
            history_confirmed = True
            continue
        text = shown(message["message"], text)
        places = {message["stream_id"]: {"epoch": message["epoch"], "offset": message["offset"]}}
        assert message["message"]["cursor"].startswith(f"{message['epoch']}.{message['offset']}")
    assert history_confirmed
    again = await connect(visitor, subprotocols=[EXTENDED])
    await again.subscribe(name, history={"since": 1, "streams": places})
    confirmed = 0
    while True:
        message = await again.hear()
        if message.get("type") == "confirm_history":
            confirmed += 1
            continue
        assert message["message"]["type"] != "snapshot"
        text = shown(message["message"], text)
        assert COUNTED.startswith(text)
        if message["message"]["type"] == "complete":
            break
    assert (text, confirmed) == (COUNTED, 1)
