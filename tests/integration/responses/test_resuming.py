"""Who is cut off goes on where they were: at another process, after a restart, without the log."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from uuid import UUID

import openai
import pytest
import redis

from tests.integration.responses.conftest import (
    COUNTED,
    COUNTING,
    QUICKLY,
    Program,
    ended,
    follow,
    text_of,
)
from tests.running import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    import asyncpg
    from openai import AsyncOpenAI
    from openai.types.responses import ResponseStreamEvent


def at_word(number: int) -> Callable[[ResponseStreamEvent], bool]:
    """Until a delta has so many words before it."""
    seen: list[str] = []

    def reached(event: ResponseStreamEvent) -> bool:
        if event.type == "response.output_text.delta":
            seen.append(event.delta)
        return f"word{number} " in "".join(seen)

    return reached


async def begun(client: AsyncOpenAI, prompt: str = QUICKLY) -> tuple[str, str, int]:
    """Create a response, leave its stream at the 20th word; give its id, the text so far and the last number."""
    stream = await client.responses.create(model=COUNTING, input=prompt, stream=True, background=True)
    events, reached = [], at_word(20)
    async with stream:
        async for event in stream:
            events.append(event)
            if reached(event):
                break
    assert events[0].type == "response.created"
    return events[0].response.id, text_of(events), events[-1].sequence_number


def redis_of(program: Program) -> redis.Redis:
    return redis.Redis.from_url(program.app.redis_url)


def log_of(response_id: str) -> str:
    return f"stream:{{generation:{UUID(response_id.removeprefix('resp_'))}}}"


async def test_a_dropped_stream_goes_on_at_another_process_with_every_letter_once(program: Program) -> None:
    made, text, last = await begun(program.here)
    rest = await follow(program.elsewhere, made, last)
    assert all(event.sequence_number > last for event in rest)
    assert text + text_of(rest) == COUNTED
    assert {event.type for event in rest} == {
        *("response.output_text.delta", "response.output_text.done"),
        *("response.content_part.done", "response.output_item.done", "response.completed"),
    }


async def test_a_program_whose_process_is_killed_does_not_take_half_an_answer_for_the_whole(program: Program) -> None:
    reached = at_word(20)
    stream = await program.elsewhere.responses.create(
        model=COUNTING, input="[demo: n300] count", stream=True, background=True
    )

    async def read() -> None:
        async for event in stream:
            if reached(event) and "other" in program.app.processes:
                program.other.kill()

    with pytest.raises(openai.APIConnectionError):
        await read()
    await asyncio.to_thread(program.other.start)


async def test_processes_are_killed_and_restarted_and_every_letter_comes_once(program: Program) -> None:
    made, text, last = await begun(program.elsewhere, "[demo: n300] count")
    program.other.kill()
    await asyncio.to_thread(program.other.start)
    moving = asyncio.Event()

    def note(event: ResponseStreamEvent) -> bool:
        moving.set()
        return False

    following = asyncio.create_task(follow(program.elsewhere, made, last, note))
    await moving.wait()
    # One that is asked to stop lets its clients go between two events, without an end.
    await asyncio.to_thread(program.other.stop)
    cut = await following
    assert {event.type for event in cut} == {"response.output_text.delta"}
    rest = await follow(program.here, made, cut[-1].sequence_number)
    await asyncio.to_thread(program.other.start)
    assert text + text_of(cut) + text_of(rest) == " ".join(f"word{number}" for number in range(300))


async def test_from_every_number_on_there_is_exactly_the_rest_also_without_the_log(
    program: Program, sdk: AsyncOpenAI
) -> None:
    made, _, _ = await begun(sdk)
    whole = await follow(sdk, made)
    assert text_of(whole) == COUNTED
    await eventually_completed(sdk, made)
    with redis_of(program) as client:
        client.delete(log_of(made))
    for number in (0, 1, 2, 3, 4, 5, 17, *[event.sequence_number for event in whole[-6:]]):
        rest = await follow(sdk, made, number)
        assert [event.sequence_number for event in rest] == sorted(
            {event.sequence_number for event in rest if event.sequence_number > number}
        )
        told = min(max(0, number - 4), len(COUNTED))
        assert text_of(rest) == COUNTED[told:]
        kinds = [event.type for event in rest if event.type != "response.output_text.delta"]
        expected = [event for event in whole if event.type != "response.output_text.delta"]
        assert kinds == [event.type for event in expected if event.sequence_number > number]


async def eventually_completed(client: AsyncOpenAI, response_id: str) -> None:
    async def completed() -> bool:
        return (await client.responses.retrieve(response_id)).status == "completed"

    await eventually(completed)


async def test_a_log_that_is_lost_on_the_way_loses_no_letter_and_repeats_none(
    program: Program, sdk: AsyncOpenAI
) -> None:
    made, text, last = await begun(sdk)
    lose = at_word(40)

    def losing(event: ResponseStreamEvent) -> bool:
        if lose(event):
            with redis_of(program) as client:
                client.delete(log_of(made))
            return True
        return False

    first = await follow(program.elsewhere, made, last, losing)
    rest = await follow(program.elsewhere, made, first[-1].sequence_number)
    assert text + text_of(first) + text_of(rest) == COUNTED


async def test_who_reads_along_when_the_log_is_lost_notices_nothing(program: Program, sdk: AsyncOpenAI) -> None:
    lose, lost = at_word(20), []

    def losing(event: ResponseStreamEvent) -> bool:
        if not lost and lose(event):
            lost.append(event)
            with redis_of(program) as client:
                client.delete(log_of(made.id))
        return False

    made = await sdk.responses.create(model=COUNTING, input=QUICKLY, background=True)
    events = await follow(sdk, made.id, until=losing)
    assert lost
    assert text_of(events) == COUNTED
    assert events[-1].type == "response.completed"


async def test_an_answer_that_is_begun_anew_says_so_to_who_has_text_that_is_void(
    program: Program, sdk: AsyncOpenAI
) -> None:
    made = await sdk.responses.create(model=COUNTING, input="[demo: cutx1 tps120] count", background=True)
    told: list[ResponseStreamEvent] = []

    def note(event: ResponseStreamEvent) -> bool:
        told.append(event)
        return False

    with pytest.raises(openai.APIError) as replaced:
        await follow(sdk, made.id, until=note)
    assert replaced.value.code == "text_replaced"
    assert "begun anew" in replaced.value.message
    assert 0 < len(text_of(told)) < len(COUNTED)
    # Whoever comes back with a number of the void text is told the same, at once.
    with pytest.raises(openai.BadRequestError) as void:
        await follow(program.elsewhere, made.id, told[-1].sequence_number)
    assert (void.value.code, void.value.param) == ("text_replaced", "starting_after")
    anew = await follow(program.elsewhere, made.id)
    assert text_of(anew) == COUNTED
    assert anew[-1].sequence_number > told[-1].sequence_number
    assert (await sdk.responses.retrieve(made.id)).output_text == COUNTED


async def test_a_passing_problem_before_the_first_word_is_not_noticed(sdk: AsyncOpenAI) -> None:
    stream = await sdk.responses.create(model=COUNTING, input="[demo: 429x1 tps120] count", stream=True)
    events = [event async for event in stream]
    assert text_of(events) == COUNTED
    numbers = [event.sequence_number for event in events]
    assert numbers == sorted(set(numbers))
    rest = await follow(sdk, events[0].response.id, numbers[10])  # type: ignore[union-attr]
    assert text_of(events[:11]) + text_of(rest) == COUNTED


async def test_a_killed_workers_answer_is_written_by_another_and_its_client_gets_it_whole(
    program: Program, sdk: AsyncOpenAI, sql: asyncpg.Connection[Any]
) -> None:
    app = program.app
    made, text, last = await begun(sdk)
    killed = app.processes.pop("worker")
    killed.kill()
    killed.wait()
    await sql.execute(  # the lease has run out, and whoever keeps house has been patient
        "UPDATE generations SET lease_expires_at = now(), enqueued_at = now() - interval '1 hour' WHERE id = $1",
        UUID(made.removeprefix("resp_")),
    )
    app.start("worker", "worker")
    with pytest.raises(openai.APIError) as replaced:
        await follow(program.elsewhere, made, last)
    assert replaced.value.code == "text_replaced"
    assert text_of(await follow(program.elsewhere, made)) == COUNTED
    assert (await ended(sdk, made)).output_text.startswith(text)
