"""What every page's answer has in common."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from litestar import MediaType, Response
from litestar.response import Redirect

from genapp import views
from genapp.web.negotiation import TURBO

if TYPE_CHECKING:
    from litestar.connection import ASGIConnection

    from genapp.settings import Settings
    from genapp.web.visitors import Visitor

# A place of ours to go to. Nothing that a browser could read as another host: `//x`, `/\x`, a control character.
LOCAL = re.compile(r"/(?![/\\])[!-\[\]-~]*", re.ASCII)
LONGEST_PLACE = 500


def page(html: str, status: int = 200, headers: dict[str, str] | None = None) -> Response[str]:
    """A page of one user."""
    return Response(html, status_code=status, media_type=MediaType.HTML, headers=headers)


def turbo_streams(html: str, status: int = 200, headers: dict[str, str] | None = None) -> Response[str]:
    """What Turbo does to a page."""
    return Response(html, status_code=status, media_type=TURBO, headers=headers)


def see_other(path: str, **query: str) -> Redirect:
    """Send the browser on after a form, to be read by GET."""
    return Redirect(f"{path}?{urlencode(query)}" if query else path, status_code=303)


def local_place(text: str | None) -> str:
    """A path of ours that somebody wants to go on to, the first page for anything else: nobody is sent elsewhere."""
    return text if text and len(text) <= LONGEST_PLACE and LOCAL.fullmatch(text) else "/"


def person_of(settings: Settings, visitor: Visitor) -> views.Person:
    """Who looks at a page, as far as its frame shows it."""
    return views.Person(
        visitor.csrf_token,
        email=visitor.email,
        is_admin=visitor.is_admin,
        may_sign_up=settings.access_policy != "invite",
        guests=settings.access_policy == "open",
    )


def address_of(request: ASGIConnection[Any, Any, Any, Any]) -> str | None:
    """The client's address; behind a proxy that is trusted (FORWARDED_ALLOW_IPS), the one it tells."""
    return request.client.host if request.client else None


def site_of(request: ASGIConnection[Any, Any, Any, Any]) -> str:
    """The address that a browser sees this site at, such as `https://example.org`."""
    return str(request.base_url).rstrip("/")
