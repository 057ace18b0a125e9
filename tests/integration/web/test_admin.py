"""The pages of who runs the site, and `genapp user` against a site that runs."""

from __future__ import annotations

import asyncio
import re
import subprocess
from typing import TYPE_CHECKING

import pytest

from genapp.models import new_id
from tests.integration.web.conftest import HTML, JSON, LONG, PASSWORD, Visitor, cut, watch
from tests.running import GENAPP, eventually

if TYPE_CHECKING:
    from collections.abc import Callable
    from uuid import UUID

    from tests.integration.web.conftest import Sql
    from tests.running import App


async def about(admin: Visitor, user_id: UUID) -> str:
    """A user's page, as an admin sees it."""
    answer = await admin.http.get(f"/admin/users/{user_id}", headers=HTML)
    assert answer.status_code == 200
    return answer.text


async def deed(admin: Visitor, user_id: UUID, verb: str, **fields: str) -> str:
    """Do something to a user; gives the page that comes then."""
    answer = await admin.post_form(f"/admin/users/{user_id}/{verb}", **fields)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/admin/users/{user_id}?done={verb}")
    return (await admin.http.get(answer.headers["location"], headers=HTML)).text


async def test_an_account_is_found_by_its_address_and_a_guest_by_their_id(
    admin: Visitor, account: Visitor, visitors: Callable[[], Visitor], sql: Sql
) -> None:
    guest = await visitors().arrive()
    asked = await guest.submit("[demo: echo] hi", model="openai:demo-fast")
    guest_id = await sql.fetchval('SELECT "user" FROM generations WHERE id = $1', asked["id"])
    for query in (account.email.upper(), account.email[5:20]):
        page = (await admin.http.get("/admin", params={"q": query}, headers=HTML)).text
        assert re.findall(r"<bdi>([^<]+@[^<]+)</bdi></a>", page) == [account.email]
    for query in (str(guest_id), str(guest_id)[-12:]):  # also by what the lists call a guest
        page = (await admin.http.get("/admin", params={"q": query}, headers=HTML)).text
        assert f'href="/admin/users/{guest_id}"' in page
    for query in ("%", "_", "no such person", "<b>"):
        assert "Nobody is found" in (await admin.http.get("/admin", params={"q": query}, headers=HTML)).text, query


async def test_more_than_a_page_of_users_is_turned_over_without_a_gap(admin: Visitor, sql: Sql) -> None:
    name = new_id().hex
    emails = [f"{number:03}@{name}.example" for number in range(120)]
    await sql.executemany(
        "INSERT INTO users (id, email, password_hash) VALUES ($1, $2, 'x')", [(new_id(), email) for email in emails]
    )
    found, url = [], f"/admin?q={name}"
    while url:
        page = (await admin.http.get(url, headers=HTML)).text
        found.append(re.findall(r"<bdi>([^<]+@[^<]+)</bdi></a>", page))
        older = re.search(r'href="([^"]+)" rel="next"', page)
        url = older[1].replace("&amp;", "&") if older else ""
    assert [len(page) for page in found] == [50, 50, 20]
    assert [email for page in found for email in page] == emails[::-1]


async def test_limits_of_ones_own_are_applied_and_an_empty_field_gives_the_usual_ones_back(
    admin: Visitor, account: Visitor, sql: Sql
) -> None:
    user_id = await account.user_id(sql)
    ask = {"prompt": "[demo: echo] hi", "model": "openai:demo-fast"}
    assert "The limits are saved." in await deed(admin, user_id, "limits", max_in_flight="0", tokens_per_day="")
    refused = await account.http.post("/generations", json=ask, headers=JSON)
    assert refused.status_code == 429
    assert "Ask whoever runs this site" in refused.json()["detail"]
    await deed(admin, user_id, "limits", max_in_flight=" 1 ", tokens_per_day="1")
    asked = await account.submit(**ask)
    await account.until(asked["id"], "completed")
    spent = await account.http.post("/generations", json=ask, headers=JSON)
    assert spent.status_code == 429
    assert "tokens that are yours in 24 hours" in spent.json()["detail"]
    assert int(spent.headers["retry-after"]) > 80_000
    page = await deed(admin, user_id, "limits", max_in_flight="", tokens_per_day="")
    assert 'name="max_in_flight" type="number" value=""' in page
    running = [await account.submit("[demo: pause] x", model="openai:demo") for _ in range(3)]
    assert (await account.http.post("/generations", json=ask, headers=JSON)).status_code == 429
    for one in running:
        await account.post_form(f"/generations/{one['id']}/cancellation")


