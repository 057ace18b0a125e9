"""One run of a generation by a worker: the provider's deltas in, frames and chunks out."""

from __future__ import annotations

import asyncio
import contextlib
import math
import time
from typing import TYPE_CHECKING

from genapp import metrics, tracing
from genapp.generating import measuring
from genapp.generating.pacing import Pace
from genapp.providers import Finish, Message, PermanentError, ProviderError, Text, TransientError, Usage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genapp.generating.answer import Answer
    from genapp.providers import Provider
    from genapp.settings import Settings

# Seconds without text after which a silent attempt looks for a stop: "within a second" is promised.
SILENCE = 0.5


class Stopped(Exception):
    """The person asked for a stop."""


class Leaving(Exception):
    """The worker shuts down: the generation is to be handed back."""


def timed_out(what: str, seconds: float) -> str:
    """What the person reads when a model kept us waiting past a limit."""
    return f"The model {what} for {seconds:g} seconds. Try again, or choose another model."


class Attempt:
    """Reads the provider and writes the answer, until either ends.

    Two sides meet in `_pending`: the reader only appends, so that a slow stream or database never slows the
    provider's connection; the writer takes all there is, so that a delta never waits for the next one.
    """

    def __init__(
        self,
        provider: Provider,
        model: str,
        messages: Sequence[Message],
        answer: Answer,
        settings: Settings,
        leaving: asyncio.Event,
    ) -> None:
        self.provider = provider
        self.model = model
        self.messages = messages
        self.answer = answer
        self.settings = settings
        self.first_token_timeout = settings.first_token_timeout.of(provider.name)
        self.between_tokens_timeout = settings.between_tokens_timeout.of(provider.name)
        self.total_timeout = settings.total_timeout.of(provider.name)
        self.leaving = leaving
        self._pending: list[str] = []
        self._wake = asyncio.Event()
        self._began = self._heard = time.monotonic()
        self._first = 0.0
        self._spoken = False
        self._reassured = False

    async def run(self) -> None:
        """Write the whole answer. Returns when the provider has finished.

        Raises Stopped, Leaving, a ProviderError (a timeout among them), or Overtaken; what was written is kept.
        """
        if await self.answer.begin():
            raise Stopped
        reader = asyncio.create_task(self._read())
        reader.add_done_callback(lambda _: self._wake.set())
        try:
            await self._write(reader)
        finally:
            # Leaving the task closes the vendor's connection: no token is paid for that nobody will see.
            reader.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await reader

    async def _read(self) -> None:
        # By OpenTelemetry's conventions for models.
        attributes: tracing.Attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": self.provider.name,
            "gen_ai.request.model": self.model,
        }
        with tracing.span(f"chat {self.model}", kind="client", attributes=attributes) as span:
            try:
                await self._read_in(span)
            except ProviderError as error:
                span.fail(error.code)
                raise

    async def _read_in(self, span: tracing.Span) -> None:
        limit = self.answer.generation.came_with.max_output_tokens
        stream = self.provider.stream(self.model, self.messages, max_tokens=limit)
        async with contextlib.aclosing(stream):
            async for delta in stream:
                self._heard = time.monotonic()
                if isinstance(delta, Text):
                    if not self._spoken:
                        self._spoken = True
                        self._first = self._heard
                        span.event("first token")
                        metrics.first_token_seconds.labels(self.provider.name).observe(self._heard - self._began)
                    self._pending.append(delta.content)
                    self._wake.set()
                elif isinstance(delta, Usage):
                    self.answer.usage = delta
                    span.note(
                        {
                            "gen_ai.usage.input_tokens": delta.input_tokens,
                            "gen_ai.usage.output_tokens": delta.output_tokens,
                        }
                    )
                elif isinstance(delta, Finish):
                    self._end(delta)

    def _end(self, finish: Finish) -> None:
        self.answer.whole = True
        if finish.reason == "content_filter":
            raise PermanentError("content_filtered")
        self.answer.truncated = finish.reason == "length"
        if self._spoken and self.answer.usage is not None:
            measuring.written(self.provider.name, self.answer.usage.output_tokens, self._heard - self._first)

    async def _write(self, reader: asyncio.Task[None]) -> None:
        pace = Pace(self.settings.frame_interval, self.settings.frame_interval_max)
        while True:
            over = reader.done()
            piece = "".join(self._pending)
            self._pending.clear()
            stop = await (self.answer.write(piece) if piece else self.answer.touch())
            stop = await self.answer.keep_if_due() or stop
            if over:
                reader.result()
                return
            if stop:
                raise Stopped
            if self.leaving.is_set():
                raise Leaving
            if self.answer.characters >= self.settings.answer_max_characters:
                self.answer.truncated = True
                return
            self._require_life()
            await self._reassure()
            if piece:
                await pace.rest()
            await self._until_woken()

    async def _until_woken(self) -> None:
        timer = asyncio.get_running_loop().call_later(SILENCE, self._wake.set)
        await self._wake.wait()
        timer.cancel()
        self._wake.clear()

    async def _reassure(self) -> None:
        """Tell the person that the silence is the model's, long before we give it up; take it back when it speaks."""
        silent = not self._spoken and time.monotonic() - self._began > self.settings.waiting_note_after
        if silent != self._reassured:
            self._reassured = silent
            await self.answer.say("Still waiting for the model…" if silent else None)

    def _require_life(self) -> None:
        now = time.monotonic()
        if not self._spoken and now - self._began > self.first_token_timeout:
            # Another model may be asked; to ask this one again would make the person wait as long once more.
            message = timed_out("did not begin to answer", self.first_token_timeout)
            raise TransientError("timeout", message, retry_after=math.inf)
        if self._spoken and now - self._heard > self.between_tokens_timeout:
            raise TransientError(
                "timeout", timed_out("stopped in the middle of its answer", self.between_tokens_timeout)
            )
        if now - self._began > self.total_timeout:
            raise PermanentError("timeout", timed_out("was still answering, which is the limit,", self.total_timeout))
