"""Coming in and going out: sign up, log in, log out."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import pytest

from tests.integration.web.conftest import HTML, JSON, LONG, PASSWORD, Visitor, new_email, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx

COUNTED = " ".join(f"word{number}" for number in range(200))


async def ask(visitor: Visitor, text: str) -> str:
    """Have something answered; gives its conversation's address."""
    asked = await visitor.submit(f"[demo: echo] {text}", model="openai:demo-fast")
    await visitor.until(asked["id"], "completed")
    return f"/conversations/{asked['conversation_id']}"


async def test_who_signs_up_keeps_their_conversations_at_the_same_addresses(visitor: Visitor) -> None:
    await ask(visitor, "first")
    await ask(visitor, "second")
    before = await visitor.conversations()
    assert "Your conversations come with you" in (await visitor.http.get("/signup", headers=HTML)).text
    await visitor.sign_up()
    assert await visitor.conversations() == before
    assert "first" in (await visitor.http.get(before[1]["url"], headers=HTML)).text


async def test_an_answer_in_progress_goes_on_through_a_sign_up_and_its_stream_resumes(visitor: Visitor) -> None:
    asked = await visitor.submit("count", model=LONG)
    text, place = "", ""
    async for cursor, event, data in visitor.listen(asked["stream_url"]):
        place, text = cursor, shown(json.loads(data), text) if event == "message" else text
        if "word5 " in text and not visitor.email:
            await visitor.sign_up()  # ends the guest's connection, which the browser then opens again
    assert text != COUNTED
    async for _, event, data in visitor.listen(asked["stream_url"], {"Last-Event-ID": place}):
        text = shown(json.loads(data), text) if event == "message" else text
    assert text == COUNTED
    assert (await visitor.generation(asked["id"]))["content"] == COUNTED


async def test_a_guest_who_logs_in_brings_their_conversations_along_and_the_answer_in_progress(
    visitors: Callable[[], Visitor],
) -> None:
    known = await (await visitors().arrive()).sign_up()
    earlier = await ask(known, "from the account")
    guest = await visitors().arrive()
    brought = await ask(guest, "from the guest")
    running = await guest.submit("count", model=LONG)
    await guest.log_in(known.email)
    for one in (guest, known):  # the same account, in two browsers
        urls = {conversation["url"] for conversation in await one.conversations()}
        assert urls == {earlier, brought, f"/conversations/{running['conversation_id']}"}
    assert (await known.until(running["id"], "completed", "failed"))["content"] == COUNTED


async def test_who_logs_out_is_a_stranger_and_finds_everything_after_logging_in_again(visitor: Visitor) -> None:
    await visitor.sign_up()
    url = await ask(visitor, "mine")
    await visitor.log_out()
    assert await visitor.conversations() == []
    assert (await visitor.http.get(url, headers=HTML)).status_code == 404
    assert "Log in</a>" in (await visitor.http.get("/", headers=HTML)).text
    await visitor.log_in()
    assert [one["url"] for one in await visitor.conversations()] == [url]


async def test_a_session_of_before_a_log_in_is_another_and_one_of_before_a_log_out_opens_nothing(
    visitors: Callable[[], Visitor],
) -> None:
    visitor, thief = await visitors().arrive(), visitors()
    planted, token = visitor.cookie, visitor.token
    await visitor.sign_up()
    first = visitor.cookie
    await ask(visitor, "mine")
    await visitor.log_in()
    second = visitor.cookie
    assert len({planted, first, second}) == 3
    assert len({token, visitor.token}) == 2
    assert len(await visitor.conversations()) == 1
    await visitor.log_out()
    for cookie in (planted, first, second):
        answer = await thief.http.get("/", headers={**JSON, "Cookie": f"genapp_session={cookie}"})
        assert answer.json()["conversations"] == []
        thief.http.cookies.clear()
        answer = await thief.http.get("/account", headers={**HTML, "Cookie": f"genapp_session={cookie}"})
        assert "You are a guest" in answer.text
        thief.http.cookies.clear()


async def test_a_wrong_password_and_an_unknown_address_get_the_same_answer(visitors: Callable[[], Visitor]) -> None:
    known = await (await visitors().arrive()).sign_up()
    visitor = await visitors().arrive()
    unknown = new_email()
    for shape in (HTML, JSON):
        answers = [
            await visitor.post_form("/login", shape, email=email, password="not the password of anybody")
            for email in (known.email, unknown)
        ]
        assert [answer.status_code for answer in answers] == [401, 401]
        wrong, nobody = (answer.text.replace(known.email, "X").replace(unknown, "X") for answer in answers)
        assert wrong == nobody
        assert "do not belong together" in wrong
        own = ("date", "x-request-id")
        alike = [{name: value for name, value in a.headers.items() if name not in own} for a in answers]
        assert alike[0] == alike[1]


@pytest.mark.parametrize(
    ("password", "says"),
    [
        ("short", "at least 10 characters"),
        ("x7#Q" * 51, "at most 200 characters"),
        ("password123", "among the first"),
        ("aaaaaaaaaaaaaaaa", "among the first"),
        ("{email}", "among the first"),
        ("{name}1!", "among the first"),
    ],
    ids=["short", "too long", "common", "repeated", "the address", "its name"],
)
async def test_a_weak_password_is_refused_with_a_sentence_and_the_form_keeps_the_address(
    visitor: Visitor, password: str, says: str
) -> None:
    email = "marguerite.oldenburg@example.org"
    weak = password.format(email=email, name=email.split("@")[0])
    page = await visitor.post_form("/signup", email=email, password=weak)
    assert page.status_code == 422
    assert says in page.text
    assert f'value="{email}"' in page.text
    assert weak == email or weak not in page.text
    problem = await visitor.http.post("/signup", json={"email": email, "password": weak}, headers=JSON)
    assert (problem.status_code, problem.json()["field"]) == (422, "password")
    assert "You are a guest" in (await visitor.http.get("/account", headers=HTML)).text


