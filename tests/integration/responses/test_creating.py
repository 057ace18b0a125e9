"""A response is made by the official SDK, in the background, as a whole or as it comes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.responses.conftest import COUNTED, COUNTING, QUICKLY, Program, ended, text_of

if TYPE_CHECKING:
    from openai import AsyncOpenAI


@pytest.mark.parametrize("model", ["openai:demo-fast", "anthropic:demo-fast"])
async def test_a_background_response_is_queued_at_once_and_found_completed(sdk: AsyncOpenAI, model: str) -> None:
    made = await sdk.responses.create(model=model, input="[demo: echo] two\n\nparagraphs", background=True)
    assert (made.status, made.model, made.background, made.output) == ("queued", model, True, [])
    done = await ended(sdk, made.id)
    assert (done.status, done.output_text) == ("completed", "two\n\nparagraphs")
    assert done.usage is not None
    assert done.usage.total_tokens == done.usage.input_tokens + done.usage.output_tokens > 0


async def test_who_waits_is_given_the_whole(sdk: AsyncOpenAI) -> None:
    done = await sdk.responses.create(model="openai:demo-fast", input="[demo: echo] hello", metadata={"case": "7"})
    assert (done.status, done.output_text, done.metadata) == ("completed", "hello", {"case": "7"})


async def test_who_has_waited_long_enough_is_told_that_it_goes_on(program: Program) -> None:
    sdk = program.elsewhere
    made = await sdk.responses.create(model="openai:demo", input="[demo: ttft900 n10 fast ttft900] x")
    assert made.status in ("queued", "in_progress")
    assert made.output == []
    assert (await ended(sdk, made.id)).output_text == " ".join(f"word{n}" for n in range(10))


async def test_a_stream_tells_all_events_in_their_order_and_every_letter_once(sdk: AsyncOpenAI) -> None:
    stream = await sdk.responses.create(model=COUNTING, input=QUICKLY, stream=True)
    events = [event async for event in stream]
    kinds = [event.type for event in events]
    deltas = kinds.count("response.output_text.delta")
    assert deltas > 5
    assert kinds == [
        "response.created",
        "response.queued",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        *["response.output_text.delta"] * deltas,
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ]
    numbers = [event.sequence_number for event in events]
    assert numbers == sorted(set(numbers))
    assert text_of(events) == COUNTED
    assert events[-1].type == "response.completed"
    assert events[-1].response.output_text == COUNTED
    assert events[-1].response == await sdk.responses.retrieve(events[-1].response.id)


async def test_the_sdks_own_accumulator_takes_the_stream(sdk: AsyncOpenAI) -> None:
    async with sdk.responses.stream(model=COUNTING, input=QUICKLY, background=True) as stream:
        snapshots = [event.snapshot async for event in stream if event.type == "response.output_text.delta"]
        final = await stream.get_final_response()
    assert all(COUNTED.startswith(snapshot) for snapshot in snapshots)
    assert final.output_text == COUNTED
    async with sdk.responses.stream(response_id=final.id, starting_after=100) as again:
        assert [event.type async for event in again if event.sequence_number <= 100] == []
        assert (await again.get_final_response()).output_text == COUNTED


@pytest.mark.parametrize("model", ["openai:demo-fast", "anthropic:demo-fast"])
async def test_instructions_and_earlier_messages_reach_the_model_and_stay_in_the_conversation(
    sdk: AsyncOpenAI, model: str
) -> None:
    first = await sdk.responses.create(
        model=model,
        instructions="Speak like a sailor.",
        input=[
            {"role": "user", "content": "I am Ada."},
            {"role": "assistant", "content": [{"type": "output_text", "text": "Ahoy, Ada.", "annotations": []}]},  # type: ignore[typeddict-item,list-item]
            {"role": "user", "content": [{"type": "input_text", "text": "[demo: turns] Who am I?"}]},
        ],
    )
    assert first.instructions == "Speak like a sailor."
    said = "user: I am Ada.\nassistant: Ahoy, Ada.\nuser: Who am I?"
    assert first.output_text == f"system: Speak like a sailor.\n{said}"
    second = await sdk.responses.create(
        model=model, instructions="Be brief.", input="[demo: turns] And now?", previous_response_id=first.id
    )
    assert second.previous_response_id == first.id
    earlier = said.replace("Who", "[demo: turns] Who")
    assert second.output_text == f"system: Be brief.\n{earlier}\nassistant: {first.output_text}\nuser: And now?"


async def test_what_one_response_has_said_can_be_sent_back_as_it_is(sdk: AsyncOpenAI) -> None:
    first = await sdk.responses.create(model="openai:demo-fast", input="[demo: echo] hello")
    again = await sdk.responses.create(
        model="openai:demo-fast",
        input=[*first.output, {"role": "user", "content": "[demo: turns] and?"}],  # type: ignore[list-item]
    )
    assert again.output_text == "assistant: hello\nuser: and?"


@pytest.mark.parametrize("model", ["openai:demo-fast", "anthropic:demo-fast"])
async def test_an_answer_that_reaches_its_limit_is_incomplete(sdk: AsyncOpenAI, model: str) -> None:
    stream = await sdk.responses.create(model=model, input="[demo: n50] x", max_output_tokens=3, stream=True)
    events = [event async for event in stream]
    assert text_of(events) == "word0 word1 word2"
    assert events[-1].type == "response.incomplete"
    cut = events[-1].response
    assert (cut.status, cut.max_output_tokens, cut.output_text) == ("incomplete", 3, "word0 word1 word2")
    assert cut.incomplete_details is not None
    assert cut.incomplete_details.reason == "max_output_tokens"


async def test_a_failure_has_its_reason_and_what_was_written(sdk: AsyncOpenAI) -> None:
    stream = await sdk.responses.create(model="openai:demo-fast", input="[demo: context] x", stream=True)
    events = [event async for event in stream]
    assert events[-1].type == "response.failed"
    failed = events[-1].response
    assert failed.status == "failed"
    assert failed.error is not None
    assert failed.error.code == "invalid_prompt"
    assert "too long for the model" in failed.error.message
    filtered = await sdk.responses.create(model="openai:demo-fast", input="[demo: filter n50] x")
    assert filtered.status == "incomplete"
    assert filtered.incomplete_details is not None
    assert filtered.incomplete_details.reason == "content_filter"
    assert filtered.output_text.startswith("word0 word1")


async def test_the_same_idempotency_key_gives_the_same_response(sdk: AsyncOpenAI) -> None:
    key = {"Idempotency-Key": "once"}
    first = await sdk.responses.create(model="openai:demo-fast", input="x", background=True, extra_headers=key)
    again = await sdk.responses.create(model="openai:demo-fast", input="x", background=True, extra_headers=key)
    assert again.id == first.id


async def test_models_are_listed_and_named_without_their_provider_where_only_one_has_them(
    program: Program, sdk: AsyncOpenAI
) -> None:
    listed = [model.id async for model in sdk.models.list()]
    assert listed == program.app.env["GENAPP_MODELS"].split(",")
    assert (await sdk.models.retrieve("demo-slow")).id == "openai:demo-slow"
    assert (await sdk.models.retrieve("anthropic:demo-fast")).owned_by == "anthropic"
    made = await sdk.responses.create(model=COUNTING, input="x", background=True)
    assert made.model == f"openai:{COUNTING}"
    unnamed = await sdk.responses.create(input="x", background=True)
    assert unnamed.model == listed[0]


async def test_a_response_is_a_generation_like_every_other(program: Program, sdk: AsyncOpenAI) -> None:
    asked = await program.person.submit("[demo: echo] from the page", model="openai:demo-fast")
    await program.person.until(asked["id"], "completed")
    found = await sdk.responses.retrieve(f"resp_{asked['id'].replace('-', '')}")
    assert found.output_text == "from the page"
    made = await sdk.responses.create(model="openai:demo-fast", input="[demo: echo] x", previous_response_id=found.id)
    page = await program.person.http.get(f"/conversations/{asked['conversation_id']}", headers={"Accept": "text/html"})
    assert f'data-status="{made.status}"' in page.text
    assert page.text.count("<article") == 2
