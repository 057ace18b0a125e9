"""`GET /openapi.json`, and the same for people."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response
from litestar.datastructures import State

from genapp import views
from genapp.web.negotiation import readable
from genapp.web.openapi.reading import read
from genapp.web.pages import page, person_of, site_of
from genapp.web.parts import Given, Parts
from genapp.web.policies import Policy, is_for
from genapp.web.visitors import Visitor


@readable("/openapi.json", sync_to_thread=False, opt=is_for(Policy.EVERYONE))
def show(state: State) -> Response[bytes]:
    """The description of the JSON routes, for programs and for who writes them."""
    return Response(state.openapi, media_type="application/json", headers={"Cache-Control": "no-cache"})


@readable("/docs/api", sync_to_thread=False, opt=is_for(Policy.ANYBODY))
def show_page(
    request: Request[Any, Any, Any], state: State, parts: Given[Parts], visitor: Given[Visitor]
) -> Response[str]:
    """The description as a page, with commands for the address that it is read at."""
    content = read(msgspec.json.decode(state.openapi), site_of(request))
    return page(views.reference(person_of(parts.settings, visitor), content))


ROUTES = (show, show_page)
