"""A site answers to its own names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.integration.web.edge.conftest import exchange, status

if TYPE_CHECKING:
    from tests.running import App

OURS = [
    *("genapp.example", "GENAPP.example:8443", "genapp.example.", "genapp.example:"),
    *("www.genapp.example", "a.b.genapp.example:80", "127.0.0.1", "[::1]:8000"),
]
NOT_OURS = [
    *("evil.example", "genapp.example.evil.example", "evilgenapp.example", "evil.example:genapp.example"),
    *("genapp.example@evil.example", "evil.example/genapp.example", "genapp.example, evil.example"),
    *(".genapp.example", "127.0.0.2", "[::2]", "::1", "", ":80", "genapp.example:x", "genapp\xe9.example"),
]


def ask(app: App, *hosts: str, path: str = "/", headers: str = "") -> bytes:
    lines = "".join(f"Host: {host}\r\n" for host in hosts)
    return exchange(app, f"GET {path} HTTP/1.1\r\n{lines}{headers}Connection: close\r\n\r\n".encode("latin-1"))


@pytest.mark.parametrize("host", OURS)
def test_the_site_is_there_under_its_names_with_any_port(app: App, host: str) -> None:
    assert status(ask(app, host)) == 200


@pytest.mark.parametrize("host", NOT_OURS)
def test_under_another_name_there_is_no_site(app: App, host: str) -> None:
    assert status(ask(app, host)) == 400


@pytest.mark.parametrize("hosts", [(), ("genapp.example", "genapp.example"), ("genapp.example", "evil.example")])
def test_a_request_names_exactly_one_host(app: App, hosts: tuple[str, ...]) -> None:
    assert status(ask(app, *hosts)) == 400


@pytest.mark.parametrize("path", ["/static/0/css/base.css", "/streams", "/nothing", "/metrics", "/healthz/x"])
def test_under_another_name_there_is_nothing_at_all(app: App, path: str) -> None:
    refused = ask(app, "evil.example", path=path)
    assert status(refused) == 400
    assert b"evil.example" not in refused


@pytest.mark.parametrize("path", ["/healthz", "/readyz"])
def test_a_load_balancer_may_ask_by_address(app: App, path: str) -> None:
    assert status(ask(app, "10.3.2.1:8000", path=path)) == 200
    assert status(ask(app, path=path)) == 200


def test_the_refusal_has_the_shape_that_was_asked_for(app: App) -> None:
    page = ask(app, "evil.example", headers="Accept: text/html\r\n").decode()
    assert "<!doctype html>" in page
    partial = ask(app, "evil.example", headers="Accept: text/html\r\nHX-Request: true\r\n").decode()
    assert '<p class="notice">' in partial
    answer = ask(app, "evil.example", headers="Accept: application/json\r\n").decode()
    assert "application/problem+json" in answer
    problem = json.loads(answer.split("\r\n\r\n", 1)[1])
    assert (problem["status"], problem["code"]) == (400, "unknown_host")
    assert all("Open it at the address that you know" in text for text in (page, partial, answer))


def test_what_a_header_says_of_another_host_changes_nothing(app: App) -> None:
    forwarded = "X-Forwarded-Host: genapp.example\r\nForwarded: host=genapp.example\r\n"
    assert status(ask(app, "evil.example", headers=forwarded)) == 400
    forwarded = "X-Forwarded-Host: evil.example\r\n"
    answer = ask(app, "genapp.example", headers=forwarded)
    assert status(answer) == 200
    assert b"evil.example" not in answer


def test_where_no_names_are_given_any_will_do(hasty: App) -> None:
    assert status(ask(hasty, "evil.example")) == 200
    assert status(ask(hasty)) == 200
