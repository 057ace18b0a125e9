"""What a provider takes and what it gives, whoever the vendor is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Sequence

Role = Literal["system", "user", "assistant"]
FinishReason = Literal["stop", "length", "content_filter"]


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of the conversation that is sent to the model."""

    role: Role
    content: str


@dataclass(frozen=True, slots=True)
class Text:
    """The next piece of the answer, to be put directly after the piece before: all that had come when it was asked for.

    `more`: what follows has come as well, and need not be waited for. `events`: in how many the vendor has sent it.
    """

    content: str
    more: bool = field(default=False, compare=False)
    events: int = field(default=1, compare=False)


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens so far. It may come more than once in a stream: the last one counts.

    `cached_tokens` is the part of `input_tokens` that the vendor took from its prompt cache.
    """

    input_tokens: int
    output_tokens: int
    cached_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Finish:
    """The answer is whole, or as whole as it will be. Always the last delta, and exactly one."""

    reason: FinishReason


Delta = Text | Usage | Finish


class Provider(Protocol):
    """A place answers come from."""

    @property
    def name(self) -> str: ...

    def stream(
        self, model: str, messages: Sequence[Message], *, max_tokens: int | None = None
    ) -> AsyncGenerator[Delta, None]:
        """Ask `model` to answer `messages`; yields the answer as it is written, as fast as it is asked for.

        At least one non-empty `Text`, then `Finish`. `aclose()` and cancellation close the vendor's
        connection at once, so that no more tokens are made: hold it in `contextlib.aclosing`.

        Raises `TransientError` or `PermanentError` (`genapp.providers.errors`), also after some text.
        """
        ...

    async def close(self) -> None:
        """Close every connection. The provider is not usable afterwards."""
        ...
