"""A conversation that is shared, for who shares it and for whoever has the link."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.integration.web.conftest import HTML, JSON, LONG, Visitor, cut, watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.web.conftest import Sql


async def share(visitor: Visitor, conversation_id: str, **fields: str) -> str:
    """Share a conversation, as JSON; gives the link's path."""
    answer = await visitor.http.post(f"/conversations/{conversation_id}/share", json=fields, headers=JSON)
    assert answer.status_code == 201, answer.text
    assert answer.headers["location"] == answer.json()["url"]
    return str(answer.json()["url"])


def stream_in(page: str) -> str:
    """The address of a page's stream."""
    found = re.search(r'hx-sse:connect="([^"]+)"', page)
    assert found, page
    return unescape(found[1])


@pytest.mark.parametrize("guest", [True, False], ids=["a guest", "an account"])
async def test_whoever_has_the_link_reads_the_conversation_and_nothing_else(
    visitors: Callable[[], Visitor], guest: bool
) -> None:
    owner = await visitors().arrive()
    if not guest:
        await owner.sign_up()
    asked = await owner.submit("[demo: echo] **shared** words", model="openai:demo-fast")
    other = await owner.submit("[demo: echo] private words", model="openai:demo-fast")
    for one in (asked, other):
        await owner.until(one["id"], "completed")
    answer = await owner.post_form(f"/conversations/{asked['conversation_id']}/share", expires="week")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/conversations/{asked['conversation_id']}#share")
    page = (await owner.http.get(answer.headers["location"], headers=HTML)).text
    link = re.search(r'id="share_url"[^>]* value="([^"]+)"', page)
    assert link
    assert "The link works until " in page

    reader = visitors()
    shared = await reader.http.get(urlsplit(link[1]).path, headers=HTML)
    assert shared.status_code == 200
    assert "<strong>shared</strong> words" in shared.text
    assert "private words" not in shared.text
    assert owner.email == "" or owner.email not in shared.text
    assert asked["conversation_id"] not in shared.text
    assert "<form" not in shared.text
    assert shared.headers["x-robots-tag"] == "noindex"
    assert shared.headers["referrer-policy"] == "same-origin"
    assert shared.headers["cache-control"] == "no-store"
    for path in (f"/conversations/{asked['conversation_id']}", asked["url"]):
        assert (await reader.http.get(path, headers=HTML)).status_code == 404


async def test_a_program_reads_it_too_and_learns_nothing_of_whose_it_is(
    visitor: Visitor, visitors: Callable[[], Visitor]
) -> None:
    asked = await visitor.submit("[demo: echo] hello", model="openai:demo-fast")
    await visitor.until(asked["id"], "completed")
    path = await share(visitor, asked["conversation_id"])
    body = (await visitors().http.get(path, headers=JSON)).json()
    assert set(body) == {"title", "updated_at", "generations"}
    assert body["generations"] == [
        {"status": "completed", "model": "openai:demo-fast", "prompt": "[demo: echo] hello", "content": "hello"}
    ]


async def test_an_answer_in_progress_is_read_live_to_its_end_with_the_link_alone(
    visitor: Visitor, visitors: Callable[[], Visitor]
) -> None:
    asked = await visitor.submit("count", model=LONG)
    path = await share(visitor, asked["conversation_id"])
    page = (await visitors().http.get(path, headers=HTML)).text
    url = stream_in(page)
    token = path.removeprefix("/shared/")
    assert url.startswith(f"/shared/streams?share={token}&")
    events = await visitors().events(url)
    assert events[-1][1] == "done"
    assert any("word199" in data for _, _, data in events)
    # What was signed for readers is not good at the owners' address, nor what was signed for the owner at the readers'.
    signed = urlsplit(url).query.partition("&")[2]
    assert (await visitors().http.get(f"/streams?{signed}")).status_code == 404
    mine = urlsplit(asked["stream_url"]).query
    assert (await visitors().http.get(f"/shared/streams?share={token}&{mine}")).status_code == 404
    other = await visitor.submit("[demo: echo] another", model="openai:demo-fast")
    foreign = (await share(visitor, other["conversation_id"])).removeprefix("/shared/")
    assert (await visitors().http.get(f"/shared/streams?share={foreign}&{signed}")).status_code == 404


