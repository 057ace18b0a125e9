"""The demo model speaks the vendors' formats exactly: their own SDKs read it without our code."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from typing import TYPE_CHECKING

import anthropic
import openai
import pytest

from genapp.providers import Message, ProviderConfig, Providers, Text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from conftest import DemoServer


@pytest.fixture
async def chat(demo: DemoServer) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(api_key="any", base_url=f"{demo.url}/v1", max_retries=0) as client:
        yield client


@pytest.fixture
async def claude(demo: DemoServer) -> AsyncIterator[anthropic.AsyncAnthropic]:
    async with anthropic.AsyncAnthropic(api_key="any", base_url=demo.url, max_retries=0) as client:
        yield client


async def test_openais_sdk_reads_a_stream(chat: openai.AsyncOpenAI) -> None:
    stream = await chat.chat.completions.create(
        model="demo-fast-n3",
        messages=[{"role": "user", "content": "Hello"}],
        stream=True,
        stream_options={"include_usage": True},
    )
    chunks = [chunk async for chunk in stream]
    assert chunks[0].choices[0].delta.role == "assistant"
    assert [c.choices[0].delta.content for c in chunks[1:4]] == ["word0", " word1", " word2"]
    assert chunks[4].choices[0].finish_reason == "stop"
    assert chunks[5].choices == []
    assert chunks[5].usage is not None
    assert chunks[5].usage.completion_tokens == 3
    assert len({chunk.id for chunk in chunks}) == 1


async def test_openais_usage_comes_only_when_asked_for(chat: openai.AsyncOpenAI) -> None:
    stream = await chat.chat.completions.create(
        model="demo-fast-n3", messages=[{"role": "user", "content": "Hello"}], stream=True
    )
    assert [chunk.usage async for chunk in stream] == [None] * 5


async def test_openais_sdk_reads_a_whole_answer_and_the_models(chat: openai.AsyncOpenAI) -> None:
    answer = await chat.chat.completions.create(
        model="demo-fast-n3", messages=[{"role": "user", "content": [{"type": "text", "text": "Hello"}]}]
    )
    assert answer.choices[0].message.content == "word0 word1 word2"
    assert answer.usage is not None
    assert "demo" in [model.id async for model in chat.models.list()]


async def test_anthropics_sdk_reads_a_stream(claude: anthropic.AsyncAnthropic) -> None:
    async with claude.messages.stream(
        model="demo-fast-n3", max_tokens=100, messages=[{"role": "user", "content": "Hello"}]
    ) as stream:
        types = [event.type async for event in stream]
        message = await stream.get_final_message()
    assert types[0] == "message_start"
    assert types[-3:] == ["content_block_stop", "message_delta", "message_stop"]
    assert message.content[0].type == "text"
    assert message.content[0].text == "word0 word1 word2"
    assert (message.stop_reason, message.usage.output_tokens) == ("end_turn", 3)


async def test_anthropics_sdk_reads_a_whole_answer_and_the_models(claude: anthropic.AsyncAnthropic) -> None:
    message = await claude.messages.create(
        model="demo-fast-n3", max_tokens=2, messages=[{"role": "user", "content": "Hello"}]
    )
    assert message.content[0].type == "text"
    assert (message.content[0].text, message.stop_reason) == ("word0 word1", "max_tokens")
    assert "demo" in [model.id async for model in claude.models.list()]


@pytest.mark.parametrize(
    ("fault", "openais", "anthropics"),
    [
        ("400", openai.BadRequestError, anthropic.BadRequestError),
        ("401", openai.AuthenticationError, anthropic.AuthenticationError),
        ("403", openai.PermissionDeniedError, anthropic.PermissionDeniedError),
        ("404", openai.NotFoundError, anthropic.NotFoundError),
        ("429", openai.RateLimitError, anthropic.RateLimitError),
        ("500", openai.InternalServerError, anthropic.InternalServerError),
        ("529", openai.InternalServerError, anthropic.InternalServerError),
    ],
)
async def test_the_sdks_know_the_faults(
    chat: openai.AsyncOpenAI,
    claude: anthropic.AsyncAnthropic,
    fault: str,
    openais: type[Exception],
    anthropics: type[Exception],
) -> None:
    with pytest.raises(openais):
        await chat.chat.completions.create(model=f"demo-{fault}", messages=[{"role": "user", "content": "Hello"}])
    with pytest.raises(anthropics):
        await claude.messages.create(
            model=f"demo-{fault}", max_tokens=9, messages=[{"role": "user", "content": "Hello"}]
        )


async def test_a_request_that_makes_no_sense_is_refused(
    chat: openai.AsyncOpenAI, claude: anthropic.AsyncAnthropic
) -> None:
    with pytest.raises(openai.BadRequestError):
        await chat.chat.completions.create(model="demo", messages=[])
    with pytest.raises(openai.BadRequestError):
        await chat.chat.completions.create(model="demo", messages=[None])  # type: ignore[list-item]
    with pytest.raises(anthropic.BadRequestError):
        await claude.messages.create(model="demo", max_tokens=9, messages=[{"role": "assistant", "content": "I begin"}])


async def test_without_any_key_the_demo_model_answers() -> None:
    providers = Providers([ProviderConfig("demo")])
    stream = providers.get("demo").stream("demo-fast", [Message("user", "Explain rain")])
    text = "".join([delta.content async for delta in stream if isinstance(delta, Text)])
    await providers.close()
    assert "rain" in text
    assert "OPENAI_API_KEY" in text


BUSY_AT_EXIT = """
import logging, urllib.request
logging.basicConfig(level=logging.INFO)
from genapp.providers.demo import ensure_running
assert ensure_running() == ensure_running()
body = b'{"model": "demo-pause", "stream": true, "messages": [{"role": "user", "content": "hi"}]}'
request = urllib.request.Request(ensure_running() + "/v1/chat/completions", body)
assert urllib.request.urlopen(request).read(6) == b"data: "
"""


def test_a_process_ends_quietly_with_an_answer_still_streaming() -> None:
    ended = subprocess.run([sys.executable, "-c", BUSY_AT_EXIT], capture_output=True, timeout=15, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (0, b"", b"")


def test_it_runs_on_its_own_until_told_to_stop() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    code = f"from genapp.providers.demo import run; run('127.0.0.1', {port})"
    with subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE) as server:
        try:
            assert _first_reply(f"http://127.0.0.1:{port}/v1/models").startswith(b'{"object":"list"')
        finally:
            server.send_signal(signal.SIGTERM)
        _, errors = server.communicate(timeout=10)
    assert errors == b""
    assert server.returncode in (0, -signal.SIGTERM)


def _first_reply(url: str) -> bytes:
    deadline = time.monotonic() + 10
    while True:
        try:
            with urllib.request.urlopen(url, timeout=5) as reply:
                body: bytes = reply.read()
                return body
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.02)


def test_a_forked_child_gets_a_demo_model_of_its_own(demo: DemoServer) -> None:
    code = (
        "import os\nfrom genapp.providers.demo import ensure_running\nimport urllib.request\n"
        "parent = ensure_running()\npid = os.fork()\n"
        "if pid == 0:\n    url = ensure_running()\n    assert url != parent\n"
        "    urllib.request.urlopen(url + '/stats', timeout=5).read()\n    os._exit(0)\n"
        "raise SystemExit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))"
    )
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}
    ended = subprocess.run([sys.executable, "-c", code], env=environment, timeout=20, check=False)
    assert ended.returncode == 0
