"""The fields of OpenAI's API that mean nothing here: fine as long as they ask for what is so in any case."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genapp.errors import Invalid, Unsupported

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def _only(*values: Any) -> Callable[[Any], bool]:
    return lambda value: value in values


def _nothing(value: Any) -> bool:
    """Nothing but null, in an object or not."""
    return value is None or (isinstance(value, dict) and all(map(_nothing, value.values())))


def _plain_text(value: Any) -> bool:
    if not isinstance(value, dict):
        return False
    rest = {name: one for name, one in value.items() if (name, one) != ("verbosity", "medium")}
    return rest.pop("format", None) in (None, {"type": "text"}) and _nothing(rest)


def _unobscured(value: Any) -> bool:
    return isinstance(value, dict) and (value == {"include_obfuscation": False} or _nothing(value))


# What each may be besides null. Hints to a cache or about a person change no answer, so they may be anything.
DEFAULTS: Mapping[str, Callable[[Any], bool]] = {
    "store": _only(True),
    "temperature": _only(1),
    "top_p": _only(1),
    "top_logprobs": _only(0),
    "tools": _only([]),
    "tool_choice": _only("auto", "none"),
    "parallel_tool_calls": _only(True, False),
    "include": _only([]),
    "truncation": _only("auto"),
    "text": _plain_text,
    "reasoning": _nothing,
    "service_tier": _only("auto", "default"),
    "stream_options": _unobscured,
    "user": lambda _: True,
    "safety_identifier": lambda _: True,
    "prompt_cache_key": lambda _: True,
    **dict.fromkeys(
        (
            *("access_programs", "background_options", "context_management", "conversation", "image"),
            *("max_tool_calls", "moderation", "prompt", "prompt_cache_options", "prompt_cache_retention"),
        ),
        _nothing,
    ),
}

INSTEAD = {
    "conversation": "Go on with a conversation by previous_response_id.",
    "store": "Everything is stored here: it is what an answer survives by. Leave it out.",
    "truncation": "Of a conversation that is too long, the oldest turns are left out here. Leave it out, or say auto.",
}


def require_defaults(fields: Mapping[str, Any]) -> None:
    """Raises Unsupported for a field that asks for something else, Invalid for one that nobody knows."""
    for name, value in fields.items():
        if name not in DEFAULTS:
            raise Invalid(f"“{name[:40]}” is no field of a response. Leave it out.", field=name[:40])
        if value is not None and not DEFAULTS[name](value):
            raise Unsupported(f"“{name}” is not supported here. {INSTEAD.get(name, 'Leave it out.')}", field=name)
