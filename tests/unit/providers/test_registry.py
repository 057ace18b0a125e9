from __future__ import annotations

import pytest

from genapp.errors import ConfigurationError
from genapp.providers import VENDORS, PermanentError, ProviderConfig, Providers
from genapp.providers.connections import is_loopback


def test_every_vendor_offers_models() -> None:
    assert all(vendor.models for vendor in VENDORS.values())


def test_a_provider_nobody_declared_stops_the_start() -> None:
    with pytest.raises(ConfigurationError, match="'mystery'"):
        Providers([ProviderConfig("mystery")])


def test_a_key_with_a_stray_character_stops_the_start_and_is_not_shown() -> None:
    with pytest.raises(ConfigurationError, match="OPENAI_API_KEY") as caught:
        Providers([ProviderConfig("openai", "sk-12345…")])
    assert "12345" not in str(caught.value)


def test_a_provider_that_is_no_longer_configured_is_told_in_plain_words() -> None:
    with pytest.raises(PermanentError) as caught:
        Providers([]).get("openai")
    assert caught.value.code == "unknown_model"


async def test_a_provider_is_made_once_and_only_when_asked_for() -> None:
    providers = Providers([ProviderConfig("openai", "sk-1"), ProviderConfig("gemini", "AIza")])
    assert providers.get("openai") is providers.get("openai")
    await providers.close()


def test_a_configuration_does_not_show_its_key() -> None:
    assert "sk-12345" not in repr(ProviderConfig("openai", "sk-12345"))


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://127.0.0.1:80/v1", True),
        ("http://localhost/v1", True),
        ("http://[::1]:9/", True),
        ("https://api.openai.com/v1", False),
        ("http://10.0.0.1/v1", False),
    ],
)
def test_only_this_machine_is_reached_past_a_proxy(url: str, local: bool) -> None:
    assert is_loopback(url) is local
