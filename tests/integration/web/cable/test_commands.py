"""The protocol as it is spoken, and what becomes of what is none."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.cable import EXTENDED, PLAIN, UNSUPPORTED, connected, identifier
from tests.integration.web.cable.conftest import COUNT, cookie_of

if TYPE_CHECKING:
    from tests.integration.web.cable.conftest import Connect
    from tests.integration.web.conftest import Visitor
    from tests.running import App

NOBODYS = "01997a3e-8f7c-7d51-9c39-3f1f6f0a2b10"


async def test_the_subprotocol_is_chosen_among_those_offered(visitor: Visitor, app: App) -> None:
    for offered, chosen in (
        ([PLAIN, UNSUPPORTED], PLAIN),
        ([EXTENDED], EXTENDED),
        (["graphql-ws", PLAIN], PLAIN),
    ):
        async with connected(
            f"{app.url}/cable", headers=cookie_of(visitor), origin=app.url, subprotocols=offered
        ) as cable:
            assert cable.socket.subprotocol == chosen
            assert ("sid" in await cable.hear()) == (chosen == EXTENDED)


@pytest.mark.parametrize("offered", [[UNSUPPORTED], ["graphql-ws", UNSUPPORTED], ["graphql-ws"], []])
async def test_a_client_that_speaks_something_else_is_told_so_and_not_to_come_back(
    visitor: Visitor, app: App, offered: list[str]
) -> None:
    async with connected(f"{app.url}/cable", headers=cookie_of(visitor), origin=app.url, subprotocols=offered) as cable:
        assert cable.socket.subprotocol == (UNSUPPORTED if UNSUPPORTED in offered else None)
        assert await cable.ending() == ("invalid_request", False, 1000)


async def test_a_browser_that_only_opens_the_address_is_told_what_it_is_for(visitor: Visitor) -> None:
    answer = await visitor.http.get("/cable", headers={"Accept": "application/json"})
    assert answer.status_code == 404
    assert "WebSockets" in answer.json()["detail"]


async def test_signs_of_life_come_while_nothing_else_is_said(visitor: Visitor, connect: Connect) -> None:
    cable = await connect(visitor)
    ping = json.loads(await cable.socket.recv())
    assert ping == {"type": "ping", "message": pytest.approx(time.time(), abs=60)}


@pytest.mark.parametrize(
    "odd",
    [
        "{",
        "",
        "null",
        "[]",
        '"subscribe"',
        "{}",
        '{"command": 1}',
        '{"command": "dance"}',
        '{"command": "history", "identifier": "x", "history": {}}',  # AnyCable's, over Rails' protocol
        '{"command": "subscribe", "identifier": {}}',
        json.dumps({"command": "subscribe", "identifier": "x" * 1_001}),
        "[" * 100_000,
        '{"command": "message", "data": ' + "[" * 5_000 + "]" * 5_000 + "}",
        b'{"command": "subscribe"}',
        b"\xff\x00",
    ],
)
async def test_what_is_no_command_ends_the_connection_for_good(
    visitor: Visitor, connect: Connect, odd: str | bytes
) -> None:
    cable = await connect(visitor)
    await cable.send(odd)
    assert await cable.ending() == ("invalid_request", False, 1000)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "nothing",
        "{}",
        "[]",
        '"GenerationChannel"',
        json.dumps({"channel": "ChatChannel", "generation_id": NOBODYS}),
        identifier("not-an-id"),
        identifier(NOBODYS),
        json.dumps({"channel": "GenerationChannel", "generation_id": 7}),
        identifier(NOBODYS, since=[]),
        identifier(NOBODYS, since=True),
        identifier(NOBODYS, accumulated="yes"),
        "[" * 900,
    ],
)
async def test_a_subscription_that_cannot_be_had_is_rejected_and_the_connection_goes_on(
    visitor: Visitor, connect: Connect, name: str
) -> None:
    cable = await connect(visitor)
    assert await cable.subscribe(name) == {"identifier": name, "type": "reject_subscription"}
    assert (await cable.subscribe(identifier()))["type"] == "confirm_subscription"


async def test_what_is_somebody_elses_is_rejected_like_what_is_not_there(
    visitor: Visitor, connect: Connect, visitors: Any
) -> None:
    foreign = await (await visitors().arrive()).submit("[demo: echo] theirs", model="openai:demo-fast")
    cable = await connect(visitor, subprotocols=[EXTENDED])
    assert (await cable.subscribe(identifier(foreign["id"])))["type"] == "reject_subscription"
    name = identifier()
    await cable.subscribe(name)
    await cable.perform(name, "follow", generation_id=foreign["id"])
    assert (await cable.told())["error"]["code"] == "not_found"


async def test_a_second_subscription_of_the_same_name_brings_nothing_twice(visitor: Visitor, connect: Connect) -> None:
    generation = await visitor.submit(COUNT, model="openai:demo")
    cable, name = await connect(visitor), identifier(generation["id"])
    await cable.subscribe(name)
    await cable.until("chunk")
    await cable.say("subscribe", name)
    text, confirmed = "", 0
    while True:
        message = await cable.hear()
        if "message" not in message:
            confirmed += message["type"] == "confirm_subscription"
        elif message["message"]["type"] == "chunk":
            assert message["message"]["content"] not in ("", text)
            text = message["message"]["content"]
        elif message["message"]["type"] == "complete":
            break
    assert confirmed == 1


async def test_what_is_said_of_subscriptions_that_are_not_there_is_nothing(visitor: Visitor, connect: Connect) -> None:
    cable = await connect(visitor)
    await cable.say("unsubscribe", identifier())
    await cable.perform(identifier(), "generate", prompt="x")
    assert (await cable.subscribe(identifier()))["type"] == "confirm_subscription"
    assert await visitor.conversations() == []


async def test_who_has_unsubscribed_is_told_nothing_more_and_may_subscribe_again(
    visitor: Visitor, connect: Connect
) -> None:
    generation = await visitor.submit(COUNT, model="openai:demo")
    cable, name = await connect(visitor), identifier(generation["id"])
    for _ in range(50):
        await cable.say("subscribe", name)
        await cable.say("unsubscribe", name)
    await cable.say("subscribe", "end")
    while (await cable.hear()).get("identifier") != "end":
        pass
    await cable.subscribe(name)
    assert (await cable.until("complete"))[-1]["content"].endswith("word199")


async def test_any_cables_further_commands_are_answered_as_far_as_they_are_understood(
    visitor: Visitor, connect: Connect
) -> None:
    generation = await visitor.submit("[demo: echo] hello", model="openai:demo-fast")
    await visitor.until(generation["id"], "completed")
    cable, name = await connect(visitor, subprotocols=[EXTENDED]), identifier(generation["id"])
    await cable.subscribe(name)
    await cable.until("complete")
    for ignored in ("pong", "join", "leave", "whisper"):
        await cable.say(ignored, name, data={"any": "thing"})
    await cable.say("presence", name)
    assert await cable.hear() == {"identifier": name, "type": "presence", "message": {"type": "error"}}
    await cable.say("history", "nothing", history={"since": 1})
    assert (await cable.hear())["type"] == "reject_history"
    await cable.say("history", name, history={"streams": {"x": 1}})
    answers = [await cable.hear() for _ in range(3)]  # the text, the end, and that no more is told
    assert [one.get("type", "message") for one in answers] == ["message", "message", "reject_history"]
    await cable.say("subscribe", name)  # again, which its client does when it has waited long
    await cable.subscribe("nothing")
