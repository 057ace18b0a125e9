"""A site for accounts only (GENAPP_ACCESS=accounts): who gets in, how often somebody may try, and what Redis has to do
with it."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

import pytest
import redis

from genapp.dev.services import embedded_postgres
from tests.integration.web.conftest import HTML, HTMX, JSON, PASSWORD, Visitor, new_email
from tests.redis_server import RedisServer
from tests.running import App, eventually, running_on

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A Redis that may go away."""
    made = RedisServer(tmp_path_factory.mktemp("redis"))
    made.start()
    yield made
    made.kill()


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, server: RedisServer) -> Iterator[App]:
    """An app where an address may try to log in five times in ten minutes, and sign up three times an hour."""
    folder = tmp_path_factory.mktemp("admission")
    settings = {
        "GENAPP_ACCESS": "accounts",
        "GENAPP_LOGINS_PER_ADDRESS": "5",
        "GENAPP_SIGNUPS_PER_ADDRESS": "3",
    }
    with (
        embedded_postgres(folder / "postgres", durable=False) as database_url,
        running_on(folder, database_url, server.url, settings) as running,
    ):
        yield running


@pytest.fixture(autouse=True)
def hours_later(server: RedisServer) -> None:
    """Nobody has tried anything for long."""
    with redis.Redis.from_url(server.url) as client:
        for key in client.scan_iter("genapp:quota:*"):
            client.delete(key)


@pytest.mark.parametrize("place", ["/", "/?prompt=Why%20is%20it%3F", "/account?done=password", "/generations/{id}"])
async def test_a_page_sends_who_is_not_logged_in_to_the_form_and_from_there_to_where_they_wanted(
    visitors: Callable[[], Visitor], place: str
) -> None:
    account = await (await visitors().arrive()).sign_up()
    asked = await account.submit("[demo: echo] hi", model="openai:demo-fast")
    place = place.format(id=asked["id"])
    somebody = visitors()
    sent = await somebody.http.get(place, headers=HTML)
    assert sent.status_code == 303
    assert urlsplit(sent.headers["location"]).path == "/login"
    wanted = parse_qs(urlsplit(sent.headers["location"]).query)["next"][0]
    assert wanted == place
    await somebody.arrive(sent.headers["location"])
    entered = await somebody.post_form("/login", email=account.email, password=PASSWORD, next=wanted)
    assert (entered.status_code, entered.headers["location"]) == (303, place)
    assert (await somebody.http.get(place, headers=HTML)).status_code == 200


async def test_a_program_and_a_partial_are_told_by_401(visitors: Callable[[], Visitor]) -> None:
    somebody = await visitors().arrive()
    answer = await somebody.http.get("/", headers=JSON)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    assert answer.headers["content-type"].startswith("application/problem+json")
    for refused in (
        await somebody.http.post("/generations", json={"prompt": "x"}, headers=JSON),
        await somebody.http.get("/"),
        await somebody.http.get("/streams?stream=x", headers={"Accept": "text/event-stream"}),
        await somebody.http.get("/account/export", headers=JSON),
    ):
        assert refused.status_code == 401
    partial = await somebody.post_form("/generations", HTMX, prompt="x")
    assert partial.status_code == 401
    assert "You are not logged in." in partial.text
    page = await somebody.post_form("/generations", prompt="my long question")
    assert page.status_code == 401
    assert "my long question</textarea>" in page.text
    for path in ("/login", "/signup", "/healthz"):
        assert (await somebody.http.get(path, headers=HTML)).status_code == 200


async def test_a_shared_conversation_is_read_without_an_account(visitors: Callable[[], Visitor]) -> None:
    account = await (await visitors().arrive()).sign_up()
    asked = await account.submit("[demo: echo] hello", model="openai:demo-fast")
    await account.until(asked["id"], "completed")
    path = f"/conversations/{asked['conversation_id']}/share"
    shared = (await account.http.post(path, json={}, headers=JSON)).json()
    assert "hello" in (await visitors().http.get(shared["url"], headers=HTML)).text


async def test_an_address_may_try_five_times_whatever_the_account_and_who_is_in_stays_in(
    visitors: Callable[[], Visitor],
) -> None:
    account = await (await visitors().arrive()).sign_up()
    attacker = await visitors().arrive()
    for _ in range(5):
        answer = await attacker.http.post("/login", json={"email": new_email(), "password": "guess"}, headers=JSON)
        assert answer.status_code == 401
    for email in (new_email(), account.email):
        answer = await attacker.http.post("/login", json={"email": email, "password": PASSWORD}, headers=JSON)
        assert answer.status_code == 429
        assert 0 < int(answer.headers["retry-after"]) <= 120
        assert answer.json()["retry_after"] == int(answer.headers["retry-after"])
    assert len(await account.conversations()) == 0
    # To guess it there is to guess it all the same; but a stranger's tries keep nobody from their own account.
    guesses = [await account.post_form("/account/deletion", JSON, password="guess") for _ in range(11)]
    assert [guess.status_code for guess in guesses] == [422] * 10 + [429]


async def test_an_address_signs_up_three_times_an_hour(visitors: Callable[[], Visitor]) -> None:
    for _ in range(3):
        await (await visitors().arrive()).sign_up()
    fourth, email = await visitors().arrive(), new_email()
    page = await fourth.post_form("/signup", email=email, password=PASSWORD)
    assert page.status_code == 429
    assert int(page.headers["retry-after"]) > 600
    assert "There were too many tries. Try again in 20 minutes." in page.text
    assert f'value="{email}"' in page.text


async def test_while_redis_is_away_nobody_logs_in_and_who_is_in_goes_on(
    visitors: Callable[[], Visitor], server: RedisServer
) -> None:
    account, newcomer = await (await visitors().arrive()).sign_up(), await visitors().arrive()
    other = await (await visitors().arrive()).log_in(account.email)
    server.kill()
    for path in ("/login", "/signup"):
        page = await newcomer.post_form(path, email=account.email, password=PASSWORD)
        assert (page.status_code, page.headers["retry-after"]) == (503, "5")
        assert "A part of the service is away for a moment. Try again in 5 seconds." in page.text
        assert f'value="{account.email}"' in page.text
    asked = await account.submit("[demo: echo] kept", model="openai:demo-fast")
    assert account.email in (await account.http.get("/account", headers=HTML)).text
    assert (await account.post_form("/account/sessions/revocation")).status_code == 303
    assert (await other.http.get("/", headers=JSON)).status_code == 401  # the row decides, also unannounced
    # A browser's EventSource gives up for good when it is told 503: it is told to come back, and programs are told 503.
    stream = await account.http.get(asked["stream_url"], headers={"Accept": "text/event-stream"})
    assert (stream.status_code, stream.headers["content-type"]) == (200, "text/event-stream; charset=utf-8")
    assert stream.text == "retry: 5000\n\n"
    assert (await account.http.get(asked["stream_url"])).status_code == 503
    server.start()

    async def entered() -> bool:
        body = {"email": account.email, "password": PASSWORD}
        return (await newcomer.http.post("/login", json=body, headers=JSON)).status_code == 200

    await eventually(entered)
    assert (await newcomer.until(asked["id"], "completed"))["content"] == "kept"
