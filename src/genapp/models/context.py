"""What comes with a prompt that a program sends: more than a person's form has."""

from __future__ import annotations

from typing import Literal, Self

import msgspec

# Characters sent along with a prompt, of what came with it and of earlier turns: about 50,000 tokens, which every model
# we know of takes.
MOST_CHARACTERS = 200_000

Role = Literal["system", "user", "assistant"]


class Context(msgspec.Struct, frozen=True, omit_defaults=True):
    """How a prompt is to be answered. Stored as JSON beside it.

    `instructions` are the system's words, for this answer alone. `messages`, as (role, text), were said before the
    prompt and not here; they stay part of the conversation. `metadata` is its sender's, and means nothing to us.
    """

    instructions: str | None = None
    messages: tuple[tuple[Role, str], ...] = ()
    max_output_tokens: int | None = None
    metadata: dict[str, str] = {}

    @property
    def characters(self) -> int:
        return len(self.instructions or "") + sum(len(text) for _, text in self.messages)

    @classmethod
    def from_json(cls, text: str | None) -> Self:
        """What the column has."""
        return cls() if text is None else msgspec.json.decode(text, type=cls)

    def to_json(self) -> str | None:
        """As the column has it; None where there is nothing."""
        return None if self == NOTHING else msgspec.json.encode(self).decode()


NOTHING = Context()
