"""Web processes without the vendors' keys.

The web talks to strangers and never to a vendor. Where platforms give every process the same environment (Heroku does),
it learns from the keys which models there are to offer, and then goes on without them.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from genapp.settings import Settings

# Whatever a vendor's SDK reads is the vendor's; an address can hold a password.
PREFIXES = ("OPENAI_", "ANTHROPIC_", "GEMINI_")
FIELDS = ("openai_api_key", "openai_base_url", "anthropic_api_key", "anthropic_base_url", "gemini_api_key")
# Given before environment and .env are asked.
NOTHING = {field.upper(): None for field in FIELDS}
# Not a setting: it keeps a process that has given the keys up from reading them in .env again.
MARK = "GENAPP_KEYLESS"


def is_vendors(variable: str) -> bool:
    """Whether an environment variable is a vendor's; settings are read whatever their case."""
    return variable.upper().startswith(PREFIXES)


def is_marked() -> bool:
    """Whether this process has given the keys up."""
    return MARK in os.environ


def has_keys(settings: Settings) -> bool:
    """Whether this process has any, from its environment or from .env."""
    return any(map(is_vendors, os.environ)) or any(getattr(settings, field) for field in FIELDS)


def environment(settings: Settings) -> dict[str, str]:
    """The environment of a process that offers the same models without the keys."""
    offered = ",".join(model.value for model in settings.models)
    kept = {
        name: value for name, value in os.environ.items() if not is_vendors(name) and name.upper() != "GENAPP_MODELS"
    }
    return {**kept, "GENAPP_MODELS": offered, MARK: "1"}


def without_keys(settings: Settings) -> Settings:
    """Give the keys up within this process, as far as that goes: what it was started with stays in /proc."""
    if not has_keys(settings):
        return settings
    env = environment(settings)
    for name in os.environ.keys() - env.keys():
        del os.environ[name]
    os.environ.update(env)
    return type(settings)()