@pytest.mark.parametrize("bad", ["-1", "1.5", "ten", "1001", "٣", "9" * 30, "0x10", "<b>"])
async def test_a_limit_that_is_no_number_is_refused_and_stays_in_the_form(
    admin: Visitor, account: Visitor, sql: Sql, bad: str
) -> None:
    user_id = await account.user_id(sql)
    answer = await admin.post_form(f"/admin/users/{user_id}/limits", max_in_flight=bad, tokens_per_day="77")
    assert answer.status_code == 422
    assert 'id="max_in_flight_error"' in answer.text
    assert f'value="{bad.replace("<", "&lt;").replace(">", "&gt;")}"' in answer.text
    assert 'value="77"' in answer.text
    assert await sql.fetchval("SELECT tokens_per_day FROM users WHERE id = $1", user_id) is None


async def test_who_is_disabled_is_out_everywhere_at_once_and_their_answers_stop(
    admin: Visitor, account: Visitor, visitors: Callable[[], Visitor], sql: Sql
) -> None:
    user_id = await account.user_id(sql)
    token = (await account.http.post("/account/tokens", json={"name": "s", "scope": "generate"}, headers=JSON)).json()
    script = visitors()
    script.http.headers["Authorization"] = f"Bearer {token['token']}"
    asked = await account.submit("[demo: pause] Describe the sea", model="openai:demo")
    streams = [await watch(one, asked["stream_url"]) for one in (account, script)]
    assert "The account is disabled" in await deed(admin, user_id, "disablement")
    for stream in streams:
        await stream
    assert (await script.http.get("/", headers=JSON)).status_code == 401
    assert "You are a guest" in (await account.http.get("/account", headers=HTML)).text
    refused = await account.http.post("/login", json={"email": account.email, "password": "wrong"}, headers=JSON)
    assert refused.status_code == 401  # that it is disabled learns who knows the password
    await account.arrive()
    page = await account.http.post(
        "/login", data={"email": account.email, "password": PASSWORD, "csrf_token": account.token}, headers=HTML
    )
    assert page.status_code == 403
    assert "This account is disabled." in page.text

    async def stopped() -> bool:
        status = await sql.fetchval("SELECT status FROM generations WHERE id = $1", asked["id"])
        return bool(status == "cancelled")

    await eventually(stopped)
    assert "The account is enabled." in await deed(admin, user_id, "enablement")
    await account.log_in()
    assert len(await account.conversations()) == 1


async def test_a_guest_who_is_disabled_is_told_so(admin: Visitor, visitor: Visitor, sql: Sql) -> None:
    asked = await visitor.submit("count", model=LONG)
    user_id = await sql.fetchval('SELECT "user" FROM generations WHERE id = $1', asked["id"])
    stream = await watch(visitor, asked["stream_url"])
    await deed(admin, user_id, "disablement")
    await stream
    answer = await visitor.http.post("/generations", json={"prompt": "x"}, headers=JSON)
    assert (answer.status_code, answer.json()["detail"]) == (
        403,
        "This account is disabled. Ask whoever runs this site.",
    )
    assert (await admin.post_form(f"/admin/users/{user_id}/promotion")).status_code == 404


async def test_a_second_admin_is_made_and_unmade_and_nobody_does_it_to_themselves(
    admin: Visitor, account: Visitor, sql: Sql
) -> None:
    mine, other = await admin.user_id(sql), await account.user_id(sql)
    assert (await account.http.get("/admin")).status_code == 404
    await deed(admin, other, "promotion")
    assert (await account.http.get("/admin")).status_code == 200  # in the session that was there before
    for verb in ("demotion", "disablement"):
        answer = await admin.post_form(f"/admin/users/{mine}/{verb}")
        assert answer.status_code == 403
        assert "another admin has to do that" in answer.text
    await deed(account, mine, "demotion")
    assert (await admin.http.get("/admin")).status_code == 404
    assert (await admin.post_form(f"/admin/users/{other}/demotion")).status_code == 404
    assert "Another admin has to change your role" in await about(account, other)


