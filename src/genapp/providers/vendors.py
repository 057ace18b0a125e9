"""Every provider, declared. To add one that speaks OpenAI's or Anthropic's wire format, add an entry, and its
key to `genapp.settings`.

The models are only what is offered when nothing else is configured; `GENAPP_MODELS` overrides them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable


def _demo_address() -> str:
    """Started at the first use, in this process; imported then, since nobody with a key needs it."""
    from genapp.providers.demo import ensure_running

    return f"{ensure_running()}/v1"


@dataclass(frozen=True, slots=True)
class Vendor:
    """One provider: how it speaks, where it is, which variable holds its key, and a few of its models."""

    speaks: Literal["openai", "anthropic"]
    address: str | Callable[[], str]
    key_variable: str | None = None
    models: tuple[str, ...] = ()


VENDORS: dict[str, Vendor] = {
    "openai": Vendor(
        speaks="openai",
        address="https://api.openai.com/v1",
        key_variable="OPENAI_API_KEY",
        models=("gpt-6.1-terra", "gpt-6.1-sol", "gpt-6-luna"),
    ),
    "anthropic": Vendor(
        speaks="anthropic",
        address="https://api.anthropic.com",
        key_variable="ANTHROPIC_API_KEY",
        models=("claude-sonnet-5-5", "claude-opus-5-5", "claude-haiku-5-5"),
    ),
    "gemini": Vendor(
        speaks="openai",
        address="https://generativelanguage.googleapis.com/v1beta/openai/",
        key_variable="GEMINI_API_KEY",
        models=("gemini-3.5-flash", "gemini-pro-latest", "gemini-3.1-flash-lite"),
    ),
    "demo": Vendor(speaks="openai", address=_demo_address, models=("demo", "demo-fast", "demo-slow")),
}
