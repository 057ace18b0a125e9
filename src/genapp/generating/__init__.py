"""THE workflow: claim → provider → Markdown → stream → row."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import math
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, cast

from redis.exceptions import RedisError

from genapp import logs, markdown, metrics, tracing, views
from genapp.errors import GenappError
from genapp.generating import measuring
from genapp.generating.answer import DATABASE_AWAY, Answer, Overtaken, once_there
from genapp.generating.attempt import Attempt, Leaving, Stopped
from genapp.generating.tries import Try, tries_after_the_first
from genapp.generating.turns import Turns
from genapp.models import Delivery, Generation, Outcome
from genapp.providers import Message, ProviderError, TransientError
from genapp.streams import Fenced

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from uuid import UUID

    from genapp.jobs import Jobs
    from genapp.providers import Providers
    from genapp.providers.contract import Role
    from genapp.settings import Settings
    from genapp.streams import Log

__all__ = ["Generating"]

logger = logging.getLogger(__name__)


class Truncated(GenappError):
    """The answer is whole as far as it goes."""

    code = "length"
    message = "The answer reached its length limit and ends here. Ask it to go on to get the rest."


class Generating:
    """Runs generations. One a worker process; holds the connections that all attempts share."""

    def __init__(self, settings: Settings, log: Log, providers: Providers, jobs: Jobs) -> None:
        self.settings = settings
        self.log = log
        self.providers = providers
        self.jobs = jobs
        self.leaving = asyncio.Event()
        self._turns = Turns()

    async def generate(self, generation_id: UUID) -> None:
        """Run the next attempt of a generation, to its end.

        Does nothing where there is nothing to do: it is finished, cancelled, or another worker has it. When this
        worker shuts down, the generation is handed back and starts over elsewhere.
        """
        begun = await self._turns.take()
        try:
            began = time.time_ns()
            generation = await Generation.claim(generation_id, lease_seconds=self.settings.lease_seconds)
            if generation is not None:
                with (
                    logs.ids(request_id=generation.request_id, generation_id=generation.id),
                    traced(generation, began) as span,
                ):
                    await self._work_on(generation, span, begun)
        finally:
            begun()

    def leave(self) -> None:
        """Hand back what is in progress, within half a second: this worker shuts down."""
        self.leaving.set()

    async def _work_on(self, generation: Generation, span: tracing.Span, begun: Callable[[], None]) -> None:
        provider = measuring.provider_of(generation)
        measuring.claimed(generation)
        began = time.monotonic()
        with metrics.generations_running.labels().one_more(), metrics.generation_seconds.labels(provider).timed():
            try:
                with logs.private(generation.prompt):
                    outcome = await self._run(generation, begun)
            except (Overtaken, Fenced):
                logger.info("another attempt has taken over")
                span.fail("overtaken")
            except Leaving:
                logger.info("left to another worker")
                span.fail("left")
            else:
                metrics.generations.labels(provider, outcome.status).inc()
                logger.info(logs.Facts("generation ended", facts(generation, outcome, time.monotonic() - began)))
                span.note({"genapp.status": outcome.status})
                if outcome.status == "failed":
                    span.fail(outcome.error_code or "internal")

    async def _run(self, generation: Generation, begun: Callable[[], None]) -> Outcome:
        """Attempt after attempt, until one succeeds, or one fails for good, or none is left."""
        answers = [Answer(generation, self.log, self.settings)]
        logs.keep_private(lambda: "\n".join(answer.text for answer in answers))
        try:
            messages = await self._messages(generation)
            logs.keep_private(*(message.content for message in messages))
            tries = tries_after_the_first(generation.model, self.settings)
            while True:
                try:
                    await self._attempt(answers[-1], messages, begun)
                    break
                except TransientError as error:
                    following = next((one for one in tries if one.suits(error)), None)
                    if following is None:
                        raise
                    self._note_error(error, answers[-1].generation)
                    again = metrics.fallbacks if following.number == 1 else metrics.retries
                    again.labels(measuring.provider_of(answers[-1].generation)).inc()
                    await self._wait(answers[-1], following, error)
                    answers.append(await answers[-1].again(following.model, error.code))
        except Stopped:
            outcome = await sum_up("cancelled", answers)
        except ProviderError as error:
            self._note_error(error, answers[-1].generation)
            outcome = await sum_up("failed", answers, error)
        except Leaving:
            await self._hand_back(answers[-1])
            raise
        except (Overtaken, Fenced):
            raise
        except Exception:
            # Ours to mend, and logged as such; the person must not wait for it.
            logger.exception("a generation failed")
            outcome = await sum_up("failed", answers, GenappError())
        else:
            outcome = await sum_up("completed", answers)
        with tracing.span("finish"):
            finished = await answers[-1].finish(outcome)
        with tracing.span("publish the end"):
            await self._show_end(finished, answers[-1].shown())
        await self._tell_webhooks(finished)
        return outcome

    async def _tell_webhooks(self, finished: Generation) -> None:
        """Enqueue what the end has put into the outbox, where there is something. Housekeeping would in seconds."""
        if not finished.has_webhooks:
            return
        try:
            for delivery_id in await Delivery.of_end(finished.id):
                await self.jobs.deliver_later(delivery_id)
        except DATABASE_AWAY as error:
            logger.warning("webhooks are told later: %s", error)

    async def _show_end(self, finished: Generation, shown: views.Shown | None) -> None:
        """Publish the one terminal frame, after which the stream is closed, as soon as Redis takes it.

        The row has the end already. So this is given up when the worker leaves, and when the web processes look for
        silent streams themselves.
        """
        for _ in range(math.ceil(self.settings.silence_seconds)):
            try:
                await views.show_end(self.log, finished, shown)
                return
            except RedisError as error:
                logger.warning("an end could not be shown, trying again: %s", error)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(1):
                    await self.leaving.wait()
                return

    async def _attempt(self, answer: Answer, messages: list[Message], begun: Callable[[], None]) -> None:
        provider, _, model = answer.generation.model.partition(":")
        answer.sent_characters = sum(len(message.content) for message in messages)
        await Attempt(self.providers.get(provider), model, messages, answer, self.settings, self.leaving, begun).run()

    async def _wait(self, answer: Answer, following: Try, error: TransientError) -> None:
        """Wait before the next try, and say so each second. Raises Stopped or Leaving when there is reason to."""
        end = time.monotonic() + following.wait(error, self.settings.retry_seconds)
        while True:
            left = end - time.monotonic()
            stop = await answer.say(following.sentence(left))
            if await answer.keep_if_due() or stop:
                raise Stopped
            if self.leaving.is_set():
                raise Leaving
            if left <= 0:
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(min(1.0, left)):
                    await self.leaving.wait()

    async def _messages(self, generation: Generation) -> list[Message]:
        said = await once_there(generation.messages)
        return [Message(cast("Role", role), text) for role, text in said]

    def _note_error(self, error: ProviderError, generation: Generation) -> None:
        """Log and count what a provider did, for the operators."""
        metrics.provider_errors.labels(measuring.provider_of(generation), error.code).inc()
        extra = {"attempt": generation.attempt, "model": generation.model}
        if error.excerpt and self.settings.log_prompts:
            extra["excerpt"] = error.excerpt
        logger.warning("provider error: %s %s", error, error.detail, extra=extra)

    async def _hand_back(self, answer: Answer) -> None:
        spent = answer.spent()
        back = await answer.generation.hand_back(spent)
        if back is None:
            return
        measuring.attempt_ended(answer.generation, "handed_back", spent)
        if back.cancel_requested_at is None:
            await self.jobs.generate_later(back.id)
        else:
            await views.show_end(self.log, await back.cancel())


async def sum_up(status: str, answers: list[Answer], error: ProviderError | GenappError | None = None) -> Outcome:
    """Say how the attempts ended, and what they used together.

    What was written is kept: of a failure, the attempt that came furthest, whatever the last one managed.
    """
    answer = answers[-1] if status == "completed" else max(answers, key=lambda one: one.characters)
    await answer.settle()
    used = [one.usage for one in answers if one.usage]
    told = error or (Truncated() if answer.truncated else None)
    return Outcome(
        status=status,
        answer=answer.text,
        html=answer.document.settled,
        renderer=markdown.VERSION,
        error_code=told.code if told else None,
        error_message=told.message if told else None,
        input_tokens=sum(one.input_tokens for one in used) if used else None,
        output_tokens=sum(one.output_tokens for one in used) if used else None,
    )


@contextmanager
def traced(generation: Generation, began: int) -> Iterator[tracing.Span]:
    """The span of a worker's work on a generation, which it began to claim at `began` (ns), and of what was before."""
    parent = generation.traceparent
    # By the database's clock, as this is.
    queued = generation.queued_at.timestamp()
    tracing.past("wait in the queue", parent=parent, began=int(queued * 1e9), ended=began)
    attributes: tracing.Attributes = {
        "genapp.generation_id": str(generation.id),
        "genapp.attempt": generation.attempt,
        "gen_ai.request.model": generation.model,
    }
    with tracing.span("generation", kind="consumer", parent=parent, began=began, attributes=attributes) as span:
        tracing.past("claim", began=began, ended=time.time_ns())
        yield span


def facts(generation: Generation, outcome: Outcome, seconds: float) -> dict[str, str | int | float]:
    """Say in a log line how a generation ended."""
    known = {
        "status": outcome.status,
        "error": outcome.error_code,
        # Whatever the model is called: it is one of those that the settings offer.
        "model": generation.model,
        "input_tokens": outcome.input_tokens,
        "output_tokens": outcome.output_tokens,
        "ms": round(seconds * 1000),
    }
    return {name: value for name, value in known.items() if value is not None}
