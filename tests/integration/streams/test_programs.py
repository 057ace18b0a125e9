"""What programs are given, in the dialect `json`: text, each piece once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from genapp.streams import Cursor, Hub, append, notice, text

if TYPE_CHECKING:
    from tests.integration.streams.seams import SeamedLog


async def told(viewer: Any) -> list[Any]:
    return [json.loads(message) for event in await viewer.next_events() for message in event.encoded.messages]


async def test_programs_get_chunks_as_they_come(log: SeamedLog, hub: Hub) -> None:
    await log.publish("s", [notice({"type": "status", "status": "processing"})], reset=True)
    async with hub.join([("s", None)], "json") as viewer:
        assert await told(viewer) == [{"type": "status", "status": "processing", "seq": 1}]
        await log.publish("s", [text("Hel")])
        assert await told(viewer) == [{"type": "chunk", "seq": 2, "content": "Hel"}]
        await log.publish("s", [text("lo"), append("log", "<b/>")])
        assert await told(viewer) == [{"type": "chunk", "seq": 3, "content": "lo"}]
        await log.publish("s", [append("log", "<i/>")])
        await log.publish("s", [text("!")])
        assert await told(viewer) == [{"type": "chunk", "seq": 5, "content": "!"}]


async def test_a_program_that_comes_late_gets_the_whole_and_one_that_comes_back_what_it_missed(
    log: SeamedLog, hub: Hub
) -> None:
    first = await log.publish("s", [text("a")])
    await log.publish("s", [text("b")])
    await log.publish("s", [text("c"), notice({"type": "status", "status": "processing"})])
    async with hub.join([("s", None)], "json") as one, hub.join([("s", None)], "json") as other:
        (event,), (same,) = await one.next_events(), await other.next_events()
        assert event.encoded is same.encoded, "a whole answer is written out for each who comes"
        whole, status = [json.loads(message) for message in event.encoded.messages]
    assert whole == {"type": "snapshot", "seq": 3, "content": "abc"}
    assert status["type"] == "status"
    async with hub.join([("s", first.cursor)], "json") as viewer:
        missed = await told(viewer)
    chunks = [{"type": "chunk", "seq": 2, "content": "b"}, {"type": "chunk", "seq": 3, "content": "c"}]
    assert missed == [*chunks, status]


async def test_a_program_is_told_that_the_text_of_a_failed_attempt_is_void(log: SeamedLog, hub: Hub) -> None:
    await log.publish("s", [text("half an ans")], fence=1, reset=True)
    async with hub.join([("s", None)], "json") as viewer:
        assert [message["content"] for message in await told(viewer)] == ["half an ans"]
        await log.publish("s", [notice({"type": "status"})], fence=2, reset=True)
        assert [message["type"] for message in await told(viewer)] == ["snapshot", "status"]
        await log.publish("s", [text("whole")], fence=2)
        assert await told(viewer) == [{"type": "chunk", "seq": 3, "content": "whole"}]
        await log.publish("s", [notice({"type": "complete", "content": "whole"})], fence=2, reset=True, close=True)
        assert await told(viewer) == [{"type": "complete", "content": "whole", "seq": 4}]
        assert viewer.finished


async def test_a_program_that_is_cut_off_while_it_is_told_of_a_new_attempt_has_its_text_alone(
    log: SeamedLog, hub: Hub
) -> None:
    old = await log.publish("s", [text("half an ans")], fence=1, reset=True)
    await log.publish("s", [notice({"type": "status"})], fence=2, reset=True)
    await log.publish("s", [text("who")], fence=2)
    async with hub.join([("s", old.cursor)], "json") as viewer:
        first, *_ = await viewer.next_events()
    assert json.loads(first.encoded.messages[0])["content"] == ""
    async with hub.join([("s", Cursor.parse(first.cursor))], "json") as viewer:
        assert await told(viewer) == [{"type": "chunk", "seq": 3, "content": "who"}]
