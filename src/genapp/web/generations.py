"""Submitting a prompt, and what a person may do with its generation."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from litestar import Request, Response, post
from litestar.response import Redirect

from genapp import logs, models, views
from genapp.errors import GenappError, NotFound
from genapp.models import Generation
from genapp.web.asking import wants_to_wait, with_header_key
from genapp.web.composing import draft_from
from genapp.web.conversations import conversation_page, home_page
from genapp.web.errors import answer_error, as_ours, headers_of
from genapp.web.forms import Form
from genapp.web.live import Audience, shown
from genapp.web.negotiation import readable, shape
from genapp.web.pages import address_of, page, person_of, site_of
from genapp.web.parts import Given, Parts
from genapp.web.policies import Policy, is_for
from genapp.web.rates import rate_headers
from genapp.web.representing import generation_json
from genapp.web.submitting import again, stop, submit
from genapp.web.turbo import turbo_generation
from genapp.web.visitors import Visitor
from genapp.web.waiting import ended

AnyRequest = Request[Any, Any, Any]


@post("/generations", opt=is_for(Policy.GENERATE))
async def create(request: AnyRequest, parts: Given[Parts], visitor: Given[Visitor], form: Given[Form]) -> Response[Any]:
    """Store a prompt and answer at once, or when it is written, for a program that waits; a worker does the rest."""
    try:
        form, waits = with_header_key(request, form), wants_to_wait(request, form)
        draft = draft_from(form, visitor, parts.settings)
        generation, standings = await submit(parts, draft, address_of(request))
    except Exception as error:
        return await refuse(request, parts, visitor, form, as_ours(error))
    if waits and shape(request) == "json":
        generation = await ended(parts, visitor, generation, parts.settings.wait_seconds)
    answer = await created(request, parts, visitor, generation, inside=draft.conversation_id is not None)
    answer.headers.update(rate_headers(standings))
    return answer


async def created(
    request: AnyRequest, parts: Parts, visitor: Visitor, generation: Generation, *, inside: bool
) -> Response[Any]:
    """Answer a submission. `inside`: it was sent from its conversation's page, which needs only the new article."""
    logs.add_ids(generation_id=generation.id)
    wanted = shape(request)
    url = f"/conversations/{generation.conversation}"
    if wanted == "json":
        location = {"Location": f"/generations/{generation.id}"}
        return Response(generation_json(parts, visitor, generation), status_code=201, headers=location)
    if wanted == "turbo":
        return await turbo_generation(parts, visitor, generation, status=201)
    if wanted == "page":
        return Redirect(url, status_code=303)
    if inside:
        return await live_article(parts, visitor, generation, status=201)
    conversation = await models.Conversation.owned(generation.conversation, visitor.user_id)
    answer = await conversation_page(parts, visitor, conversation, site_of(request), status=201, main_only=True)
    answer.headers["HX-Push-Url"] = url
    return answer


async def refuse(request: AnyRequest, parts: Parts, visitor: Visitor, form: Form, error: GenappError) -> Response[Any]:
    """Answer a submission that was not taken. As a page: where it came from, with all that was typed."""
    if shape(request) != "page" or error.status >= 500:
        return answer_error(request, error)
    answer = await _page_it_came_from(parts, visitor, form, error, site_of(request))
    answer.headers.update(headers_of(error))
    return answer


async def _page_it_came_from(
    parts: Parts, visitor: Visitor, form: Form, error: GenappError, site: str
) -> Response[str]:
    conversation_id = models.parse_id(form.get("conversation_id", ""))
    if conversation_id is not None:
        try:
            found = await models.Conversation.owned(conversation_id, visitor.user_id)
        except NotFound:
            pass
        else:
            return await conversation_page(parts, visitor, found, site, form=form, error=error, status=error.status)
    return await home_page(parts, visitor, form=form, error=error, status=error.status)


@readable("/generations/{generation_id:uuid}", opt=is_for(Policy.READ))
async def show(request: AnyRequest, generation_id: UUID, parts: Given[Parts], visitor: Given[Visitor]) -> Response[Any]:
    """One generation: as JSON, as its article (for Turbo too), or as a page at its place in the conversation."""
    wanted = shape(request)
    if wanted == "page":
        found = await models.Conversation.with_generation(generation_id, visitor.user_id)
        return await conversation_page(parts, visitor, found, site_of(request))
    generation = await Generation.owned(generation_id, visitor.user_id)
    if wanted == "json":
        return Response(generation_json(parts, visitor, generation))
    if wanted == "turbo":
        return await turbo_generation(parts, visitor, generation)
    return await live_article(parts, visitor, generation)


@post("/generations/{generation_id:uuid}/cancellation", opt=is_for(Policy.GENERATE))
async def cancel(
    request: AnyRequest, generation_id: UUID, parts: Given[Parts], visitor: Given[Visitor]
) -> Response[Any]:
    """Stop a generation. Idempotent: what is finished stays as it is."""
    generation = await stop(parts, visitor, generation_id)
    return await changed(request, parts, visitor, generation)


@post("/generations/{generation_id:uuid}/retry", opt=is_for(Policy.GENERATE))
async def retry(
    request: AnyRequest, generation_id: UUID, parts: Given[Parts], visitor: Given[Visitor]
) -> Response[Any]:
    """Try a failed or stopped generation again. Idempotent: what is in progress or completed stays as it is."""
    earlier = await Generation.owned(generation_id, visitor.user_id)
    standings = await parts.quotas.admit(visitor.user_id, address_of(request))
    generation, _ = await again(parts, earlier)
    answer = await changed(request, parts, visitor, generation)
    answer.headers.update(rate_headers(standings))
    return answer


async def changed(request: AnyRequest, parts: Parts, visitor: Visitor, generation: Generation) -> Response[Any]:
    """Answer a change of a generation: 200 where it is done, whoever did it."""
    logs.add_ids(generation_id=generation.id)
    wanted = shape(request)
    if wanted == "json":
        return Response(generation_json(parts, visitor, generation), status_code=200)
    if wanted == "turbo":
        return await turbo_generation(parts, visitor, generation, present=True)
    if wanted == "page":
        return Redirect(f"/conversations/{generation.conversation}#{views.dom_id(generation.id)}", status_code=303)
    return await live_article(parts, visitor, generation)


async def live_article(
    parts: Parts,
    visitor: Visitor,
    generation: Generation,
    *,
    status: int = 200,
    headers: dict[str, str] | None = None,
) -> Response[str]:
    """A generation's article, and what connects it to its stream."""
    cards, stream = await shown(parts, Audience(str(visitor.user_id)), [generation])
    return page(views.generation(cards[0], stream, person_of(parts.settings, visitor)), status, headers)


ROUTES = (create, show, cancel, retry)
