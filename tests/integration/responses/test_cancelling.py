"""A response is cancelled, before it begins, on its way and after its end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.integration.responses.conftest import COUNTED, COUNTING, follow, text_of

if TYPE_CHECKING:
    from openai import AsyncOpenAI


async def test_a_response_is_cancelled_on_its_way_and_its_stream_says_so(sdk: AsyncOpenAI) -> None:
    stream = await sdk.responses.create(model=COUNTING, input="count", stream=True, background=True)
    events = []
    async with stream:
        async for event in stream:
            events.append(event)
            if event.type == "response.output_text.delta" and len(text_of(events)) > 20:
                break
    assert events[0].type == "response.created"
    cancelled = await sdk.responses.cancel(events[0].response.id)
    assert cancelled.status == "cancelled"
    assert cancelled.output[0].status == "incomplete"  # type: ignore[union-attr]
    assert COUNTED.startswith(cancelled.output_text)
    assert len(text_of(events)) <= len(cancelled.output_text) < len(COUNTED)
    (last,) = [
        event for event in await follow(sdk, cancelled.id, events[-1].sequence_number) if "delta" not in event.type
    ]
    assert last.type == "response.incomplete"  # there is no other name for it among the SDK's events
    assert last.response == cancelled == await sdk.responses.cancel(cancelled.id)
    assert last.sequence_number > events[-1].sequence_number
    assert await follow(sdk, cancelled.id, last.sequence_number) == []


async def test_who_follows_is_told_of_the_cancellation(sdk: AsyncOpenAI) -> None:
    made = await sdk.responses.create(model="demo-slow", input="x", background=True)  # 2 s to its first word
    stream = await sdk.responses.retrieve(made.id, stream=True)
    events = []
    async for event in stream:
        events.append(event)
        if event.type == "response.in_progress":
            await sdk.responses.cancel(made.id)
    assert [event.type for event in events] == [
        "response.created",
        "response.queued",
        "response.in_progress",
        "response.incomplete",
    ]
    assert events[-1].response.status == "cancelled"  # type: ignore[union-attr]


async def test_what_is_completed_stays_as_it_is(sdk: AsyncOpenAI) -> None:
    done = await sdk.responses.create(model="openai:demo-fast", input="[demo: echo] hello")
    assert await sdk.responses.cancel(done.id) == done
