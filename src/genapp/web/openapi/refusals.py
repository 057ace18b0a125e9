"""Every error as a response: problem details (RFC 9457), made by what makes the real ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genapp.errors import Forbidden, GenappError, Invalid, NotFound, TooLarge, TooMany, Unauthenticated, Unavailable
from genapp.web.errors import problem
from genapp.web.openapi.writing import Piece, header, record, ref, string
from genapp.web.policies import Policy
from genapp.web.rates import POLICY, STANDING

if TYPE_CHECKING:
    from collections.abc import Iterable

RETRY_AFTER = header("After how many seconds to try again.", {"type": "integer", "minimum": 1})
WWW_AUTHENTICATE = header("How programs log in.", string(const="Bearer"))

RATES = {
    POLICY: header(
        'The rates that count this, `"user";q=60;w=60`: so many in so many seconds. Absent where there are none.',
        string(),
        required=False,
    ),
    STANDING: header(
        'How far they are used up, `"user";r=59;t=1`: how many are left, and the seconds until all are there again, or '
        "the next one where none is left.",
        string(),
        required=False,
    ),
}

DESCRIPTIONS: dict[type[GenappError], str] = {
    Unauthenticated: "Nobody is logged in, the session has ended, or the token opens nothing.",
    Forbidden: "Whoever is logged in may not do this, or a browser sent it from another site.",
    NotFound: "There is nothing here, or it is somebody else's.",
    TooLarge: "The body is larger than the longest prompt could be.",
    Invalid: "What was sent cannot be used. `field` names what it is about, where it is about one.",
    TooMany: "A limit is reached.",
    Unavailable: "A part of the service is away for a moment.",
    GenappError: "Something went wrong on our side.",
}

PROBLEM = record(
    {
        "type": string(const="about:blank"),
        "title": string("The kind of problem, for people."),
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": string("A sentence or two for people: what to do."),
        "code": string("The kind of problem, for programs."),
        "field": string("The field of the body or of the query that it is about."),
        "retry_after": {"type": "integer", "minimum": 1, "description": "As the header Retry-After."},
    },
    optional=("field", "retry_after"),
    description="What went wrong (RFC 9457).",
)


def component_responses() -> Piece:
    """A response for each error that an operation may name."""
    return {kind.__name__: _response(kind) for kind in DESCRIPTIONS}


def usual(policy: Policy, *, changes: bool, finds: bool) -> tuple[type[GenappError], ...]:
    """What every route of a policy may answer with: one that `changes` something, one that `finds` by an id."""
    if policy is Policy.EVERYONE:
        return ()
    kinds: list[type[GenappError]] = [Unauthenticated, Unavailable, GenappError]
    if changes:
        kinds += [Forbidden, TooLarge, Invalid]
    elif policy is not Policy.ANYBODY:
        kinds.append(Forbidden)
    if finds:
        kinds.append(NotFound)
    return tuple(kinds)


def references(kinds: Iterable[type[GenappError]]) -> Piece:
    """The responses of an operation that may raise these."""
    return {str(kind.status): {"$ref": f"#/components/responses/{kind.__name__}"} for kind in kinds}


def _response(kind: type[GenappError]) -> Piece:
    waits = kind in (TooMany, Unavailable)
    codes = [one.code for one in (kind, *kind.__subclasses__()) if one.status == kind.status]
    said: Piece = {"properties": {"status": {"const": kind.status}, "code": {"enum": codes}}}
    headers: Piece = {}
    if waits:
        said["required"] = ["retry_after"]
        headers["Retry-After"] = RETRY_AFTER
    if kind is TooMany:
        headers |= RATES
    if kind is Unauthenticated:
        headers["WWW-Authenticate"] = WWW_AUTHENTICATE
    example = problem(kind(retry_after=5 if waits else None)).content
    return {
        "description": DESCRIPTIONS[kind],
        **({"headers": headers} if headers else {}),
        "content": {"application/problem+json": {"schema": {"allOf": [ref("Problem"), said]}, "example": example}},
    }
