"""What is refused is one of the SDK's own exceptions, with a code and the field."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import openai
import pytest

from tests.integration.responses.conftest import COUNTING, Program, follow
from tests.integration.web.conftest import JSON, Visitor

if TYPE_CHECKING:
    from collections.abc import Callable

    from openai import AsyncOpenAI

MODEL = "openai:demo-fast"
NOBODYS = "resp_" + "0" * 32


async def refused(sdk: AsyncOpenAI, **fields: Any) -> openai.BadRequestError:
    with pytest.raises(openai.BadRequestError) as error:
        await sdk.responses.create(**{"model": MODEL, "input": "x", "background": True, **fields})
    assert error.value.type == "invalid_request_error"
    return error.value


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tools", [{"type": "web_search"}]),
        ("tool_choice", "required"),
        ("text", {"format": {"type": "json_object"}}),
        ("text", {"verbosity": "high"}),
        ("reasoning", {"effort": "high"}),
        ("temperature", 0.2),
        ("top_p", 0.5),
        ("store", False),
        ("truncation", "disabled"),
        ("include", ["message.output_text.logprobs"]),
        ("conversation", "conv_1"),
        ("prompt", {"id": "pmpt_1"}),
        ("service_tier", "flex"),
        ("stream_options", {"include_obfuscation": True}),
        ("max_tool_calls", 3),
    ],
)
async def test_what_is_not_done_here_is_refused_by_its_name(sdk: AsyncOpenAI, field: str, value: Any) -> None:
    error = await refused(sdk, **{field: value})
    assert (error.code, error.param) == ("unsupported_parameter", field)
    assert "not supported here" in error.message


async def test_what_changes_nothing_is_taken(sdk: AsyncOpenAI) -> None:
    made = await sdk.responses.create(
        model=MODEL,
        input="[demo: echo] hello",
        store=True,
        temperature=None,
        top_p=1,
        tools=[],
        tool_choice="auto",
        parallel_tool_calls=True,
        truncation="auto",
        text={"format": {"type": "text"}},
        reasoning={"effort": None},
        include=[],
        service_tier="auto",
        stream_options=None,
        user="ada",
        safety_identifier="ada",
        prompt_cache_key="k",
        metadata=None,
    )
    assert made.output_text == "hello"


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"extra_body": {"frequency": 1}}, "frequency"),
        ({"input": "   "}, "input"),
        ({"input": "x" * 32_001}, "input"),
        ({"input": "a\0b"}, "input[0]"),
        ({"input": []}, "input"),
        ({"input": 7}, "input"),
        ({"input": [{"role": "assistant", "content": "x"}]}, "input"),
        ({"input": [{"role": "user", "content": "x"}, {"role": "robot", "content": "x"}]}, "input[1].role"),
        ({"input": [{"role": "user", "content": "x" * 200_001}, {"role": "user", "content": "x"}]}, "input"),
        ({"input": [{"role": "user"}]}, "input[0].content"),
        ({"input": [{"role": "user", "content": "x", "name": "ada"}]}, "input[0].name"),
        ({"input": [{"type": "function_call_output", "call_id": "1", "output": "x"}]}, "input[0]"),
        (
            {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "x", "detail": "low"}]}]},
            "input[0].content[0]",
        ),
        ({"max_output_tokens": 0}, "max_output_tokens"),
        ({"max_output_tokens": 10**12}, "max_output_tokens"),
        ({"background": "yes"}, "background"),
        ({"metadata": {"k": 1}}, "metadata[...]"),
        ({"metadata": {str(n): "x" for n in range(17)}}, "metadata"),
        ({"previous_response_id": "something"}, "previous_response_id"),
        ({"previous_response_id": NOBODYS}, "previous_response_id"),
        ({"extra_headers": {"Idempotency-Key": "k" * 201}}, "idempotency_key"),
    ],
)
async def test_what_is_wrong_is_a_bad_request_that_names_the_field(
    sdk: AsyncOpenAI, fields: dict[str, Any], param: str
) -> None:
    assert (await refused(sdk, **fields)).param == param


@pytest.mark.parametrize(("model", "words"), [("gpt-unknown", "There is no"), ("demo-fast", "Several providers have")])
async def test_a_model_that_is_not_one_is_named_with_those_there_are(sdk: AsyncOpenAI, model: str, words: str) -> None:
    error = await refused(sdk, model=model)
    assert (error.code, error.param) == ("model_not_found", "model")
    assert words in error.message
    assert "anthropic:demo-fast" in error.message
    with pytest.raises(openai.NotFoundError):
        await sdk.models.retrieve(model)


async def test_only_the_last_response_of_a_conversation_that_has_ended_is_gone_on_from(sdk: AsyncOpenAI) -> None:
    first = await sdk.responses.create(model=COUNTING, input="count", background=True)
    assert "has not ended" in (await refused(sdk, previous_response_id=first.id)).message
    await sdk.responses.cancel(first.id)
    await sdk.responses.create(model=MODEL, input="x", previous_response_id=first.id)
    assert "has gone on from there" in (await refused(sdk, previous_response_id=first.id)).message


async def test_without_a_good_token_nobody_comes_in(program: Program) -> None:
    for token in ("genapp_" + "x" * 43, "sk-something"):
        with pytest.raises(openai.AuthenticationError) as error:
            await program.at(program.app.url, token).responses.retrieve(NOBODYS)
        assert error.value.code == "invalid_api_key"
    # Neither does a browser, whose cookie another site could use.
    cookie = await program.person.http.post("/v1/responses", json={"model": MODEL, "input": "x"})
    assert cookie.status_code == 401
    assert cookie.json()["error"]["code"] == "invalid_api_key"


async def test_a_revoked_token_opens_nothing_and_what_it_follows_ends(program: Program) -> None:
    made = await program.person.http.post("/account/tokens", json={"name": "short", "scope": "generate"}, headers=JSON)
    sdk = program.at(program.other.url, made.json()["token"])
    stream = await sdk.responses.create(model=COUNTING, input="count", stream=True)
    kinds = []
    async for event in stream:
        kinds.append(event.type)
        if kinds.count("response.output_text.delta") == 1:
            await program.person.post_form(f"/account/tokens/{made.json()['id']}/revocation")
    assert kinds[-1] == "response.output_text.delta"
    with pytest.raises(openai.AuthenticationError):
        await sdk.responses.create(model=MODEL, input="x")


async def test_a_token_to_read_reads_and_does_not_ask(program: Program, sdk: AsyncOpenAI) -> None:
    done = await sdk.responses.create(model=MODEL, input="[demo: echo] hello")
    made = await program.person.http.post("/account/tokens", json={"name": "reader", "scope": "read"}, headers=JSON)
    reader = program.at(program.app.url, made.json()["token"])
    assert (await reader.responses.retrieve(done.id)).output_text == "hello"
    assert [event.type for event in await follow(reader, done.id)][-1] == "response.completed"
    with pytest.raises(openai.PermissionDeniedError):
        await reader.responses.create(model=MODEL, input="x")
    with pytest.raises(openai.PermissionDeniedError):
        await reader.responses.cancel(done.id)


async def test_what_is_not_there_or_somebody_elses_is_not_found(
    program: Program, sdk: AsyncOpenAI, visitors: Callable[[], Visitor]
) -> None:
    stranger = await (await visitors().arrive()).sign_up()
    asked = await stranger.submit("[demo: echo] theirs", model=MODEL)
    for response_id in (f"resp_{asked['id'].replace('-', '')}", NOBODYS, "resp_1", asked["id"]):
        for call in (sdk.responses.retrieve, sdk.responses.cancel):
            with pytest.raises(openai.NotFoundError) as error:
                await call(response_id)
            assert error.value.code == "not_found"
        with pytest.raises(openai.NotFoundError):
            await follow(sdk, response_id)


async def test_too_many_at_once_is_a_rate_limit_that_says_when(sdk: AsyncOpenAI) -> None:
    made = [await sdk.responses.create(model="demo-slow", input="x", background=True) for _ in range(3)]
    with pytest.raises(openai.RateLimitError) as error:
        await sdk.responses.create(model=MODEL, input="x")
    assert error.value.code == "rate_limit_exceeded"
    assert error.value.response.headers["retry-after"] == "5"
    for one in made:
        await sdk.responses.cancel(one.id)


@pytest.mark.parametrize("number", ["-1", "x", "9" * 16, str(2**24 + 9), "1.5"])
async def test_a_number_that_no_event_has_is_a_bad_request(sdk: AsyncOpenAI, number: str) -> None:
    done = await sdk.responses.create(model=MODEL, input="[demo: echo] hello")
    with pytest.raises(openai.BadRequestError) as error:
        await sdk.responses.retrieve(done.id, stream=True, extra_query={"starting_after": number})
    assert error.value.param == "starting_after"
    for query, param in (
        ({"starting_after": "1"}, "starting_after"),
        ({"stream": "perhaps"}, "stream"),
        ({"include[]": "x"}, "include"),
        ({"include_obfuscation": "true"}, "include_obfuscation"),
    ):
        with pytest.raises(openai.BadRequestError) as error:
            await sdk.responses.retrieve(done.id, extra_query=query)
        assert error.value.param == param


async def test_every_error_below_v1_has_the_same_shape(program: Program) -> None:
    headers = {"Authorization": f"Bearer {program.token}", "Accept": "text/html"}
    async with httpx.AsyncClient(base_url=program.app.url, headers=headers) as http:
        answers = [
            (404, await http.get("/v1/nothing")),
            (405, await http.delete(f"/v1/responses/{NOBODYS}")),
            (405, await http.get("/v1/responses")),
            (400, await http.post("/v1/responses", content=b"{")),
            (400, await http.post("/v1/responses", content=b"[]")),
            (400, await http.post("/v1/responses", content=b"[" * 100_000)),
            (400, await http.post("/v1/responses", content=b'{"input": "\xff"}')),
            (400, await http.post("/v1/responses", content=b'{"input": "\\ud800"}')),
            (413, await http.post("/v1/responses", content=b" " * 9_000_000)),
        ]
    for status, answer in answers:
        assert answer.status_code == status, answer.text
        error = answer.json()["error"]
        assert set(error) == {"message", "type", "param", "code"}
        assert error["type"] == "invalid_request_error"
        assert error["message"].endswith(".")
