"""Conversations and generations, as the document tells them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genapp.errors import NotFound, TooMany
from genapp.models import FINISHED, IN_FLIGHT
from genapp.models.conversation import TITLE_CHARACTERS
from genapp.web import conversations, generations
from genapp.web.asking import KEY_HEADER, WAIT
from genapp.web.composing import MAX_KEY
from genapp.web.openapi.refusals import RATES
from genapp.web.openapi.writing import (
    NOTHING_TO_SAY,
    WORDS,
    Area,
    Operation,
    Piece,
    address,
    answer,
    array,
    body,
    header,
    left_out,
    moment,
    one_of,
    or_null,
    parameter,
    record,
    ref,
    string,
    text,
    uuid,
)

if TYPE_CHECKING:
    from genapp.settings import Settings

TAG = "generations"
ID = "01997a3e-8f7c-7d51-9c39-3f1f6f0a2b10"
CONVERSATION_ID = "01997a3e-8f7b-7a02-8d55-0c6a7e1d9f01"
TOKENS = {"type": "integer", "minimum": 0}
TITLE = string("The beginning of the first prompt.", minLength=1, maxLength=TITLE_CHARACTERS)


def area(settings: Settings) -> Area:
    """What the site offers, with its limits."""
    submission = body(
        {
            "prompt": text(
                "What to answer, in Markdown or not.",
                pattern=WORDS,
                minLength=1,
                maxLength=settings.prompt_max_characters,
            ),
            "model": left_out(one_of([one.value for one in settings.models], "The first is the default.")),
            "conversation_id": left_out(uuid("The conversation to go on with; without it a new one begins.")),
            "idempotency_key": left_out(
                text("The same key gives the generation that it gave first.", minLength=1, maxLength=MAX_KEY)
            ),
            "wait": {"anyOf": [{"type": "boolean"}, {"enum": [*WAIT, "", None]}], "description": "As in the query."},
        },
        required=("prompt",),
        example={"prompt": "Why is the sky blue?", "idempotency_key": "4fda1a6e"},
    )
    return Area(
        {
            generations.create: Operation(
                "create_generation",
                TAG,
                "Ask for an answer",
                {
                    201: answer(
                        "It is stored, and is or will be answered: `status` says how far it is.",
                        ref("Generation"),
                        example=EXAMPLE,
                        headers={**LOCATION, **RATES},
                    )
                },
                "Answers at once. Follow `stream_url` to read along, or ask for `url` again. With `wait` it answers "
                f"when the generation has ended, or after {settings.wait_seconds:g} seconds with what there is then.",
                parameters=(
                    parameter("query", "wait", "Whether to answer when it is written.", one_of(WAIT)),
                    parameter("header", KEY_HEADER, "As `idempotency_key` of the body.", KEY),
                ),
                body=submission,
                refusals=(NotFound, TooMany),
            ),
            generations.show: Operation(
                "get_generation",
                TAG,
                "A generation, as far as it has come",
                {200: answer("The generation.", ref("Generation"), example=EXAMPLE)},
            ),
            generations.cancel: _change("cancel_generation", "Stop a generation", "What is finished stays as it is."),
            generations.retry: _change(
                "retry_generation",
                "Try a failed or cancelled generation again",
                "What is in progress or completed stays as it is.",
                TooMany,
                headers=RATES,
            ),
            conversations.conversation: Operation(
                "get_conversation",
                TAG,
                "A conversation with all its generations",
                {200: answer("The conversation, its oldest generation first.", ref("Conversation"))},
            ),
        },
        SCHEMAS,
    )


def _change(
    id: str, summary: str, description: str, *refusals: type[TooMany], headers: Piece | None = None
) -> Operation:
    answers = {200: answer("The generation as it is now.", ref("Generation"), example=EXAMPLE, headers=headers)}
    return Operation(id, TAG, summary, answers, description, body=NOTHING_TO_SAY, refusals=refusals)


KEY = string(minLength=1, maxLength=MAX_KEY)
LOCATION = {"Location": header("The generation's address.", address())}

SCHEMAS: dict[str, Piece] = {
    "Generation": record(
        {
            "id": uuid(),
            "conversation_id": uuid(),
            "status": one_of((*IN_FLIGHT, *FINISHED)),
            "model": string("`provider:model`, the one that answers or has answered."),
            "prompt": string(minLength=1),
            "content": string("The answer in Markdown; empty until it has ended, unless it was stored before."),
            "error": or_null(ref("GenerationError")),
            "usage": or_null(ref("Usage")),
            "created_at": moment(),
            "finished_at": or_null(moment()),
            "url": address(),
            "stream_url": or_null(address("Where to follow it (`GET /streams`); null once it has ended.")),
        },
        description="One prompt and its one answer.",
    ),
    "GenerationError": record(
        {"code": string("Why, for programs."), "message": string("Why, and what to do, for people.")},
        description="Why there is no whole answer.",
    ),
    "Usage": record({"input_tokens": or_null(TOKENS), "output_tokens": TOKENS}, description="Of all attempts."),
    "Conversation": record(
        {
            "id": uuid(),
            "title": TITLE,
            "url": address(),
            "created_at": moment(),
            "updated_at": moment(),
            "generations": array(ref("Generation")),
        }
    ),
}

EXAMPLE: Piece = {
    "id": ID,
    "conversation_id": CONVERSATION_ID,
    "status": "queued",
    "model": "anthropic:claude-sonnet-5-5",
    "prompt": "Why is the sky blue?",
    "content": "",
    "error": None,
    "usage": None,
    "created_at": "2026-11-25T22:00:00.000000+00:00",
    "finished_at": None,
    "url": f"/generations/{ID}",
    "stream_url": "/streams?stream=WyJnZW5lcmF0aW9uOi4uLiJd.c2lnbmF0dXJl&dialect=json",
}
