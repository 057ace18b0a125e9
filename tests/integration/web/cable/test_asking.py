"""Asking through a subscription: as over HTTP, with the same limits and the same words for what is refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.cable import EXTENDED, connected, identifier
from tests.integration.web.cable.conftest import COUNT
from tests.integration.web.conftest import JSON, Visitor, shown
from tests.integration.web.test_api_tokens import make

if TYPE_CHECKING:
    from tests.integration.web.cable.conftest import Connect
    from tests.running import App


async def test_who_asks_is_told_of_the_generation_and_then_reads_along(visitor: Visitor, connect: Connect) -> None:
    cable, name = await connect(visitor), identifier()
    await cable.subscribe(name)
    await cable.perform(name, "generate", prompt=COUNT, model="openai:demo", idempotency_key="one")
    created = await cable.told()
    assert created["type"] == "created"
    text = ""
    for message in await cable.until("complete"):
        text = shown(message, text)
    stored = await visitor.generation(created["generation"]["id"])
    assert stored["content"] == text
    await cable.perform(
        name, "generate", prompt="[demo: echo] more", conversation_id=stored["conversation_id"], model="openai:demo"
    )
    follow_up = await cable.told()
    assert follow_up["generation"]["conversation_id"] == stored["conversation_id"]
    assert (await cable.until("complete"))[-1]["content"] == "more"
    await cable.perform(name, "generate", prompt=COUNT, model="openai:demo", idempotency_key="one")
    assert (await cable.told())["generation"]["id"] == stored["id"]


async def test_who_asked_and_lost_the_connection_goes_on_through_the_same_subscription(
    visitor: Visitor, connect: Connect
) -> None:
    cable, name = await connect(visitor), identifier()
    await cable.subscribe(name)
    await cable.perform(name, "generate", prompt=COUNT, model="openai:demo")
    generation = (await cable.told())["generation"]
    last = (await cable.until("chunk"))[-1]
    again = await connect(visitor)
    await again.subscribe(name)
    await again.perform(name, "follow", generation_id=generation["id"], since=last["cursor"])
    first = await again.told()
    assert first["type"] in ("chunk", "status")
    assert first["seq"] > last["seq"]
    any_cable = await connect(visitor, subprotocols=[EXTENDED])
    await any_cable.subscribe(name)
    await any_cable.perform(name, "follow", generation_id=generation["id"])
    while "offset" not in (message := await any_cable.hear()):
        pass
    place = {message["stream_id"]: {"epoch": message["epoch"], "offset": message["offset"]}}
    back = await connect(visitor, subprotocols=[EXTENDED])
    await back.subscribe(name, history={"since": 1, "streams": place})
    while "message" not in (message := await back.hear()):
        pass
    assert message["offset"] > next(iter(place.values()))["offset"]
    await again.perform(name, "stop")
    await again.until("cancelled", "complete")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"prompt": "  "}, "prompt"),
        ({}, "prompt"),
        ({"prompt": "x" * 32_001}, "prompt"),
        ({"prompt": 7}, "prompt"),
        ({"prompt": "a\x00b"}, "prompt"),
        ({"prompt": "x", "model": "openai:none"}, "model"),
        ({"prompt": "x", "conversation_id": "7"}, "conversation_id"),
        ({"prompt": "x", "idempotency_key": "k" * 201}, "idempotency_key"),
    ],
)
async def test_a_bad_prompt_is_refused_in_the_words_that_http_has_for_it(
    visitor: Visitor, connect: Connect, fields: dict[str, Any], field: str
) -> None:
    cable, name = await connect(visitor), identifier()
    await cable.subscribe(name)
    await cable.perform(name, "generate", **fields)
    told = await cable.told()
    over_http = (await visitor.http.post("/generations", json=fields, headers=JSON)).json()
    assert told == {
        "type": "error",
        "error": {"code": over_http["code"], "message": over_http["detail"], "field": field},
    }


@pytest.mark.parametrize("data", [None, 7, "", "[]", "{", '{"action": "dance"}', "{}", '{"action": "stop"}'])
async def test_what_is_no_action_is_told_to_the_subscription(visitor: Visitor, connect: Connect, data: object) -> None:
    cable, name = await connect(visitor), identifier()
    await cable.subscribe(name)
    await cable.say("message", name, data=data)
    assert (await cable.told())["error"]["code"] == "invalid"


async def test_the_limit_of_answers_in_progress_holds_here_too(visitor: Visitor, connect: Connect) -> None:
    cable, name = await connect(visitor), identifier()
    await cable.subscribe(name)
    asked = [await visitor.submit(f"[demo: stall] {number}", model="openai:demo") for number in range(3)]
    await cable.perform(name, "generate", prompt="fourth")
    refused = (await cable.told())["error"]
    assert (refused["code"], refused["retry_after"]) == ("too_many", 5)
    for one in asked:
        await cable.perform(name, "follow", generation_id=one["id"])
        await cable.perform(name, "stop")
        await cable.until("cancelled")


async def test_a_token_to_read_follows_and_does_not_ask_or_stop(account: Visitor, app: App) -> None:
    generation = await account.submit(COUNT, model="openai:demo")
    token = (await make(account, scope="read"))["token"]
    async with connected(f"{app.url}/cable", headers={"Authorization": f"Bearer {token}"}) as cable:
        assert (await cable.hear())["type"] == "welcome"
        name = identifier(generation["id"])
        await cable.subscribe(name)
        for action, fields in (("stop", {}), ("generate", {"prompt": "x"})):
            await cable.perform(name, action, **fields)
            assert (await cable.until("error"))[-1]["error"]["code"] == "forbidden"
        assert (await cable.until("complete"))[-1]["content"].endswith("word199")
