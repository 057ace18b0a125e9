"""`GET /openapi.json`."""

from __future__ import annotations

from litestar import Response
from litestar.datastructures import State

from genapp.web.negotiation import readable
from genapp.web.policies import Policy, is_for


@readable("/openapi.json", sync_to_thread=False, opt=is_for(Policy.EVERYONE))
def show(state: State) -> Response[bytes]:
    """The description of the JSON routes, for programs and for who writes them."""
    return Response(state.openapi, media_type="application/json", headers={"Cache-Control": "no-cache"})


ROUTES = (show,)
