"""What a request to the demo model and its reply are, whichever wire format carries them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from genapp.providers.demo.script import Script

Json = dict[str, Any]
Reason = Literal["stop", "length", "filter"]


@dataclass(frozen=True, slots=True)
class Ask:
    """A request. `turns` are (role, text) in order; `prompt` is the last one without its directive.

    `limit` is in tokens. `secret` is the key it came with, which some errors repeat as vendors do.
    """

    model: str
    turns: Sequence[tuple[str, str]]
    prompt: str
    script: Script
    limit: int | None
    streams: bool
    wants_usage: bool
    secret: str


@dataclass(frozen=True, slots=True)
class Refusal:
    """An HTTP reply that is not an answer."""

    status: int
    body: Json
    headers: Mapping[str, str]


class Invalid(Exception):
    """The request cannot be read; the message says what is wrong with it."""


class Wire(Protocol):
    """One reply in a vendor's wire format. The byte strings are whole server-sent events."""

    def headers(self) -> Mapping[str, str]: ...
    def refusal(self, fault: str) -> Refusal: ...
    def opening(self) -> bytes: ...
    def token(self, text: str) -> bytes: ...
    def closing(self, reason: Reason, output_tokens: int) -> bytes: ...
    def broken(self, *, overloaded: bool) -> bytes: ...
    def whole(self, text: str, reason: Reason, output_tokens: int) -> Json: ...
