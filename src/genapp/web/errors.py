"""Every error, once, at the edge: told in the shape the client asked for."""

from __future__ import annotations

import logging
from typing import Any

import asyncpg
from litestar import MediaType, Request, Response
from litestar.exceptions import HTTPException
from redis.exceptions import RedisError

from genapp import streams, views
from genapp.errors import GenappError, NotFound, TooLarge, Unavailable
from genapp.web.negotiation import shape

logger = logging.getLogger(__name__)

AnyRequest = Request[Any, Any, Any]

TITLES = {
    400: "That did not work",
    403: "That form has expired",
    404: "Nothing here",
    405: "That does not work here",
    413: "Too large",
    422: "Not quite",
    429: "One moment",
    500: "Something went wrong",
    503: "Back in a moment",
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
    if isinstance(error, asyncpg.PostgresError):
        # SQLSTATE classes: connection, resources, and the server being shut down or started.
        return str(error.sqlstate)[:2] in ("08", "53", "57")
    return isinstance(error, RedisError | OSError | asyncpg.InterfaceError | streams.Unavailable)


def _from_http(error: HTTPException) -> GenappError:
    if error.status_code == 404:
        return NotFound()
    if error.status_code == 413:
        return TooLarge()
    ours = GenappError(error.detail if error.status_code < 500 else None)
    ours.status = error.status_code
    ours.code = TITLES.get(error.status_code, "error").lower().replace(" ", "_")
    return ours


def headers_of(error: GenappError) -> dict[str, str]:
    """The headers an error's answer carries."""
    return {"Retry-After": str(error.retry_after)} if error.retry_after else {}


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


def answer_error(request: AnyRequest, exception: Exception) -> Response[Any]:
    """Litestar's exception handler for everything."""
    error = as_ours(exception)
    wanted = shape(request)
    if wanted == "json":
        return problem(error)
    if wanted == "partial":
        html = views.notice(error.sentence)
    else:
        html = views.error_page(error.status, TITLES.get(error.status, "Error"), error.sentence)
    return Response(html, status_code=error.status, media_type=MediaType.HTML, headers=headers_of(error))
