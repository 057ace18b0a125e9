"""Every error, once, at the edge: told in the shape the client asked for."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from litestar import Request, Response
from litestar.exceptions import HTTPException
from redis.exceptions import RedisError

from genapp import streams, views
from genapp.errors import (
    FormExpired,
    GenappError,
    Invalid,
    NotFound,
    TooLarge,
    TooMany,
    Unauthenticated,
    Unavailable,
    WrongMethod,
)
from genapp.models import is_away, parse_id
from genapp.web.composing import composer_for
from genapp.web.forms import SAFE_METHODS, Form
from genapp.web.negotiation import shape
from genapp.web.pages import local_place, page, person_of, see_other, turbo_streams
from genapp.web.rates import rate_headers

if TYPE_CHECKING:
    from genapp.settings import Settings
    from genapp.web.visitors import Visitor

ENTRANCES = ("/login", "/signup")
# Where nothing of the form can be shown again.
AGAIN = "This form had expired. Go back, reload the page, and send it again."

logger = logging.getLogger(__name__)

AnyRequest = Request[Any, Any, Any]

# What an `EventSource` accepts, and nothing besides.
EVENTS = "text/event-stream"

TITLES = {
    400: "That did not work",
    401: "Not logged in",
    403: "That is not allowed",
    404: "Nothing here",
    405: "That does not work here",
    413: "Too large",
    422: "Not quite",
    429: "One moment",
    500: "Something went wrong",
    503: "Back in a moment",
}


OPENAI_TYPES = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}
# Where that API has a name of its own for it.
OPENAI_CODES: dict[type[GenappError], str] = {
    Unauthenticated: "invalid_api_key",
    TooMany: "rate_limit_exceeded",
    Invalid: "invalid_value",
}


def as_ours(error: Exception) -> GenappError:
    """Give the error of our tree that says what `error` means to a person."""
    if isinstance(error, GenappError):
        return error
    if isinstance(error, HTTPException):
        return _from_http(error)
    if _says_away(error):
        logger.error("a part is away: %s: %s", type(error).__name__, error)
        return Unavailable(retry_after=5)
    logger.error("unhandled", exc_info=error)
    return GenappError()


def _says_away(error: Exception) -> bool:
    return isinstance(error, RedisError | streams.Unavailable) or is_away(error)


def _from_http(error: HTTPException) -> GenappError:
    if error.status_code == 404:
        return NotFound()
    if error.status_code == 405:
        return WrongMethod(", ".join(sorted((error.headers or {})["allow"].split(", "))))
    if error.status_code == 413:
        return TooLarge()
    ours = GenappError(error.detail if error.status_code < 500 else None)
    ours.status = error.status_code
    ours.code = TITLES.get(error.status_code, "error").lower().replace(" ", "_")
    return ours


def headers_of(error: GenappError) -> dict[str, str]:
    """The headers an error's answer carries."""
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after else {}
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = "Bearer"  # RFC 9110, 15.5.2: a 401 names a way to come in
    if isinstance(error, WrongMethod):
        headers["Allow"] = error.allow  # 15.5.6: a 405 says what would do
    if isinstance(error, TooMany):
        headers |= rate_headers(error.standings)
    return headers


def problem(error: GenappError) -> Response[Any]:
    """The JSON shape: problem details (RFC 9457), with our `code` and the `field` it is about."""
    body = {
        "type": "about:blank",
        "title": TITLES.get(error.status, "Error"),
        "status": error.status,
        "detail": error.sentence,
        "code": error.code,
        **({"field": error.field} if error.field else {}),
        **({"retry_after": error.retry_after} if error.retry_after else {}),
    }
    return Response(body, status_code=error.status, media_type="application/problem+json", headers=headers_of(error))


def openai_error(error: GenappError) -> Response[Any]:
    """The shape of OpenAI's API, whose clients make an exception of it by the status."""
    status = 400 if error.status == 422 else error.status
    return Response({"error": openai_details(error)}, status_code=status, headers=headers_of(error))


