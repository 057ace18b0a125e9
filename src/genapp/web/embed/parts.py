"""`/embed/…`: what a page elsewhere puts into itself, and the page inside a frame."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response

from genapp import models, views
from genapp.errors import Invalid, NotFound
from genapp.models import Conversation, Generation, Site
from genapp.web.composing import composer_for
from genapp.web.headers import POLICY
from genapp.web.live import Audience, shown
from genapp.web.negotiation import readable
from genapp.web.pages import page, site_of
from genapp.web.parts import Given, Parts
from genapp.web.policies import Policy, is_for
from genapp.web.visitors import Visitor

AnyRequest = Request[Any, Any, Any]

THEMES = ("", "light", "dark")


@readable("/embed/composer", opt=is_for(Policy.EMBED))
async def composer(request: AnyRequest, parts: Given[Parts], visitor: Given[Visitor]) -> Response[str]:
    """Where a question is written; its answers follow above it."""
    return await _part(request, parts, visitor, [], conversation_id=visitor.conversation)


@readable("/embed/conversation/{conversation_id:uuid}", opt=is_for(Policy.EMBED))
async def conversation(
    request: AnyRequest, conversation_id: UUID, parts: Given[Parts], visitor: Given[Visitor]
) -> Response[str]:
    """A conversation with all its answers, and where to go on."""
    found = await Conversation.owned(conversation_id, visitor.user_id)
    generations = await Generation.of_conversation(found.id)
    return await _part(request, parts, visitor, generations, conversation_id=found.id)


@readable("/embed/generation/{generation_id:uuid}", opt=is_for(Policy.EMBED))
async def generation(
    request: AnyRequest, generation_id: UUID, parts: Given[Parts], visitor: Given[Visitor]
) -> Response[str]:
    """One answer alone."""
    return await _part(request, parts, visitor, [await Generation.owned(generation_id, visitor.user_id)], asks=False)


async def _part(
    request: AnyRequest,
    parts: Parts,
    visitor: Visitor,
    generations: list[Generation],
    *,
    conversation_id: UUID | None = None,
    asks: bool = True,
) -> Response[str]:
    may_ask = "generate" in (visitor.scopes or ())
    # Turbo's way of writing a frame: the content of each op in a template, whatever it is in.
    audience = Audience(str(visitor.user_id), read_only=not may_ask, dialect="turbo")
    cards, stream = await shown(parts, audience, generations)
    model = generations[-1].model if generations else ""
    part = views.Part(
        site=site_of(request),
        generations=cards,
        stream=stream,
        composer=composer_for(parts.settings, conversation_id=conversation_id, model=model)
        if asks and may_ask
        else None,
        conversation_id=str(conversation_id) if conversation_id else None,
        read_only=not may_ask,
    )
    return page(views.embedded(part))


@readable("/embed/frame", opt=is_for(Policy.EVERYONE))
async def frame(request: AnyRequest) -> Response[str]:
    """The page for an `<iframe>` of a site's pages, and of nobody else's. It is given its token there."""
    site_id = models.parse_id(request.query_params.get("site", ""))
    theme = request.query_params.get("theme", "")
    if theme not in THEMES:
        raise Invalid("A theme is light or dark. Leave it out for the reader's own.", field="theme")
    origins = await Site.framed_by(site_id) if site_id else None
    if site_id is None or origins is None:
        raise NotFound("There is no such site, or it is disabled. Check `site` in the address.")
    headers = {
        "Content-Security-Policy": POLICY.format(" ".join(origins)),
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    return page(views.embed_frame(str(site_id), theme), headers=headers)


ROUTES = (composer, conversation, generation, frame)
