"""What a page of the same site does with nothing but the browser's own EventSource."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.system.test_conversing import COUNTED, excuse

if TYPE_CHECKING:
    from tests.running import App
    from tests.system.conftest import OpenPage

# Asks as JSON, then follows, and closes nothing: it has to come to its end by itself.
FOLLOW = """async prompt => {
  const answer = await fetch("/generations", {
    method: "POST",
    headers: {"Content-Type": "application/json", "Accept": "application/json"},
    body: JSON.stringify({prompt, model: "openai:demo"}),
  });
  window.seen = {text: "", ends: 0, opened: 0};
  window.source = new EventSource((await answer.json()).stream_url);
  source.onopen = () => { seen.opened += 1; };
  source.onmessage = ({data}) => {
    const message = JSON.parse(data);
    if (message.type === "chunk") seen.text += message.content;
    else if (message.content !== undefined) seen.text = message.content;
    if (message.type === "complete") seen.ends += 1;
  };
}"""


async def test_an_event_source_has_the_whole_answer_once_though_the_server_restarts_and_then_stops_for_good(
    open_page: OpenPage, app: App
) -> None:
    page = await open_page()
    await page.evaluate(FOLLOW, "[demo: ttft50 tps25 n200] count")
    await page.wait_for_function("() => seen.text.split(' ').length > 20")
    await asyncio.to_thread(app.stop, "web")
    app.start("web", "web")
    await asyncio.to_thread(app.wait_until_ready)
    await page.wait_for_function("() => source.readyState === EventSource.CLOSED")
    seen = await page.evaluate("() => seen")
    assert seen["text"].split() == COUNTED
    assert seen["ends"] == 1
    assert seen["opened"] >= 2
    excuse(open_page, "ERR_CONNECTION_REFUSED", "ERR_INCOMPLETE_CHUNKED_ENCODING", "ERR_EMPTY_RESPONSE")
