"""`/v1`: create a response, look at it, follow it, cancel it; the models there are."""

from __future__ import annotations

from typing import Any

from litestar import Request, Response, post

from genapp.errors import Invalid, NotFound, UnknownModel, Unsupported
from genapp.models import Draft, Generation
from genapp.web.composing import checked_key
from genapp.web.forms import clean
from genapp.web.negotiation import readable
from genapp.web.pages import address_of
from genapp.web.parts import Given, Parts
from genapp.web.policies import Policy, is_for
from genapp.web.responses.asking import Asked, asked_in, model_named
from genapp.web.responses.following import Followed
from genapp.web.responses.numbering import NOTHING_TOLD
from genapp.web.responses.resource import generation_id, resource
from genapp.web.responses.telling import Telling
from genapp.web.submitting import announce_stop, submit
from genapp.web.visitors import Visitor
from genapp.web.waiting import ended

AnyRequest = Request[Any, Any, Any]

# For what may come with a prompt, and the prompt; a character has at most 12 bytes (\uXXXX\uXXXX).
BODY_BYTES = 8 * 1024 * 1024
# A worker sees within a second that it is to stop: who cancels is told that it has, and not that it will.
STOP_SECONDS = 5.0
MOST_DIGITS = 15


@post("/v1/responses", opt=is_for(Policy.PROGRAM_GENERATE), request_max_body_size=BODY_BYTES)
async def create(request: AnyRequest, parts: Given[Parts], visitor: Given[Visitor]) -> Response[Any]:
    """Store a prompt, and answer as it was asked for: at once, as it comes, or when it is whole."""
    asked = asked_in(await request.body(), parts.settings)
    generation = await _submitted(request, parts, visitor, asked)
    # From here on a refusal would not be true: it is stored. And the SDK would send it again.
    if asked.stream:
        return Followed(parts, visitor, await _telling(generation), generation, at_once=True)
    if not asked.background:
        generation = await ended(parts, visitor, generation, parts.settings.wait_seconds)
    return await _shown(generation)


async def _submitted(request: AnyRequest, parts: Parts, visitor: Visitor, asked: Asked) -> Generation:
    draft = Draft(
        user_id=visitor.user_id,
        prompt=asked.prompt,
        model=asked.model,
        idempotency_key=checked_key(clean("Idempotency-Key", request.headers.get("idempotency-key", ""))),
        guest=visitor.guest,
        follows=asked.follows,
        context=asked.context,
    )
    generation, _ = await submit(parts, draft, address_of(request))
    return generation


@readable("/v1/responses/{response_id:str}", opt=is_for(Policy.PROGRAM_READ))
async def show(request: AnyRequest, response_id: str, parts: Given[Parts], visitor: Given[Visitor]) -> Response[Any]:
    """A response as it is, or its events behind `starting_after`."""
    query = request.query_params
    if any(name in query for name in ("include", "include[]")):
        raise Unsupported(field="include")
    if _flag(query.get("include_obfuscation"), "include_obfuscation"):
        raise Unsupported(field="include_obfuscation")
    generation = await _owned(response_id, visitor)
    streams = _flag(query.get("stream"), "stream")
    if streams and request.method == "GET":  # an answer to HEAD has no body
        return Followed(parts, visitor, await _telling(generation, query.get("starting_after")), generation)
    if "starting_after" in query and not streams:
        raise Invalid("Only a stream has events to start after. Add stream=true.", field="starting_after")
    return await _shown(generation)


@post("/v1/responses/{response_id:str}/cancel", opt=is_for(Policy.PROGRAM_GENERATE))
async def cancel(response_id: str, parts: Given[Parts], visitor: Given[Visitor]) -> Response[Any]:
    """Stop a response, and say how it has ended. Idempotent: what is finished stays as it is."""
    generation = await (await _owned(response_id, visitor)).cancel()
    await announce_stop(parts, generation)
    return await _shown(await ended(parts, visitor, generation, STOP_SECONDS))


@readable("/v1/models", opt=is_for(Policy.PROGRAM_READ), sync_to_thread=False)
def list_models(parts: Given[Parts]) -> Response[Any]:
    """The models there are, the default first."""
    return Response({"object": "list", "data": [_model(one.value) for one in parts.settings.models]})


@readable("/v1/models/{name:path}", opt=is_for(Policy.PROGRAM_READ), sync_to_thread=False)
def show_model(name: str, parts: Given[Parts]) -> Response[Any]:
    """One model, by either of its names."""
    try:
        return Response(_model(model_named(name.removeprefix("/"), parts.settings)))
    except UnknownModel:
        raise NotFound from None


def _model(value: str) -> dict[str, Any]:
    # When it was made, its provider does not tell us.
    return {"id": value, "object": "model", "created": 0, "owned_by": value.partition(":")[0]}


async def _owned(response_id: str, visitor: Visitor) -> Generation:
    found = generation_id(response_id)
    if found is None:
        raise NotFound
    return await Generation.owned(found, visitor.user_id)


async def _shown(generation: Generation) -> Response[Any]:
    return Response(resource(generation, await generation.previous()), status_code=200)


async def _telling(generation: Generation, after: str | None = None) -> Telling:
    if after is not None and not (after.isascii() and after.isdigit() and len(after) <= MOST_DIGITS):
        raise Invalid("This is the number of no event. Send that of the last one you have.", field="starting_after")
    return Telling(generation, await generation.previous(), NOTHING_TOLD if after is None else int(after))


def _flag(text: str | None, field: str) -> bool:
    if text not in (None, "true", "false"):
        raise Invalid("Say true or false.", field=field)
    return text == "true"


ROUTES = (create, show, cancel, list_models, show_model)
