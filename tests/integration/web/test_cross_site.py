"""What another site can make a browser send: nothing that changes anything."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from genapp.web.policies import Policy
from tests.integration.web.conftest import PASSWORD
from tests.integration.web.owners import Owner, made_owner
from tests.integration.web.personas import Persona, signed_up
from tests.integration.web.routes import ROWS

if TYPE_CHECKING:
    import httpx

    from tests.integration.web.sites import Sites

# What is for programs does not look at the cookie that a browser brings.
UNSAFE = {row.key: row for row in ROWS if row.unsafe and not row.policy.for_programs}
FOREIGN: dict[str, dict[str, str]] = {
    "a browser that says it is another site's": {"Sec-Fetch-Site": "cross-site"},
    "a browser that says it is a sibling's": {"Sec-Fetch-Site": "same-site"},
    "an older browser with a foreign origin": {"Origin": "https://elsewhere.example"},
    "a sandboxed page": {"Origin": "null"},
    "our own name on another port": {"Origin": "http://127.0.0.1:1"},
}


@pytest.fixture(scope="module")
async def owner(sites: Sites, http: httpx.AsyncClient) -> Owner:
    return await made_owner(sites, http)


@pytest.fixture(scope="module")
async def other(sites: Sites, http: httpx.AsyncClient) -> Persona:
    return await signed_up(sites, http)


@pytest.mark.parametrize("key", UNSAFE)
async def test_nothing_that_another_site_can_send_changes_anything(owner: Owner, other: Persona, key: str) -> None:
    row = UNSAFE[key]
    who = owner.admin if row.policy is Policy.ADMIN else owner.person
    url = who.sites.urls["accounts"] + owner.path(row)
    fields, before = owner.fields(row.sent if row.given is None else row.given), await owner.rows()
    for token in ("", "forged", other.csrf_token, other.cookie):
        for shape in ("page", "partial"):
            answer = await replace(who, csrf_token=token).send(row.method, url, shape, fields)
            assert answer.status_code == 403, (token, shape)
    for case, headers in FOREIGN.items():
        for shape in ("page", "json"):
            answer = await who.send(row.method, url, shape, fields, headers)
            assert answer.status_code == 403, (case, shape)
    # What a form can send across sites without a question first, made to look like JSON or to come without its token.
    body = json.dumps(fields).encode()
    for kind in ("text/plain", "text/plain; application/json", "multipart/form-data; boundary=x"):
        headers = {**who.headers("json"), "Content-Type": kind}
        answer = await who.http.request(row.method, url, content=body, headers=headers)
        assert answer.status_code in (403, 422), kind
    assert await owner.rows() == before


async def test_another_site_cannot_log_a_browser_in_to_an_account_of_its_own(
    sites: Sites, http: httpx.AsyncClient
) -> None:
    nobody, mine = Persona(sites, http), await signed_up(sites, http)
    fields = {"email": mine.email, "password": PASSWORD}
    for headers in FOREIGN.values():
        answer = await nobody.send("POST", f"{sites.urls['accounts']}/login", "page", fields, headers)
        assert answer.status_code == 403
    rows = await sites.rows_of(sites.sessions.read(mine.cookie)[0].user_id)
    assert [row.split()[0] for row in rows] == ["sessions", "users"], "there is the one session that there was"


async def test_a_program_with_a_token_needs_no_form_token(owner: Owner) -> None:
    _, program = await owner.person.token()
    assert program.csrf_token == ""
    for key in ("POST /generations", "POST /generations/{generation_id:uuid}/cancellation"):
        row = UNSAFE[key]
        url = program.sites.urls["accounts"] + owner.path(row)
        assert (await program.send("POST", url, "page", owner.fields(row.sent))).status_code == 303