async def test_the_admin_area_is_not_there_for_anybody_else(
    account: Visitor, visitors: Callable[[], Visitor], sql: Sql
) -> None:
    guest, user_id = await visitors().arrive(), await account.user_id(sql)
    pages = ("/admin", "/admin/generations", "/admin/invitations", f"/admin/users/{user_id}")
    for path in pages:
        assert (await account.http.get(path, headers=JSON)).status_code == 404
        assert (await guest.http.get(path, headers=JSON)).status_code == 401
    verbs = ("limits", "disablement", "enablement", "promotion", "demotion")
    for path in (*(f"/admin/users/{user_id}/{verb}" for verb in verbs), "/admin/invitations"):
        assert (await account.post_form(path, JSON)).status_code == 404
        assert (await guest.post_form(path, JSON)).status_code == 401
    assert await sql.fetchval("SELECT role FROM users WHERE id = $1", user_id) == "user"


async def test_an_admin_reads_an_answer_along_and_stops_it(admin: Visitor, visitor: Visitor) -> None:
    asked = await visitor.submit("[demo: pause] Describe the sea", model="openai:demo")
    listed = await admin.http.get("/admin/generations?status=processing", headers=HTML)
    assert listed.status_code == 200
    path = f"/admin/generations/{asked['id']}"
    page = (await admin.http.get(path, headers=HTML)).text
    url = re.search(r'hx-sse:connect="([^"]+)"', page)
    assert url
    stream = await watch(admin, url[1].replace("&amp;", "&"))
    answer = await admin.post_form(f"{path}/cancellation")
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    assert "event: done" in await stream
    assert (await visitor.generation(asked["id"]))["status"] == "cancelled"
    assert (await admin.http.get(f"/admin/generations/{new_id()}", headers=HTML)).status_code == 404


async def test_an_admin_who_is_demoted_is_cut_off_an_answer_also_where_redis_lost_the_message(
    admin: Visitor, visitor: Visitor, sql: Sql
) -> None:
    asked = await visitor.submit("[demo: stall] x", model="openai:demo")
    page = (await admin.http.get(f"/admin/generations/{asked['id']}", headers=HTML)).text
    url = re.search(r'hx-sse:connect="([^"]+)"', page)
    assert url
    stream = await watch(admin, url[1].replace("&amp;", "&"))
    await sql.execute("UPDATE users SET role = 'user' WHERE email = $1", admin.email)
    await cut(stream)


async def test_the_list_of_generations_has_their_facts_and_not_their_words(admin: Visitor, account: Visitor) -> None:
    asked = await account.submit("[demo: 401] a question nobody else should read", model="openai:demo-fast")
    await account.until(asked["id"], "failed")
    page = (await admin.http.get("/admin/generations?status=failed", headers=HTML)).text
    row = page[page.index(asked["id"]) :].partition("</tr>")[0]
    assert account.email in row
    assert "unauthorized" in row
    assert "a question nobody" not in page
    completed = (await admin.http.get("/admin/generations?status=completed", headers=HTML)).text
    assert asked["id"] not in completed
    assert asked["id"] in (await admin.http.get("/admin/generations?status=nonsense", headers=HTML)).text


async def test_what_is_done_at_the_command_line_is_felt_in_open_pages_at_once(
    app: App, account: Visitor, sql: Sql
) -> None:
    async def command(*words: str) -> None:
        await asyncio.to_thread(
            subprocess.run, [*GENAPP, "user", *words], env=app.env, check=True, capture_output=True, timeout=60
        )

    assert (await account.http.get("/admin")).status_code == 404
    await command("promote", account.email)
    assert (await account.http.get("/admin")).status_code == 200
    asked = await account.submit("[demo: pause] Describe the sea", model="openai:demo")
    stream = await watch(account, asked["stream_url"])
    await command("disable", account.email)
    await cut(stream)
    assert "You are a guest" in (await account.http.get("/account", headers=HTML)).text

    async def stopped() -> bool:
        status = await sql.fetchval("SELECT status FROM generations WHERE id = $1", asked["id"])
        return bool(status == "cancelled")

    await eventually(stopped)