async def test_who_stops_sharing_closes_the_link_and_what_is_read_along(
    visitor: Visitor, visitors: Callable[[], Visitor]
) -> None:
    asked = await visitor.submit("count", model=LONG)
    path = await share(visitor, asked["conversation_id"])
    reader = visitors()
    url = stream_in((await reader.http.get(path, headers=HTML)).text)
    stream = await watch(reader, url)
    answer = await visitor.post_form(f"/conversations/{asked['conversation_id']}/share/revocation")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/conversations/{asked['conversation_id']}")
    await cut(stream)
    assert (await reader.http.get(path, headers=HTML)).status_code == 404
    assert (await reader.http.get(url)).status_code == 404
    again = await visitor.post_form(f"/conversations/{asked['conversation_id']}/share/revocation", JSON)
    assert again.status_code == 204
    assert (await visitor.until(asked["id"], "completed"))["status"] == "completed"  # the owner's goes on
    new = await share(visitor, asked["conversation_id"])
    assert new != path
    assert (await reader.http.get(path, headers=HTML)).status_code == 404
    assert (await reader.http.get(new, headers=HTML)).status_code == 200


async def test_a_link_works_for_as_long_as_was_said(visitor: Visitor, sql: Sql) -> None:
    asked = await visitor.submit("[demo: echo] hello", model="openai:demo-fast")
    path = await share(visitor, asked["conversation_id"], expires="day")
    assert await share(visitor, asked["conversation_id"], expires="month") == path
    token = path.rsplit("/", 1)[1]
    days = await sql.fetchval("SELECT expires_at - now() FROM shares WHERE token = $1", token)
    assert 29 < days.total_seconds() / 86_400 < 30
    await sql.execute("UPDATE shares SET expires_at = now() - interval '1 second' WHERE token = $1", token)
    assert (await visitor.http.get(path, headers=HTML)).status_code == 404
    page = await visitor.http.get(f"/conversations/{asked['conversation_id']}", headers=HTML)
    assert "Make a link" in page.text
    assert path not in page.text
    assert await share(visitor, asked["conversation_id"]) != path


async def test_nobody_shares_what_is_not_theirs(visitor: Visitor, visitors: Callable[[], Visitor]) -> None:
    asked = await visitor.submit("[demo: echo] hello", model="openai:demo-fast")
    stranger = await visitors().arrive()
    path = await share(visitor, asked["conversation_id"])
    for verb in ("share", "share/revocation"):
        answer = await stranger.post_form(f"/conversations/{asked['conversation_id']}/{verb}", JSON)
        assert answer.status_code == 404
    assert (await stranger.http.get(path)).status_code == 200
    refused = await visitor.post_form(f"/conversations/{asked['conversation_id']}/share", JSON, expires="for ever")
    assert (refused.status_code, refused.json()["field"]) == (422, "expires")
    for wrong in ("/shared/x", f"{path}x", path[:-1]):
        assert (await stranger.http.get(wrong, headers=HTML)).status_code == 404


async def test_what_is_asked_later_in_a_shared_conversation_is_shared_and_a_link_goes_along_into_an_account(
    visitor: Visitor, visitors: Callable[[], Visitor]
) -> None:
    asked = await visitor.submit("[demo: echo] first", model="openai:demo-fast")
    await visitor.until(asked["id"], "completed")
    page = (await visitor.http.get(f"/conversations/{asked['conversation_id']}", headers=HTML)).text
    assert "and what is added later when they open it again" in page
    path = await share(visitor, asked["conversation_id"])
    page = " ".join((await visitors().http.get(path, headers=HTML)).text.split())
    assert "Reload the page to see what was asked since." in page
    assert "hx-sse:connect" not in page  # nothing is under way, so nothing is kept open
    known = await (await visitors().arrive()).sign_up()
    await visitor.log_in(known.email)
    later = await visitor.submit(
        "[demo: echo] second", model="openai:demo-fast", conversation_id=asked["conversation_id"]
    )
    await visitor.until(later["id"], "completed")
    body = (await visitors().http.get(path, headers=JSON)).json()
    assert [one["content"] for one in body["generations"]] == ["first", "second"]
