"""What every adapter promises, over real HTTP through the vendor's own SDK."""

from __future__ import annotations

import asyncio
import gc
import re
import traceback
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

import pytest

from genapp.providers import (
    Finish,
    Message,
    PermanentError,
    Provider,
    ProviderConfig,
    ProviderError,
    Providers,
    Text,
    TransientError,
    Usage,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from conftest import DemoServer

    from genapp.providers import Delta

    MakeProvider = Callable[..., Provider]


def ask(prompt: str = "Hello") -> list[Message]:
    return [Message("user", prompt)]


async def collect(provider: Provider, model: str, prompt: str = "Hello", **options: Any) -> list[Delta]:
    return [delta async for delta in provider.stream(model, ask(prompt), **options)]


async def failure(provider: Provider, model: str, prompt: str = "Hello") -> tuple[str, ProviderError]:
    """The text that came before the failure, and the failure."""
    text = ""
    try:
        async for delta in provider.stream(model, ask(prompt)):
            text += delta.content if isinstance(delta, Text) else ""
    except ProviderError as error:
        return text, error
    raise AssertionError(f"{model} answered {text!r}")


def text_of(deltas: list[Delta]) -> str:
    return "".join(delta.content for delta in deltas if isinstance(delta, Text))


def usage_of(deltas: list[Delta]) -> Usage:
    return [delta for delta in deltas if isinstance(delta, Usage)][-1]


async def test_an_answer_comes_whole_and_in_order(provider: Provider) -> None:
    deltas = await collect(provider, "demo-fast-n500")
    assert text_of(deltas) == " ".join(f"word{number}" for number in range(500))
    assert deltas[-1] == Finish("stop")
    assert sum(isinstance(delta, Finish) for delta in deltas) == 1


async def test_the_first_words_come_before_the_last_ones_are_written(provider: Provider, demo: DemoServer) -> None:
    model = f"demo-ttft0-tps20-n1000-tagfirst{provider.name}"
    async with aclosing(provider.stream(model, ask())) as deltas:
        async for delta in deltas:
            if isinstance(delta, Text):
                break
        counts = await asyncio.to_thread(demo.counts, model)
    assert delta == Text("word0")
    assert counts["active"] == 1


async def test_usage_is_what_the_vendor_counted(provider: Provider) -> None:
    deltas = await collect(provider, "demo-fast-n37")
    usage = usage_of(deltas)
    assert usage.output_tokens == 37
    assert usage.input_tokens > 0


async def test_the_limit_of_an_answer_is_kept_and_told(provider: Provider) -> None:
    deltas = await collect(provider, "demo-fast-n100", max_tokens=10)
    assert text_of(deltas) == " ".join(f"word{number}" for number in range(10))
    assert deltas[-1] == Finish("length")


async def test_system_messages_and_earlier_turns_reach_the_model(provider: Provider) -> None:
    messages = [
        Message("system", "Be brief."),
        Message("user", "Explain the tides to me"),
        Message("assistant", "The moon pulls."),
        Message("user", "Tell me more about that"),
    ]
    deltas = [delta async for delta in provider.stream("demo-fast", messages)]
    assert "tides" in text_of(deltas)


async def test_an_earlier_answer_that_failed_before_its_first_word_is_no_obstacle(provider: Provider) -> None:
    messages = [Message("user", "Explain tides"), Message("assistant", ""), Message("user", "Please")]
    deltas = [delta async for delta in provider.stream("demo-fast-n2", messages)]
    assert text_of(deltas) == "word0 word1"


@pytest.mark.parametrize("pace", ["fast", "fast-odd"])
async def test_every_script_and_emoji_arrives_unharmed_wherever_the_bytes_are_cut(
    provider: Provider, pace: str
) -> None:
    prompt = '日本語 العربية हिन्दी Ελληνικά 👩‍👩‍👧‍👦 👍🏽 e\u0301 \u2028 \x7f “quotes” \\ "data: [DONE]" \n\nend'
    deltas = await collect(provider, f"demo-{pace}-echo", prompt)
    assert text_of(deltas) == prompt


TRANSIENT = {
    "429": "rate_limited",
    "408": "timeout",
    "409": "unavailable",
    "500": "unavailable",
    "502": "unavailable",
    "503": {"openai": "overloaded", "anthropic": "unavailable"},
    "504": "timeout",
    "529": "overloaded",
    "html": "malformed",
}
PERMANENT = {
    "400": "bad_request",
    "401": "unauthorized",
    "402": "quota_exhausted",
    "403": "forbidden",
    "404": "unknown_model",
    "413": "context_too_long",
    "422": "bad_request",
    "quota": "quota_exhausted",
    "context": "context_too_long",
    "policy": "content_filtered",
    "empty": "empty_answer",
    "refuse": "content_filtered",
}
MIDWAY = {
    "cut": "cut",
    "half": "cut",
    "malformed": "malformed",
    "error": "unavailable",
    "overloaded": "overloaded",
}


def expected(codes: Any, provider: Provider) -> str:
    return str(codes[provider.name] if isinstance(codes, dict) else codes)


def assert_a_person_can_use(message: str) -> None:
    """One or two whole sentences that say what to do, without a code, an address or a word of the vendor's."""
    assert re.search(r"Try again|Wait|Choose|Tell|Change|Shorten|Rephrase|choose", message)
    assert message.endswith(".")
    assert not re.search(r"\d|http|_|demo|[{}]", message)


@pytest.mark.parametrize("fault", TRANSIENT)
async def test_a_fault_that_will_pass_is_transient(provider: Provider, fault: str) -> None:
    text, error = await failure(provider, f"demo-fast-{fault}")
    assert isinstance(error, TransientError)
    assert error.code == expected(TRANSIENT[fault], provider)
    assert text == ""
    assert_a_person_can_use(error.message)


@pytest.mark.parametrize("fault", PERMANENT)
async def test_a_fault_that_will_stay_is_permanent(provider: Provider, fault: str) -> None:
    text, error = await failure(provider, f"demo-fast-{fault}")
    assert isinstance(error, PermanentError)
    assert error.code == PERMANENT[fault]
    assert text == ""
    assert_a_person_can_use(error.message)


@pytest.mark.parametrize("fault", MIDWAY)
async def test_a_fault_midway_keeps_what_came_before_and_is_transient(provider: Provider, fault: str) -> None:
    text, error = await failure(provider, f"demo-fast-n100-{fault}")
    assert isinstance(error, TransientError)
    assert error.code == MIDWAY[fault]
    assert text == " ".join(f"word{number}" for number in range(12))
    assert_a_person_can_use(error.message)


async def test_an_answer_stopped_by_the_content_filter_says_so(provider: Provider) -> None:
    deltas = await collect(provider, "demo-fast-n100-filter")
    assert text_of(deltas).startswith("word0 word1")
    assert deltas[-1] == Finish("content_filter")


async def test_the_vendors_wish_to_wait_is_passed_on(provider: Provider) -> None:
    _, error = await failure(provider, "demo-fast-429")
    assert error.retry_after == {"openai": 0.7, "anthropic": 1.0}[provider.name]


async def test_a_request_is_sent_once_and_retrying_is_left_to_the_caller(provider: Provider, demo: DemoServer) -> None:
    model = f"demo-fast-503-tagonce{provider.name}"
    await failure(provider, model)
    assert demo.counts(model)["requests"] == 1


async def test_a_fault_can_be_limited_to_the_first_tries(provider: Provider) -> None:
    prompt = f"[demo: fast n3 500x2] tries of {provider.name}"
    for _ in range(2):
        _, error = await failure(provider, "demo", prompt)
        assert error.code == "unavailable"
    assert text_of(await collect(provider, "demo", prompt)) == "word0 word1 word2"


async def test_nobody_listening_is_a_connection_error(make_provider: MakeProvider) -> None:
    _, error = await failure(make_provider("http://127.0.0.1:9"), "demo")
    assert error.code == "connection"


async def test_a_silent_vendor_ends_as_a_timeout(make_provider: MakeProvider) -> None:
    provider = make_provider(read_seconds=0.2)
    for fault in ("hang", "stall", "pause"):
        _, error = await failure(provider, f"demo-fast-{fault}")
        assert (error.code, type(error)) == ("timeout", TransientError)


@pytest.mark.parametrize("moment", ["hang", "stall", "pause"])
async def test_cancelling_closes_the_vendors_connection_at_once(
    provider: Provider, demo: DemoServer, moment: str
) -> None:
    model = f"demo-fast-{moment}-tagcancel{provider.name}"
    asking = asyncio.create_task(collect(provider, model))
    await demo.until(model, lambda counts: counts["active"] == 1)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    counts = await demo.until(model, lambda counts: counts["active"] == 0)
    assert counts == {"requests": 1, "active": 0, "finished": 0, "disconnected": 1}


async def test_closing_the_stream_midway_closes_the_vendors_connection(provider: Provider, demo: DemoServer) -> None:
    model = f"demo-ttft0-tps50-n100000-tagclose{provider.name}"
    async with aclosing(provider.stream(model, ask())) as deltas:
        async for delta in deltas:
            if isinstance(delta, Text) and delta.content == " word5":
                break
    counts = await demo.until(model, lambda counts: counts["active"] == 0)
    assert counts["disconnected"] == 1


async def test_three_hundred_answers_stream_at_the_same_time(provider: Provider, demo: DemoServer) -> None:
    model = f"demo-fast-n20-pause-tagmany{provider.name}"
    asking = [asyncio.create_task(collect(provider, model)) for _ in range(300)]
    await demo.until(model, lambda counts: counts["active"] == 300)
    for task in asking:
        task.cancel()
    await asyncio.gather(*asking, return_exceptions=True)
    await demo.until(model, lambda counts: counts["active"] == 0)

    answers = await asyncio.gather(*(collect(provider, "demo-fast-n30") for _ in range(300)))
    assert {text_of(deltas) for deltas in answers} == {" ".join(f"word{number}" for number in range(30))}


@pytest.mark.parametrize("fault", ["401", "429", "400", "error", "malformed", "html", "cut"])
async def test_the_key_shows_up_nowhere(provider: Provider, secret: str, fault: str) -> None:
    _, error = await failure(provider, f"demo-fast-{fault}")
    shown = [repr(provider), str(error), repr(error), error.message, error.detail, error.excerpt]
    shown += traceback.format_exception(error)
    assert not [text for text in shown if secret in text or secret[8:20] in text]
    assert error.detail


async def test_closed_providers_leave_nothing_open(speaks: str, demo: DemoServer) -> None:
    address = demo.url if speaks == "anthropic" else f"{demo.url}/v1"
    providers = Providers([ProviderConfig(speaks, base_url=address)])
    await collect(providers.get(speaks), "demo-fast-n5")
    await failure(providers.get(speaks), "demo-fast-cut")
    await providers.close()
    del providers
    gc.collect()  # an unclosed session warns here, and a warning fails the test
