"""What models cost: `openai:gpt-6.1-terra=1.25/10,anthropic:claude-opus-5-5=5/25/0.5`."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NamedTuple, Self

from genapp.settings.offered import DEFAULT_MODELS


class Price(NamedTuple):
    """US dollars for a million tokens, which is millionths of a dollar for one."""

    input: float
    output: float
    cached: float


@dataclass(frozen=True, slots=True)
class Prices:
    """The prices that are known, by `provider:model`. The demo model costs nothing."""

    known: dict[str, Price] = field(default_factory=dict)

    def cost(self, model: str, input_tokens: int, output_tokens: int, cached_tokens: int = 0) -> int | None:
        """Millionths of a dollar, None where no price is known. `cached_tokens` are a part of the input."""
        price = Price(0, 0, 0) if model.startswith("demo:") else self.known.get(model)
        if price is None:
            return None
        fresh = input_tokens - cached_tokens
        return round(fresh * price.input + cached_tokens * price.cached + output_tokens * price.output)

    @classmethod
    def parse(cls, value: object) -> Self:
        """Read a setting. Raises `ValueError` with a sentence for what is none."""
        if isinstance(value, cls):
            return value
        try:
            return cls(dict(_priced(item.strip()) for item in str(value).split(",") if item.strip()))
        except ValueError:
            known = ", ".join(DEFAULT_MODELS)
            raise ValueError(
                "must be a comma list of provider:model=input/output or provider:model=input/output/cached, in US "
                f"dollars for a million tokens, provider one of {known} (it is {value!r})"
            ) from None


def _priced(item: str) -> tuple[str, Price]:
    # From the right: a model's name may have all but a comma in it.
    model, _, text = item.rpartition("=")
    provider, _, name = model.partition(":")
    prices = [float(part) for part in text.split("/")]
    if provider not in DEFAULT_MODELS or not name or not 2 <= len(prices) <= 3:
        raise ValueError(item)
    if any(not 0 <= price < math.inf for price in prices):
        raise ValueError(item)
    return model, Price(prices[0], prices[1], prices[-1] if len(prices) == 3 else prices[0])
