"""Shared conversations: an owner makes and ends the link, whoever has it reads along."""

from __future__ import annotations

import time
from typing import Any
from uuid import UUID

from litestar import Request, Response, asgi, post
from litestar.types import Receive, Scope, Send

from genapp import models, views
from genapp.errors import Invalid
from genapp.models import Conversation, Share
from genapp.web.forms import Form
from genapp.web.live import Audience, shown
from genapp.web.negotiation import readable, shape
from genapp.web.openings import counted_for_address
from genapp.web.pages import address_of, page, person_of, see_other
from genapp.web.parts import Given, Parts
from genapp.web.policies import Policy, is_for
from genapp.web.representing import shared_json
from genapp.web.subscriptions import Holder, follow
from genapp.web.visitors import Visitor

AnyRequest = Request[Any, Any, Any]

DAYS = {"never": None, "day": 1, "week": 7, "month": 30}


@post("/conversations/{conversation_id:uuid}/share", opt=is_for(Policy.BROWSER))
async def begin(
    request: AnyRequest, conversation_id: UUID, parts: Given[Parts], visitor: Given[Visitor], form: Given[Form]
) -> Response[Any]:
    """Share a conversation, or change until when."""
    conversation = await Conversation.owned(conversation_id, visitor.user_id)
    expires = form.get("expires", "never")
    if expires not in DAYS:
        raise Invalid(f"A link works for {', '.join(DAYS)}: choose one of these.", field="expires")
    share = await Share.begin(conversation.id, DAYS[expires])
    if shape(request) == "json":
        url = f"/shared/{share.token}"
        return Response({"url": url, "expires_at": share.expires_at}, status_code=201, headers={"Location": url})
    return see_other(f"/conversations/{conversation.id}#share")


@post("/conversations/{conversation_id:uuid}/share/revocation", opt=is_for(Policy.BROWSER))
async def end(
    request: AnyRequest, conversation_id: UUID, parts: Given[Parts], visitor: Given[Visitor]
) -> Response[Any]:
    """Stop sharing: the link opens nothing, and whoever reads along is let go."""
    conversation = await Conversation.owned(conversation_id, visitor.user_id)
    if (ended := await Share.end(conversation.id)) is not None:
        await parts.revocations.revoke(f"share:{ended.id}")
    if shape(request) == "json":
        return Response(None, status_code=204)
    return see_other(f"/conversations/{conversation.id}")


@readable("/shared/{token:str}", opt=is_for(Policy.ANYBODY))
async def show(request: AnyRequest, token: str, parts: Given[Parts], visitor: Given[Visitor]) -> Response[Any]:
    """A shared conversation, to be read by whoever has the link; live where it is being answered."""
    opened = await Share.opened(token)
    generations = await models.Generation.of_conversation(opened.share.conversation)
    if shape(request) == "json":
        return Response(shared_json(opened, generations))
    audience = Audience(viewer_of(opened.share), path=f"/shared/streams?share={token}", read_only=True)
    cards, stream = await shown(parts, audience, generations)
    content = views.SharedPage(
        title=opened.title,
        updated_at=opened.updated_at,
        updated_label=views.when(opened.updated_at),
        generations=cards,
        stream=stream,
        expires_label=opened.share.expires_label,
    )
    return page(views.shared(person_of(parts.settings, visitor), content), headers={"X-Robots-Tag": "noindex"})


# The link is in the query: Litestar 2.25 finds no path parameters for an ASGI handler.
@asgi("/shared/streams", copy_scope=False, opt=is_for(Policy.ANYBODY))
async def subscribe(scope: Scope, receive: Receive, send: Send) -> None:
    """As `GET /streams`, for who holds a link: as long as the conversation is shared."""
    asked_at = time.monotonic()
    request: AnyRequest = Request(scope)
    opened = await Share.opened(request.query_params.get("share", ""))
    keys = (f"share:{opened.share.id}", f"user:{opened.owner}")
    # Not for the link: any number of people may have it.
    counted = counted_for_address(address_of(request))
    await follow(request, send, Holder(viewer_of(opened.share), keys, asked_at, counted))


def viewer_of(share: Share) -> str:
    """Whom the stream names of a shared page are signed for: whoever holds this link, and nobody else."""
    return f"share:{share.id}"


ROUTES = (begin, end, show, subscribe)
