"""Everybody, on every route, with somebody else's ids: refused in the right way, and nothing seen or changed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from genapp.web.policies import Policy
from tests.integration.web.owners import Owner, made_owner
from tests.integration.web.refused import NAMES, made_refused
from tests.integration.web.routes import RAW, READ, ROWS, Row

if TYPE_CHECKING:
    import httpx

    from tests.integration.web.personas import Persona
    from tests.integration.web.sites import Sites

FOR_GUESTS = (Policy.READ, Policy.GENERATE, Policy.BROWSER)
WALKS = (("accounts", "page"), ("accounts", "json"), ("open", "page"))
# What differs there is how one and the same refusal is told: one of each kind of them is enough.
MORE = (("accounts", "partial"), ("invite", "page"), ("invite", "json"))
KINDS = ("nobody", "a guest who is shut out", "another account", "a logged out session", "a token to read")
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "QUERY")


@pytest.fixture(scope="module")
async def owner(sites: Sites, http: httpx.AsyncClient) -> Owner:
    return await made_owner(sites, http)


@pytest.fixture(scope="module")
async def refused(sites: Sites, http: httpx.AsyncClient, owner: Owner) -> dict[str, Persona]:
    everybody = await made_refused(sites, http, owner)
    assert set(everybody) == set(NAMES)
    return everybody


def expected(row: Row, persona: Persona, access: str) -> frozenset[int]:
    """How somebody who is not the owner is answered."""
    policy = row.policy
    if policy is Policy.EVERYONE:
        return row.outsider
    if policy.for_programs and persona.scopes is None:
        return frozenset({401})
    if persona.bad_token or (persona.lapsed and row.unsafe and policy is not Policy.ANYBODY):
        return frozenset({401})
    if policy is Policy.ANYBODY:
        return row.outsider
    if persona.shut_out:
        return frozenset({403})
    if policy is Policy.EMBED:
        return frozenset({401})
    if persona.guest and (access != "open" or policy not in FOR_GUESTS):
        return frozenset({401})
    if persona.scopes is not None and policy.scope not in persona.scopes:
        return frozenset({403})
    return frozenset({404}) if policy is Policy.ADMIN else row.outsider


def wrong(row: Row, persona: Persona, access: str, shape: str, answer: httpx.Response, owner: Owner) -> str:
    """What is wrong with an answer, nothing where nothing is."""
    statuses = expected(row, persona, access)
    to_the_login = shape == "page" and not row.unsafe and persona.bearer is None and not row.policy.for_programs
    if statuses == {401} and to_the_login:
        if not (answer.status_code == 303 and answer.headers["location"].startswith("/login?next=")):
            return f"{answer.status_code}, and not the way to the log-in"
    elif answer.status_code not in statuses:
        return f"{answer.status_code}, and not {sorted(statuses)}"
    said = answer.text + str(answer.headers)
    shown = [name for name, mark in owner.marks.items() if mark in said]
    return f"{answer.status_code} with the owner's {shown}" if shown else ""


async def walk(owner: Owner, persona: Persona, access: str, shape: str) -> list[str]:
    """Everything that somebody is answered in a wrong way."""
    site = persona.sites.urls[access]

    async def one(row: Row, method: str, path: str) -> str:
        answer = await persona.send(method, site + path, shape, owner.fields(row.sent))
        problem = wrong(row, persona, access, shape, answer, owner)
        return f"{method} {row.path} as {shape} ({access}): {problem}" if problem else ""

    requests = [(row, row.method, owner.path(row)) for row in ROWS]
    if shape == "page":
        requests += [(row, "HEAD", owner.path(row)) for row in ROWS if row.methods == READ]
    else:
        requests += [(row, row.method, owner.path(row, finished=True)) for row in ROWS if "generation_id" in row.path]
    # It ends the session of who asks, and nobody else's: those who have one need it for the rest.
    mine = [request for request in requests if request[0].path != "/logout" or persona.guest]
    return [problem for problem in await asyncio.gather(*[one(*request) for request in mine]) if problem]


@pytest.mark.parametrize("name", NAMES)
async def test_whoever_it_is_gets_at_nothing_of_the_owners(
    owner: Owner, refused: dict[str, Persona], name: str
) -> None:
    persona, before = refused[name], await owner.rows()
    walks = (*WALKS, *MORE) if name in KINDS else WALKS
    problems = [problem for access, shape in walks for problem in await walk(owner, persona, access, shape)]
    assert not problems, "\n".join(problems)
    assert await owner.rows() == before


async def test_a_method_that_a_route_does_not_have_is_refused_for_everybody(
    owner: Owner, refused: dict[str, Persona]
) -> None:
    before = await owner.rows()
    has: dict[str, set[str]] = {}
    for row in ROWS:
        has.setdefault(row.path, set()).update({"GET", "HEAD"} if row.methods == RAW else row.methods.split())
    for persona in (refused["nobody"], refused["another account"], refused["a token to generate"], owner.person):
        for row in ROWS:
            for method in set(METHODS) - has[row.path]:
                answer = await persona.send(method, persona.sites.urls["accounts"] + owner.path(row))
                assert answer.status_code in (404, 405), (method, row.path)
    assert await owner.rows() == before


async def test_options_says_the_methods_to_everybody_and_lets_no_other_site_in(
    owner: Owner, refused: dict[str, Persona]
) -> None:
    for persona in (refused["nobody"], refused["a garbage token"], owner.person):
        for row in ROWS:
            url = persona.sites.urls["accounts"] + owner.path(row)
            asked = {"Access-Control-Request-Method": row.method, "Origin": "https://elsewhere.example"}
            answer = await persona.send("OPTIONS", url, headers=asked)
            if row.methods == RAW:
                assert 400 <= answer.status_code < 500, row.path
            else:
                assert (answer.status_code, answer.text) == (204, ""), row.path
                assert "set-cookie" not in answer.headers
            assert not [name for name in answer.headers if name.startswith("access-control")], row.path


async def test_no_other_route_takes_a_websocket(owner: Owner, refused: dict[str, Persona]) -> None:
    handshake = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    for persona in (refused["nobody"], owner.person):
        for row in ROWS:
            url = persona.sites.urls["accounts"] + owner.path(row)
            if not row.socket:
                assert (await persona.send("GET", url, headers=handshake)).status_code == 403, row.path
