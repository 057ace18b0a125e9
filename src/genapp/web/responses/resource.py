"""A generation as a `Response` of OpenAI's API."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Literal
from uuid import UUID

if TYPE_CHECKING:
    from genapp.models import Generation

Status = Literal["queued", "in_progress", "completed", "incomplete", "failed", "cancelled"]

RESPONSE_ID = re.compile(r"resp_([0-9a-f]{32})")
# Codes of that API for the errors of ours that have one there; the rest is its server_error.
ERROR_CODES = {
    "rate_limited": "rate_limit_exceeded",
    "bad_request": "invalid_prompt",
    "context_too_long": "invalid_prompt",
}


def response_id(generation_id: UUID) -> str:
    return f"resp_{generation_id.hex}"


def generation_id(text: str) -> UUID | None:
    """The generation that a response's id names, None for what is no such id."""
    match = RESPONSE_ID.fullmatch(text)
    return UUID(match[1]) if match else None


def item_id(generation: Generation) -> str:
    """The id of the one message that a response has."""
    return f"msg_{generation.id.hex}"


def resource(generation: Generation, previous: UUID | None, *, status: Status | None = None) -> dict[str, Any]:
    """The response; with `status`, as it was when it had that one, before there was an answer."""
    now = status or status_of(generation)
    over = status is None and generation.finished
    given = generation.came_with
    return {
        "id": response_id(generation.id),
        "object": "response",
        "created_at": int(generation.created_at.timestamp()),
        "completed_at": int(generation.finished_at.timestamp()) if over and generation.finished_at else None,
        "status": now,
        # Whoever waits or reads along may leave at any time: an answer is written in the background always.
        "background": True,
        "model": generation.model,
        "instructions": given.instructions,
        "max_output_tokens": given.max_output_tokens,
        "metadata": given.metadata,
        "previous_response_id": response_id(previous) if previous else None,
        "output": [message(generation, generation.answer, now)] if over and generation.answer else [],
        "error": _error(generation) if now == "failed" else None,
        "incomplete_details": {"reason": _reason(generation)} if now == "incomplete" else None,
        "usage": _usage(generation) if over else None,
        **SAME_FOR_ALL,
    }


# What every response here is made with.
SAME_FOR_ALL: dict[str, Any] = {
    "parallel_tool_calls": True,
    "reasoning": {"effort": None, "summary": None},
    "temperature": None,
    "text": {"format": {"type": "text"}},
    "tool_choice": "auto",
    "tools": [],
    "top_p": None,
    "truncation": "auto",
}


def message(generation: Generation, text: str, status: Status) -> dict[str, Any]:
    """The message that a response with this status has, with the text that it ended with."""
    return {
        "id": item_id(generation),
        "type": "message",
        "role": "assistant",
        "status": "completed" if status == "completed" else "incomplete",
        "content": [part(text)],
    }


def part(text: str) -> dict[str, Any]:
    """The content of a message."""
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def status_of(generation: Generation) -> Status:
    """What that API calls the state of a generation."""
    if generation.status == "processing":
        return "in_progress"
    if (generation.status, generation.error_code) in (("completed", "length"), ("failed", "content_filtered")):
        return "incomplete"
    return generation.status  # type: ignore[return-value]  # the others have the same names


def _reason(generation: Generation) -> str:
    return "max_output_tokens" if generation.error_code == "length" else "content_filter"


def _error(generation: Generation) -> dict[str, Any]:
    return {"code": ERROR_CODES.get(generation.error_code or "", "server_error"), "message": generation.error_message}


def _usage(generation: Generation) -> dict[str, Any] | None:
    if generation.output_tokens is None:
        return None
    sent, written = generation.input_tokens or 0, generation.output_tokens
    # We do not know the details, and clients count on them being there.
    return {
        "input_tokens": sent,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": sent + written,
    }
