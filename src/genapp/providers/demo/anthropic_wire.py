"""Anthropic's messages, as the server.

Source: https://docs.anthropic.com/en/api/messages-streaming and …/api/errors
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from genapp.providers.demo.openai_wire import text_of
from genapp.providers.demo.replies import Ask, Invalid, Refusal
from genapp.providers.demo.script import read_script
from genapp.providers.demo.tokens import count

if TYPE_CHECKING:
    from genapp.providers.demo.replies import Json, Reason

STOP_REASONS = {"stop": "end_turn", "length": "max_tokens", "filter": "refusal"}

# fault: status, type, message. A fault that is not here is a 5xx.
REFUSALS: dict[str, tuple[int, str, str]] = {
    "400": (400, "invalid_request_error", "messages: at least one message is required"),
    "401": (401, "authentication_error", "invalid x-api-key: {secret}"),
    "402": (402, "billing_error", "There is an issue with your payment information."),
    "403": (403, "permission_error", "Your API key does not have permission to use the resource."),
    "404": (404, "not_found_error", "model: {model}"),
    "408": (408, "timeout_error", "The request timed out."),
    "409": (409, "conflict_error", "The request conflicts with another one."),
    "413": (413, "request_too_large", "Request exceeds the maximum allowed number of bytes."),
    "422": (422, "invalid_request_error", "The request cannot be processed."),
    "429": (429, "rate_limit_error", "This request would exceed your rate limit of 50 requests per minute."),
    "quota": (400, "invalid_request_error", "Your credit balance is too low to access the Anthropic API."),
    "context": (400, "invalid_request_error", "prompt is too long: 210000 tokens > 200000 maximum"),
    "policy": (400, "invalid_request_error", "Output blocked by content filtering policy: content_policy"),
    "504": (504, "timeout_error", "The request timed out while processing."),
    "529": (529, "overloaded_error", "Overloaded"),
}


def read(body: Json, secret: str) -> Ask:
    """The request in `body`. Raises `Invalid`."""
    for field in ("model", "max_tokens", "messages"):
        if not body.get(field):
            raise Invalid(f"{field}: Field required")
    turns = [(str(message["role"]), text_of(message.get("content"))) for message in body["messages"]]
    if turns[0][0] != "user":
        raise Invalid("messages: first message must use the user role")
    if not all(text.strip() for _, text in turns):
        raise Invalid("messages: text content blocks must be non-empty")
    model = body["model"]
    script, prompt = read_script(model, turns[-1][1])
    system = [("system", text_of(body["system"]))] if body.get("system") else []
    return Ask(
        model=model,
        turns=system + turns,
        prompt=prompt,
        script=script,
        limit=body["max_tokens"],
        streams=bool(body.get("stream")),
        wants_usage=False,  # it tells it anyway
        secret=secret,
    )


class MessageWire:
    """One reply."""

    def __init__(self, ask: Ask, number: int) -> None:
        self._ask = ask
        self._number = number
        self._input_tokens = sum(count(text) + 4 for _, text in ask.turns)

    def headers(self) -> dict[str, str]:
        return {"request-id": f"req_demo{self._number:08d}", "anthropic-organization-id": "demo"}

    def refusal(self, fault: str) -> Refusal:
        status, kind, message = REFUSALS.get(
            fault, (int(fault) if fault.isdigit() else 500, "api_error", "Internal server error")
        )
        said = message.format(model=self._ask.model, secret=self._ask.secret)
        body = {"type": "error", "error": {"type": kind, "message": said}, "request_id": "req_demo"}
        waits = {"retry-after": "1"} if fault in ("429", "529") else {}
        return Refusal(status, body, {**self.headers(), **waits})

    def opening(self) -> bytes:
        message = self._message([], None, 1)
        block = {"type": "text", "text": ""}
        return (
            _event({"type": "message_start", "message": message})
            + _event({"type": "content_block_start", "index": 0, "content_block": block})
            + _event({"type": "ping"})
        )

    def token(self, text: str) -> bytes:
        delta = {"type": "text_delta", "text": text}
        return _event({"type": "content_block_delta", "index": 0, "delta": delta})

    def closing(self, reason: Reason, output_tokens: int) -> bytes:
        delta = {"stop_reason": STOP_REASONS[reason], "stop_sequence": None}
        usage = {"output_tokens": output_tokens}
        return (
            _event({"type": "content_block_stop", "index": 0})
            + _event({"type": "message_delta", "delta": delta, "usage": usage})
            + _event({"type": "message_stop"})
        )

    def broken(self, *, overloaded: bool) -> bytes:
        kind, message = ("overloaded_error", "Overloaded") if overloaded else ("api_error", "Internal error")
        return _event({"type": "error", "error": {"type": kind, "message": message}})

    def whole(self, text: str, reason: Reason, output_tokens: int) -> Json:
        return self._message([{"type": "text", "text": text}], STOP_REASONS[reason], output_tokens)

    def _message(self, content: list[Json], stop_reason: str | None, output_tokens: int) -> Json:
        return {
            "id": f"msg_demo{self._number:08d}",
            "type": "message",
            "role": "assistant",
            "model": self._ask.model,
            "content": content,
            "stop_reason": stop_reason,
            "stop_sequence": None,
            "usage": {
                "input_tokens": self._input_tokens,
                "cache_creation_input_tokens": 0,
                "cache_read_input_tokens": 0,
                "output_tokens": output_tokens,
                "service_tier": "standard",
            },
        }


def _event(data: Json) -> bytes:
    kind: str = data["type"]
    return b"event: " + kind.encode() + b"\ndata: " + msgspec.json.encode(data) + b"\n\n"
