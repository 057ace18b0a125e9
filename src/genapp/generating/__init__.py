"""THE workflow: claim → provider → Markdown → stream → row."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from genapp import markdown, metrics, views
from genapp.errors import GenappError
from genapp.generating.answer import Answer, Overtaken
from genapp.generating.attempt import Attempt, Leaving, Stopped
from genapp.models import Generation, Outcome
from genapp.providers import Message, ProviderError
from genapp.streams import Fenced

if TYPE_CHECKING:
    from uuid import UUID

    from genapp.jobs import Jobs
    from genapp.providers import Providers
    from genapp.settings import Settings
    from genapp.streams import Log

__all__ = ["Generating"]

logger = logging.getLogger(__name__)

# Characters of earlier turns sent along: about 50,000 tokens, which every model we know of takes.
CONTEXT_CHARACTERS = 200_000
# Characters above which the rest of an answer is rendered on a thread: 40,000 of code take 0.2 s, and all answers of
# this process wait for the loop.
LARGE = 20_000


class Generating:
    """Runs generations. One a worker process; holds the connections that all attempts share."""

    def __init__(self, settings: Settings, log: Log, providers: Providers, jobs: Jobs) -> None:
        self.settings = settings
        self.log = log
        self.providers = providers
        self.jobs = jobs
        self.leaving = asyncio.Event()

    async def generate(self, generation_id: UUID) -> None:
        """Run the next attempt of a generation, to its end.

        Does nothing where there is nothing to do: it is finished, cancelled, or another worker has it. When this
        worker shuts down, the generation is handed back and starts over elsewhere.
        """
        generation = await Generation.claim(generation_id, lease_seconds=self.settings.lease_seconds)
        if generation is None:
            return
        answer = Answer(generation, self.log, self.settings)
        provider = generation.model.partition(":")[0]
        with metrics.generations_running.track_inprogress(), metrics.generation_seconds.labels(provider).time():
            try:
                outcome = await self._attempt(generation, answer)
                await answer.finish(outcome)
            except (Overtaken, Fenced):
                logger.info("another attempt has taken over", extra={"generation_id": str(generation_id)})
            except Leaving:
                await self._hand_back(generation)
            else:
                count(provider, outcome)

    def leave(self) -> None:
        """Hand back what is in progress, within half a second: this worker shuts down."""
        self.leaving.set()

    async def _attempt(self, generation: Generation, answer: Answer) -> Outcome:
        provider, _, model = generation.model.partition(":")
        attempt = None
        try:
            messages = await self._messages(generation)
            attempt = Attempt(self.providers.get(provider), model, messages, answer, self.settings, self.leaving)
            await attempt.run()
        except Stopped:
            return await sum_up(answer, "cancelled", attempt)
        except ProviderError as error:
            logger.warning("provider error: %s %s", error, error.detail, extra={"generation_id": str(generation.id)})
            return await sum_up(answer, "failed", attempt, error)
        except (Overtaken, Fenced, Leaving):
            raise
        except Exception:
            # Ours to mend, and logged as such; the person must not wait for it.
            logger.exception("a generation failed", extra={"generation_id": str(generation.id)})
            return await sum_up(answer, "failed", attempt, GenappError())
        return await sum_up(answer, "completed", attempt)

    async def _messages(self, generation: Generation) -> list[Message]:
        messages: list[Message] = []
        for prompt, answer in await generation.earlier_turns(CONTEXT_CHARACTERS):
            messages += [Message("user", prompt), Message("assistant", answer)]
        return [*messages, Message("user", generation.prompt)]

    async def _hand_back(self, generation: Generation) -> None:
        back = await generation.hand_back()
        if back is None:
            return
        logger.info("handed back at shutdown", extra={"generation_id": str(generation.id)})
        if back.cancel_requested_at is None:
            await self.jobs.generate_later(back.id)
        else:
            await views.show_end(self.log, await back.cancel())


async def sum_up(
    answer: Answer, status: str, attempt: Attempt | None = None, error: ProviderError | GenappError | None = None
) -> Outcome:
    """Say how an attempt ended, with what was written and used till then; settles the answer's document."""
    if answer.characters > LARGE:
        await asyncio.to_thread(answer.document.finish)
    else:
        answer.document.finish()
    usage = attempt.usage if attempt else None
    return Outcome(
        status=status,
        answer=answer.text,
        html=answer.document.settled,
        renderer=markdown.VERSION,
        error_code=error.code if error else None,
        error_message=error.message if error else None,
        input_tokens=usage.input_tokens if usage else None,
        output_tokens=usage.output_tokens if usage else None,
    )


def count(provider: str, outcome: Outcome) -> None:
    """Count an attempt's end for the operators."""
    metrics.generations.labels(provider, outcome.status).inc()
    if outcome.error_code:
        metrics.provider_errors.labels(provider, outcome.error_code).inc()
    metrics.tokens.labels(provider, "in").inc(outcome.input_tokens or 0)
    metrics.tokens.labels(provider, "out").inc(outcome.output_tokens or 0)
