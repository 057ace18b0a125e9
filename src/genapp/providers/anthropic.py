"""Anthropic's messages.

Source: https://docs.anthropic.com/en/api/messages-streaming
"""

from __future__ import annotations

from contextlib import AsyncExitStack, aclosing
from typing import TYPE_CHECKING, Any

import anthropic
import msgspec

from genapp.providers import classify
from genapp.providers.connections import CONNECT_SECONDS, READ_SECONDS, http_client_options
from genapp.providers.contract import Usage
from genapp.providers.reading import NETWORK_ERRORS, AnswerReader, read_answer

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from genapp.providers.contract import Delta, FinishReason, Message
    from genapp.providers.reading import Reply

FINISH_REASONS: dict[str, FinishReason] = {
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "refusal": "content_filter",
}

# The API wants a limit with every request; thinking counts towards it.
MAX_TOKENS = 16_384


class _Usage(msgspec.Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None


class _Message(msgspec.Struct):
    usage: _Usage | None = None


class _Delta(msgspec.Struct):
    text: str | None = None
    stop_reason: str | None = None


class _Event(msgspec.Struct):
    type: str
    delta: _Delta | None = None
    message: _Message | None = None
    usage: _Usage | None = None
    error: Any = None


decode_event = msgspec.json.Decoder(_Event).decode


class MessageReader(AnswerReader):
    """Reads the events of a streamed message; those it does not know are passed over, as the API asks."""

    def read(self, event: bytes) -> str | Usage | None:
        try:
            decoded = decode_event(event)
        except msgspec.DecodeError as error:
            raise self.unreadable(event, error) from None
        match decoded.type:
            case "content_block_delta":
                return decoded.delta.text if decoded.delta else None
            case "message_start" if decoded.message and decoded.message.usage:
                self._count(decoded.message.usage)
                return self.usage  # told early: a stopped answer has no last event
            case "message_delta":
                self._finish(decoded)
            case "message_stop":
                self.over = True
            case "error":
                raise classify.from_event(decoded.error, self.secrets)
        return None

    def _finish(self, event: _Event) -> None:
        if event.usage is not None:
            self._count(event.usage)
        if event.delta is not None and event.delta.stop_reason:
            self.finish_reason = FINISH_REASONS.get(event.delta.stop_reason, "stop")

    def _count(self, usage: _Usage) -> None:
        """The last event's counts are the totals, but it may leave out those of the input."""
        seen = self.usage or Usage(0, 0)
        cached = usage.cache_read_input_tokens or 0
        sent = (usage.input_tokens or 0) + (usage.cache_creation_input_tokens or 0) + cached
        self.usage = Usage(
            input_tokens=sent or seen.input_tokens,
            output_tokens=usage.output_tokens or seen.output_tokens,
            cached_tokens=cached or seen.cached_tokens,
        )


class AnthropicProvider:
    """Anthropic, or a gateway that speaks its messages. Belongs to the event loop it is first used on."""

    def __init__(
        self,
        name: str,
        *,
        api_key: str,
        base_url: str,
        max_tokens: int = MAX_TOKENS,
        read_seconds: float | None = READ_SECONDS,
    ) -> None:
        self.name = name
        self._secrets = (api_key,)
        self._max_tokens = max_tokens
        self._client = anthropic.AsyncAnthropic(
            api_key=api_key or "none",
            base_url=base_url,
            max_retries=0,
            timeout=anthropic.Timeout(read_seconds, connect=CONNECT_SECONDS),
            http_client=anthropic.DefaultAioHttpClient(**http_client_options(base_url)),
        )

    def __repr__(self) -> str:
        return f"AnthropicProvider({self.name!r})"

    async def stream(
        self, model: str, messages: Sequence[Message], *, max_tokens: int | None = None
    ) -> AsyncGenerator[Delta, None]:
        """See `Provider.stream`."""
        reader = MessageReader(self._secrets)
        try:
            async with AsyncExitStack() as stack:
                reply = await self._send(stack, model, messages, max_tokens)
                deltas = await stack.enter_async_context(aclosing(read_answer(reply, reader)))
                async for delta in deltas:
                    yield delta
        # From None: the SDK's error holds the request with the key in it, and the vendor's raw words.
        except anthropic.APIStatusError as error:
            raise classify.from_reply(error.status_code, error.body, error.response.headers, self._secrets) from None
        except (anthropic.APIError, *NETWORK_ERRORS) as error:
            raise classify.from_exception(error, self._secrets) from None

    async def _send(
        self, stack: AsyncExitStack, model: str, messages: Sequence[Message], max_tokens: int | None
    ) -> Reply:
        system = "\n\n".join(message.content for message in messages if message.role == "system")
        # The API refuses empty turns, such as that of an answer that failed before its first word.
        turns = [
            {"role": message.role, "content": message.content}
            for message in messages
            if message.role != "system" and message.content.strip()
        ]
        body: dict[str, Any] = {
            "model": model,
            "messages": turns,
            "max_tokens": max_tokens or self._max_tokens,
            "stream": True,
        }
        if system:
            body["system"] = system
        # As in openai.py, and for the same reason.
        stream = await self._client.post(
            "/v1/messages", body=body, cast_to=object, stream=True, stream_cls=anthropic.AsyncStream[object]
        )
        stack.push_async_callback(stream.response.aclose)
        return stream.response

    async def close(self) -> None:
        """See `Provider.close`."""
        await self._client.close()
