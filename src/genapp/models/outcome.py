"""What a worker says of an attempt that has ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple


class Spent(NamedTuple):
    """The tokens of one attempt, `estimated` where the vendor did not tell them, and what they cost if that is known.

    `microdollars` are millionths of a dollar, by the price of the moment.
    """

    input_tokens: int
    output_tokens: int
    estimated: bool = False
    microdollars: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a generation ended. `html` is `answer` rendered by the renderer of that version; tokens are all attempts'."""

    status: str
    answer: str
    html: str
    renderer: int
    error_code: str | None = None
    error_message: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
