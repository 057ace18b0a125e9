"""Which pages elsewhere may read our answers and frame us: those of a site, and those of nobody else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import httpx
import pytest

from genapp import assets
from genapp.models import new_id
from genapp.web.app import every_route
from genapp.web.policies import Policy, policy_of
from tests.integration.web.conftest import JSON, Visitor
from tests.integration.web.embedding.conftest import Site, new_origin

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.running import App

PREFLIGHT = {
    "Access-Control-Request-Method": "POST",
    "Access-Control-Request-Headers": "authorization,content-type,hx-request",
    "Sec-Fetch-Site": "cross-site",
    "Sec-Fetch-Mode": "cors",
}
ALLOWED = "access-control-allow-origin"
PUBLIC = ("/embed.js", "/embed-host.js", "/embed.css", f"/static/{assets.DIGEST}/js/embed/elements.js")


def paths(*policies: Policy) -> list[str]:
    """The addresses of all routes of these policies, with an id of nothing."""
    found = [path for handler in every_route() if policy_of(handler) in policies for path in handler.paths]
    ids = {"uuid": str(new_id()), "str": "x"}
    return sorted({path.replace(f"{{{name}}}", ids[name.partition(":")[2]]) for path in found for name in _names(path)})


def _names(path: str) -> list[str]:
    return [piece[1:-1] for piece in path.split("/") if piece.startswith("{")] or [":uuid"]


def test_there_are_routes_of_both_kinds() -> None:
    assert "/generations" in paths(Policy.GENERATE)
    assert "/account/password" in paths(Policy.ACCOUNT)


@pytest.mark.parametrize("path", paths(Policy.READ, Policy.GENERATE, Policy.EMBED))
async def test_a_sites_page_may_ask_and_read_what_an_embedded_part_uses(site: Site, app: App, path: str) -> None:
    async with httpx.AsyncClient(base_url=app.url) as http:
        asked = await http.options(path, headers={**PREFLIGHT, "Origin": site.origin})
        assert (asked.status_code, asked.headers[ALLOWED]) == (204, site.origin)
        assert {"authorization", "content-type", "last-event-id", "hx-request", "x-csrf-token"} <= set(
            asked.headers["access-control-allow-headers"].split(", ")
        )
        assert int(asked.headers["access-control-max-age"]) > 0
        stranger = await http.options(path, headers={**PREFLIGHT, "Origin": new_origin()})
        assert ALLOWED not in stranger.headers
        for answer in (asked, stranger, await http.get(path, headers={"Origin": site.origin})):
            assert "access-control-allow-credentials" not in answer.headers
            assert "*" not in answer.headers.get(ALLOWED, "")
            assert "set-cookie" not in asked.headers


@pytest.mark.parametrize("path", paths(Policy.ANYBODY, Policy.BROWSER, Policy.ACCOUNT, Policy.ADMIN))
async def test_no_page_elsewhere_may_read_anything_of_an_account(site: Site, app: App, path: str) -> None:
    async with httpx.AsyncClient(base_url=app.url) as http:
        asked = await http.options(path, headers={**PREFLIGHT, "Origin": site.origin})
        read = await http.get(path, headers={"Origin": site.origin, "Sec-Fetch-Site": "cross-site"})
        assert ALLOWED not in asked.headers
        assert ALLOWED not in read.headers


@pytest.mark.parametrize("path", PUBLIC)
async def test_what_is_public_may_be_loaded_by_every_page(app: App, path: str) -> None:
    async with httpx.AsyncClient(base_url=app.url) as http:
        answer = await http.get(path, headers={"Origin": new_origin()})
        assert answer.status_code == 200
        assert answer.headers.get_list(ALLOWED) == ["*"]
        assert answer.headers.get_list("cross-origin-resource-policy") == ["cross-origin"]
        assert answer.headers["cache-control"].startswith("public, max-age=")
        assert "set-cookie" not in answer.headers


async def test_the_stable_addresses_lead_to_the_files_of_this_release(app: App) -> None:
    async with httpx.AsyncClient(base_url=app.url) as http:
        for name, module in (("embed.js", "elements"), ("embed-host.js", "host")):
            assert (await http.get(f"/{name}")).text == f'import "/static/{assets.DIGEST}/js/embed/{module}.js";\n'


async def test_a_token_is_good_on_the_page_that_it_was_made_for(site: Site, embedded: Callable[..., Visitor]) -> None:
    one = embedded(site)
    cross = {"Sec-Fetch-Site": "cross-site", **JSON}
    own = {"Sec-Fetch-Site": "same-origin", **JSON}
    app_origin = str(one.http.base_url).rstrip("/")
    for headers in (JSON, {**cross, "Origin": site.origin}, {**own, "Origin": app_origin}, {"Origin": app_origin}):
        answer = await one.http.get("/", headers={**JSON, **headers})
        assert answer.status_code == 200, headers
    for origin in (new_origin(), "null", site.origin + "/", site.origin.upper(), "https://evil.example"):
        answer = await one.http.get("/", headers={**cross, "Origin": origin})
        assert answer.status_code == 403, origin
        assert site.origin in answer.json()["detail"]
        assert ALLOWED not in answer.headers


async def test_an_error_can_be_read_too(site: Site, embedded: Callable[..., Visitor]) -> None:
    one = embedded(site, "a.b.c")
    answer = await one.http.get("/embed/composer", headers={"Origin": site.origin, "HX-Request": "true"})
    assert (answer.status_code, answer.headers[ALLOWED]) == (401, site.origin)
    assert "Origin" in answer.headers.get_list("vary")
    assert "WWW-Authenticate" in answer.headers["access-control-expose-headers"]
    assert 'class="notice"' in answer.text


async def test_origins_that_are_changed_hold_at_once(site: Site, app: App) -> None:
    other = new_origin()
    async with httpx.AsyncClient(base_url=app.url) as http:

        async def may(origin: str) -> bool:
            answer = await http.options("/generations", headers={**PREFLIGHT, "Origin": origin})
            return ALLOWED in answer.headers

        assert (await may(site.origin), await may(other)) == (True, False)
        await site.post("origins", origins=other)
        assert (await may(site.origin), await may(other)) == (False, True)
        await site.post("disablement")
        assert await may(other) is False
        await site.post("enablement")
        assert await may(other) is True
        await site.post("deletion", confirm="yes")
        assert await may(other) is False


async def test_only_a_sites_pages_may_frame_us_and_only_the_page_that_is_for_frames(site: Site, app: App) -> None:
    second = new_origin()
    await site.post("origins", origins=f"{site.origin} {second}")
    async with httpx.AsyncClient(base_url=app.url) as http:
        shell = await http.get("/embed/frame", params={"site": site.id})
        assert f"frame-ancestors {site.origin} {second};" in shell.headers["content-security-policy"]
        assert shell.headers.get_list("cross-origin-resource-policy") == ["cross-origin"]
        assert len(shell.headers.get_list("content-security-policy")) == 1
        assert "set-cookie" not in shell.headers
        for where, params in (
            ("/embed/frame", {"site": str(new_id())}),
            ("/embed/frame", {}),
            ("/embed/frame", {"site": site.id, "theme": "pink"}),
            ("/", {}),
            ("/embed/composer", {}),
        ):
            other = await http.get(where, params=params)
            assert "frame-ancestors 'none'" in other.headers["content-security-policy"], where
        await site.post("disablement")
        assert (await http.get("/embed/frame", params={"site": site.id})).status_code == 404


async def test_a_page_elsewhere_cannot_send_a_form_or_json_with_a_visitors_cookie(site: Site, visitor: Visitor) -> None:
    headers: dict[str, Any] = {**JSON, "Origin": site.origin, "Sec-Fetch-Site": "cross-site"}
    refused = await visitor.http.post("/generations", json={"prompt": "x"}, headers=headers)
    assert refused.status_code == 403
    assert await visitor.conversations() == []
