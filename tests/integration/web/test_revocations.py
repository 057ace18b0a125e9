"""What was opened closes once it is no longer allowed, in whichever web process it is open, and does not open again."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from tests.integration.web.conftest import PASSWORD, new_email
from tests.integration.web.owners import stream_on
from tests.integration.web.personas import Persona, arrived, made_admin, signed_up
from tests.integration.web.routes import NEW_PASSWORD

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from uuid import UUID

    import httpx

    from tests.integration.web.sites import Sites

# Of these, what is under way here needs milliseconds; a process that was not told looks every ten.
SECONDS = 5


@dataclass
class Watch:
    """An open stream."""

    ending: asyncio.Task[None]

    async def closed(self) -> None:
        async with asyncio.timeout(SECONDS):
            await asyncio.shield(self.ending)


@asynccontextmanager
async def watching(who: Persona, url: str) -> AsyncIterator[Watch]:
    async def to_the_end() -> None:
        async for _ in answer.aiter_raw():
            pass

    async with who.http.stream("GET", url, headers=who.headers("json")) as answer:
        assert answer.status_code == 200
        watch = Watch(asyncio.create_task(to_the_end()))
        yield watch
        watch.ending.cancel()


@dataclass
class Scene:
    """Somebody who has an answer under way, in two browsers and by a token, shared with whoever has the link."""

    person: Persona
    browser: Persona
    program: Persona
    token_id: str
    admin: Persona
    reader: Persona
    generation: dict[str, str]
    link: str
    at: str  # where what ends it is done; it is watched at "accounts"

    @property
    def id(self) -> UUID:
        return self.person.sites.sessions.read(self.person.cookie)[0].user_id

    @property
    def session(self) -> UUID:
        return self.person.sites.sessions.read(self.person.cookie)[0].session_id

    async def post(self, who: Persona, path: str, **fields: str) -> None:
        # By one more like them: an answer that gives another cookie must not change what they come back with.
        await replace(who).done("POST", path, at=self.at, **fields)


async def made_scene(sites: Sites, http: httpx.AsyncClient, at: str) -> Scene:
    person, admin = await signed_up(sites, http), await made_admin(sites, http)
    token_id, program = await person.token()
    generation = await person.asks("[demo: stall] x")
    link = (await person.done("POST", f"/conversations/{generation['conversation_id']}/share")).json()["url"]
    reader = Persona(sites, http)
    return Scene(person, await person.log_in(), program, token_id, admin, reader, generation, link, at)


async def session_revoked(scene: Scene) -> None:
    await scene.post(scene.browser, f"/account/sessions/{scene.session}/revocation")


async def logged_out_everywhere_else(scene: Scene) -> None:
    await scene.post(scene.browser, "/account/sessions/revocation")


async def logged_out_in_another_tab(scene: Scene) -> None:
    await scene.post(scene.person, "/logout")


async def logged_in_anew(scene: Scene) -> None:
    await scene.post(scene.person, "/login", email=scene.person.email, password=PASSWORD)


async def password_changed(scene: Scene) -> None:
    await scene.post(scene.browser, "/account/password", current_password=PASSWORD, new_password=NEW_PASSWORD)


async def disabled(scene: Scene) -> None:
    await scene.post(scene.admin, f"/admin/users/{scene.id}/disablement")


async def deleted(scene: Scene) -> None:
    await scene.post(scene.browser, "/account/deletion", password=PASSWORD)


async def token_revoked(scene: Scene) -> None:
    await scene.post(scene.browser, f"/account/tokens/{scene.token_id}/revocation")


async def unshared(scene: Scene) -> None:
    await scene.post(scene.browser, f"/conversations/{scene.generation['conversation_id']}/share/revocation")


async def demoted(scene: Scene) -> None:
    another = await made_admin(scene.person.sites, scene.person.http)
    admin_id = scene.person.sites.sessions.read(scene.admin.cookie)[0].user_id
    await scene.post(another, f"/admin/users/{admin_id}/demotion")


ENDS: dict[str, tuple[Callable[[Scene], Awaitable[None]], ...]] = {
    "person": (
        *(session_revoked, logged_out_everywhere_else, logged_out_in_another_tab, logged_in_anew),
        *(password_changed, disabled, deleted),
    ),
    "program": (token_revoked, disabled, deleted),
    "reader": (unshared, disabled, deleted),
    "admin": (demoted,),
}


async def stream_of(scene: Scene, who: str) -> tuple[Persona, str]:
    """Who watches, and where."""
    site = scene.person.sites.urls["accounts"]
    match who:
        case "reader":
            return scene.reader, site + await stream_on(scene.reader, scene.link)
        case "admin":
            return scene.admin, site + await stream_on(scene.admin, f"/admin/generations/{scene.generation['id']}")
    return (scene.person if who == "person" else scene.program), site + scene.generation["stream_url"]


@pytest.fixture(scope="module")
async def bystander(sites: Sites, http: httpx.AsyncClient) -> AsyncIterator[Watch]:
    """Somebody else's stream, which stays open whatever happens to others."""
    one = await signed_up(sites, http)
    generation = await one.asks("[demo: stall] x")
    async with watching(one, sites.urls["accounts"] + generation["stream_url"]) as watch:
        yield watch


@pytest.mark.parametrize("at", ["accounts", "invite"], ids=["by this process", "by another process"])
@pytest.mark.parametrize(("who", "end"), [(who, end) for who, ends in ENDS.items() for end in ends])
async def test_an_open_stream_closes_when_its_viewer_may_no_longer_see_it(
    sites: Sites,
    http: httpx.AsyncClient,
    bystander: Watch,
    who: str,
    end: Callable[[Scene], Awaitable[None]],
    at: str,
) -> None:
    scene = await made_scene(sites, http, at)
    viewer, url = await stream_of(scene, who)
    async with watching(viewer, url) as watch:
        await end(scene)
        await watch.closed()
    assert not bystander.ending.done()
    for again in sites.urls:
        answer = await viewer.send("GET", url.replace(sites.urls["accounts"], sites.urls[again]))
        assert answer.status_code in (401, 404), again


async def test_the_streams_of_the_other_sessions_and_tokens_stay_open(sites: Sites, http: httpx.AsyncClient) -> None:
    scene = await made_scene(sites, http, "accounts")
    url = sites.urls["accounts"] + scene.generation["stream_url"]
    async with (
        watching(scene.person, url) as ends,
        watching(scene.program, url) as ends_then,
        watching(scene.browser, url) as stays,
    ):
        await session_revoked(scene)
        await ends.closed()
        assert not ends_then.ending.done()
        await token_revoked(scene)
        await ends_then.closed()
        assert not stays.ending.done()


async def test_a_guests_stream_closes_when_the_guest_becomes_an_account(sites: Sites, http: httpx.AsyncClient) -> None:
    guest = await arrived(sites, http)
    url = sites.urls["open"] + (await guest.asks("[demo: stall] x"))["stream_url"]
    async with watching(guest, url) as watch:
        await replace(guest).done("POST", "/signup", email=new_email(), password=PASSWORD)
        await watch.closed()
    assert (await guest.send("GET", url)).status_code == 404
