"""A site by invitation (GENAPP_ACCESS=invite), from its first admin on."""

from __future__ import annotations

import asyncio
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.integration.web.conftest import HTML, JSON, PASSWORD, Visitor, new_email
from tests.running import GENAPP, App, running_app

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.integration.web.conftest import Sql

FIRST = "first@example.org"


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """An app by invitation, with one admin, made at the command line."""
    with running_app(tmp_path_factory.mktemp("invitations"), GENAPP_ACCESS="invite") as running:
        command = [*GENAPP, "user", "create", FIRST, "--admin", "--password-stdin"]
        subprocess.run(command, env=running.env, input=PASSWORD, text=True, check=True, capture_output=True)
        yield running


@pytest.fixture
async def admin(visitors: Callable[[], Visitor]) -> Visitor:
    return await (await visitors().arrive()).log_in(FIRST)


async def invite(admin: Visitor, email: str = "") -> str:
    """Make an invitation; gives the path of its link, which is shown once."""
    made = await admin.post_form("/admin/invitations", email=email)
    assert made.status_code == 201
    link = re.search(r'id="new_link"[^>]* value="http://[^/"]+(/signup\?invitation=[\w-]+)"', made.text)
    assert link
    assert link[1] not in (await admin.http.get("/admin/invitations", headers=HTML)).text
    return link[1]


def fields(link: str, email: str) -> dict[str, str]:
    return {"email": email, "password": PASSWORD, "invitation": link.partition("=")[2]}


async def refused(visitor: Visitor, link: str) -> bool:
    """Whether a link makes no account: its page says so, and so does the form."""
    page = await visitor.http.get(link, headers=HTML)
    assert page.status_code == 200
    answer = await visitor.http.post("/signup", json=fields(link, new_email()), headers=JSON)
    return "To sign up here you need an invitation" in page.text and answer.status_code == 403


async def test_who_is_invited_signs_up_with_the_link_and_nobody_does_without(
    admin: Visitor, visitors: Callable[[], Visitor]
) -> None:
    somebody = await visitors().arrive()
    assert 'href="/signup' not in (await somebody.http.get("/login", headers=HTML)).text
    for link in ("/signup", "/signup?invitation=", "/signup?invitation=guess"):
        assert await refused(somebody, link)
    page = await somebody.post_form("/signup", email=new_email(), password=PASSWORD)
    assert page.status_code == 403
    assert "To sign up here you need an invitation" in page.text
    link = await invite(admin)
    await (await somebody.arrive(link)).sign_up(invitation=link.partition("=")[2])
    assert await somebody.conversations() == []
    assert await refused(await visitors().arrive(), link)


async def test_an_invitation_for_an_address_is_for_that_one(admin: Visitor, visitors: Callable[[], Visitor]) -> None:
    email = new_email()
    link = await invite(admin, f" {email.upper()} ")
    somebody = await visitors().arrive(link)
    page = (await somebody.http.get(link, headers=HTML)).text
    assert re.search(rf'name="email" type="email" value="{email}"[^>]* readonly', page)
    wrong = await somebody.http.post("/signup", json=fields(link, new_email()), headers=JSON)
    assert (wrong.status_code, wrong.json()["detail"]) == (422, "This invitation is for another address.")
    entered = await somebody.http.post("/signup", json=fields(link, email), headers=JSON)
    assert entered.status_code == 200


async def test_of_four_who_race_for_one_invitation_one_gets_in(
    admin: Visitor, visitors: Callable[[], Visitor], sql: Sql
) -> None:
    link = await invite(admin)
    emails = [new_email() for _ in range(4)]
    answers = await asyncio.gather(
        *[visitors().http.post("/signup", json=fields(link, email), headers=JSON) for email in emails]
    )
    codes = sorted(answer.status_code for answer in answers)
    assert codes[0] == 200
    assert set(codes[1:]) <= {403, 422}
    assert await sql.fetchval("SELECT count(*) FROM users WHERE email = ANY($1)", emails) == 1


async def test_a_mistake_does_not_use_an_invitation_up(admin: Visitor, visitors: Callable[[], Visitor]) -> None:
    link = await invite(admin)
    somebody = await visitors().arrive(link)
    invitation = link.partition("=")[2]
    for email, password in ((new_email(), "password123"), (FIRST, PASSWORD), ("nonsense", PASSWORD)):
        page = await somebody.post_form("/signup", email=email, password=password, invitation=invitation)
        assert page.status_code == 422
        assert f'name="invitation" value="{invitation}"' in page.text
    await somebody.sign_up(invitation=invitation)


async def test_an_invitation_that_is_too_old_or_taken_back_opens_nothing(
    admin: Visitor, visitors: Callable[[], Visitor], sql: Sql
) -> None:
    old, back = await invite(admin), await invite(admin, new_email())
    ids = await sql.fetch("SELECT id FROM invitations ORDER BY id DESC LIMIT 2")
    await sql.execute("UPDATE invitations SET expires_at = now() - interval '1 second' WHERE id = $1", ids[1]["id"])
    answer = await admin.post_form(f"/admin/invitations/{ids[0]['id']}/revocation")
    assert (answer.status_code, answer.headers["location"]) == (303, "/admin/invitations?done=revocation")
    page = (await admin.http.get(answer.headers["location"], headers=HTML)).text
    assert "That invitation opens nothing any more." in page
    assert "<strong>Expired.</strong>" in page
    somebody = await visitors().arrive()
    for link in (old, back):
        assert await refused(somebody, link)
    again = await admin.post_form(f"/admin/invitations/{ids[0]['id']}/revocation")
    assert again.status_code == 404


async def test_an_invitation_for_what_is_no_address_is_refused_and_stays_in_the_form(admin: Visitor) -> None:
    page = await admin.post_form("/admin/invitations", email="not an address")
    assert page.status_code == 422
    assert 'value="not an address"' in page.text
    assert "This is not an e-mail address." in page.text


async def test_an_invitation_from_the_command_line_works_and_who_is_in_does_not_use_it_up(
    app: App, admin: Visitor, visitors: Callable[[], Visitor]
) -> None:
    made = await asyncio.to_thread(
        subprocess.run, [*GENAPP, "user", "invite"], env=app.env, check=True, capture_output=True, text=True
    )
    link = made.stdout.strip()
    entered = await admin.http.get(link, headers=HTML)
    assert (entered.status_code, entered.headers["location"]) == (303, "/")
    sent = await admin.post_form("/signup", **fields(link, new_email()))
    assert (sent.status_code, sent.headers["location"]) == (303, "/")
    await (await visitors().arrive(link)).sign_up(invitation=link.partition("=")[2])
