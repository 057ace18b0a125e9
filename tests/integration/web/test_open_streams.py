"""How much somebody may keep open at once, whatever it is that they open."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import httpx
import pytest

from genapp.web.openings import Openings, TooMany, counted_for_address
from tests.cable import connected
from tests.integration.web.conftest import HTML, JSON, Visitor, watch
from tests.integration.web.test_sharing import share, stream_in
from tests.running import App, eventually, running_app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

STALLED = "[demo: stall] x"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """An app that keeps three connections open for a user, and four for an address."""
    settings = {"GENAPP_STREAMS_PER_USER": "3", "GENAPP_STREAMS_PER_ADDRESS": "4", "GENAPP_MAX_IN_FLIGHT_PER_USER": "9"}
    with running_app(tmp_path_factory.mktemp("streams"), **settings) as running:
        yield running


def is_refused(answer: httpx.Response) -> bool:
    """Whether it is one too many, told in the client's shape."""
    if answer.status_code != 429:
        return False
    assert int(answer.headers["retry-after"]) > 0
    assert "which is the limit. Close one of them." in answer.text
    return True


async def let_go(streams: list[asyncio.Task[str]]) -> None:
    for stream in streams:
        stream.cancel()
    await asyncio.gather(*streams, return_exceptions=True)


async def until_room(visitor: Visitor, url: str) -> None:
    """Wait until the server has noticed that a stream is gone, and opens another one."""

    async def opened() -> bool:
        async with visitor.http.stream("GET", url) as answer:
            return answer.status_code == 200

    await eventually(opened)


async def test_a_user_has_so_many_streams_open_and_another_when_one_is_closed(account: Visitor) -> None:
    url = (await account.submit(STALLED))["stream_url"]
    streams = [await watch(account, url) for _ in range(3)]
    refused = await account.http.get(url, headers=JSON)
    assert is_refused(refused)
    assert refused.json()["code"] == "too_many"
    assert is_refused(await account.http.get(url, headers=HTML))
    await let_go(streams[:1])
    await until_room(account, url)
    await let_go(streams[1:])


async def test_pages_and_programs_and_the_cable_count_together(app: App, account: Visitor) -> None:
    asked = await account.submit(STALLED)
    token = (await account.http.post("/account/tokens", json={"name": "s"}, headers=JSON)).json()["token"]
    bearer = {"Authorization": f"Bearer {token}"}
    script = Visitor(httpx.AsyncClient(base_url=app.url, timeout=20, headers=bearer))
    streams = [await watch(account, asked["stream_url"]), await watch(script, asked["stream_url"])]
    async with AsyncExitStack() as stack:
        stack.push_async_callback(script.http.aclose)

        async def first_words() -> tuple[str, str, bool]:
            cable = await stack.enter_async_context(connected(f"{app.url}/cable", headers=bearer))
            heard = await cable.hear()
            return heard["type"], heard.get("reason", ""), heard.get("reconnect", True)

        assert await first_words() == ("welcome", "", True)
        assert await first_words() == ("disconnect", "too_many_connections", True)
        assert is_refused(await account.http.get(asked["stream_url"], headers=JSON))
        await let_go(streams)


async def test_guests_and_readers_of_shared_links_count_for_their_address_and_accounts_do_not(
    visitor: Visitor, visitors: Callable[[], Visitor]
) -> None:
    asked = await visitor.submit(STALLED)
    path = await share(visitor, asked["conversation_id"])
    url = stream_in((await visitors().http.get(path, headers=HTML)).text)
    streams = [await watch(visitor, asked["stream_url"]) for _ in range(2)]
    streams += [await watch(visitors(), url) for _ in range(2)]
    assert is_refused(await visitors().http.get(url, headers=HTML))
    other = await visitors().arrive()
    assert is_refused(await other.http.get((await other.submit(STALLED))["stream_url"], headers=JSON))
    account = await (await visitors().arrive()).sign_up()
    streams.append(await watch(account, (await account.submit(STALLED))["stream_url"]))
    await let_go(streams)


async def test_an_admin_has_so_many_of_others_answers_open(admin: Visitor, visitor: Visitor) -> None:
    asked = await visitor.submit(STALLED)
    url = stream_in((await admin.http.get(f"/admin/generations/{asked['id']}", headers=HTML)).text)
    streams = [await watch(admin, url) for _ in range(3)]
    assert is_refused(await admin.http.get(url, headers=JSON))
    await visitor.post_form("/account/deletion", confirm="yes")
    for stream in streams:
        await stream


def test_what_is_refused_or_over_counts_no_more() -> None:
    openings = Openings(per_user=1, per_address=0)
    for names in (("user:1",), ("user:1", *counted_for_address("192.0.2.1"))):
        with openings.one_more(names):
            with pytest.raises(TooMany), openings.one_more(names):
                pass
            with openings.one_more(("user:2",)):
                pass
    assert not openings._open
