"""One trace shows the whole way of a prompt, over the web process and the worker."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from tests.integration.web.conftest import JSON
from tests.running import GENAPP, eventually

if TYPE_CHECKING:
    from tests.integration.observing.collecting import Collector, Seen
    from tests.integration.web.conftest import Visitor
    from tests.running import App

PROMPT = "[demo: 500x1 n5] the heron by the weir"


async def traced(collector: Collector, visitor: Visitor, trace_id: str, prompt: str) -> dict[str, list[Seen]]:
    """Ask for something within a trace that somebody before us has begun; gives its spans by their name."""
    headers = {**JSON, "traceparent": f"00-{trace_id}-00f067aa0ba902b7-01"}
    fields = {"prompt": prompt, "model": "openai:demo-fast"}
    answer = await visitor.http.post("/generations", json=fields, headers=headers)
    await visitor.until(answer.json()["id"], "completed", "failed")

    async def all_there() -> bool:
        return {"POST /generations", "generation"} <= {one.span.name for one in collector.trace(trace_id)}

    await eventually(all_there)
    spans: dict[str, list[Seen]] = {}
    for one in sorted(collector.trace(trace_id), key=lambda seen: seen.span.start_time_unix_nano):
        spans.setdefault(one.span.name, []).append(one)
    return spans


async def test_the_way_of_a_prompt_is_one_trace_from_the_request_to_the_last_frame(
    collector: Collector, visitor: Visitor
) -> None:
    spans = await traced(collector, visitor, "4bf92f3577b34da6a3ce929d0e0e4736", PROMPT)
    (request,), (working,) = spans["POST /generations"], spans["generation"]
    assert request.span.parent_span_id.hex() == "00f067aa0ba902b7"
    assert request.attributes["http.response.status_code"] == 201
    assert (request.service, working.service) == ("genapp-web", "genapp-worker")
    children = {
        "enqueue": request,
        "wait in the queue": request,
        "generation": request,
        "claim": working,
        "chat demo-fast": working,
        "finish": working,
        "publish the end": working,
    }
    assert {*children, "POST /generations"} == spans.keys()
    for name, parent in children.items():
        assert {one.span.parent_span_id for one in spans[name]} == {parent.span.span_id}, name
    order = [spans[name][-1].span for name in ("wait in the queue", "claim", "chat demo-fast", "finish")]
    for earlier, later in zip(order, [*order[1:], spans["publish the end"][0].span], strict=True):
        assert earlier.end_time_unix_nano <= later.end_time_unix_nano
    assert working.attributes["genapp.status"] == "completed"


async def test_a_try_that_failed_is_a_span_of_its_own_and_none_has_what_was_said(
    collector: Collector, visitor: Visitor
) -> None:
    spans = await traced(collector, visitor, "0af7651916cd43dd8448eb211c80319c", f"{PROMPT}!")
    failed, answered = spans["chat demo-fast"]
    assert failed.attributes["error.type"] == "unavailable"
    assert [event.name for event in failed.span.events] == []
    assert [event.name for event in answered.span.events] == ["first token"]
    assert answered.attributes["gen_ai.usage.output_tokens"] == 5
    assert answered.attributes["gen_ai.provider.name"] == "openai"
    for word in (b"heron", b"weir", b"word0", b"sk-test", visitor.cookie.encode()):
        assert not [body for body in collector.raw if word in body]


def test_traces_that_cannot_be_sent_stop_the_start_with_what_to_do(app: App) -> None:
    env = {**app.env, "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}
    ended = subprocess.run([*GENAPP, "worker"], env=env, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    assert "OTEL_EXPORTER_OTLP_PROTOCOL must be http/protobuf" in ended.stderr
