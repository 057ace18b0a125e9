"""OpenAI's chat completions, as the server.

Source: https://platform.openai.com/docs/api-reference/chat/streaming and …/guides/error-codes
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import msgspec

from genapp.providers.demo.replies import Ask, Invalid, Refusal
from genapp.providers.demo.script import read_script
from genapp.providers.demo.tokens import count

if TYPE_CHECKING:
    from genapp.providers.demo.replies import Json, Reason

FINISH_REASONS = {"stop": "stop", "length": "length", "filter": "content_filter"}

# fault: status, type, code, message. A fault that is not here is a 5xx.
REFUSALS: dict[str, tuple[int, str, str | None, str]] = {
    "400": (400, "invalid_request_error", None, "Invalid value for 'messages'."),
    "401": (401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided: {secret}."),
    "402": (402, "billing_error", "billing_not_active", "Your account is not active."),
    "403": (403, "invalid_request_error", "unsupported_country", "Country or region not supported."),
    "404": (404, "invalid_request_error", "model_not_found", "The model `{model}` does not exist."),
    "408": (408, "timeout", None, "The request timed out."),
    "409": (409, "invalid_request_error", None, "The resource was updated by another process."),
    "413": (413, "invalid_request_error", None, "Request too large."),
    "422": (422, "invalid_request_error", None, "Unable to process the request."),
    "429": (429, "requests", "rate_limit_exceeded", "Rate limit reached for {model}: Limit 3, Used 3."),
    "quota": (429, "insufficient_quota", "insufficient_quota", "You exceeded your current quota."),
    "context": (
        400,
        "invalid_request_error",
        "context_length_exceeded",
        "This model's maximum context length is 8192 tokens.",
    ),
    "policy": (400, "invalid_request_error", "content_policy_violation", "Your request was rejected."),
    "nousage": (400, "invalid_request_error", "unknown_parameter", "Unknown parameter: 'stream_options'."),
    "503": (503, "service_unavailable", None, "The engine is currently overloaded, please try again later."),
}


def read(body: Json, secret: str) -> Ask:
    """The request in `body`. Raises `Invalid`."""
    model, messages = body.get("model"), body.get("messages")
    if not isinstance(model, str) or not model:
        raise Invalid("you must provide a model parameter")
    if not isinstance(messages, list) or not messages:
        raise Invalid("[] is too short - 'messages'")
    turns = [(str(message["role"]), text_of(message.get("content"))) for message in messages]
    script, prompt = read_script(model, turns[-1][1])
    options = body.get("stream_options") or {}
    return Ask(
        model=model,
        turns=turns,
        prompt=prompt,
        script=script,
        limit=body.get("max_completion_tokens") or body.get("max_tokens"),
        streams=bool(body.get("stream")),
        wants_usage=bool(options.get("include_usage")),
        secret=secret,
    )


def text_of(content: Any) -> str:
    """A turn's text: a string, or a list of parts."""
    if isinstance(content, list):
        return "".join(part.get("text") or "" for part in content)
    return content or ""


class ChatWire:
    """One reply."""

    def __init__(self, ask: Ask, number: int) -> None:
        self._ask = ask
        self._id = f"chatcmpl-demo{number:08d}"
        self._created = int(time.time())
        self._input_tokens = sum(count(text) + 4 for _, text in ask.turns)

    def headers(self) -> dict[str, str]:
        return {"x-request-id": f"req_{self._id}", "openai-version": "2020-10-01", "openai-processing-ms": "12"}

    def refusal(self, fault: str) -> Refusal:
        status, kind, code, message = REFUSALS.get(
            fault, (int(fault) if fault.isdigit() else 500, "server_error", None, "The server had an error.")
        )
        said = message.format(model=self._ask.model, secret=self._ask.secret)
        body = {"error": {"message": said, "type": kind, "param": None, "code": code}}
        waits = {"retry-after": "1", "retry-after-ms": "700"} if fault in ("429", "503") else {}
        return Refusal(status, body, {**self.headers(), **waits})

    def opening(self) -> bytes:
        return self._chunk({"role": "assistant", "content": "", "refusal": None})

    def token(self, text: str) -> bytes:
        return self._chunk({"content": text})

    def closing(self, reason: Reason, output_tokens: int) -> bytes:
        finish = self._chunk({}, FINISH_REASONS[reason])
        if not self._ask.wants_usage:
            return finish + b"data: [DONE]\n\n"
        last = self._envelope([]) | {"usage": self._usage(output_tokens)}
        return finish + _event(last) + b"data: [DONE]\n\n"

    def broken(self, *, overloaded: bool) -> bytes:
        message = "The model is overloaded." if overloaded else "The server had an error."
        return _event({"error": {"message": message, "type": "server_error", "param": None, "code": None}})

    def whole(self, text: str, reason: Reason, output_tokens: int) -> Json:
        message: Json = {"role": "assistant", "content": text, "refusal": None, "annotations": []}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": FINISH_REASONS[reason]}
        usage = self._usage(output_tokens)
        return self._envelope([choice]) | {"object": "chat.completion", "usage": usage}

    def _chunk(self, delta: Json, finish_reason: str | None = None) -> bytes:
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish_reason}
        envelope = self._envelope([choice])
        return _event(envelope | {"usage": None} if self._ask.wants_usage else envelope)

    def _envelope(self, choices: list[Json]) -> Json:
        return {
            "id": self._id,
            "object": "chat.completion.chunk",
            "created": self._created,
            "model": self._ask.model,
            "service_tier": "default",
            "system_fingerprint": "fp_demo",
            "choices": choices,
        }

    def _usage(self, output_tokens: int) -> Json:
        return {
            "prompt_tokens": self._input_tokens,
            "completion_tokens": output_tokens,
            "total_tokens": self._input_tokens + output_tokens,
            "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
            "completion_tokens_details": {"reasoning_tokens": 0, "audio_tokens": 0},
        }


def _event(data: Json) -> bytes:
    return b"data: " + msgspec.json.encode(data) + b"\n\n"
