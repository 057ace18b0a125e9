"""Generations as who runs the site sees them, whosever they are."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, asgi, post
from litestar.types import Receive, Scope, Send

from genapp import views
from genapp.errors import NotFound
from genapp.models import FINISHED, IN_FLIGHT, Generation, administering, parse_id
from genapp.web.live import Audience, shown
from genapp.web.negotiation import readable
from genapp.web.openings import counted
from genapp.web.pages import page, person_of, see_other
from genapp.web.parts import Given, Parts
from genapp.web.policies import Policy, is_for
from genapp.web.submitting import announce_stop
from genapp.web.subscriptions import Holder, follow
from genapp.web.visitors import Visitor

AnyRequest = Request[Any, Any, Any]

PAGE = 50


@readable("/admin/generations", opt=is_for(Policy.ADMIN))
async def list_generations(request: AnyRequest, parts: Given[Parts], visitor: Given[Visitor]) -> Response[Any]:
    """The newest, of all or of one status."""
    asked = request.query_params.get("status", "")
    status = asked if asked in IN_FLIGHT + FINISHED else ""
    before = parse_id(request.query_params.get("before", ""))
    rows = await administering.generations(status=status, before=before, limit=PAGE)
    more = urlencode({"status": status, "before": rows[-1]["id"]}) if len(rows) == PAGE else None
    content = views.GenerationsPage(
        [generation_row(row) for row in rows], status=status, next_url=f"/admin/generations?{more}" if more else None
    )
    return page(views.admin_generations(person_of(parts.settings, visitor), content))


@readable("/admin/generations/{generation_id:uuid}", opt=is_for(Policy.ADMIN))
async def show_generation(generation_id: UUID, parts: Given[Parts], visitor: Given[Visitor]) -> Response[Any]:
    """One, live, to be read."""
    row = await administering.generation(generation_id)
    if row is None:
        raise NotFound
    audience = Audience(viewer_of(visitor), path="/admin/streams", read_only=True)
    cards, stream = await shown(parts, audience, [Generation.from_row(row)])
    html = views.admin_generation(person_of(parts.settings, visitor), cards[0], generation_row(row), stream)
    return page(html)


@asgi("/admin/streams", copy_scope=False, opt=is_for(Policy.ADMIN))
async def subscribe(scope: Scope, receive: Receive, send: Send) -> None:
    """As `GET /streams`, for an admin who looks at somebody's answer."""
    visitor: Visitor = scope["state"]["visitor"]
    viewer = viewer_of(visitor)
    # As an admin, too: where the message of a demotion is lost, the rows say who is none any more.
    holder = Holder(viewer, (*visitor.keys, viewer), visitor.asked_at, counted(visitor, None))
    await follow(Request(scope, receive), send, holder)


def viewer_of(admin: Visitor) -> str:
    """Whom the stream names of an admin's pages are signed for: not the user, who may be no admin tomorrow."""
    return f"admin:{admin.user_id}"


@post("/admin/generations/{generation_id:uuid}/cancellation", opt=is_for(Policy.ADMIN))
async def cancel_generation(generation_id: UUID, parts: Given[Parts]) -> Response[Any]:
    """Stop one. Idempotent."""
    generation = await Generation.by_id(generation_id)
    await announce_stop(parts, await generation.cancel())
    return see_other(f"/admin/generations/{generation_id}")


def generation_row(row: dict[str, Any]) -> views.AdminGenerationRow:
    """A generation as the lists show it."""
    known = row["output_tokens"] is not None
    return views.AdminGenerationRow(
        id=str(row["id"]),
        status=row["status"],
        model=row["model"],
        user_name=views.user_name(row["user_id"], row["email"]),
        user_url=f"/admin/users/{row['user_id']}",
        created_label=views.when(row["created_at"]),
        error_code=row["error_code"],
        tokens=(row["input_tokens"] or 0) + row["output_tokens"] if known else None,
        url=f"/admin/generations/{row['id']}",
    )


ROUTES = (list_generations, show_generation, subscribe, cancel_generation)
