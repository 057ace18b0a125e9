"""The API's description: it is true, nothing is missing in it, and what keeps to it or breaks it gets what it says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx
import jsonschema_rs
import pytest
import schemathesis
from openapi_spec_validator import validate
from schemathesis.core.parameters import ParameterLocation
from schemathesis.specs.openapi.checks import allow_header_conformance, positive_data_acceptance, unsupported_method

from genapp.settings import Settings
from genapp.web import openapi
from genapp.web.app import every_route
from genapp.web.negotiation import OPENAI_PREFIX
from genapp.web.policies import Policy, policy_of
from tests.integration.web import fuzzing
from tests.integration.web.callers import COOKIE, Caller, somebody, with_session, with_token
from tests.integration.web.conftest import JSON
from tests.running import MODELS, App, running_app

if TYPE_CHECKING:
    from collections.abc import Iterator

# Accounts only, so that every route which asks who it is has to; prompts as short as a fuzzer's.
SETTINGS = {
    "GENAPP_ACCESS": "accounts",
    "GENAPP_PROMPT_MAX_CHARACTERS": "200",
    "GENAPP_LOGINS_PER_ACCOUNT": "0",
    "GENAPP_WAIT_SECONDS": "0.5",
}
DOCUMENT: dict[str, Any] = openapi.document(every_route(), Settings(GENAPP_MODELS=MODELS, **SETTINGS))

# What has pages only, for people.
PAGES = {
    *(
        "GET /login",
        "GET /signup",
        "GET /account",
        "GET /docs/api",
        "GET /static",
        "GET /embed.js",
        "GET /embed-host.js",
        "GET /embed.css",
    ),
    "GET /cable",  # a WebSocket: docs/action-cable.md
    *("GET /embed/frame", "GET /embed/composer"),
    *("GET /embed/conversation/{conversation_id}", "GET /embed/generation/{generation_id}"),
}

# What is refused for more than can be described: a password that is easy to guess, or is not theirs; a name or a key
# that was used before; what is no origin.
ALSO_REFUSED = {
    "POST /signup",
    "POST /account/password",
    "POST /account/deletion",
    "POST /account/tokens",
    "POST /account/sites",
    "POST /account/sites/{site_id}/origins",
    "POST /account/webhooks",
    "POST /account/webhooks/{webhook_id}/deliveries/{delivery_id}/retry",
    "POST /generations",
}
# A page is at the same path, so GET is answered there; OPTIONS as well, where Litestar 2.25 tells of one of them alone.
BESIDE_A_PAGE = {"POST /login", "POST /signup", "POST /account/sites", "GET /account/sites"}
# Several handlers at one path: to OPTIONS, Litestar 2.25 tells of the methods of the first one.
AT_ONE_PATH = {
    *("/generations", "/generations/{generation_id}", "/conversations/{conversation_id}", "/account/webhooks"),
}


def closed(piece: Any) -> Any:
    """The same, where objects have no properties but those that are named: the document leaves nothing out."""
    if isinstance(piece, list):
        return [closed(one) for one in piece]
    if not isinstance(piece, dict):
        return piece
    shut = {name: closed(one) for name, one in piece.items()}
    if piece.get("type") == "object" and "properties" in piece and "additionalProperties" not in piece:
        shut["additionalProperties"] = False
    return shut


def requests(*, coverage: bool) -> schemathesis.BaseSchema:
    """What draws requests of the document; with `coverage`, each limit of each field is tried as well."""
    generation = {
        "deterministic": True,
        "max-examples": fuzzing.RUNS,
        "with-security-parameters": False,  # who is asking is said by the test
    }
    settings = {"seed": 1, "generation": generation, "phases": {"coverage": {"enabled": coverage}}}
    return schemathesis.openapi.from_dict(closed(DOCUMENT), config=schemathesis.Config.from_dict(settings))


for_somebody, for_nobody = requests(coverage=True), requests(coverage=False)


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    with running_app(tmp_path_factory.mktemp("openapi"), **SETTINGS) as running:
        yield running


@pytest.fixture(scope="module")
def program(app: App) -> Caller:
    return with_token(app)


@pytest.fixture(scope="module")
def person(app: App) -> Caller:
    return with_session(app)


@pytest.fixture(scope="module")
def nobody(app: App) -> Caller:
    return somebody(app)


def test_the_document_is_valid_and_is_what_the_site_serves(app: App) -> None:
    served = httpx.get(f"{app.url}/openapi.json", timeout=20)
    assert served.headers["content-type"] == "application/json"
    assert served.json() == json.loads(json.dumps(DOCUMENT))
    validate(DOCUMENT)


def test_every_route_for_programs_is_described() -> None:
    described = {f"{method.upper()} {path}" for path, methods in DOCUMENT["paths"].items() for method in methods}
    routes = {
        f"{openapi.method_of(handler).upper()} {openapi.path_of(handler)}"
        for handler in every_route()
        if policy_of(handler) is not Policy.ADMIN and not openapi.path_of(handler).startswith(OPENAI_PREFIX)
    }
    assert described == routes - PAGES


def test_guests_are_told_of_where_they_may_come_in() -> None:
    opened = openapi.document(every_route(), Settings(GENAPP_MODELS=MODELS, **{**SETTINGS, "GENAPP_ACCESS": "open"}))
    for path, method, guests in (
        ("/", "get", True),
        ("/generations", "post", True),
        ("/account/export", "get", True),
        ("/account/tokens", "post", False),
    ):
        assert ({} in opened["paths"][path][method]["security"]) is guests, path
        assert {} not in DOCUMENT["paths"][path][method]["security"], path


def keep_to_it(case: schemathesis.Case, caller: Caller, app: App) -> None:
    """Send what was drawn, about something of the caller's where it can be, and hold the answer to the document."""
    # Nothing of theirs is deleted: the next requests are about it.
    deletes = case.method == "DELETE" or case.operation.path.endswith("/deletion")
    if case.meta and not case.meta.is_negative_at(ParameterLocation.PATH) and not deletes:
        case.path_parameters.update({name: caller.own[name] for name in case.path_parameters if name in caller.own})
    label = case.operation.label
    excluded = [
        *([positive_data_acceptance] if label in ALSO_REFUSED else []),
        *([allow_header_conformance, unsupported_method] if label in BESIDE_A_PAGE else []),
        *([allow_header_conformance] if case.operation.path in AT_ONE_PATH else []),
    ]
    answer = case.call_and_validate(
        base_url=app.url, headers={**JSON, **caller.headers}, excluded_checks=excluded, timeout=20
    )
    if label == "POST /logout" and answer.status_code == 204 and "Cookie" in caller.headers:
        caller.headers = caller.log_in()


