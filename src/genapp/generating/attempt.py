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
    from collections.abc import Callable, Sequence

    from genapp.generating.answer import Answer
    from genapp.providers import Provider
    from genapp.settings import Settings

# Seconds between the looks at an attempt: a stop "within a second" is promised.
LOOK = 0.5


class Stopped(Exception):
    """The person asked for a stop."""


class Leaving(Exception):
    """The worker shuts down: the generation is to be handed back."""


def timed_out(what: str, seconds: float) -> str:
    """What the person reads when a model kept us waiting past a limit."""
    return f"The model {what} for {seconds:g} seconds. Try again, or choose another model."


class Attempt:
    """Reads the provider and writes the answer, until either ends.

    One task takes all that has come from the provider, publishes it, and rests: what comes meanwhile wakes nobody, and
    what comes after that goes out at once. A stream that is slow slows the reading, up to the provider, so that
    memory is bounded. The other task looks after it twice a second, whatever the first one waits for, and when a word
    has waited for another that does not come.
    """

    def __init__(
        self,
        provider: Provider,
        model: str,
        messages: Sequence[Message],
        answer: Answer,
        settings: Settings,
        leaving: asyncio.Event,
        begun: Callable[[], None],
    ) -> None:
        """`begun` is called once the model has been asked."""
        self.provider = provider
        self.model = model
        self.messages = messages
        self.answer = answer
        self.settings = settings
        self.first_token_timeout = settings.first_token_timeout.of(provider.name)
        self.between_tokens_timeout = settings.between_tokens_timeout.of(provider.name)
        self.total_timeout = settings.total_timeout.of(provider.name)
        self.leaving = leaving
        self.begun = begun
        self._began = self._heard = self._shown = time.monotonic()
        self._first = 0.0
        self._spoken = False
        self._reassured = False
        self._held: list[Text] = []
        self._waiting: asyncio.TimerHandle | None = None
        self._look: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pace = Pace(settings.frame_interval, settings.frame_interval_max)

    async def run(self) -> None:
        """Write the whole answer. Returns when the provider has finished.

        Raises Stopped, Leaving, a ProviderError (a timeout among them), or Overtaken; what was written is kept.
        """
        # The model is asked first, and that a worker has begun is shown while it thinks.
        writing = asyncio.create_task(self._write())
        try:
            await asyncio.sleep(0)
            if await self.answer.begin():
                raise Stopped
            while not await self._is_over(writing):
                await self._look_after()
            writing.result()
        finally:
            # Leaving the task closes the vendor's connection: no token is paid for that nobody will see.
            writing.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await writing

    async def _is_over(self, writing: asyncio.Task[None]) -> bool:
        """Wait until it is time for a look, or it is over."""
        await asyncio.wait((writing, self._look), timeout=LOOK, return_when=asyncio.FIRST_COMPLETED)
        if self._look.done():
            self._look = asyncio.get_running_loop().create_future()
        return writing.done()

    def _wait_no_longer(self) -> None:
        self._pace.has_waited_in_vain()
        if not self._look.done():
            self._look.set_result(None)

    async def _write(self) -> None:
        # By OpenTelemetry's conventions for models.
        attributes: tracing.Attributes = {
            "gen_ai.operation.name": "chat",
            "gen_ai.provider.name": self.provider.name,
            "gen_ai.request.model": self.model,
        }
        ended_early: Exception | None = None
        with tracing.span(f"chat {self.model}", kind="client", attributes=attributes) as span:
            try:
                await self._take_in(span)
            except ProviderError as error:
                span.fail(error.code)
                raise
            except (Stopped, Leaving) as end:
                ended_early = end
        if ended_early:  # which is no fault of the model's, so its span does not say so
            raise ended_early

    async def _take_in(self, span: tracing.Span) -> None:
        limit = self.answer.generation.came_with.max_output_tokens
        stream = self.provider.stream(self.model, self.messages, max_tokens=limit)
        asyncio.get_running_loop().call_soon(self.begun)  # which comes as soon as the model is waited for
        async with contextlib.aclosing(stream):
            try:
                async for delta in stream:
                    self._heard = time.monotonic()
                    if isinstance(delta, Text):
                        await self._take(delta, span)
                        if self.answer.characters >= self.settings.answer_max_characters:
                            self.answer.truncated = True
                            return
                    elif isinstance(delta, Usage):
                        self._count(delta, span)
                    elif isinstance(delta, Finish):
                        self._end(delta)
            except ProviderError:
                await self._show()
                raise
            await self._show()

    async def _take(self, text: Text, span: tracing.Span) -> None:
        if not self._spoken:
            self._spoken = True
            self._first = self._heard
            span.event("first token")
            metrics.first_token_seconds.labels(self.provider.name).observe(self._waited())
        self._held.append(text)
        if text.more and self._pace.is_early():
            return
        if not text.more and (seconds := self._pace.patience(self._held)):
            self._waiting = asyncio.get_running_loop().call_later(seconds, self._wait_no_longer)
            return
        await self._show()
        if not text.more:
            await self._pace.rest()

    async def _show(self) -> None:
        """Publish what has come."""
        if not self._held:
            return
        if self._reassured:
            self._reassured = False
            await self.answer.say(None)
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        self._pace.shows(self._held)
        piece = "".join([text.content for text in self._held])
        self._held.clear()
        stop = await self.answer.write(piece)
        if self.answer.unkept >= self.settings.flush_characters:
            stop = await self.answer.keep_if_due() or stop
        # From here on the model is waited for, however long the stream has taken.
        self._heard = self._shown = time.monotonic()
        if stop:
            raise Stopped
        if self.leaving.is_set():
            raise Leaving

    def _count(self, usage: Usage, span: tracing.Span) -> None:
        self.answer.usage = usage
        span.note({"gen_ai.usage.input_tokens": usage.input_tokens, "gen_ai.usage.output_tokens": usage.output_tokens})

    def _end(self, finish: Finish) -> None:
        self.answer.whole = True
        if finish.reason == "content_filter":
            raise PermanentError("content_filtered")
        self.answer.truncated = finish.reason == "length"
        if self._spoken and self.answer.usage is not None:
            measuring.written(self.provider.name, self.answer.usage.output_tokens, self._heard - self._first)

    async def _look_after(self) -> None:
        """What has to be done also while the model, or Redis, is silent."""
        stop = await self.answer.keep_if_due()
        if self.leaving.is_set():
            raise Leaving
        # While Redis is waited for, the model is not, and there is nothing to say.
        if not self.answer.busy:
            self._require_life()
            await self._show()  # more was to come, and has not
            if not self._spoken and not self._reassured and self._waited() > self.settings.waiting_note_after:
                # The silence is the model's: the person is told long before we give it up.
                self._reassured = True
                stop = await self.answer.say("Still waiting for the model…") or stop
            elif time.monotonic() - self._shown >= LOOK:
                stop = await self.answer.touch() or stop
        if stop:
            raise Stopped

    def _waited(self) -> float:
        return time.monotonic() - self._began

    def _require_life(self) -> None:
        if not self._spoken and self._waited() > self.first_token_timeout:
            # Another model may be asked; to ask this one again would make the person wait as long once more.
            message = timed_out("did not begin to answer", self.first_token_timeout)
            raise TransientError("timeout", message, retry_after=math.inf)
        if self._spoken and time.monotonic() - self._heard > self.between_tokens_timeout:
            raise TransientError(
                "timeout", timed_out("stopped in the middle of its answer", self.between_tokens_timeout)
            )
        if self._waited() > self.total_timeout:
            raise PermanentError("timeout", timed_out("was still answering, which is the limit,", self.total_timeout))
