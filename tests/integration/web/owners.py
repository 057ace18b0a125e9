"""Somebody with something of everything, and marks by which it is known wherever it turns up."""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from uuid import UUID

from genapp import assets
from genapp.models import new_id
from tests.integration.web.conftest import new_email
from tests.integration.web.personas import Persona, arrived, made_admin, signed_up
from tests.integration.web.routes import RAW, Row
from tests.running import eventually

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import httpx

    from tests.integration.web.sites import Sites

STREAM = re.compile(r'hx-sse:connect="([^"]+)"')


@dataclass
class Owner:
    """Whose things everybody else tries to get at. `ids` fill the paths; `marks` are in what nobody else may see."""

    person: Persona
    admin: Persona
    ids: dict[str, str]
    marks: dict[str, str]
    finished_id: str
    # One of the admin's: whoever may frame us, it is the same page for everybody.
    framing_site_id: str
    streams: str
    shared_streams: str
    admin_streams: str

    async def rows(self) -> Sequence[str]:
        """All that is stored of the owner and of the admin."""
        users = await self.person.sites.sql("SELECT id FROM users WHERE email = $1", self.admin.email)
        return await self.person.sites.rows_of(UUID(self.ids["user_id"]), *[row["id"] for row in users])

    def path(self, row: Row, *, share: str | None = None, finished: bool = False) -> str:
        """The path of a route with the owner's ids in it. `share`: the link that is known; by default a wrong one."""
        ids = {**self.ids, "token": share or "x" * 32}
        if finished:
            ids["generation_id"] = self.finished_id
        if row.spare:
            ids |= {"generation_id": ids["spare_generation_id"], "conversation_id": ids["spare_conversation_id"]}
        path = re.sub(r"{(\w+):\w+}", lambda found: ids[found[1]], row.path)
        if row.path == "/embed/frame":
            return f"{path}?site={self.framing_site_id}"
        if row.methods == RAW:
            return (
                path
                + {
                    "/static": f"/{assets.DIGEST}/css/base.css",
                    "/cable": "",
                    "/streams": f"?{self.streams}",
                    "/admin/streams": f"?{self.admin_streams}",
                    "/shared/streams": f"?{self.shared_streams}".replace(self.ids["token"], ids["token"]),
                }[row.path]
            )
        return path

    def fields(self, template: Mapping[str, str]) -> dict[str, str]:
        """What is sent. The address in capitals: a page may give back what was typed, and not what is stored."""
        words = {**self.ids, "EMAIL": (self.marks["email"] or new_email()).upper()}
        return {name: re.sub(r"{(\w+)}", lambda found: words[found[1]], text) for name, text in template.items()}


async def made_owner(sites: Sites, http: httpx.AsyncClient, *, guest: bool = False) -> Owner:
    """An account (or a guest) with a conversation of which one answer is finished and one under way, shared, with a
    session more, a token, a webhook at which nobody listens, and an invitation by an admin."""
    mark = new_id().hex
    marks = {name: f"{name}-{mark}" for name in ("prompt", "email", "invited", "hook")}
    admin = await made_admin(sites, http)
    marks["email"] = "" if guest else f"{marks['email']}@example.org"
    person = await (arrived(sites, http) if guest else signed_up(sites, http, marks["email"]))
    at = "open" if guest else "accounts"
    webhook_id = str(new_id()) if guest else await _webhook_of(person, marks["hook"])
    first = await person.asks(f"[demo: echo] {marks['prompt']}")
    await _until(person, at, first["url"], "completed")
    second = await person.asks(f"[demo: stall] {marks['prompt']}", conversation_id=first["conversation_id"])
    await _until(person, at, second["url"], "processing")
    spare = [await person.asks(f"[demo: echo] {marks['prompt']}")]
    spare.append(await person.asks(f"[demo: echo] {marks['prompt']}", conversation_id=spare[0]["conversation_id"]))
    for one in spare:
        await _until(person, at, one["url"], "completed")
    page = f"/conversations/{first['conversation_id']}"
    share = (await person.done("POST", f"{page}/share", at=at)).json()["url"]
    user_id = str(sites.sessions.read(person.cookie)[0].user_id)
    ids = {
        "user_id": user_id,
        "conversation_id": first["conversation_id"],
        "generation_id": second["id"],
        "spare_conversation_id": spare[0]["conversation_id"],
        "spare_generation_id": spare[0]["id"],
        "response_id": f"resp_{UUID(second['id']).hex}",
        "name": "openai:demo-fast",
        "token": share.removeprefix("/shared/"),
        "invitation_id": await _invited(sites, admin, f"{marks['invited']}@example.org"),
        "session_id": str(new_id()),
        "token_id": str(new_id()),
        "site_id": str(new_id()),
        "webhook_id": webhook_id,
        "delivery_id": str(new_id()),
    }
    if not guest:
        other = await person.log_in()
        ids["session_id"] = str(sites.sessions.read(other.cookie)[0].session_id)
        ids["token_id"], _ = await person.token()
        ids["site_id"] = await _site_of(person)
        webhook = (await person.done("GET", f"/account/webhooks/{webhook_id}")).json()
        ids["delivery_id"] = webhook["deliveries"][0]["id"]
    return Owner(
        person,
        admin,
        ids,
        marks,
        first["id"],
        await _site_of(admin),
        urlsplit(second["stream_url"]).query,
        urlsplit(await stream_on(person, share, at=at)).query,
        urlsplit(await stream_on(admin, f"/admin{second['url']}")).query,
    )


async def stream_on(person: Persona, path: str, *, at: str = "accounts") -> str:
    """The address of the stream that a page follows."""
    page = await person.send("GET", person.sites.urls[at] + path, "page")
    found = STREAM.search(page.text)
    assert found, page.text
    return html.unescape(found[1])


async def _webhook_of(person: Persona, mark: str) -> str:
    url = f"http://127.0.0.1:9/{mark}"
    return str((await person.done("POST", "/account/webhooks", url=url, completed="yes")).json()["id"])


async def _site_of(person: Persona) -> str:
    made = await person.done("POST", "/account/sites", name="shop", origins="https://shop.example")
    return str(made.json()["id"])


async def _invited(sites: Sites, admin: Persona, email: str) -> str:
    await admin.done("POST", "/admin/invitations", email=email)
    rows = await sites.sql("SELECT id FROM invitations WHERE email = $1", email)
    return str(rows[0]["id"])


async def _until(person: Persona, at: str, url: str, status: str) -> None:
    async def reached() -> bool:
        return bool((await person.done("GET", url, at=at)).json()["status"] == status)

    await eventually(reached)
