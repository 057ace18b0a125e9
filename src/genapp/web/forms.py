"""What a person sent, read once and strictly: a form or a JSON object of plain strings."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from genapp import logs
from genapp.errors import Forbidden, FormExpired, Invalid

if TYPE_CHECKING:
    from litestar import Request
    from litestar.connection import ASGIConnection

    from genapp.web.sessions import Sessions
    from genapp.web.visitors import Visitor

CSRF_FIELD = "csrf_token"
CSRF_HEADER = "x-csrf-token"
MAX_FIELDS = 50
JSON = "application/json"
URLENCODED = "application/x-www-form-urlencoded"
# What may be logged of a form. Of the rest, a prompt may be where that is asked for, and everything else never.
PUBLIC_FIELDS = ("model", "conversation_id", "idempotency_key")
# What JSON may also say by true and false.
FLAGS = ("wait",)
SAFE_METHODS = ("GET", "HEAD", "OPTIONS")

# NUL cannot be stored, the other controls only come with binary data, and a lone surrogate is no character.
NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")

Form = dict[str, str]


def require_same_origin(connection: ASGIConnection[Any, Any, Any, Any]) -> None:
    """Refuses a request that another site made a browser send, by Forbidden.

    Browsers tell in `Sec-Fetch-Site`, older ones in `Origin`; neither can be set by a page. A client that is not a
    browser sends neither, and carries nobody else's cookie.
    """
    site = connection.headers.get("sec-fetch-site")
    origin = connection.headers.get("origin")
    if site is not None:
        foreign = site not in ("same-origin", "none")
    else:
        foreign = origin is not None and _host_of(origin) != connection.headers.get("host")
    if foreign:
        raise Forbidden("This was sent from another site. Open this site itself and send it from there.")


def is_from_here(connection: ASGIConnection[Any, Any, Any, Any]) -> bool:
    """Whether a browser says that a page of this site opened the connection.

    For WebSockets: browsers send cookies with them from any page, and always the page's `Origin`.
    """
    origin = connection.headers.get("origin")
    return origin is not None and _host_of(origin) == connection.headers.get("host")


def _host_of(origin: str) -> str | None:
    try:
        return urlsplit(origin).netloc
    except ValueError:  # half an IPv6 address
        return None


async def read_fields(request: Request[Any, Any, Any]) -> Form:
    """Give the fields of a request's body, line ends as LF. Raises Invalid for what cannot be read or is sent twice."""
    kind = _content_type(request)
    body = await request.body()
    if kind == JSON:
        return from_json(body)
    if kind not in ("", URLENCODED):
        raise Invalid("Send this as a form (application/x-www-form-urlencoded) or as JSON.")
    return _kept_private(_from_urlencoded(body))


def require_own_form(
    request: ASGIConnection[Any, Any, Any, Any], form: Form, claim: Visitor, sessions: Sessions
) -> None:
    """Raises FormExpired for a form without the token that its page was given.

    The threat: another site's form, in a browser that tells no origin. JSON needs none: a page cannot send it across
    origins without asking first, and none elsewhere is allowed to send it with a cookie. Neither does who brings no
    session.
    """
    if not claim.known or _content_type(request) == JSON:
        return
    token = request.headers.get(CSRF_HEADER) or form.get(CSRF_FIELD, "")
    if not sessions.owns_form(claim, token):
        raise FormExpired


def _content_type(request: ASGIConnection[Any, Any, Any, Any]) -> str:
    return request.headers.get("content-type", "").split(";")[0].strip().lower()


def _kept_private(form: Form) -> Form:
    for name, value in form.items():
        if name not in PUBLIC_FIELDS:
            logs.keep_private(value, always=name != "prompt")
    return form


def _from_urlencoded(body: bytes) -> Form:
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError:  # also what is no UTF-8
        raise Invalid("This form could not be read. Reload the page and send it again.") from None
    form: Form = {}
    for name, value in pairs:
        if name in form:
            raise Invalid(f"“{name[:40]}” was sent more than once. Send it once.", field=name[:40])
        form[name] = clean(name, value)
    return form


def from_json(body: bytes) -> Form:
    """Give the fields of a JSON object of strings, line ends as LF. Raises Invalid for what is none."""
    try:
        fields = json.loads(body, object_pairs_hook=_once)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise Invalid("This is not a JSON object. Send one, with string values.")
    form: Form = {}
    for name, value in fields.items():
        if value is None:
            continue
        if name in FLAGS and isinstance(value, bool):
            value = str(value).lower()
        if not isinstance(value, str):
            raise Invalid(f"“{name[:40]}” must be a string.", field=name[:40])
        form[name] = clean(name, value)
    return _kept_private(form)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MAX_FIELDS:
        raise Invalid(f"This has more than {MAX_FIELDS} fields.")
    fields: dict[str, Any] = {}
    for name, value in pairs:
        if NOT_TEXT.search(name):  # an answer about it could not be written either
            raise Invalid("The name of a field contains characters that are not text. Leave it out.")
        if name in fields:
            raise Invalid(f"“{name[:40]}” was sent more than once. Send it once.", field=name[:40])
        fields[name] = value
    return fields


def clean(name: str, value: str) -> str:
    """Give a value with its line ends as LF. Raises Invalid, of the field `name`, for what is no text."""
    value = value.replace("\r\n", "\n").replace("\r", "\n")
    if NOT_TEXT.search(value):
        raise Invalid("This contains characters that are not text. Remove them and send it again.", field=name[:40])
    return value
