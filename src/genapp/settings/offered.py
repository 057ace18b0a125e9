"""The models that people may choose, and the providers they come from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import SecretStr

# What is offered when GENAPP_MODELS does not say. Names only, since this layer is below the providers, whose
# table of vendors has the same names; a test holds the two together.
DEFAULT_MODELS = {
    "openai": ("gpt-6.1-terra", "gpt-6.1-sol", "gpt-6-luna"),
    "anthropic": ("claude-sonnet-5-5", "claude-opus-5-5", "claude-haiku-5-5"),
    "gemini": ("gemini-3.5-flash", "gemini-pro-latest", "gemini-3.1-flash-lite"),
    "demo": ("demo", "demo-fast", "demo-slow"),
}
PROVIDER_TITLES = {"openai": "OpenAI", "anthropic": "Anthropic", "gemini": "Gemini"}


def label(provider: str, model: str) -> str:
    """A model's name for people."""
    if provider == "demo":
        return model.replace("-", " ").capitalize()
    return f"{model} ({PROVIDER_TITLES[provider]})"


def named_models(text: str) -> list[tuple[str, str]]:
    """The (provider, model) pairs of a comma list of provider:model."""
    named = [part.strip().partition(":") for part in text.split(",") if part.strip()]
    return [(provider, model) for provider, _, model in named]


@dataclass(frozen=True, slots=True)
class ModelChoice:
    """One model that a person may choose. `value` is what forms carry."""

    provider: str
    model: str
    label: str

    @property
    def value(self) -> str:
        return f"{self.provider}:{self.model}"


@dataclass(frozen=True, slots=True)
class ProviderAccess:
    """How one configured provider is reached. `base_url` None: the vendor's own."""

    name: str
    api_key: SecretStr | None
    base_url: str | None = field(repr=False)
