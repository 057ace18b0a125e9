"""The whole document, composed of its areas and of what the routes say of themselves.

A path and its parameters, the methods and who may use them come from the handler: they are said once.
"""

from __future__ import annotations

import re
from importlib.metadata import version
from typing import TYPE_CHECKING

from genapp.web.openapi import accounts, generations, kept, operating, sharing, sites, streams, webhooks
from genapp.web.openapi.refusals import PROBLEM, component_responses, references, usual
from genapp.web.openapi.writing import LINK, Operation, Piece, parameter, uuid
from genapp.web.policies import Policy, policy_of
from genapp.web.sessions import COOKIE, SECURE_COOKIE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from litestar.handlers import BaseRouteHandler

    from genapp.settings import Settings

AREAS = (generations, kept, streams, webhooks, sharing, accounts, sites, operating)
PATH_PARAMETER = re.compile(r"\{(\w+):(\w+)\}")
PATH_SCHEMAS = {"uuid": uuid(), "str": LINK}

ABOUT = """Ask for answers of a model, and follow them while they are written.

Every route answers browsers in HTML and programs in JSON: **send `Accept: application/json`**, and bodies as
`Content-Type: application/json`, an object of strings. What reads (`GET`) also takes `HEAD`.

Programs log in with an API token, which is made on the account's page. A browser's cookie does as well; what changes
something then needs a body in JSON, `{}` where there is nothing to say, as the sign that no other site's form has
sent it.

Errors are problem details (RFC 9457): `code` is for programs, `detail` for people. Besides those that each route names
there are 405 (`wrong_method`), and 400 (`unknown_host`) for an address that is not this site's.

Below `/v1` the site speaks a part of OpenAI's Responses API, which is described by OpenAI; which part, says
`docs/openai-api.md`."""

SECURITY_SCHEMES = {
    "token": {
        "type": "http",
        "scheme": "bearer",
        "description": "An API token. `read` may see what is its owner's; `generate` may ask, stop, try again "
        "and delete.",
    },
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": COOKIE,
        "description": f"A browser's session. Over https the cookie's name is `{SECURE_COOKIE}`.",
    },
}


def document(handlers: Iterable[BaseRouteHandler], settings: Settings) -> Piece:
    """Describe those of the handlers that programs use."""
    areas = [module.area(settings) for module in AREAS]
    operations = {handler: operation for area in areas for handler, operation in area.operations.items()}
    paths: Piece = {}
    known = set(handlers)
    for handler, operation in operations.items():  # in the order in which they are told
        if handler in known:
            path, described = _described(handler, operation, guests=settings.access_policy == "open")
            paths.setdefault(path, {})[method_of(handler)] = described
    return {
        "openapi": "3.1.1",
        "info": {"title": "genapp", "version": version("genapp"), "description": ABOUT},
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in dict.fromkeys(module.TAG for module in AREAS)],
        "paths": paths,
        "webhooks": webhooks.outgoing(),
        "components": {
            "schemas": {"Problem": PROBLEM, **{name: one for area in areas for name, one in area.schemas.items()}},
            "responses": component_responses(),
            "securitySchemes": SECURITY_SCHEMES,
        },
    }


def method_of(handler: BaseRouteHandler) -> str:
    """The method that a handler is described by; what is not HTTP alone (the streams) is read."""
    methods = getattr(handler, "http_methods", ())
    return next((method.lower() for method in ("POST", "DELETE") if method in methods), "get")


def path_of(handler: BaseRouteHandler) -> str:
    """The path of a handler, as OpenAPI writes it."""
    (path,) = handler.paths
    return PATH_PARAMETER.sub(r"{\1}", path)


def security(policy: Policy, *, guests: bool) -> list[dict[str, list[str]]]:
    """The ways to come in, of which one is enough; `{}` is nobody in particular."""
    nobody: list[dict[str, list[str]]] = [{}]
    session: list[dict[str, list[str]]] = [{"session": []}]
    match policy:
        case Policy.EVERYONE:
            return []
        case Policy.ANYBODY:
            return nobody + session
        case Policy.READ | Policy.GENERATE:
            return [{"token": [policy.value]}, *session, *(nobody if guests else [])]
        case Policy.BROWSER:
            return session + (nobody if guests else [])
    return session


def _described(handler: BaseRouteHandler, operation: Operation, *, guests: bool) -> tuple[str, Piece]:
    policy, (path,) = policy_of(handler), handler.paths
    found = PATH_PARAMETER.findall(path)
    in_path = [parameter("path", name, "Which one.", PATH_SCHEMAS[kind], required=True) for name, kind in found]
    parameters = [*in_path, *operation.parameters]
    refused = usual(policy, changes=method_of(handler) != "get", finds=bool(found))
    answers = {str(status): response for status, response in operation.answers.items()}
    return path_of(handler), {
        "operationId": operation.id,
        "tags": [operation.tag],
        "summary": operation.summary,
        **({"description": operation.description} if operation.description else {}),
        "security": security(policy, guests=guests),
        **({"parameters": parameters} if parameters else {}),
        **({"requestBody": operation.body} if operation.body else {}),
        "responses": {**answers, **references(dict.fromkeys((*refused, *operation.refusals)))},
    }
