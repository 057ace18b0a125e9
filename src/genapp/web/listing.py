"""Lists for programs, a page at a time. People find what is theirs on the first page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from litestar import Request, Response

from genapp.errors import Invalid
from genapp.models import FINISHED, IN_FLIGHT, Conversation, listing, parse_id
from genapp.web.negotiation import readable, shape
from genapp.web.pages import see_other
from genapp.web.paging import limit_from, link_to, next_page, place_after, place_from
from genapp.web.parts import Given, Parts
from genapp.web.policies import Policy, is_for
from genapp.web.representing import conversations_json, generations_json
from genapp.web.visitors import Visitor

if TYPE_CHECKING:
    from uuid import UUID

AnyRequest = Request[Any, Any, Any]

STATUSES = (*IN_FLIGHT, *FINISHED)


@readable("/conversations", opt=is_for(Policy.READ))
async def conversations(request: AnyRequest, visitor: Given[Visitor]) -> Response[Any]:
    """The conversations, the last changed first."""
    return await conversations_page(request, visitor, "/conversations") if shape(request) == "json" else see_other("/")


async def conversations_page(request: AnyRequest, visitor: Visitor, path: str) -> Response[Any]:
    """A page of the list at `path`."""
    limit = limit_from(request)
    rows = await Conversation.recent(visitor.user_id, limit + 1, after=place_from(request))
    more = next_page(path, place_after(rows[limit - 1]), limit=limit) if len(rows) > limit else None
    return Response(conversations_json(rows[:limit], more), headers=link_to(more))


@readable("/generations", opt=is_for(Policy.READ))
async def generations(request: AnyRequest, parts: Given[Parts], visitor: Given[Visitor]) -> Response[Any]:
    """The generations, newest first; of a conversation and of a status, where these are named."""
    if shape(request) != "json":
        return see_other("/")
    limit, conversation_id, status = limit_from(request), _id(request, "conversation_id"), _status(request)
    if conversation_id is not None:
        await Conversation.owned(conversation_id, visitor.user_id)
    rows = await listing.generations(
        visitor.user_id,
        conversation_id=conversation_id,
        status=status,
        after=_id(request, "after"),
        limit=limit + 1,
    )
    more = None
    if len(rows) > limit:
        last = rows[limit - 1]["id"]
        more = next_page("/generations", last, conversation_id=conversation_id, status=status, limit=limit)
    return Response(generations_json(parts, visitor, rows[:limit], more), headers=link_to(more))


def _id(request: AnyRequest, field: str) -> UUID | None:
    text = request.query_params.get(field)
    found = None if text is None else parse_id(text)
    if text is not None and found is None:
        raise Invalid("This is no id. Take one that this site has given.", field=field)
    return found


def _status(request: AnyRequest) -> str:
    status: str | None = request.query_params.get("status")
    if status is None:
        return ""
    if status not in STATUSES:
        raise Invalid(f"A generation is one of {', '.join(STATUSES)}.", field="status")
    return status


ROUTES = (conversations, generations)
