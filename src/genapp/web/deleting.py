"""Deleting an answer, or a conversation: in the database, in Redis, in what is shown and at the worker."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any
from uuid import UUID

from litestar import Request, Response, delete, post
from redis.exceptions import RedisError

from genapp import models, views
from genapp.errors import Invalid, NotFound
from genapp.streams.page import VALID_SECONDS
from genapp.web.forms import Form
from genapp.web.negotiation import shape
from genapp.web.pages import see_other, turbo_streams
from genapp.web.parts import Given, Parts
from genapp.web.policies import Policy, is_for
from genapp.web.visitors import Visitor

if TYPE_CHECKING:
    from genapp.settings import Settings

logger = logging.getLogger(__name__)

AnyRequest = Request[Any, Any, Any]


@delete("/generations/{generation_id:uuid}", status_code=204, opt=is_for(Policy.GENERATE))
async def delete_generation(generation_id: UUID, parts: Given[Parts], visitor: Given[Visitor]) -> None:
    """Delete a prompt and its answer, for programs."""
    await _generation(parts, visitor, generation_id)


@delete("/conversations/{conversation_id:uuid}", status_code=204, opt=is_for(Policy.GENERATE))
async def delete_conversation(conversation_id: UUID, parts: Given[Parts], visitor: Given[Visitor]) -> None:
    """Delete a conversation, for programs."""
    await _conversation(parts, visitor, conversation_id)


@post("/generations/{generation_id:uuid}/deletion", opt=is_for(Policy.GENERATE))
async def delete_generation_by_form(
    request: AnyRequest, generation_id: UUID, parts: Given[Parts], visitor: Given[Visitor], form: Given[Form]
) -> Response[Any]:
    """Delete a prompt and its answer, for forms."""
    require_confirmation(form)
    conversation_id = await _generation(parts, visitor, generation_id)
    if shape(request) == "turbo":
        return turbo_streams(views.turbo_removed(generation_id))
    return _gone(request, f"/conversations/{conversation_id}" if conversation_id else "/")


@post("/conversations/{conversation_id:uuid}/deletion", opt=is_for(Policy.GENERATE))
async def delete_conversation_by_form(
    request: AnyRequest, conversation_id: UUID, parts: Given[Parts], visitor: Given[Visitor], form: Given[Form]
) -> Response[Any]:
    """Delete a conversation, for forms."""
    require_confirmation(form)
    await _conversation(parts, visitor, conversation_id)
    return _gone(request, "/")


def require_confirmation(form: Form) -> None:
    """Raises Invalid for a form that does not say that this is meant."""
    if form.get("confirm") != "yes":
        raise Invalid("Say that you want this: it cannot be undone.", field="confirm")


def recent_seconds(settings: Settings) -> int:
    """Seconds for which an answer that has ended may be in Redis.

    As long as a log lives, after the last moment at which somebody could bring it back by asking for it.
    """
    return settings.stream_ttl + VALID_SECONDS


async def forget(parts: Parts, gone: models.Gone) -> None:
    """Leave nothing of deleted generations in Redis; take them off every page, and stop their workers."""
    try:
        for generation_id, attempt in gone:
            await views.forget(parts.log, generation_id, attempt)
        # Their viewers may be let go next. An answer from Redis comes behind what it has told them.
        await parts.redis.ping()
    except (RedisError, OSError) as error:
        logger.warning("the streams of what was deleted could not be emptied, they run out by themselves: %s", error)


async def _generation(parts: Parts, visitor: Visitor, generation_id: UUID) -> UUID | None:
    """Delete it; gives its conversation where that has others."""
    conversation_id = (await models.Generation.owned(generation_id, visitor.user_id)).conversation
    recent = recent_seconds(parts.settings)
    await forget(parts, await models.delete_generation(generation_id, visitor.user_id, recent_seconds=recent))
    try:
        return (await models.Conversation.owned(conversation_id, visitor.user_id)).id
    except NotFound:
        return None


async def _conversation(parts: Parts, visitor: Visitor, conversation_id: UUID) -> None:
    # Who reads along by its link is told by the last frame, and let go. A revocation could come before it.
    recent = recent_seconds(parts.settings)
    await forget(parts, await models.delete_conversation(conversation_id, visitor.user_id, recent_seconds=recent))


def _gone(request: AnyRequest, place: str) -> Response[Any]:
    return Response(None, status_code=204) if shape(request) == "json" else see_other(place)


ROUTES = (delete_generation, delete_conversation, delete_generation_by_form, delete_conversation_by_form)
