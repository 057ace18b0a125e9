"""The sites of an account: made, changed and ended in its pages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.web.conftest import HTML, JSON, Visitor
from tests.integration.web.embedding.conftest import Site, make_site
from tests.running import eventually

if TYPE_CHECKING:
    from collections.abc import Callable

    import asyncpg


async def test_a_site_is_made_and_its_secret_is_shown_this_once(account: Visitor) -> None:
    made = await account.post_form(
        "/account/sites", name=" My  shop ", origins="https://Shop.example/\nhttp://localhost:3000"
    )
    assert made.status_code == 201
    secret = re.search(r'id="new_secret"[^>]* value="(embed_[\w-]{43})"', made.text)
    assert secret
    page = (await account.http.get("/account/sites", headers=HTML)).text
    assert secret[1] not in page
    assert "My shop" in page
    assert "https://shop.example, http://localhost:3000" in page
    assert secret[1] not in (await account.http.get("/account/sites", headers=JSON)).text
    assert "/account/sites" in (await account.http.get("/account", headers=HTML)).text


@pytest.mark.parametrize(
    "origins",
    [
        "",
        "shop.example",
        "https://shop.example/path",
        "https://*.shop.example",
        "https://user@shop.example",
        "https://shop.example:99999",
        "https://shop.example; script-src *",
        "'self'",
        "null",
        "*",
        "http://shop.example",
        "javascript://shop.example",
        "https://shöp.example",
        " ".join(f"https://a{number}.example" for number in range(21)),
    ],
)
async def test_what_is_no_origin_is_refused_and_stays_in_the_form(account: Visitor, origins: str) -> None:
    problem = await account.http.post("/account/sites", json={"name": "x", "origins": origins}, headers=JSON)
    assert (problem.status_code, problem.json()["field"]) == (422, "origins")
    page = await account.post_form("/account/sites", name="my shop", origins=origins)
    assert page.status_code == 422
    assert 'value="my shop"' in page.text
    assert (await account.http.get("/account/sites", headers=JSON)).json() == {"sites": []}


async def test_a_usual_port_is_left_out_as_browsers_do(account: Visitor) -> None:
    site = await make_site(account, "https://a.example:443", "https://a.example", "https://a.example:8443")
    listed = (await account.http.get("/account/sites", headers=JSON)).json()["sites"]
    assert listed == [
        {"id": site.id, "name": "shop", "origins": ["https://a.example", "https://a.example:8443"], "enabled": True}
    ]


async def test_a_new_secret_is_shown_and_the_old_one_signs_nothing(
    site: Site, embedded: Callable[..., Visitor]
) -> None:
    one = embedded(site)
    assert (await one.http.get("/", headers=JSON)).status_code == 200
    page = await site.owner.post_form(f"{site.path}/secret")
    secret = re.search(r'id="new_secret"[^>]* value="(embed_[\w-]{43})"', page.text)
    assert secret
    assert secret[1] != site.secret
    assert (await one.http.get("/", headers=JSON)).status_code == 401
    site.secret = secret[1]
    assert (await embedded(site).http.get("/", headers=JSON)).status_code == 200


async def test_deleting_a_site_takes_a_yes_and_everything_of_its_visitors(
    site: Site, embedded: Callable[..., Visitor], sql: asyncpg.Connection[Any]
) -> None:
    asked = await embedded(site).submit("[demo: echo] hi", model="openai:demo-fast")
    refused = await site.post("deletion")
    assert (refused.status_code, refused.json()["field"]) == (422, "confirm")
    page = (await site.owner.http.get("/account/sites", headers=HTML)).text
    assert "1 person has asked something there." in page
    answer = await site.owner.post_form(f"{site.path}/deletion", confirm="yes")
    assert (answer.status_code, answer.headers["location"]) == (303, "/account/sites?done=deletion")
    assert "The site is deleted" in (await site.owner.http.get(answer.headers["location"], headers=HTML)).text
    listed = (await site.owner.http.get("/account/sites", headers=JSON)).json()["sites"]
    assert site.id not in [one["id"] for one in listed]
    assert (await embedded(site).http.get(asked["url"], headers=JSON)).status_code == 401

    async def all_gone() -> bool:
        left = await sql.fetchval(
            """
            SELECT (SELECT count(*) FROM generations WHERE id = $1) + (SELECT count(*) FROM users WHERE site = $3)
              + (SELECT count(*) FROM conversations WHERE id = $2) + (SELECT count(*) FROM sites WHERE id = $3)
            """,
            *(asked["id"], asked["conversation_id"], site.id),
        )
        return bool(left == 0)

    await eventually(all_gone)


async def test_nobody_changes_another_ones_site(site: Site, visitors: Callable[[], Visitor]) -> None:
    other = await (await visitors().arrive()).sign_up()
    for what in ("secret", "origins", "disablement", "enablement", "deletion"):
        fields = {"confirm": "yes", "origins": "https://evil.example"}
        answer = await other.http.post(f"{site.path}/{what}", json=fields, headers=JSON)
        assert answer.status_code == 404, what
    guest = await visitors().arrive()
    assert (await guest.http.get("/account/sites", headers=JSON)).status_code == 401


async def test_twenty_are_enough(account: Visitor) -> None:
    for _ in range(20):
        await make_site(account)
    refused = await account.http.post(
        "/account/sites", json={"name": "x", "origins": "https://a.example"}, headers=JSON
    )
    assert refused.json()["detail"] == "You have 20 sites, which is the limit. Delete one first."
