"""What programs ask for beside the prompt: to wait, a key, lists a page at a time, how much they may still ask."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.web.conftest import HTML, JSON, LONG, Visitor
from tests.running import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

COUNTED = " ".join(f"word{number}" for number in range(200))


async def asked(visitor: Visitor, *, headers: dict[str, str] | None = None, **body: Any) -> Any:
    body = {"prompt": "[demo: echo fast] hello", "model": "openai:demo", **body}
    return await visitor.http.post("/generations", json=body, headers={**JSON, **(headers or {})})


async def listed(visitor: Visitor, url: str) -> list[dict[str, Any]]:
    return list((await visitor.http.get(url, headers=JSON)).json()["generations"])


@pytest.mark.parametrize("wait", [True, "true"])
async def test_who_waits_gets_the_whole_answer_with_its_status(visitor: Visitor, wait: bool | str) -> None:
    answer = await asked(visitor, prompt="count", model=LONG, wait=wait)
    assert answer.status_code == 201
    done = answer.json()
    assert (done["status"], done["content"], done["stream_url"]) == ("completed", COUNTED, None)
    assert done == await visitor.generation(done["id"])


async def test_who_waits_is_told_of_a_failure_and_of_a_stop(visitor: Visitor) -> None:
    failed = (await asked(visitor, prompt="[demo: 401] x", wait=True)).json()
    assert (failed["status"], failed["error"]["code"]) == ("failed", "unauthorized")
    waiting = asyncio.create_task(asked(visitor, prompt="[demo: stall] x", wait=True))

    async def is_being_answered() -> bool:
        return bool(await listed(visitor, "/generations?status=processing"))

    await eventually(is_being_answered)
    (found,) = await listed(visitor, "/generations?status=processing")
    await visitor.post_form(f"/generations/{found['id']}/cancellation", JSON)
    assert (await waiting).json()["status"] == "cancelled"


async def test_waiting_is_said_in_the_query_too_and_anything_else_there_is_refused(visitor: Visitor) -> None:
    body = {"prompt": "[demo: echo fast] hello", "model": "openai:demo"}
    answer = await visitor.http.post("/generations?wait=true", json=body, headers=JSON)
    assert answer.json()["content"] == "hello"
    refused = await visitor.http.post("/generations?wait=soon", json=body, headers=JSON)
    assert (refused.status_code, refused.json()["field"]) == (422, "wait")


async def test_a_key_in_the_header_is_the_key_of_the_body(visitor: Visitor) -> None:
    first = await asked(visitor, headers={"Idempotency-Key": '"a-key"'})
    for repeated in (
        await asked(visitor, headers={"Idempotency-Key": "a-key"}),
        await asked(visitor, idempotency_key="a-key"),
        await asked(visitor, headers={"Idempotency-Key": "a-key"}, idempotency_key="a-key"),
    ):
        assert repeated.json()["id"] == first.json()["id"]
    for refused in (
        await asked(visitor, headers={"Idempotency-Key": "a-key"}, idempotency_key="another"),
        await asked(visitor, headers={"Idempotency-Key": "a-key"}, prompt="something else"),
        await asked(visitor, headers={"Idempotency-Key": '""'}),
        await asked(visitor, headers={"Idempotency-Key": "k" * 201}),
    ):
        assert (refused.status_code, refused.json()["field"]) == (422, "idempotency_key")


async def read_all(visitor: Visitor, url: str, name: str) -> list[list[dict[str, Any]]]:
    """Follow the links from page to page; gives the entries of each."""
    pages = []
    while url:
        answer = await visitor.http.get(url, headers=JSON)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        pages.append(page[name])
        link = f'<{page["next"]}>; rel="next"' if page["next"] else None
        assert answer.headers.get("link") == link
        url = page["next"]
    return pages


async def test_conversations_are_read_a_page_at_a_time_the_last_changed_first(visitor: Visitor) -> None:
    ids = [
        (await asked(visitor, prompt=f"[demo: echo fast] {n}", wait=True)).json()["conversation_id"] for n in "abcde"
    ]
    await asked(visitor, prompt="[demo: echo fast] more", wait=True, conversation_id=ids[1])
    expected = [ids[1], ids[4], ids[3], ids[2], ids[0]]
    for path in ("/conversations", "/"):
        pages = await read_all(visitor, f"{path}?limit=2", "conversations")
        assert [len(page) for page in pages] == [2, 2, 1]
        assert [one["id"] for page in pages for one in page] == expected
        assert await read_all(visitor, path, "conversations") == [[one for page in pages for one in page]]


async def test_a_conversation_that_changes_while_the_list_is_read_shifts_nothing(visitor: Visitor) -> None:
    ids = [(await asked(visitor, wait=True)).json()["conversation_id"] for _ in range(4)]
    first = (await visitor.http.get("/conversations?limit=2", headers=JSON)).json()
    assert [one["id"] for one in first["conversations"]] == [ids[3], ids[2]]
    await asked(visitor, conversation_id=ids[2], wait=True)
    await asked(visitor, wait=True)
    rest = await read_all(visitor, first["next"], "conversations")
    assert [one["id"] for page in rest for one in page] == [ids[1], ids[0]]


async def test_generations_are_listed_newest_first_by_conversation_and_status_without_their_texts(
    visitor: Visitor, visitors: Callable[[], Visitor]
) -> None:
    done = [(await asked(visitor, prompt="[demo: echo fast] title\n" + "x" * 900, wait=True)).json() for _ in range(3)]
    failed = (
        await asked(visitor, prompt="[demo: 401] x", wait=True, conversation_id=done[0]["conversation_id"])
    ).json()
    running = (await asked(visitor, prompt="[demo: stall] x")).json()
    everything = [running["id"], failed["id"], *[one["id"] for one in reversed(done)]]
    for query, expected in (
        ("", everything),
        (f"conversation_id={done[0]['conversation_id']}", [failed["id"], done[0]["id"]]),
        ("status=completed", everything[2:]),
        (f"conversation_id={done[0]['conversation_id']}&status=failed", [failed["id"]]),
        ("status=cancelled", []),
    ):
        pages = await read_all(visitor, f"/generations?limit=1&{query}", "generations")
        assert [one["id"] for page in pages for one in page] == expected, query
    (entries,) = await read_all(visitor, "/generations", "generations")
    assert "content" not in entries[-1]
    assert "prompt" not in entries[-1]
    assert entries[-1]["title"] == "[demo: echo fast] title"
    assert entries[1]["error"] == failed["error"]
    told = [entries[0]["stream_url"].split("?")[0], *[one["stream_url"] for one in entries[1:]]]
    assert told == ["/streams", None, None, None, None]
    await visitor.post_form(f"/generations/{running['id']}/cancellation", JSON)
    other = await visitors().arrive()
    assert await read_all(other, "/generations", "generations") == [[]]
    foreign = await other.http.get(f"/generations?conversation_id={done[0]['conversation_id']}", headers=JSON)
    assert foreign.status_code == 404


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("conversations?limit=0", "limit"),
        ("conversations?limit=101", "limit"),
        ("conversations?limit=²", "limit"),
        ("conversations?after=01997a3e-8f7c-7d51-9c39-3f1f6f0a2b10", "after"),
        ("generations?after=zzz", "after"),
        ("generations?conversation_id=42", "conversation_id"),
        ("generations?status=done", "status"),
    ],
)
async def test_a_list_that_cannot_be_made_is_refused_by_the_field(visitor: Visitor, query: str, field: str) -> None:
    answer = await visitor.http.get(f"/{query}", headers=JSON)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


@pytest.mark.parametrize("path", ["/conversations", "/generations"])
async def test_a_person_who_opens_a_list_finds_it_on_the_first_page(visitor: Visitor, path: str) -> None:
    answer = await visitor.http.get(path, headers=HTML)
    assert (answer.status_code, answer.headers["location"]) == (303, "/")


async def test_a_json_stream_is_resumed_by_nothing_but_the_last_events_id(visitor: Visitor) -> None:
    generation = (await asked(visitor, prompt="count", model=LONG)).json()
    text, place = "", ""
    rounds = 0
    # As an EventSource does: the same address each time, the id of the last event, and the cookie.
    while True:
        rounds += 1
        headers = {"Accept": "text/event-stream", **({"Last-Event-ID": place} if place else {})}
        seen = 0
        async for cursor, event, data in visitor.listen(generation["stream_url"], headers):
            if event == "done":
                break
            message = json.loads(data)
            place = cursor
            text = message["content"] if message["type"] != "chunk" and "content" in message else text
            text += message["content"] if message["type"] == "chunk" else ""
            assert COUNTED.startswith(text)
            if (seen := seen + 1) == 20 and message["type"] == "chunk":
                break
        if place.endswith(".end"):
            break
    assert text == COUNTED
    assert rounds > 2
    again = await visitor.http.get(generation["stream_url"], headers={"Last-Event-ID": place})
    assert again.status_code == 204
