from __future__ import annotations

from typing import Any

import pytest

from genapp.providers.classify import from_event, from_exception, from_reply, redact, retry_after
from genapp.providers.errors import DETAIL_LIMIT, PermanentError, TransientError


def openai_error(message: str, kind: str = "invalid_request_error", code: str | None = None) -> dict[str, Any]:
    return {"message": message, "type": kind, "code": code, "param": None}


def anthropic_error(message: str, kind: str) -> dict[str, Any]:
    return {"type": "error", "error": {"type": kind, "message": message}}


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (401, openai_error("Incorrect API key", code="invalid_api_key"), "unauthorized"),
        (402, anthropic_error("payment", "billing_error"), "quota_exhausted"),
        (403, anthropic_error("no", "permission_error"), "forbidden"),
        (404, openai_error("The model `x` does not exist", code="model_not_found"), "unknown_model"),
        (404, anthropic_error("model: x", "not_found_error"), "unknown_model"),
        (400, openai_error("Model x not found, try pulling it first"), "unknown_model"),
        (400, openai_error("too long", code="context_length_exceeded"), "context_too_long"),
        (400, anthropic_error("prompt is too long: 9 tokens > 8 maximum", "invalid_request_error"), "context_too_long"),
        (400, {"error": "the request exceeds the available context size"}, "context_too_long"),
        (413, anthropic_error("large", "request_too_large"), "context_too_long"),
        (429, openai_error("Request too large for gpt on tokens per min"), "context_too_long"),
        (429, openai_error("You exceeded your current quota", "insufficient_quota"), "quota_exhausted"),
        (400, anthropic_error("Your credit balance is too low", "invalid_request_error"), "quota_exhausted"),
        (400, openai_error("rejected", code="content_policy_violation"), "content_filtered"),
        (400, openai_error("flagged as violating our usage policy", code="invalid_prompt"), "content_filtered"),
        (400, openai_error("bad value"), "bad_request"),
        (418, "teapot", "bad_request"),
    ],
)
def test_what_will_fail_again_is_permanent(status: int, body: object, code: str) -> None:
    error = from_reply(status, body, {})
    assert (type(error), error.code) == (PermanentError, code)


@pytest.mark.parametrize(
    ("status", "body", "code"),
    [
        (408, "", "timeout"),
        (409, openai_error("conflict"), "unavailable"),
        (429, openai_error("Rate limit reached", "tokens", "rate_limit_exceeded"), "rate_limited"),
        (429, [{"error": {"code": 429, "status": "RESOURCE_EXHAUSTED", "message": "Try later"}}], "rate_limited"),
        (500, anthropic_error("Internal", "api_error"), "unavailable"),
        (500, openai_error("model not found in shard"), "unavailable"),
        (503, openai_error("The engine is currently overloaded"), "overloaded"),
        (504, "<html>", "timeout"),
        (529, anthropic_error("Overloaded", "overloaded_error"), "overloaded"),
        (520, None, "unavailable"),
    ],
)
def test_what_may_pass_is_transient(status: int, body: object, code: str) -> None:
    error = from_reply(status, body, {"retry-after": "3"})
    assert (type(error), error.code, error.retry_after) == (TransientError, code, 3.0)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        ({"type": "overloaded_error", "message": "Overloaded"}, "overloaded"),
        ({"type": "api_error", "message": "Internal"}, "unavailable"),
        ({"type": "invalid_request_error", "message": "bad"}, "bad_request"),
        ({"code": 429, "message": "later"}, "rate_limited"),
        (None, "unavailable"),
        ([], "unavailable"),
    ],
)
def test_an_error_in_the_stream_is_told_apart_by_its_words(error: object, code: str) -> None:
    assert from_event(error).code == code


def test_the_innermost_cause_tells_a_timeout_from_a_lost_connection() -> None:
    lost, late = RuntimeError("Request timed out."), RuntimeError("Connection error.")
    lost.__cause__, late.__cause__ = ConnectionResetError(), TimeoutError()
    assert (from_exception(lost).code, from_exception(late).code) == ("connection", "timeout")


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "0.25"}, 0.25),
        ({"retry-after": "-5"}, 0.0),
        ({"retry-after": "soon"}, None),
        ({"retry-after-ms": "1500", "retry-after": "2"}, 1.5),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT", "date": "Wed, 21 Oct 2026 07:28:00 GMT"}, 30.0),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:30 GMT"}, None),
    ],
)
def test_the_wish_to_wait_is_read(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "Incorrect API key provided: sk-abcd*****wxyz.",
        "key AIzaSyD-0123456789 is bad",
        'headers: {"Authorization": "Bearer abc.def"}',
        '{"api_key": "0123456789abcdef"}',
        "the key is my-own-secret",
    ],
)
def test_no_key_is_left_in_a_detail(text: str) -> None:
    shown = redact(text, ["my-own-secret"])
    assert "[key]" in shown
    assert not [part for part in ("wxyz", "AIza", "abc.def", "0123456789", "my-own") if part in shown]


def test_a_key_at_the_cut_is_not_left_in_half() -> None:
    text = "x" * (DETAIL_LIMIT - 10) + " sk-0123456789abcdef"
    assert "sk-" not in redact(text)
    assert len(redact("y" * 10_000)) == DETAIL_LIMIT
