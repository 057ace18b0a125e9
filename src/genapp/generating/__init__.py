"""THE workflow: claim → provider → Markdown → stream → row."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from genapp import markdown
from genapp.errors import GenappError
from genapp.generating.answer import Answer, Overtaken
from genapp.generating.attempt import Attempt, Stopped
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


class Generating:
    """Runs generations. One a worker process; holds the connections that all attempts share."""

    def __init__(self, settings: Settings, log: Log, providers: Providers, jobs: Jobs) -> None:
        self.settings = settings
        self.log = log
        self.providers = providers
        self.jobs = jobs

    async def generate(self, generation_id: UUID) -> None:
        """Run the next attempt of a generation, to its end.

        Does nothing where there is nothing to do: it is finished, cancelled, or another worker has it. When this
        worker shuts down, the generation is handed back and starts over elsewhere.
        """
        generation = await Generation.claim(generation_id, lease_seconds=self.settings.lease_seconds)
        if generation is None:
            return
        answer = Answer(generation, self.log, self.settings)
        try:
            await answer.finish(await self._attempt(generation, answer))
        except (Overtaken, Fenced):
            logger.info("another attempt has taken over", extra={"generation_id": str(generation_id)})
        except asyncio.CancelledError:
            await self._hand_back(generation)

    async def _attempt(self, generation: Generation, answer: Answer) -> Outcome:
        if generation.cancel_requested_at is not None:
            return outcome(answer, "cancelled")
        provider, _, model = generation.model.partition(":")
        try:
            messages = await self._messages(generation)
            attempt = Attempt(self.providers.get(provider), model, messages, answer, self.settings)
            await attempt.run()
        except Stopped:
            return outcome(answer, "cancelled")
        except ProviderError as error:
            logger.warning("provider error: %s", error, extra={"generation_id": str(generation.id)})
            return outcome(answer, "failed", error.code, error.message)
        except (Overtaken, Fenced):
            raise
        except Exception:
            # Ours to mend, and logged as such; the person must not wait for it.
            logger.exception("a generation failed", extra={"generation_id": str(generation.id)})
            return outcome(answer, "failed", GenappError.code, GenappError.message)
        usage = attempt.usage
        return outcome(answer, "completed", tokens=(usage.input_tokens, usage.output_tokens) if usage else None)

    async def _messages(self, generation: Generation) -> list[Message]:
        messages: list[Message] = []
        for prompt, answer in await generation.earlier_turns(CONTEXT_CHARACTERS):
            messages += [Message("user", prompt), Message("assistant", answer)]
        return [*messages, Message("user", generation.prompt)]

    async def _hand_back(self, generation: Generation) -> None:
        if await generation.hand_back() is not None:
            await self.jobs.generate_later(generation.id)
            logger.info("handed back at shutdown", extra={"generation_id": str(generation.id)})


def outcome(
    answer: Answer,
    status: str,
    error_code: str | None = None,
    error_message: str | None = None,
    *,
    tokens: tuple[int, int] | None = None,
) -> Outcome:
    """Sum an attempt up; settles the answer's document."""
    answer.document.finish()
    return Outcome(
        status=status,
        answer=answer.text,
        html=answer.document.settled,
        renderer=markdown.VERSION,
        error_code=error_code,
        error_message=error_message,
        input_tokens=tokens[0] if tokens else None,
        output_tokens=tokens[1] if tokens else None,
    )