@for_somebody.parametrize()
def test_a_program_is_answered_as_described(case: schemathesis.Case, program: Caller, app: App) -> None:
    keep_to_it(case, program, app)


@for_somebody.parametrize()
def test_a_browser_is_answered_as_described(case: schemathesis.Case, person: Caller, app: App) -> None:
    keep_to_it(case, person, app)


@for_nobody.parametrize()
def test_who_does_not_say_who_they_are_is_answered_as_described(
    case: schemathesis.Case, nobody: Caller, app: App
) -> None:
    keep_to_it(case, nobody, app)


@pytest.mark.parametrize("script", ["fast", "echo", "error"])
def test_what_a_stream_says_is_as_described(app: App, program: Caller, script: str) -> None:
    message = jsonschema_rs.validator_for(
        {**closed(DOCUMENT), "$ref": "#/components/schemas/StreamMessage"},
    )
    headers = {**JSON, **program.headers}
    body = {"prompt": f"[demo: {script}] one two three"}
    asked = httpx.post(f"{app.url}/generations", json=body, headers=headers, timeout=20).json()
    told = httpx.get(f"{app.url}{asked['stream_url']}", headers=headers, timeout=20)
    assert told.headers["content-type"] == "text/event-stream; charset=utf-8"
    events = [
        dict(line.partition(": ")[::2] for line in event.split("\n")) for event in told.text.strip().split("\n\n")
    ]
    messages = [json.loads(event["data"]) for event in events if "event" not in event]
    for one in messages:
        message.validate(one)
    assert messages[-1]["type"] in ("complete", "failed")
    assert {event["event"] for event in events if "event" in event} == {"hb", "done"}


def test_a_session_is_in_the_cookie_that_the_document_names() -> None:
    assert DOCUMENT["components"]["securitySchemes"]["session"]["name"] == COOKIE