def openai_details(error: GenappError) -> dict[str, Any]:
    """What that API says of an error: `param` is the field that it is about."""
    return {
        "message": error.sentence,
        "type": OPENAI_TYPES.get(error.status, "server_error" if error.status >= 500 else "invalid_request_error"),
        "param": error.field,
        "code": OPENAI_CODES.get(type(error), error.code),
    }


def answer_error(request: AnyRequest, exception: Exception) -> Response[Any]:
    """Litestar's exception handler for everything."""
    error = as_ours(exception)
    wanted = shape(request)
    if isinstance(error, Unavailable) and wanted != "openai" and request.headers.get("accept") == EVENTS:
        return _come_back(error)
    if wanted == "json":
        return problem(error)
    if wanted == "turbo":
        return turbo_streams(views.turbo_notice(error.sentence), error.status, headers_of(error))
    if wanted == "openai":
        return openai_error(error)
    if wanted == "partial":
        renewed = _renewed_token(request) if isinstance(error, FormExpired) else {}
        return page(views.notice(error.sentence), error.status, {**headers_of(error), **renewed})
    return _as_page(request, error)


def _come_back(error: Unavailable) -> Response[Any]:
    """A stream that ends at once. An `EventSource` that is told 503 gives up for good; of this it asks again."""
    milliseconds = 1000 * (error.retry_after or 5)
    return Response(f"retry: {milliseconds}\n\n", media_type=EVENTS, headers={"Cache-Control": "no-store"})


def _as_page(request: AnyRequest, error: GenappError) -> Response[Any]:
    """A whole page about an error: with the words that were sent, where there were some."""
    state = request.scope["state"]
    # Only claimed where the database could not say whether it is so: then the page shows nothing of anybody.
    visitor: Visitor | None = state.get("visitor") or state.get("claim")
    form: Form = state.get("form", {})
    title = TITLES.get(error.status, "Error")
    if visitor is None:
        return page(views.error_page(error.status, title, error.sentence), error.status, headers_of(error))
    settings: Settings = request.app.state.settings
    if form.get("prompt"):
        conversation_id = parse_id(form.get("conversation_id", ""))
        composer = composer_for(settings, conversation_id=conversation_id, form=form, error=error)
        html = views.home(composer, [], person_of(settings, visitor))
    elif isinstance(error, FormExpired) and request.scope["path"] in ENTRANCES:
        html = _entrance(request.scope["path"], form, error, person_of(settings, visitor))
    elif isinstance(error, Unauthenticated) and _goes_to_a_page(request):
        return see_other("/login", next=local_place(_place(request)))
    else:
        sentence = AGAIN if isinstance(error, FormExpired) else error.sentence
        html = views.error_page(error.status, title, sentence, person_of(settings, visitor))
    return page(html, error.status, headers_of(error))


def _entrance(path: str, form: Form, error: GenappError, person: views.Person) -> str:
    """The form to log in or to sign up, as it was filled in, with a token that is good."""
    email, place, sentence = form.get("email", ""), local_place(form.get("next")), error.sentence
    if path == "/login":
        return views.login(person, email=email, next=place, error=sentence)
    return views.signup(person, email=email, next=place, error=sentence, invitation=form.get("invitation", ""))


def _goes_to_a_page(request: AnyRequest) -> bool:
    # Not a program, or an EventSource: they would follow to the form, and take it for what they had asked for. With a
    # token that opens nothing the form would send them to itself.
    program = request.headers.get("authorization", "").lower().startswith("bearer")
    return request.method in SAFE_METHODS and "text/html" in request.headers.get("accept", "") and not program


def _renewed_token(request: AnyRequest) -> dict[str, str]:
    """What renewal.js puts into the page's forms: somebody has logged in or out in another tab.

    Only a page of ours can read it, as it can read the token of any page here.
    """
    visitor: Visitor = request.scope["state"]["visitor"]
    return {"X-CSRF-Token": visitor.csrf_token}


def _place(request: AnyRequest) -> str:
    query = request.scope["query_string"].decode("latin-1")
    return f"{request.scope['path']}?{query}" if query else request.scope["path"]
