"""Servers that call themselves compatible, gateways and proxies: what they send instead of what is specified."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from genapp.providers import (
    Finish,
    Message,
    PermanentError,
    ProviderConfig,
    ProviderError,
    Providers,
    Text,
    TransientError,
    Usage,
)
from genapp.providers.events import LINE_LIMIT

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from conftest import DemoServer

    from genapp.providers import Delta, Provider

ASK = [Message("user", "Hello")]
TEXT = b'data: {"choices":[{"index":0,"delta":{"content":"Hi"}}]}\n\n'
STOP = b'data: {"choices":[{"index":0,"delta":{},"finish_reason":"stop"}]}\n\n'
DONE = b"data: [DONE]\n\n"


@dataclass
class ScriptedServer:
    """Answers every request with the same bytes; remembers what it was sent."""

    body: bytes = TEXT + STOP + DONE
    status: int = 200
    content_type: str = "text/event-stream"
    ends: bool = True
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    idle: asyncio.Event = field(default_factory=asyncio.Event)
    url: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.idle.clear()
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                self.requests.append(head + await reader.readexactly(length))
                writer.write(self._reply())
                await writer.drain()
                await asyncio.sleep(0.005)  # the end mark travels in a packet of its own, as it often does
                writer.write(b"0\r\n\r\n" if self.ends else b"")
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()
            self.idle.set()

    def _reply(self) -> bytes:
        head = f"HTTP/1.1 {self.status} X\r\ncontent-type: {self.content_type}\r\ntransfer-encoding: chunked\r\n\r\n"
        chunk = f"{len(self.body):x}\r\n".encode() + self.body + b"\r\n"
        return head.encode() + chunk


@pytest.fixture
async def server() -> AsyncIterator[ScriptedServer]:
    scripted = ScriptedServer()
    listening = await asyncio.start_server(scripted.serve, "127.0.0.1", 0, limit=2**20)
    scripted.url = f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/v1"
    yield scripted
    listening.close()


@pytest.fixture
async def provider(server: ScriptedServer) -> AsyncIterator[Provider]:
    providers = Providers([ProviderConfig("openai", base_url=server.url)])
    yield providers.get("openai")
    await providers.close()


async def collect(provider: Provider, **options: Any) -> list[Delta]:
    return [delta async for delta in provider.stream("any-model", ASK, **options)]


async def failure(provider: Provider) -> ProviderError:
    with pytest.raises(ProviderError) as caught:
        await collect(provider)
    return caught.value


@pytest.mark.parametrize(
    "body",
    [
        TEXT + STOP,  # no [DONE]
        TEXT + DONE,  # no finish reason
        (b": WAITING\n\n" + TEXT + STOP + DONE).replace(b"\n", b"\r\n"),
        b"event: message\nid: 7\nretry: 10\n" + TEXT + STOP + b"data: [DONE]",  # cut short at the very end
        TEXT.replace(b"data: ", b"data:") + STOP + DONE,
        b'data: {"choices":[{"index":0,"delta":null}]}\n\n' + TEXT + STOP + DONE,
        b'data: {"choices":null}\n\n' + TEXT + STOP + DONE,
        b'data: {"choices":[{"delta":{"reasoning_content":"hm","content":null}}]}\n\n' + TEXT + STOP + DONE,
        TEXT + STOP.replace(b'"stop"', b'"tool_calls"') + DONE,
    ],
)
async def test_small_liberties_with_the_format_do_no_harm(
    provider: Provider, server: ScriptedServer, body: bytes
) -> None:
    server.body = body
    assert await collect(provider) == [Text("Hi"), Finish("stop")]


async def test_a_character_that_cannot_be_stored_is_replaced(provider: Provider, server: ScriptedServer) -> None:
    server.body = TEXT.replace(b"Hi", b"H\\u0000i") + STOP + DONE
    assert await collect(provider) == [Text("H\ufffdi"), Finish("stop")]


@pytest.mark.parametrize("body", [TEXT, TEXT + b'data: {"choices":[{"del', b""])
async def test_a_body_that_ends_well_without_a_last_event_is_a_cut(
    provider: Provider, server: ScriptedServer, body: bytes
) -> None:
    server.body = body or b": nothing\n\n"
    error = await failure(provider)
    assert (type(error), error.code) == (TransientError, "cut")


@pytest.mark.parametrize("name", ["openai", "anthropic"])
async def test_closing_closes_the_connections_that_wait_for_another_answer(server: ScriptedServer, name: str) -> None:
    server.status, server.content_type, server.body = 500, "application/json", b"{}"
    providers = Providers([ProviderConfig(name, base_url=server.url)])
    await failure(providers.get(name))
    await providers.close()
    async with asyncio.timeout(5):
        await server.idle.wait()


async def test_usage_told_with_every_chunk_counts_once(provider: Provider, server: ScriptedServer) -> None:
    chunk = b'data: {"choices":[{"delta":{"content":"Hi"}}],"usage":{"prompt_tokens":5,"completion_tokens":%d}}\n\n'
    server.body = chunk % 1 + chunk % 2 + STOP + DONE
    assert await collect(provider) == [Text("HiHi"), Usage(5, 2), Finish("stop")]


async def test_cached_tokens_are_told(provider: Provider, server: ScriptedServer) -> None:
    usage = b'{"prompt_tokens":90,"completion_tokens":1,"prompt_tokens_details":{"cached_tokens":64}}'
    server.body = TEXT + STOP + b'data: {"choices":[],"usage":' + usage + b"}\n\n" + DONE
    assert Usage(90, 1, cached_tokens=64) in await collect(provider)


async def test_a_server_that_does_not_hang_up_after_the_last_event_delays_nothing(
    provider: Provider, server: ScriptedServer
) -> None:
    server.ends = False
    async with asyncio.timeout(5):
        assert await collect(provider) == [Text("Hi"), Finish("stop")]


async def test_answers_one_after_another_share_a_connection(provider: Provider, server: ScriptedServer) -> None:
    for _ in range(3):
        await collect(provider)
    assert (len(server.requests), server.connections) == (3, 1)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (
            {"message": "maximum context length is 4096 tokens", "type": "BadRequestError", "code": 400},
            "context_too_long",
        ),
        ({"message": "Provider returned error", "code": 502}, "unavailable"),
        ({"message": "slow down", "type": "requests", "code": "rate_limit_exceeded"}, "rate_limited"),
        ("model runner has unexpectedly stopped", "unavailable"),
    ],
)
async def test_an_error_object_in_the_stream_has_its_meaning(
    provider: Provider, server: ScriptedServer, error: Any, code: str
) -> None:
    server.body = TEXT + b"data: " + msgspec.json.encode({"error": error}) + b"\n\n"
    assert (await failure(provider)).code == code


async def test_an_error_sent_as_plain_json_with_status_200_has_its_meaning(
    provider: Provider, server: ScriptedServer
) -> None:
    server.content_type = "application/json"
    server.body = b'{"error":{"message":"Rate limit reached","type":"rate_limit_error","code":429}}'
    error = await failure(provider)
    assert (type(error), error.code) == (TransientError, "rate_limited")


async def test_geminis_wrapped_error_for_a_bad_key_is_understood(provider: Provider, server: ScriptedServer) -> None:
    server.status, server.content_type = 400, "application/json"
    server.body = b'[{"error":{"code":400,"message":"API key not valid.","status":"INVALID_ARGUMENT"}}]'
    error = await failure(provider)
    assert (type(error), error.code) == (PermanentError, "unauthorized")


async def test_a_proxys_error_page_is_a_passing_fault(provider: Provider, server: ScriptedServer) -> None:
    server.status, server.content_type = 502, "text/html"
    server.body = b"<html><h1>502 Bad Gateway</h1></html>"
    error = await failure(provider)
    assert (type(error), error.code) == (TransientError, "unavailable")
    assert "502 Bad Gateway" in error.detail


async def test_a_line_without_end_is_given_up(provider: Provider, server: ScriptedServer) -> None:
    server.body = b"data: " + b"x" * (LINE_LIMIT + 1)
    assert (await failure(provider)).code == "malformed"


async def test_a_server_that_refuses_usage_is_asked_without_it(demo: DemoServer) -> None:
    providers = Providers([ProviderConfig("openai", base_url=f"{demo.url}/v1")])
    for _ in range(2):
        deltas = [d async for d in providers.get("openai").stream("demo-fast-n2-nousage-tagusage", ASK)]
        assert "".join(d.content for d in deltas if isinstance(d, Text)) == "word0 word1"
        assert deltas[-1] == Finish("stop")
    await providers.close()
    assert demo.counts("demo-fast-n2-nousage-tagusage")["requests"] == 3


async def test_another_vendor_is_sent_nothing_meant_for_openai(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-private")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj-private")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-private")
    monkeypatch.setenv("OPENAI_CUSTOM_HEADERS", "Authorization: Bearer sk-private")
    providers = Providers([ProviderConfig("gemini", "AIza-own-key\n", base_url=server.url)])
    await collect(providers.get("gemini"))
    await providers.close()
    assert b"private" not in server.requests[0]
    assert b"Bearer AIza-own-key\r\n" in server.requests[0]


async def test_a_proxy_is_not_asked_for_this_machine(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    providers = Providers([ProviderConfig("openai", base_url=server.url)])
    assert Text("Hi") in await collect(providers.get("openai"))
    await providers.close()


@pytest.mark.parametrize(("max_tokens", "sent"), [(None, None), (64, 64)])
async def test_a_compatible_server_is_told_the_limit_by_its_old_name(
    provider: Provider, server: ScriptedServer, max_tokens: int | None, sent: int | None
) -> None:
    await collect(provider, max_tokens=max_tokens)
    body = msgspec.json.decode(server.requests[0].split(b"\r\n\r\n", 1)[1])
    assert body.get("max_tokens") == sent
    assert "max_completion_tokens" not in body
