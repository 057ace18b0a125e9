"""The providers: one tiny request each."""

from __future__ import annotations

import asyncio
import time
from contextlib import aclosing
from typing import TYPE_CHECKING

from genapp.doctor.findings import Finding, fail, ok, warn
from genapp.errors import ConfigurationError
from genapp.providers import VENDORS, Message, ProviderConfig, ProviderError, Providers, Text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from genapp.settings import Settings
    from genapp.settings.offered import ProviderAccess

QUESTION = Message("user", "Say OK.")
# An answer of a few tokens: enough to see it begin, for a hundredth of a cent.
MAX_TOKENS = 16
# Seconds; less where GENAPP_FIRST_TOKEN_TIMEOUT is less. Who asks at a terminal does not wait for two minutes.
PATIENCE = 30.0


async def check_providers(settings: Settings) -> AsyncIterator[Finding]:
    """Whether each configured provider takes our key and begins to answer, by the first of its models on offer."""
    for access in settings.providers:
        if access.name == "demo" and settings.env == "production":
            keys = ", ".join(vendor.key_variable for vendor in VENDORS.values() if vendor.key_variable)
            yield warn("providers", "No provider has a key: the demo model answers.", f"Set one of {keys}.")
        model = next((one.model for one in settings.models if one.provider == access.name), None)
        if model is None:
            yield ok(access.name, "has a key, and none of its models is offered")
        else:
            yield await ask(access, model, min(PATIENCE, settings.first_token_timeout.of(access.name)))


async def ask(access: ProviderAccess, model: str, patience: float) -> Finding:
    """Ask one provider's model for next to nothing."""
    key = access.api_key.get_secret_value() if access.api_key else ""
    name = access.name
    try:
        providers = Providers([ProviderConfig(name, key, access.base_url)])
    except ConfigurationError as error:
        return fail(name, error.message, "Copy the key again, without anything around it.")
    began = time.monotonic()
    try:
        async with asyncio.timeout(patience):
            seconds = await _until_it_begins(providers, name, model)
    except TimeoutError:
        says = f"{model} did not begin to answer within {patience:g} seconds."
        return warn(name, says, "Try again; if it stays so, raise GENAPP_FIRST_TOKEN_TIMEOUT or offer another model.")
    except ProviderError as error:
        # Not its sentence: that is for people who use the site.
        return fail(name, f"{model}: {error.code.replace('_', ' ')} ({error.detail})", _fix(name, error.code))
    finally:
        await providers.close()
    if seconds is None:
        return ok(name, f"{model} answered without a word within {time.monotonic() - began:.2f} s")
    return ok(name, f"{model} began to answer after {seconds:.2f} s")


async def _until_it_begins(providers: Providers, name: str, model: str) -> float | None:
    """Seconds to the first text; None where the answer ends without any, as a thinking model's so short one may."""
    provider = providers.get(name)
    began = time.monotonic()
    async with aclosing(provider.stream(model, [QUESTION], max_tokens=MAX_TOKENS)) as deltas:
        async for delta in deltas:
            if isinstance(delta, Text):
                return time.monotonic() - began
    return None


def _fix(name: str, code: str) -> str:
    key = VENDORS[name].key_variable or "its address"
    match code:
        case "unauthorized" | "forbidden":
            return f"Check {key}: it is wrong, expired, or may not use this model."
        case "quota_exhausted":
            return "Add credit, or raise the limit, in the provider's console."
        case "unknown_model":
            return "Name models that it has in GENAPP_MODELS."
        case "connection" | "timeout":
            return "Check this machine's way out (HTTPS_PROXY, firewall), and the provider's base URL where one is set."
    return "Look at the provider's status page, and try again."
