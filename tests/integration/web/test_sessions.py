"""Where an account is logged in, and how that ends."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tests.integration.web.conftest import HTML, JSON, PASSWORD, Visitor, cut, watch

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.web.conftest import Sql

OTHER = "seven copper lanterns, unlit"
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:143.0) Gecko/20100101 Firefox/143.0"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Version/19.0 Mobile Safari/604.1"


async def logged_in_twice(visitors: Callable[[], Visitor]) -> tuple[Visitor, Visitor]:
    """One account in two browsers."""
    one, other = visitors(), visitors()
    one.http.headers["User-Agent"], other.http.headers["User-Agent"] = FIREFOX, IPHONE
    await (await one.arrive()).sign_up()
    await (await other.arrive()).log_in(one.email)
    return one, other


async def is_out(visitor: Visitor) -> bool:
    """Whether this browser is a stranger's now. Looks at it as it is: the answer's cookie is not kept."""
    headers = {**HTML, "Cookie": f"genapp_session={visitor.cookie}"}
    jar, visitor.http.cookies = visitor.http.cookies, {}
    page = await visitor.http.get("/account", headers=headers)
    visitor.http.cookies = jar
    return "You are a guest" in page.text


async def test_the_account_lists_its_browsers_and_says_which_is_this_one(visitors: Callable[[], Visitor]) -> None:
    one, other = await logged_in_twice(visitors)
    page = (await one.http.get("/account", headers=HTML)).text
    listed = re.findall(r'entries__name"><bdi>([^<]+)</bdi></p>\s*<p class="entries__more">\s*(\S+)', page)
    assert sorted(listed) == [("Firefox on Linux", "<strong>This"), ("Safari on iPhone", "<time")]
    assert "127.0.0.1" in page
    assert page.count("/revocation") == 2  # the other one, and all others
    assert not await is_out(other)


async def test_one_session_is_ended_from_another_and_its_open_page_notices_at_once(
    visitors: Callable[[], Visitor],
) -> None:
    one, other = await logged_in_twice(visitors)
    stream = await watch(other)
    page = (await one.http.get("/account", headers=HTML)).text
    action = re.search(r'action="(/account/sessions/[0-9a-f-]{36}/revocation)"', page)
    assert action
    answer = await one.post_form(action[1])
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?done=session")
    assert "That session is over." in (await one.http.get(answer.headers["location"], headers=HTML)).text
    await cut(stream)
    assert await is_out(other)
    assert not await is_out(one)
    assert (await one.post_form(action[1])).status_code == 404


async def test_a_session_of_somebody_else_is_not_to_be_ended(visitors: Callable[[], Visitor], sql: Sql) -> None:
    one, stranger = await (await visitors().arrive()).sign_up(), await (await visitors().arrive()).sign_up()
    session = await sql.fetchval('SELECT id FROM sessions WHERE "user" = $1', await one.user_id(sql))
    assert (await stranger.post_form(f"/account/sessions/{session}/revocation", JSON)).status_code == 404
    assert not await is_out(one)


async def test_another_password_logs_out_everywhere_else_and_not_here(visitors: Callable[[], Visitor]) -> None:
    one, other = await logged_in_twice(visitors)
    stream = await watch(other)
    answer = await one.post_form("/account/password", current_password=PASSWORD, new_password=OTHER)
    assert (answer.status_code, answer.headers["location"]) == (303, "/account?done=password")
    await cut(stream)
    assert await is_out(other)
    assert not await is_out(one)
    old = await other.http.post("/login", json={"email": one.email, "password": PASSWORD}, headers=JSON)
    assert old.status_code == 401
    await (await other.arrive()).log_in(one.email, OTHER)
    ended = await one.post_form("/account/sessions/revocation", JSON)
    assert ended.status_code == 204
    assert await is_out(other)
    assert not await is_out(one)


async def test_a_password_is_changed_by_who_knows_it_and_to_a_good_one(account: Visitor) -> None:
    for current, new, field in (
        ("not the password", OTHER, "current_password"),
        (PASSWORD, "password123", "new_password"),
        (PASSWORD, "", "new_password"),
    ):
        page = await account.post_form("/account/password", current_password=current, new_password=new)
        assert page.status_code == 422
        assert f'id="{field}_error"' in page.text
        body = {"current_password": current, "new_password": new}
        problem = await account.http.post("/account/password", json=body, headers=JSON)
        assert (problem.status_code, problem.json()["field"]) == (422, field)
    assert PASSWORD not in page.text
    body = {"current_password": PASSWORD, "new_password": OTHER}
    assert (await account.http.post("/account/password", json=body, headers=JSON)).status_code == 204
    await account.log_in(password=OTHER)


async def test_logging_out_closes_what_other_tabs_of_the_browser_have_open(account: Visitor) -> None:
    stream = await watch(account)
    await account.log_out()
    await cut(stream)


async def test_a_form_of_a_session_that_has_ended_says_so_and_keeps_the_words(
    visitors: Callable[[], Visitor],
) -> None:
    one, other = await logged_in_twice(visitors)
    assert (await one.post_form("/account/sessions/revocation")).status_code == 303
    page = await other.post_form("/generations", prompt="my long question")
    assert page.status_code == 401
    assert "You have been logged out" in page.text
    assert "my long question</textarea>" in page.text
    assert await one.conversations() == []


async def test_a_session_that_nobody_has_used_for_long_is_over(account: Visitor, sql: Sql) -> None:
    before = account.cookie
    await account.log_in()  # asked anew: who was asked about a moment ago is believed for half a minute
    await sql.execute(
        "UPDATE sessions SET expires_at = now() - interval '1 second' WHERE \"user\" = $1", await account.user_id(sql)
    )
    page = await account.http.get("/account", headers={**HTML, "Cookie": f"genapp_session={before}"})
    assert "You are a guest" in page.text


async def test_a_guest_has_no_account_to_change(visitor: Visitor) -> None:
    for path in ("/account/password", "/account/sessions/revocation", "/account/tokens"):
        answer = await visitor.post_form(path, JSON)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
