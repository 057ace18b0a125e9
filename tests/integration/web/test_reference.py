"""The page that describes the API: all of it is there, and its commands do what they say."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
from html import unescape
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.integration.web.callers import Caller, with_token
from tests.integration.web.conftest import HTML, JSON
from tests.programs import program

if TYPE_CHECKING:
    from tests.integration.web.conftest import Visitor
    from tests.running import App

# Those that the page gives a program with a token, and what has to stand for the words in capitals.
COMMANDS = [
    *("create_generation", "get_generation", "cancel_generation", "retry_generation", "get_conversation"),
    *("list_conversations", "list_recent_conversations", "list_generations", "follow_streams"),
    *("delete_generation", "delete_conversation_by_form"),
]


def sections(page: str) -> dict[str, str]:
    """The operations of the page by their ids."""
    pieces = re.split(r'<article class="reference__operation" id="([\w.-]+)"', page)
    return dict(zip(pieces[1::2], pieces[2::2], strict=True))


@pytest.fixture(scope="module")
def page(app: App) -> str:
    answer = httpx.get(f"{app.url}/docs/api", headers=HTML, timeout=20)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    return answer.text


def test_every_operation_and_every_object_is_on_the_page_and_every_link_in_it_leads_somewhere(
    app: App, page: str
) -> None:
    document = httpx.get(f"{app.url}/openapi.json", timeout=20).json()
    described = {
        one["operationId"]: (method.upper(), path)
        for path, methods in document["paths"].items()
        for method, one in methods.items()
    }
    found = sections(page)
    for name, (method, path) in described.items():
        assert f"<b>{method}</b> {path}" in found[name], name
    for name in document["components"]["schemas"]:
        assert f'id="schema-{name}"' in page
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(ids)
    assert "generation.completed, generation.failed, generation.cancelled" in page


def test_the_page_says_the_same_as_the_document_about_a_field(page: str) -> None:
    asking = sections(page)["create_generation"]
    assert "string of 1 to 32,000 characters" in asking
    assert '<a href="#schema-Generation">Generation</a>' in asking
    assert "An API token that may generate, a browser&#39;s session or anybody." in asking


@pytest.mark.parametrize("name", COMMANDS)
async def test_a_command_does_what_it_says(app: App, page: str, name: str) -> None:
    curl = program("curl")
    caller = await asyncio.to_thread(with_token, app)
    found = re.search(r"<pre[^>]*><code>(curl .*?)</code></pre>", sections(page)[name], re.DOTALL)
    assert found
    command = unescape(found[1]).replace("Bearer genapp_…", caller.headers["Authorization"])
    for word, value in (await _words(app, caller)).items():
        command = command.replace(word, value)
    assert "…" not in command
    words = [curl, "-s", "-w", "\n%{http_code}", *shlex.split(command.replace("\\\n", " "))[1:]]
    ran = await asyncio.create_subprocess_exec(*words, stdout=asyncio.subprocess.PIPE)
    said, _ = await asyncio.wait_for(ran.communicate(), 20)
    body, _, status = said.decode().rpartition("\n")
    assert status in ("200", "201", "204"), body
    if name == "follow_streams":
        assert "event: done" in body
    elif status != "204":
        assert json.loads(body)


async def _words(app: App, caller: Caller) -> dict[str, str]:
    async with httpx.AsyncClient(base_url=app.url, headers={**JSON, **caller.headers}, timeout=20) as http:
        asked = (await http.post("/generations", json={"prompt": "[demo: echo] hello", "wait": "false"})).json()
    stream = re.search(r"stream=([^&]+)", asked["stream_url"])
    assert stream
    return {
        "GENERATION_ID": caller.own["generation_id"],
        "CONVERSATION_ID": caller.own["conversation_id"],
        "STREAM": stream[1],
    }


async def test_it_is_found_from_where_tokens_are_made(account: Visitor) -> None:
    assert 'href="/docs/api"' in (await account.http.get("/account", headers=HTML)).text
    page = await account.http.get("/docs/api", headers=HTML)
    assert "Your API tokens" in page.text
    assert "<script>" not in page.text
    assert " style=" not in page.text
