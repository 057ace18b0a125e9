"""A time that may differ between providers: `120`, or `120,anthropic:300,demo:5`."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Self

from genapp.settings.offered import DEFAULT_MODELS


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a provider may keep us waiting, in seconds."""

    usual: float
    others: dict[str, float] = field(default_factory=dict)

    def of(self, provider: str) -> float:
        """Seconds for `provider`."""
        return self.others.get(provider, self.usual)

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read a setting. Raises `ValueError` with a sentence for what is none."""
        if isinstance(value, cls):
            return value
        usual, *rest = str(value).split(",")
        named = [part.strip().partition(":") for part in rest]
        try:
            return cls(_seconds(usual), {_known(provider): _seconds(text) for provider, _, text in named})
        except ValueError:
            known = ", ".join(DEFAULT_MODELS)
            raise ValueError(
                "must be seconds, more than 0, and may go on with provider:seconds for some of them, "
                f"provider one of {known} (it is {value!r})"
            ) from None


def _known(provider: str) -> str:
    if provider not in DEFAULT_MODELS:
        raise ValueError(provider)
    return provider


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < math.inf:
        raise ValueError(text)
    return seconds
