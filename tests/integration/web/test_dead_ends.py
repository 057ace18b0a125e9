"""Where somebody could get stuck on the way in: forms of another session, a guest who is shut out."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from tests.integration.web.conftest import HTML, JSON, PASSWORD, Visitor, new_email, token_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.web.conftest import Sql


async def test_a_form_to_log_in_that_has_expired_comes_back_filled_in_and_works(account: Visitor) -> None:
    email = account.email
    await account.log_out()
    fields = {"email": email, "password": PASSWORD, "next": "/account"}
    refused = await account.http.post("/login", data={"csrf_token": "old", **fields}, headers=HTML)
    assert refused.status_code == 403
    assert f'value="{email}"' in refused.text
    assert PASSWORD not in refused.text
    fields["csrf_token"] = token_in(refused.text)
    entered = await account.http.post("/login", data=fields, headers=HTML)
    assert (entered.status_code, entered.headers["location"]) == (303, "/account")


async def test_any_other_form_that_has_expired_says_how_to_go_on(account: Visitor) -> None:
    refused = await account.post_form("/account/sessions/revocation", csrf_token="old")
    assert refused.status_code == 403
    assert "Go back, reload the page" in refused.text


async def test_a_guest_who_is_shut_out_can_still_log_in_to_an_account(
    visitors: Callable[[], Visitor], account: Visitor, sql: Sql
) -> None:
    guest = await visitors().arrive()
    asked = await guest.submit("[demo: echo] x", model="openai:demo-fast")
    await sql.execute(
        'UPDATE users SET disabled_at = now() WHERE id = (SELECT "user" FROM generations WHERE id = $1)',
        UUID(asked["id"]),
    )
    page = await guest.http.get("/login", headers=HTML)
    fields = {"csrf_token": token_in(page.text), "email": account.email, "password": PASSWORD}
    assert (await guest.http.post("/login", data=fields, headers=HTML)).status_code == 303
    assert (await guest.http.get("/account", headers=HTML)).status_code == 200


async def test_who_deletes_everything_is_told_that_it_is_done(account: Visitor) -> None:
    gone = await account.post_form("/account/deletion", password=PASSWORD)
    page = await account.http.get(gone.headers["location"], headers=HTML)
    assert "Everything of yours is deleted." in page.text


async def test_a_token_that_may_read_is_not_given_the_link_that_others_read_by(account: Visitor) -> None:
    generation = await account.submit("[demo: echo] x", model="openai:demo-fast")
    url = f"/conversations/{generation['conversation_id']}"
    link = (await account.http.post(f"{url}/share", json={}, headers=JSON)).json()["url"]
    assert link in (await account.http.get(url, headers=HTML)).text
    made = await account.http.post("/account/tokens", json={"name": "reader"}, headers=JSON)
    bearer = {"Authorization": f"Bearer {made.json()['token']}"}
    assert link not in (await account.http.get(url, headers={**HTML, **bearer})).text


async def test_all_tokens_end_at_once(account: Visitor) -> None:
    made = [await account.http.post("/account/tokens", json={"name": name}, headers=JSON) for name in ("a", "b")]
    assert (await account.post_form("/account/tokens/revocation")).status_code == 303
    for token in made:
        bearer = {"Authorization": f"Bearer {token.json()['token']}"}
        assert (await account.http.get("/", headers={**JSON, **bearer})).status_code == 401


async def test_who_logs_in_is_told_that_a_guests_questions_come_along(visitor: Visitor) -> None:
    assert "as a guest comes with you" not in (await visitor.http.get("/login", headers=HTML)).text
    await visitor.submit("[demo: echo] x", model="openai:demo-fast")
    assert "as a guest comes with you" in (await visitor.http.get("/login", headers=HTML)).text


async def test_an_address_of_accents_holds_nobody_up(visitor: Visitor) -> None:
    accents = "\u0301\u0316" * 20_000
    for path, fields in (("/login", {}), ("/signup", {})):
        answer = await visitor.http.post(
            path, json={"email": accents, "password": accents, **fields}, headers=JSON, timeout=5
        )
        assert answer.status_code in (401, 422)
    assert await visitor.sign_up(new_email())