@pytest.mark.parametrize(
    "email", ["", "nonsense", "a@b@c", "a b@example.org", "<a>@example.org", "a\u200b@example.org"]
)
async def test_what_is_no_address_is_refused(visitor: Visitor, email: str) -> None:
    answer = await visitor.post_form("/signup", JSON, email=email, password=PASSWORD)
    assert (answer.status_code, answer.json()["field"]) == (422, "email")


async def test_an_address_is_the_same_in_capitals_and_with_spaces_and_a_password_on_another_keyboard(
    visitors: Callable[[], Visitor],
) -> None:
    visitor, email = await visitors().arrive(), new_email()
    await visitor.sign_up(email, "cafe\u0301 ﬁve lanterns & oak")  # e and its accent apart, a ligature
    other = await visitors().arrive()
    await other.log_in(f"  {email.upper().replace('@', '＠')} ", "café five lanterns & oak")
    assert email in (await other.http.get("/account", headers=HTML)).text
    taken = await (await visitors().arrive()).post_form("/signup", email=email.title(), password=PASSWORD)
    assert taken.status_code == 422
    assert "There is an account with this address already" in taken.text


async def test_of_two_who_race_for_one_address_one_gets_it_and_the_other_keeps_their_place(
    visitors: Callable[[], Visitor],
) -> None:
    email, racers = new_email(), [await visitors().arrive() for _ in range(4)]
    for number, racer in enumerate(racers):
        await ask(racer, str(number))
    answers = await asyncio.gather(*[one.post_form("/signup", email=email, password=PASSWORD) for one in racers])
    assert sorted(answer.status_code for answer in answers) == [303, 422, 422, 422]
    for racer in racers:
        assert len(await racer.conversations()) == 1


async def test_a_form_that_is_sent_three_times_makes_one_account_with_everything_in_it(visitor: Visitor) -> None:
    url, email = await ask(visitor, "mine"), new_email()
    answers = await asyncio.gather(*[visitor.post_form("/signup", email=email, password=PASSWORD) for _ in range(3)])
    assert sorted(answer.status_code for answer in answers) == [303, 422, 422]
    await (await visitor.arrive()).log_in(email)
    assert [one["url"] for one in await visitor.conversations()] == [url]


async def test_of_twenty_tries_at_once_ten_are_looked_at_and_the_others_told_when_to_come_back(
    visitors: Callable[[], Visitor],
) -> None:
    known = await (await visitors().arrive()).sign_up()
    attacker = await visitors().arrive()
    body = {"email": known.email, "password": "a guess that is wrong"}
    answers: list[httpx.Response] = await asyncio.gather(
        *[attacker.http.post("/login", json=body, headers=JSON) for _ in range(20)]
    )
    assert sorted(answer.status_code for answer in answers) == [401] * 10 + [429] * 10
    late = [answer for answer in answers if answer.status_code == 429]
    assert all(0 < int(answer.headers["retry-after"]) <= 60 for answer in late)
    page = await attacker.post_form("/login", email=known.email, password=PASSWORD)
    assert page.status_code == 429
    assert "There were too many tries. Try again in" in page.text
    assert f'value="{known.email}"' in page.text
    assert (await known.http.get("/account")).status_code == 200  # who is in stays in


async def test_programs_sign_up_and_log_in_with_json(visitors: Callable[[], Visitor]) -> None:
    visitor, email = visitors(), new_email()
    body = {"email": email, "password": PASSWORD}
    made = await visitor.http.post("/signup", json=body, headers=JSON)
    assert (made.status_code, made.json()["email"]) == (200, email)
    assert (await visitor.http.post("/logout", json={}, headers=JSON)).status_code == 204
    refused = await visitor.http.post("/login", json={**body, "password": "wrong"}, headers=JSON)
    assert refused.status_code == 401
    assert refused.headers["content-type"].startswith("application/problem+json")
    entered = await visitor.http.post("/login", json=body, headers=JSON)
    assert (entered.status_code, entered.json()) == (200, made.json())


@pytest.mark.parametrize(
    ("wanted", "reached"),
    [
        ("/account?done=password", "/account?done=password"),
        ("//evil.example", "/"),
        ("/\\evil.example", "/"),
        ("\\/evil.example", "/"),
        ("https://evil.example/", "/"),
        ("https:evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("/\t/evil.example", "/"),
        ("/\n/evil.example", "/"),
        (" //evil.example", "/"),
        ("%2F%2Fevil.example", "/"),
        ("/ok\u2028", "/"),
        ("evil", "/"),
        ("", "/"),
        ("/" + "a" * 600, "/"),
    ],
)
async def test_who_logs_in_lands_where_they_wanted_and_never_on_another_site(
    account: Visitor, wanted: str, reached: str
) -> None:
    answer = await account.post_form("/login", email=account.email, password=PASSWORD, next=wanted)
    assert (answer.status_code, answer.headers["location"]) == (303, reached)
    await account.arrive()
    shown_form = await account.http.get("/login", params={"next": wanted}, headers=HTML)
    assert (shown_form.status_code, shown_form.headers["location"]) == (303, reached)


async def test_the_form_to_log_in_keeps_where_to_go_through_a_mistake(account: Visitor) -> None:
    await account.log_out()
    for wanted, kept in (("/account", "/account"), ("//evil.example", "/")):
        answer = await account.post_form("/login", email=account.email, password="wrong", next=wanted)
        assert f'name="next" value="{kept}"' in answer.text
