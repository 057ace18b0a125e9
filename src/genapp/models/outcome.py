"""What a worker says of an attempt that has ended."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Outcome:
    """How an attempt ended. `html` is `answer` rendered by the renderer of that version."""

    status: str
    answer: str
    html: str
    renderer: int
    error_code: str | None = None
    error_message: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
