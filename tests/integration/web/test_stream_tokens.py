"""A stream's address opens one stream, for one viewer, for a day, and nothing else."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode

import pytest

from genapp.streams import Names
from tests.integration.web.conftest import PASSWORD, new_email
from tests.integration.web.owners import Owner, made_owner, stream_on
from tests.integration.web.personas import Persona, arrived, signed_up
from tests.integration.web.refused import altered

if TYPE_CHECKING:
    import httpx

    from tests.integration.web.sites import Sites


@pytest.fixture(scope="module")
async def owner(sites: Sites, http: httpx.AsyncClient) -> Owner:
    return await made_owner(sites, http)


def token_of(query: str) -> str:
    """The signed name in a stream's address."""
    return parse_qs(query)["stream"][0]


async def status(who: Persona, *tokens: str, at: str = "accounts", share: str = "") -> int:
    """How somebody who asks for streams is answered."""
    query = [("stream", token) for token in tokens] + ([("share", share)] if share else [])
    path = "/shared/streams" if share else "/streams"
    return (await who.send("GET", f"{who.sites.urls[at]}{path}?{urlencode(query)}")).status_code


async def test_the_address_on_a_page_opens_the_stream_for_its_owner_alone(
    owner: Owner, sites: Sites, http: httpx.AsyncClient
) -> None:
    token, nobody, other = token_of(owner.streams), Persona(sites, http), await signed_up(sites, http)
    assert await status(owner.person, token) == 200
    assert await status(other, token) == 404
    assert await status((await other.token("read"))[1], token) == 404
    assert await status(await arrived(sites, http), token, at="open") == 404
    assert await status(nobody, token) == 401
    assert await status(owner.admin, token) == 404


async def test_a_name_with_any_character_changed_opens_nothing(owner: Owner) -> None:
    token = token_of(owner.streams)
    for at in range(len(token)):
        assert await status(owner.person, altered(token, at)) == 404, at
    for text in (token[:-1], token + token, token.split(".")[0], "", "." * 2000):
        assert await status(owner.person, text) == 404


async def test_a_name_that_has_run_out_opens_nothing(owner: Owner, sites: Sites) -> None:
    names, stream = Names([sites.secret]), f"generation:{owner.ids['generation_id']}"
    now, viewer = int(time.time()), owner.ids["user_id"]
    assert await status(owner.person, names.sign(stream, viewer, now + 60)) == 200
    assert await status(owner.person, names.sign(stream, viewer, now)) == 404
    assert await status(owner.person, Names(["k" * 32]).sign(stream, viewer, now + 60)) == 404


async def test_a_signature_is_for_its_own_stream(owner: Owner, sites: Sites) -> None:
    names, viewer, until = Names([sites.secret]), owner.ids["user_id"], int(time.time()) + 60
    one, other = [
        names.sign(f"generation:{id}", viewer, until) for id in (owner.finished_id, owner.ids["generation_id"])
    ]
    (payload, _, signature), (other_payload, _, other_signature) = one.rpartition("."), other.rpartition(".")
    assert await status(owner.person, one, other) == 200
    assert await status(owner.person, f"{payload}.{other_signature}") == 404
    assert await status(owner.person, f"{other_payload}.{signature}") == 404
    assert await status(owner.person, one, f"{other_payload}.{signature}") == 404


async def test_neither_a_session_nor_a_form_is_signed_as_a_stream_is(owner: Owner) -> None:
    assert await status(owner.person, owner.person.cookie) == 404
    assert await status(owner.person, owner.person.csrf_token) == 404
    as_cookie = Persona(owner.person.sites, owner.person.http, cookie=token_of(owner.streams))
    assert (await as_cookie.send("GET", f"{as_cookie.sites.urls['accounts']}/account")).status_code == 401


async def test_a_shared_pages_stream_is_for_the_link_and_the_owners_is_for_the_owner(
    owner: Owner, sites: Sites, http: httpx.AsyncClient
) -> None:
    link, own, shared = owner.ids["token"], token_of(owner.streams), token_of(owner.shared_streams)
    nobody, elsewhere = Persona(sites, http), await made_owner(sites, http)
    assert await status(nobody, shared, share=link) == 200
    assert await status(nobody, own, share=link) == 404
    assert await status(owner.person, own, share=link) == 404
    assert await status(owner.person, shared) == 404
    assert await status(nobody, shared) == 401
    assert await status(nobody, shared, share=elsewhere.ids["token"]) == 404
    assert await status(nobody, shared, token_of(elsewhere.shared_streams), share=link) == 404
    for wrong in (altered(link, 0), altered(link, -1), link[:-1], "%", "x" * 5000):
        assert await status(nobody, shared, share=wrong) == 404


@pytest.mark.parametrize("end", ["stopped", "stopped and begun again", "run out", "run out and begun again"])
async def test_a_shared_pages_stream_ends_with_the_link(sites: Sites, http: httpx.AsyncClient, end: str) -> None:
    owner, nobody = await made_owner(sites, http), Persona(sites, http)
    link, shared = owner.ids["token"], token_of(owner.shared_streams)
    path = f"/conversations/{owner.ids['conversation_id']}/share"
    if end.startswith("stopped"):
        await owner.person.done("POST", f"{path}/revocation")
    else:
        await sites.sql("UPDATE shares SET expires_at = now() - interval '1 second' WHERE token = $1", link)
    if end.endswith("again"):
        again = (await owner.person.done("POST", path)).json()["url"].removeprefix("/shared/")
        assert again != link
        assert await status(nobody, token_of(await stream_on(nobody, f"/shared/{again}")), share=again) == 200
        if end.startswith("stopped"):
            assert await status(nobody, shared, share=again) == 404
    assert await status(nobody, shared, share=link) == 404
    for shape in ("page", "json"):
        assert (await nobody.send("GET", f"{sites.urls['accounts']}/shared/{link}", shape)).status_code == 404


async def test_a_guests_address_opens_nothing_for_the_guest_there_was_before_the_account(
    sites: Sites, http: httpx.AsyncClient
) -> None:
    owner = await made_owner(sites, http, guest=True)
    token, before = token_of(owner.streams), Persona(sites, http, cookie=owner.person.cookie)
    assert await status(before, token, at="open") == 200
    await owner.person.done("POST", "/signup", at="open", email=new_email(), password=PASSWORD)
    assert await status(owner.person, token, at="open") == 200
    assert await status(before, token, at="open") == 404
