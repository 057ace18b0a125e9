"""Turns what went wrong at a vendor into one of our errors.

One table for all vendors: an OpenAI-compatible server answers with its own statuses and words, so the
status decides first where it is clear, then the vendor's code, then its sentence.
"""

from __future__ import annotations

import json
import re
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

from genapp.providers.errors import DETAIL_LIMIT, PermanentError, ProviderError, TransientError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

QUOTA = re.compile(r"insufficient_quota|billing|spend_limit|credit balance|exceeded your current quota")
TOO_LONG = re.compile(
    r"context_length|context length|context window|context size|prompt is too long|too many (input )?tokens"
    r"|request_too_large|request too large|input token count|maximum context"
)
FILTERED = re.compile(
    r"content_filter|content_policy|content management policy|usage policy|safety system|invalid_prompt"
    r"|moderation"
)
NO_MODEL = re.compile(
    r"model_not_found|invalid model|not a valid model"
    r"|model .{0,80}(not (found|exist|supported)|does not exist)"
)
BAD_KEY = re.compile(r"invalid_api_key|authentication_error|api key not valid|api_key_invalid")
OVERLOADED = re.compile(r"overloaded")
RATE_LIMITED = re.compile(r"rate_limit|resource_exhausted|too many requests")
TIMED_OUT = re.compile(r"timeout_error|deadline")
REFUSED = re.compile(r"invalid_request|bad_?request|permission|not_found_error|invalid_argument")

SECRET = re.compile(
    r"\b(sk-|AIza|gsk_|xai-)[\w*.\-]{4,}|(?i:\bbearer\s+)\S+"
    r"|(?i:\bapi[-_ ]?key\b[\"']?\s*[:=]\s*[\"']?)[^\s\"',}]+"
)


def redact(text: str, secrets: Iterable[str] = ()) -> str:
    """`text` without keys, cut to what `ProviderError.detail` holds.

    `secrets` are removed literally. Anything else that looks like a key goes too: vendors repeat the key
    they got in their message, partly masked, and a proxy may name a key that is not ours.
    """
    for secret in secrets:
        if secret:
            text = text.replace(secret, "[key]")
    # Cut after the search: a cut through a key would hide it from the pattern. Bounded before, for its cost.
    return SECRET.sub("[key]", text[: DETAIL_LIMIT * 20])[:DETAIL_LIMIT]


def from_reply(status: int, body: object, headers: Mapping[str, str], secrets: Iterable[str] = ()) -> ProviderError:
    """The error for an HTTP reply that is not an answer. `body` is decoded JSON, or text."""
    detail = redact(f"HTTP {status}: {as_text(body)}", secrets)
    return _error(status, _words(body), retry_after=retry_after(headers), detail=detail)


def from_event(error: object, secrets: Iterable[str] = ()) -> ProviderError:
    """The error for an error object inside a stream that began well."""
    code = error.get("code") if isinstance(error, dict) else None
    status = code if isinstance(code, int) else None
    return _error(status, _words(error), detail=redact(f"in the stream: {as_text(error)}", secrets))


def from_exception(
    error: BaseException, secrets: Iterable[str] = (), *, otherwise: str = "connection"
) -> TransientError:
    """The error for a connection that could not be made or broke: `timeout`, or the code in `otherwise`.

    The innermost cause decides: the OpenAI SDK's transport calls every lost connection a timeout.
    """
    cause = error
    while cause.__cause__ is not None:
        cause = cause.__cause__
    code = "timeout" if isinstance(cause, TimeoutError) else otherwise
    return TransientError(code, detail=redact(f"{type(cause).__name__}: {cause}", secrets))


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds the vendor asks us to wait: `retry-after-ms`, or `retry-after` in seconds (RFC 9110, 10.2.3).

    A date is read against the reply's own `date`, since clocks differ.
    """
    try:
        if "retry-after-ms" in headers:
            return max(0.0, float(headers["retry-after-ms"]) / 1000)
        value = headers.get("retry-after", "")
        if not re.search(r"[A-Za-z]", value):
            return max(0.0, float(value)) if value else None
        wait = parsedate_to_datetime(value) - parsedate_to_datetime(headers["date"])
        return max(0.0, wait.total_seconds())
    except (ValueError, KeyError, TypeError):
        return None


def as_text(body: object) -> str:
    """A vendor's error body as one line of text."""
    return body if isinstance(body, str) else json.dumps(body, ensure_ascii=False, default=str)


def _words(body: object) -> str:
    """The vendor's code, type and sentence as one lower-case text."""
    # Gemini's compatible endpoint wraps its error object in a list.
    if isinstance(body, list) and body:
        return _words(body[0])
    if not isinstance(body, dict):
        return str(body)[:2000].lower()
    error: Any = body.get("error", body)
    if not isinstance(error, dict):
        return str(error)[:2000].lower()
    said = [error.get(field) for field in ("code", "type", "status", "message")]
    details = error.get("details")
    said.append(details.get("error_code") if isinstance(details, dict) else None)
    return " ".join(str(word) for word in said if word)[:2000].lower()


def _error(status: int | None, words: str, *, retry_after: float | None = None, detail: str) -> ProviderError:
    permanent = _permanent_code(status, words)
    if permanent is not None:
        return PermanentError(permanent, detail=detail)
    return TransientError(_transient_code(status, words), retry_after=retry_after, detail=detail)


def _permanent_code(status: int | None, words: str) -> str | None:
    if status is not None and status >= 500:
        return None
    if status == 401 or BAD_KEY.search(words):
        return "unauthorized"
    if status == 402 or QUOTA.search(words):
        return "quota_exhausted"
    if status == 413 or TOO_LONG.search(words):
        return "context_too_long"
    if status == 429:
        return None
    if FILTERED.search(words):
        return "content_filtered"
    if status == 404 or NO_MODEL.search(words):
        return "unknown_model"
    if status == 403:
        return "forbidden"
    if status in (408, 409, 425) or (status is None and not REFUSED.search(words)):
        return None
    return "bad_request"


def _transient_code(status: int | None, words: str) -> str:
    if status == 529 or OVERLOADED.search(words):
        return "overloaded"
    if status == 429 or RATE_LIMITED.search(words):
        return "rate_limited"
    if status in (408, 504) or TIMED_OUT.search(words):
        return "timeout"
    return "unavailable"
