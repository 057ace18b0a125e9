"""Who may connect: by a cookie from a page of this site, by a token in a header, by a ticket from anywhere."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from genapp.web.cable.tickets import Tickets
from genapp.web.sessions import Sessions
from tests.cable import Cable, connected, identifier
from tests.integration.web.cable.conftest import COUNT, cookie_of
from tests.integration.web.conftest import JSON, Visitor
from tests.integration.web.test_api_tokens import make, program

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.web.cable.conftest import Connect
    from tests.running import App

ELSEWHERE = "https://elsewhere.example"
REFUSED = ("unauthorized", False, 1000)


async def ticket_for(visitor: Visitor, **fields: str) -> str:
    answer = await visitor.http.post("/cable/tickets", json=fields, headers=JSON)
    assert answer.status_code == 201, answer.text
    assert answer.json()["expires_in"] == 60
    return str(answer.json()["url"])


async def welcome(cable: Cable) -> None:
    assert (await cable.hear())["type"] == "welcome"


@pytest.mark.parametrize("origin", [ELSEWHERE, "null", None, "http://127.0.0.1", "http://[::1"])
async def test_a_cookie_opens_nothing_for_a_page_of_another_site(
    visitor: Visitor, app: App, origin: str | None
) -> None:
    await visitor.submit("[demo: echo] mine", model="openai:demo-fast")
    async with connected(f"{app.url}/cable", headers=cookie_of(visitor), origin=origin) as cable:
        assert await cable.ending() == REFUSED


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Cookie": "genapp_session=forged"},
        {"Authorization": "Bearer genapp_unknown"},
        {"Authorization": "Bearer other"},
    ],
)
async def test_who_has_nothing_that_opens_is_told_so_and_not_to_come_back(app: App, headers: dict[str, str]) -> None:
    async with connected(f"{app.url}/cable", headers=headers, origin=app.url) as cable:
        assert await cable.ending() == REFUSED


async def test_a_token_opens_it_in_a_header_and_nowhere_else(account: Visitor, app: App) -> None:
    token = (await make(account, scope="generate"))["token"]
    async with connected(f"{app.url}/cable", headers={"Authorization": f"Bearer {token}"}) as cable:
        await welcome(cable)
    for query in ("token", "ticket", "jid"):
        async with connected(f"{app.url}/cable?{query}={token}") as cable:
            assert await cable.ending() == REFUSED


async def test_a_ticket_lets_a_page_of_any_site_in_as_who_asked_for_it(
    account: Visitor, visitors: Callable[[], Visitor]
) -> None:
    script = program(visitors, (await make(account, scope="generate"))["token"])
    generation = await account.submit("[demo: echo] hello", model="openai:demo-fast")
    for url in (await ticket_for(script), await ticket_for(account)):
        assert "genapp_" not in url
        async with connected(url, origin=ELSEWHERE) as cable:
            await welcome(cable)
            await cable.subscribe(identifier(generation["id"]))
            assert (await cable.until("complete"))[-1]["content"] == "hello"
            await cable.subscribe(identifier())
            await cable.perform(identifier(), "generate", prompt="[demo: echo] more", model="openai:demo-fast")
            assert (await cable.told())["type"] == "created"
            await cable.until("complete")
    assert len(await account.conversations()) == 3


async def test_a_guests_ticket_is_the_guests_and_one_to_read_does_not_ask(visitor: Visitor) -> None:
    generation = await visitor.submit("[demo: echo] hello", model="openai:demo-fast")
    async with connected(await ticket_for(visitor, scope="read"), origin=ELSEWHERE) as cable:
        await welcome(cable)
        await cable.subscribe(identifier(generation["id"]))
        await cable.until("complete")
        await cable.perform(identifier(generation["id"]), "generate", prompt="x")
        assert (await cable.told())["error"]["code"] == "forbidden"
    refused = await visitor.http.post("/cable/tickets", json={"scope": "all"}, headers=JSON)
    assert (refused.status_code, refused.json()["field"]) == (422, "scope")


async def test_another_sites_page_gets_no_ticket_by_a_visitors_cookie(visitor: Visitor) -> None:
    headers = {**JSON, "Origin": ELSEWHERE, "Sec-Fetch-Site": "cross-site"}
    assert (await visitor.http.post("/cable/tickets", json={}, headers=headers)).status_code == 403
    form = await visitor.http.post("/cable/tickets", data={"scope": "read"}, headers=JSON)
    assert form.status_code == 403


async def test_a_token_to_read_gets_no_ticket(account: Visitor, visitors: Callable[[], Visitor]) -> None:
    script = program(visitors, (await make(account, scope="read"))["token"])
    assert (await script.http.post("/cable/tickets", json={}, headers=JSON)).status_code == 403


async def test_an_expired_ticket_is_told_apart_from_one_that_never_was(visitor: Visitor, app: App) -> None:
    secret = app.env["SECRET_KEY"]
    known, _ = Sessions([secret]).read(visitor.cookie)
    scopes = frozenset({"read"})
    expired = Tickets([secret]).write(known, scopes, seconds=0)
    async with connected(f"{app.url}/cable?ticket={expired}") as cable:
        assert await cable.ending() == ("token_expired", False, 1000)
    generation = await visitor.submit("[demo: echo] x", model="openai:demo-fast")
    (stream,) = parse_qs(urlsplit(generation["stream_url"]).query)["stream"]
    good = Tickets([secret]).write(known, scopes)
    for odd in ("", "x", stream, good[:-2], Tickets(["another secret"]).write(known, scopes)):
        async with connected(f"{app.url}/cable?ticket={odd}", headers=cookie_of(visitor), origin=app.url) as cable:
            assert await cable.ending() == REFUSED, odd
    async with connected(f"{app.url}/cable?ticket={good}") as cable:
        await welcome(cable)


async def test_logging_out_closes_what_is_open_at_once(account: Visitor, connect: Connect) -> None:
    generation = await account.submit(COUNT, model="openai:demo")
    busy, idle = await connect(account), await connect(account)
    await busy.subscribe(identifier(generation["id"]))
    by_ticket = connected(await ticket_for(account), origin=ELSEWHERE)
    async with by_ticket as third:
        await welcome(third)
        await account.log_out()
        async with asyncio.timeout(5):
            endings = [await one.ending() for one in (busy, idle, third)]
    assert endings == [REFUSED] * 3


async def test_revoking_a_token_ends_its_connections_and_voids_its_tickets(
    account: Visitor, visitors: Callable[[], Visitor], app: App
) -> None:
    made: dict[str, Any] = await make(account, scope="generate")
    url = await ticket_for(program(visitors, made["token"]))
    async with connected(f"{app.url}/cable", headers={"Authorization": f"Bearer {made['token']}"}) as cable:
        await welcome(cable)
        await account.post_form(f"/account/tokens/{made['id']}/revocation")
        async with asyncio.timeout(5):
            assert await cable.ending() == REFUSED
    async with connected(url) as cable:
        assert await cable.ending() == REFUSED
