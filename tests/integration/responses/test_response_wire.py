"""The bytes of a response: what its JSON and its events are, to a program that does not use the SDK."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from openai import BaseModel
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

if TYPE_CHECKING:
    from tests.integration.responses.conftest import Program

EVENT = re.compile(r"event: (?P<event>[a-z_.]+)\ndata: (?P<data>\{[^\n]*\})")
a_response = TypeAdapter(Response)
an_event: TypeAdapter[Any] = TypeAdapter(ResponseStreamEvent)


def unknown(value: Any, path: str = "") -> list[str]:
    """What the SDK's types do not have."""
    if isinstance(value, BaseModel):
        own = [f"{path}.{name}" for name in value.model_extra or {}]
        return own + [
            name for field in type(value).model_fields for name in unknown(getattr(value, field), f"{path}.{field}")
        ]
    if isinstance(value, list):
        return [name for one in value for name in unknown(one, f"{path}[]")]
    return []


def events_in(wire: str) -> list[Any]:
    """The events of a stream, each strictly of its type."""
    blocks = wire.removesuffix("\n\n").split("\n\n")
    assert blocks[0] == ": hb"
    events = []
    for block in blocks:
        if block == ": hb":
            continue
        match = EVENT.fullmatch(block)
        assert match, block
        event = an_event.validate_json(match["data"], strict=True)
        assert event.type == match["event"]
        events.append(event)
    return events


@pytest.mark.parametrize(
    ("prompt", "last"),
    [
        ("[demo: echo] one\u2028two\x85three \U0001f642", "response.completed"),
        ("[demo: length n20] x", "response.incomplete"),
        ("[demo: 400] x", "response.failed"),
    ],
)
async def test_events_and_responses_are_strictly_what_the_sdks_types_say(
    program: Program, prompt: str, last: str
) -> None:
    headers = {"Authorization": f"Bearer {program.token}"}
    async with httpx.AsyncClient(base_url=f"{program.app.url}/v1", headers=headers, timeout=20) as http:
        asked = {"model": "openai:demo-fast", "input": prompt, "instructions": "Be brief.", "metadata": {"a": "b"}}
        made = await http.post("/responses", json={**asked, "stream": True})
        assert made.headers["content-type"] == "text/event-stream; charset=utf-8"
        assert made.headers["cache-control"] == "no-store"
        assert "set-cookie" not in made.headers
        events = events_in(made.text)
        assert "\n".join(made.text.splitlines()) + "\n" == made.text  # no other line end on its way
        found = await http.get(f"/responses/{events[0].response.id}")
        head = await http.head(f"/responses/{events[0].response.id}", params={"stream": "true"})
        waited = await http.post("/responses", json=asked)
        queued = await http.post("/responses", json={**asked, "background": True})
    assert events[-1].type == last
    for event in events:
        assert unknown(event) == []
    assert events[-1].response == a_response.validate_json(found.content, strict=True)
    assert found.headers["content-type"] == head.headers["content-type"] == "application/json"  # HEAD streams nothing
    for answer in (found, waited, queued):
        assert answer.status_code == 200
        assert unknown(a_response.validate_json(answer.content, strict=True)) == []
    if last == "response.completed":
        assert a_response.validate_json(waited.content).output_text == "one\u2028two\x85three \U0001f642"


async def test_a_silent_model_is_bridged_by_comments_that_no_client_takes_for_an_event(program: Program) -> None:
    headers = {"Authorization": f"Bearer {program.token}"}
    asked = {"model": "openai:demo", "input": "[demo: ttft1000 n3] x", "stream": True}
    async with httpx.AsyncClient(headers=headers, timeout=20) as http:
        made = await http.post(f"{program.other.url}/v1/responses", json=asked)
    assert made.text.count(": hb\n\n") > 2
    assert events_in(made.text)[-1].response.output_text == "word0 word1 word2"
