"""How often a provider is asked, how long we wait in between, and whom we ask then."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from genapp.providers import TransientError
    from genapp.settings import Settings


# Seconds a person is made to wait between two tries.
LONGEST_WAIT = 60.0


@dataclass(frozen=True, slots=True)
class Try:
    """What follows when a try has failed: the `number`th of `count` for a model, or the first of another one."""

    model: str
    number: int
    count: int

    def suits(self, error: TransientError) -> bool:
        """Whether it is worth waiting for: a provider may ask for an hour, and another can be asked at once."""
        return self.number == 1 or (error.retry_after or 0.0) <= LONGEST_WAIT

    def wait(self, error: TransientError, base: float) -> float:
        """Seconds to wait before it: growing with the square, jittered, and never less than the provider asks for.

        The jitter keeps the answers that one outage has cut from coming back in the same instant.
        """
        if self.number == 1:
            return 0.0
        growing = base * (self.number - 1) ** 2 * random.uniform(0.75, 1.25)  # noqa: S311  not a secret
        return max(growing, error.retry_after or 0.0)

    def sentence(self, seconds: float) -> str:
        """What the person reads meanwhile."""
        if self.number == 1:
            return f"Asking {self.model.partition(':')[2]} instead."
        return f"Trying again in {max(1, round(seconds))} s ({self.number} of {self.count})."


def tries_after_the_first(model: str, settings: Settings) -> Iterator[Try]:
    """Give what may be done after each failure."""
    for number in range(2, settings.tries + 1):
        yield Try(model, number, settings.tries)
    for fallback in settings.fallback_models:
        if fallback != model:
            yield Try(fallback, 1, 1)
