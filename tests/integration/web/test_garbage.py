"""Anything at all, to every route: never a fault of ours, always the shape that was asked for.

What is no HTTP is the edge's (`edge/test_malformed.py`); all of this is, so the app answers it.
"""

from __future__ import annotations

import http.client
import json
import re
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings

from genapp.web import openapi
from genapp.web.app import every_route
from genapp.web.negotiation import OPENAI_PREFIX
from genapp.web.openapi.refusals import PROBLEM
from tests.integration.web import fuzzing
from tests.integration.web.attempts import Attempt, attempts
from tests.integration.web.callers import COOKIE, Caller, somebody, with_session, with_token
from tests.integration.web.conftest import HTML
from tests.running import GENAPP, App

if TYPE_CHECKING:
    from collections.abc import Iterator

ROUTES = {f"{openapi.method_of(one).upper()} {openapi.path_of(one)}": one for one in every_route()}
# Of which each route of the app gets this many more than one of the API does.
TIMES = 3
# What a browser shows no document of: a policy that allows nothing is enough.
DATA = ("application/json", "application/problem+json", "text/event-stream")

Header = tuple[str, bytes]


@dataclass
class Crowd:
    """Everybody who asks, by the headers that say who they are, and what there is to ask about."""

    everybody: list[list[Header]]
    lasting: list[list[Header]]  # who has no session that a log-out would end
    known: dict[str, str] = field(default_factory=dict)


@pytest.fixture(scope="module")
def crowd(app: App) -> Crowd:
    guest = httpx.get(app.url, headers=HTML, timeout=20)
    token = re.search(r'name="csrf_token" value="([^"]+)"', guest.text)
    assert token
    as_guest = [("Cookie", f"{COOKIE}={guest.cookies[COOKIE]}".encode()), ("X-CSRF-Token", token[1].encode())]
    person, program, admin = with_session(app), with_token(app), an_admin(app)
    lasting = [[], as_guest, _headers(program)]
    return Crowd([*lasting, _headers(person), _headers(admin)], lasting, {**somebody(app).own, **person.own})


def an_admin(app: App) -> Caller:
    admin = with_session(app)
    promote = [*GENAPP, "user", "promote", admin.email]
    subprocess.run(promote, env=app.env, check=True, capture_output=True)
    return admin


def _headers(caller: Caller) -> list[Header]:
    return [(name, value.encode()) for name, value in caller.headers.items()]


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: str


def exchange(app: App, attempt: Attempt) -> Answer:
    """Send a request as it is."""
    connection = http.client.HTTPConnection(urlsplit(app.url).netloc, timeout=20)
    try:
        connection.putrequest(attempt.method, attempt.target, skip_accept_encoding=True)
        for name, value in attempt.headers:
            connection.putheader(name, value)
        if attempt.method not in ("GET", "HEAD"):
            connection.putheader("Content-Length", str(len(attempt.body)))
        connection.endheaders(attempt.body or None)
        response = connection.getresponse()
        named = {name.lower(): value for name, value in response.getheaders()}
        return Answer(response.status, named, response.read().decode())
    finally:
        connection.close()


@contextmanager
def nothing_in_the_log(app: App) -> Iterator[None]:
    """What happens in the block leaves no traceback in the web's log."""
    log = app.folder / "web.log"
    before = log.stat().st_size
    yield
    with log.open("rb") as file:
        file.seek(before)
        said = file.read().decode()
    assert "Traceback" not in said, said
    assert "unhandled" not in said, said


def check(answer: Answer, attempt: Attempt) -> None:
    """It is no fault of ours, it says what its status must, and it has the shape that was asked for."""
    assert answer.status < 500, answer
    data = answer.headers.get("content-type", "").startswith(DATA)
    assert ("default-src 'none';" if data else "default-src 'self';") in answer.headers["content-security-policy"]
    for status, header in ((401, "www-authenticate"), (405, "allow"), (429, "retry-after")):
        assert answer.status != status or header in answer.headers, answer
    if answer.status < 400 or attempt.method == "HEAD":
        return
    if attempt.target.startswith(OPENAI_PREFIX):
        assert set(json.loads(answer.body)["error"]) == {"message", "type", "param", "code"}, answer
        return
    kind = answer.headers["content-type"]
    assert kind in ("application/problem+json", "text/html; charset=utf-8"), answer
    if kind == "application/problem+json":
        assert attempt.wanted in ("json", None), answer
        problem = json.loads(answer.body)
        jsonschema_rs.validate({**PROBLEM, "additionalProperties": False}, problem)
        assert problem["status"] == answer.status
    else:
        assert attempt.wanted in ("page", "partial", None), answer
        whole = answer.body.lstrip().startswith("<!doctype html>")
        assert attempt.wanted is None or whole is (attempt.wanted == "page"), answer


# What was a fault of ours once: who asks (a place in the crowd), the request, and what it gets.
SENT_JSON = (("Accept", b"application/json"), ("Content-Type", b"application/json"))
ONCE: dict[str, tuple[int, str, str, bytes, int]] = {
    "a field whose name is half a character": (0, "POST", "/generations", b'{"\\ud800": 1}', 422),
    "the same twice": (0, "POST", "/login", b'{"\\udfff": "", "\\udfff": ""}', 422),
    "NUL for a share": (0, "GET", "/shared/%00", b"", 404),
    "NUL for the streams of a share": (0, "GET", "/shared/streams?share=%00&stream=x", b"", 404),
    "NUL in a search": (4, "GET", "/admin?q=a%00b", b"", 200),
    "an account for who has one": (3, "POST", "/signup", b'{"email": "new@example.org"}', 403),
    "OPTIONS": (0, "OPTIONS", "/generations", b"", 204),
}


@pytest.mark.parametrize("case", ONCE)
def test_what_was_answered_wrong_once_is_answered_right(case: str, app: App, crowd: Crowd) -> None:
    who, method, target, body, status = ONCE[case]
    attempt = Attempt(method, target, (*crowd.everybody[who], *SENT_JSON), body, "json")
    with nothing_in_the_log(app):
        answer = exchange(app, attempt)
    assert answer.status == status, answer
    if target != "/admin?q=a%00b":
        check(answer, attempt)


@pytest.mark.parametrize("route", ROUTES)
def test_a_wrong_method_is_told_the_right_ones(route: str, app: App, crowd: Crowd) -> None:
    method, _, path = route.partition(" ")
    target = re.sub(r"{\w+}", "01a00000-0000-7000-8000-000000000000", path)
    attempt = Attempt("PUT", target, (*crowd.everybody[4], *SENT_JSON), b"{}", "json")
    answer = exchange(app, attempt)
    check(answer, attempt)
    assert answer.status == 405
    assert method in answer.headers["allow"].split(", ")


@pytest.mark.parametrize("route", ROUTES)
def test_anything_is_answered_in_the_shape_that_was_asked_for(route: str, app: App, crowd: Crowd) -> None:
    method, _, path = route.partition(" ")
    everybody = crowd.lasting if path == "/logout" else crowd.everybody

    @settings(
        max_examples=TIMES * fuzzing.RUNS,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
    )
    @given(attempts(["GET", "HEAD"] if method == "GET" else ["POST"], path, everybody, crowd.known))
    def draw(attempt: Attempt) -> None:
        check(exchange(app, attempt), attempt)

    with nothing_in_the_log(app):
        draw()
