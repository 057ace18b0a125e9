"""The configured providers of a process, each made when it is first asked for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from genapp.errors import ConfigurationError
from genapp.providers.errors import PermanentError
from genapp.providers.vendors import VENDORS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from genapp.providers.contract import Provider


@dataclass(frozen=True, slots=True)
class ProviderConfig:
    """One provider to use: `name` is a key of `VENDORS`; `base_url` overrides the vendor's address."""

    name: str
    api_key: str = field(default="", repr=False)
    base_url: str | None = None


def configured(variables: Mapping[str, str]) -> tuple[ProviderConfig, ...]:
    """The providers that `variables`, such as the environment, holds a key or an address for; else `demo`."""
    configs = []
    for name, vendor in VENDORS.items():
        key = variables.get(vendor.key_variable or "", "")
        address = variables.get(vendor.address_variable or "", "")
        if key or address:
            configs.append(ProviderConfig(name, key, address or None))
    return tuple(configs) or (ProviderConfig("demo"),)


class Providers:
    """Gives a provider by name. Belongs to one event loop; `close` it on that loop.

    Raises `ConfigurationError` for a name that nobody declared.
    """

    def __init__(self, configs: Sequence[ProviderConfig]) -> None:
        self._configs = {config.name: config for config in configs}
        self._made: dict[str, Provider] = {}
        for name in self._configs.keys() - VENDORS.keys():
            raise ConfigurationError(f"There is no provider {name!r}: choose from {', '.join(VENDORS)}.")

    def get(self, name: str) -> Provider:
        """The provider called `name`.

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
    if not (key.isascii() and key.isprintable()):
        raise ConfigurationError(f"{vendor.key_variable} holds characters no key has. Copy the key again.")
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
