"""Who may use a route can use it: otherwise a site that refuses everybody would pass for a safe one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from genapp.web.policies import Policy
from tests.integration.web.owners import Owner, made_owner
from tests.integration.web.personas import Persona
from tests.integration.web.routes import RAW, READ, ROWS, Row
from tests.running import eventually

if TYPE_CHECKING:
    import httpx

    from tests.integration.web.sites import Sites

NOT_BY_COOKIE = (Policy.ADMIN, Policy.EMBED)
BY_GUEST = (Policy.READ, Policy.GENERATE, Policy.BROWSER)


async def problem_with(row: Row, method: str, who: Persona, owner: Owner, access: str, shape: str) -> str:
    """What keeps somebody from a route that is theirs to use, nothing where nothing does."""
    path = owner.path(row, share=owner.ids["token"])
    fields = owner.fields(row.sent if row.given is None else row.given)
    answer = await who.send(method, who.sites.urls[access] + path, shape, fields)
    who.follow(answer)
    if row.socket:
        return "" if answer.status_code == 404 else f"no WebSocket, and {answer.status_code}"
    if answer.status_code not in (200, 201, 204, 303):
        return f"{answer.status_code} {answer.text[:200]}"
    if answer.headers.get("location", "").startswith("/login?next="):
        return "sent to the log-in"
    if row.methods == RAW and row.path != "/static":
        kind = answer.headers["content-type"]
        return "" if kind.startswith("text/event-stream") else f"no stream: {kind}"
    mark = owner.marks[row.shows] if row.shows and method == "GET" else ""
    return "" if mark in answer.text else f"without the owner's {row.shows}"


async def walk(rows: list[Row], who: Persona, owner: Owner, access: str, shape: str) -> list[str]:
    """One after the other, as a person would: what keeps them from any of the routes."""
    requests = [(row, method) for row in rows for method in (("HEAD", "GET") if row.methods == READ else (row.method,))]
    return [
        f"{method} {row.path}: {problem}"
        for row, method in requests
        if (problem := await problem_with(row, method, who, owner, access, shape))
    ]


async def until_deleted(owner: Owner) -> None:
    """The account was deleted last: it goes by and by, and only the admin is left."""

    async def gone() -> bool:
        return len(await owner.rows()) < 5

    await eventually(gone)


@pytest.mark.parametrize("shape", ["page", "partial", "json"])
async def test_an_account_can_use_every_route_that_is_not_for_admins(
    sites: Sites, http: httpx.AsyncClient, shape: str
) -> None:
    owner = await made_owner(sites, http)
    # Who has an account signs up for none; everybody here has signed up before.
    others = {row.key for row in ROWS if row.policy in NOT_BY_COOKIE or row.policy.for_programs}
    rows = [row for row in ROWS if row.key not in {*others, "POST /signup"}]
    problems = await walk(rows, owner.person, owner, "accounts", shape)
    assert not problems, "\n".join(problems)
    await until_deleted(owner)


@pytest.mark.parametrize("shape", ["page", "json"])
async def test_an_admin_can_use_every_route_that_is_for_admins(
    sites: Sites, http: httpx.AsyncClient, shape: str
) -> None:
    owner = await made_owner(sites, http)
    rows = [row for row in ROWS if row.policy is Policy.ADMIN]
    assert await walk(rows, owner.admin, owner, "accounts", shape) == []


async def test_a_guest_of_an_open_site_can_use_what_is_for_guests(sites: Sites, http: httpx.AsyncClient) -> None:
    owner = await made_owner(sites, http, guest=True)
    rows = [row for row in ROWS if row.policy in BY_GUEST]
    assert await walk(rows, owner.person, owner, "open", "page") == []
    await until_deleted(owner)


async def test_a_program_with_a_token_can_use_what_its_scope_is_for(sites: Sites, http: httpx.AsyncClient) -> None:
    owner = await made_owner(sites, http)
    _, reads = await owner.person.token("read")
    _, generates = await owner.person.token("generate")
    rows = [row for row in ROWS if row.policy.scope and row.policy is not Policy.EMBED]
    assert await walk([row for row in rows if row.policy.scope == "read"], reads, owner, "invite", "json") == []
    assert await walk(rows, generates, owner, "invite", "json") == []


async def test_who_has_a_shared_link_reads_the_conversation_and_learns_nothing_else(
    sites: Sites, http: httpx.AsyncClient
) -> None:
    owner, holder = await made_owner(sites, http), Persona(sites, http)
    rows = [row for row in ROWS if row.path.startswith("/shared")]
    for access in sites.urls:
        for shape in ("page", "partial", "json"):
            assert await walk(rows, holder, owner, access, shape) == []
            page = await holder.send("GET", f"{sites.urls[access]}/shared/{owner.ids['token']}", shape)
            assert owner.marks["email"] not in page.text + str(page.headers)
            assert owner.ids["user_id"] not in page.text + str(page.headers)
