"""OpenAI's chat completions, and every server that speaks them (Gemini, Ollama, vLLM, LM Studio, …).

Source: https://platform.openai.com/docs/api-reference/chat/create
"""

from __future__ import annotations

from contextlib import AsyncExitStack, aclosing
from typing import TYPE_CHECKING, Any, Literal

import msgspec
import openai

from genapp.providers import classify
from genapp.providers.connections import CONNECT_SECONDS, READ_SECONDS, http_client_options
from genapp.providers.contract import Usage
from genapp.providers.errors import TransientError
from genapp.providers.reading import NETWORK_ERRORS, AnswerReader, read_answer

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

    from genapp.providers.contract import Delta, FinishReason, Message
    from genapp.providers.reading import Reply

FINISH_REASONS: dict[str, FinishReason] = {"length": "length", "content_filter": "content_filter"}

# Compatible servers want no key, the SDK wants one.
NO_KEY = "none"


class _Delta(msgspec.Struct):
    content: str | None = None
    refusal: str | None = None


class _Choice(msgspec.Struct):
    delta: _Delta | None = None
    finish_reason: str | None = None


class _PromptDetails(msgspec.Struct):
    cached_tokens: int | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _PromptDetails | None = None


class _Chunk(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: _Usage | None = None
    error: Any = None


decode_chunk = msgspec.json.Decoder(_Chunk).decode


class ChatReader(AnswerReader):
    """Reads `chat.completion.chunk` events."""

    def read(self, event: bytes) -> str | None:
        if event == b"[DONE]":
            self.over = True
            return None
        try:
            chunk = decode_chunk(event)
        except msgspec.DecodeError as error:
            raise self.unreadable(event, error) from None
        if chunk.error is not None:
            raise classify.from_event(chunk.error, self.secrets)
        if chunk.usage is not None:
            self.usage = _usage(chunk.usage)
        return self._choice(chunk.choices[0]) if chunk.choices else None

    def _choice(self, choice: _Choice) -> str | None:
        if choice.finish_reason == "error":  # gateways: the model behind them failed
            raise TransientError("unavailable", detail="finish_reason is error")
        if choice.finish_reason:
            self.finish_reason = FINISH_REASONS.get(choice.finish_reason, "stop")
        if choice.delta is None:
            return None
        return choice.delta.content or choice.delta.refusal


def _usage(usage: _Usage) -> Usage:
    details = usage.prompt_tokens_details
    return Usage(
        input_tokens=usage.prompt_tokens or 0,
        output_tokens=usage.completion_tokens or 0,
        cached_tokens=(details.cached_tokens or 0) if details else 0,
    )


class OpenAIProvider:
    """One server that speaks OpenAI's chat completions. Belongs to the event loop it is first used on.

    `limit_parameter` is what the server calls the limit of the answer: OpenAI's own models refuse
    `max_tokens`, older compatible servers know nothing else.
    """

    def __init__(
        self,
        name: str,
        *,
        api_key: str,
        base_url: str,
        limit_parameter: Literal["max_tokens", "max_completion_tokens"] = "max_tokens",
        read_seconds: float | None = READ_SECONDS,
    ) -> None:
        self.name = name
        self._secrets = (api_key,)
        self._limit_parameter = limit_parameter
        self._include_usage = True
        key = api_key or NO_KEY
        self._client = openai.AsyncOpenAI(
            api_key=key,
            base_url=base_url,
            max_retries=0,
            # Said again, since OPENAI_CUSTOM_HEADERS may hold another vendor's.
            default_headers={"Authorization": f"Bearer {key}"},
            timeout=openai.Timeout(read_seconds, connect=CONNECT_SECONDS),
            http_client=openai.DefaultAioHttpClient(**http_client_options(base_url)),
        )
        if not base_url.startswith("https://api.openai.com/"):
            # The SDK takes these from the environment; they are no other vendor's business.
            self._client.organization = self._client.project = None

    def __repr__(self) -> str:
        return f"OpenAIProvider({self.name!r})"

    async def stream(
        self, model: str, messages: Sequence[Message], *, max_tokens: int | None = None
    ) -> AsyncGenerator[Delta, None]:
        """See `Provider.stream`."""
        reader = ChatReader(self._secrets)
        try:
            async with AsyncExitStack() as stack:
                reply = await self._open(stack, model, messages, max_tokens)
                deltas = await stack.enter_async_context(aclosing(read_answer(reply, reader)))
                async for delta in deltas:
                    yield delta
        # From None: the SDK's error holds the request with the key in it, and the vendor's raw words.
        except openai.APIStatusError as error:
            raise classify.from_reply(error.status_code, error.body, error.response.headers, self._secrets) from None
        except (openai.APIError, *NETWORK_ERRORS) as error:
            raise classify.from_exception(error, self._secrets) from None

    async def _open(
        self, stack: AsyncExitStack, model: str, messages: Sequence[Message], max_tokens: int | None
    ) -> Reply:
        try:
            return await self._send(stack, model, messages, max_tokens)
        except openai.APIStatusError as error:
            refuses_usage = error.status_code in (400, 422) and "stream_options" in str(error.body)
            if not (self._include_usage and refuses_usage):
                raise
        # A few compatible servers do not know the option: answers without token counts beat no answers.
        self._include_usage = False
        return await self._send(stack, model, messages, max_tokens)

    async def _send(
        self, stack: AsyncExitStack, model: str, messages: Sequence[Message], max_tokens: int | None
    ) -> Reply:
        body: dict[str, Any] = {
            "model": model,
            "messages": [{"role": message.role, "content": message.content} for message in messages],
            "stream": True,
        }
        if self._include_usage:
            body["stream_options"] = {"include_usage": True}
        if max_tokens is not None:
            body[self._limit_parameter] = max_tokens
        # `post` rather than `chat.completions.create`, which walks through the types of forty parameters: 1.5 ms.
        stream = await self._client.post(
            "/chat/completions", body=body, cast_to=object, stream=True, stream_cls=openai.AsyncStream[object]
        )
        stack.push_async_callback(stream.response.aclose)
        return stream.response

    async def close(self) -> None:
        """See `Provider.close`."""
        await self._client.close()
