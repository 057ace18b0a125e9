"""What attempts cost."""

from __future__ import annotations

import pytest

from genapp.errors import ConfigurationError
from genapp.settings import Settings
from genapp.settings.prices import Prices

PRICES = Prices.parse("openai:gpt-6.1-terra=1.25/10/0.125, anthropic:claude=3/15,openai:a=b/c=1/2")


def test_a_million_tokens_cost_what_the_price_says_and_cached_ones_theirs() -> None:
    assert PRICES.cost("openai:gpt-6.1-terra", 1_000_000, 0) == 1_250_000
    assert PRICES.cost("openai:gpt-6.1-terra", 1_000_000, 1000, 400_000) == 750_000 + 50_000 + 10_000
    assert PRICES.cost("anthropic:claude", 10, 10, 10) == 180
    assert PRICES.cost("openai:a=b/c", 1, 1) == 3


def test_what_has_no_price_costs_nobody_knows_what_and_the_demo_model_nothing() -> None:
    assert PRICES.cost("openai:other", 10, 10) is None
    assert Prices().cost("demo:demo-fast", 10, 10) == 0


@pytest.mark.parametrize(
    "wrong", ["openai:x", "openai:x=1", "openai:x=1/2/3/4", "openai:x=-1/2", "openai:x=nan/2", "x=1/2", "other:x=1/2"]
)
def test_prices_that_are_none_stop_the_start_with_a_sentence(wrong: str) -> None:
    with pytest.raises(ConfigurationError, match="GENAPP_PRICES must be a comma list of provider:model=input/output"):
        Settings(GENAPP_PRICES=wrong)
