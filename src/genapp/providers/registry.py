"""The configured providers of a process, each made when it is first asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from genapp.errors import ConfigurationError
from genapp.providers.errors import PermanentError
from genapp.providers.vendors import VENDORS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genapp.providers.contract import Provider


@dataclass(frozen=True, slots=True)
class ProviderConfig:
    """One provider to use: `name` is a key of `VENDORS`; `base_url` overrides the vendor's address."""

    name: str
    api_key: str = field(default="", repr=False)
    base_url: str | None = field(default=None, repr=False)


class Providers:
    """Gives a provider by name. Belongs to one event loop; `close` it on that loop.

    Raises `ConfigurationError` for a name that nobody declared, and for a key that cannot be one.
    """

    def __init__(self, configs: Sequence[ProviderConfig]) -> None:
        self._configs = {config.name: config for config in configs}
        self._made: dict[str, Provider] = {}
        for name in self._configs.keys() - VENDORS.keys():
            raise ConfigurationError(f"There is no provider {name!r}: choose from {', '.join(VENDORS)}.")
        for config in configs:
            key = config.api_key.strip()
            if not (key.isascii() and key.isprintable()):
                variable = VENDORS[config.name].key_variable
                raise ConfigurationError(f"{variable} holds characters no key has. Copy the key again.")

    def get(self, name: str) -> Provider:
        """The provider called `name`. The first time it is made, which blocks for 0.4-0.7 s: ask before there is work.

        Raises `PermanentError("unknown_model")` if it is not configured: the answer may have been asked
        for when it still was.
        """
        if name not in self._made:
            if name not in self._configs:
                raise PermanentError("unknown_model", detail=f"provider {name!r} is not configured")
            self._made[name] = make(self._configs[name])
        return self._made[name]

    async def close(self) -> None:
        """Close every provider that was made."""
        while self._made:
            _, provider = self._made.popitem()
            await provider.close()


def make(config: ProviderConfig) -> Provider:
    """A provider of its own. The SDK is imported here: one costs 0.4-0.7 s and 40 MB."""
    vendor = VENDORS[config.name]
    key = config.api_key.strip()
    address = config.base_url or (vendor.address if isinstance(vendor.address, str) else vendor.address())
    if vendor.speaks == "anthropic":
        from genapp.providers.anthropic import AnthropicProvider

        return AnthropicProvider(config.name, api_key=key, base_url=address)
    from genapp.providers.openai import OpenAIProvider

    official = address.startswith("https://api.openai.com/")
    return OpenAIProvider(
        config.name,
        api_key=key,
        base_url=address,
        limit_parameter="max_completion_tokens" if official else "max_tokens",
    )
