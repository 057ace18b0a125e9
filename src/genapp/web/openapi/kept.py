"""What somebody has, as the document tells it: lists of it, and how it is deleted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genapp.errors import Invalid, NotFound
from genapp.models.conversation import TITLE_CHARACTERS
from genapp.web import conversations, deleting, listing
from genapp.web.listing import STATUSES
from genapp.web.openapi.generations import TAG, TITLE
from genapp.web.openapi.writing import (
    Area,
    Operation,
    Piece,
    address,
    answer,
    array,
    body,
    empty,
    header,
    moment,
    one_of,
    or_null,
    parameter,
    record,
    ref,
    string,
    uuid,
)
from genapp.web.paging import MOST, PLACE, USUAL

if TYPE_CHECKING:
    from genapp.settings import Settings

LINK = {"Link": header("The next page, as `next`; absent on the last one.", string(), required=False)}
LIMIT = parameter("query", "limit", "How many.", {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL})
AFTER = "Where to go on, as `next` has it."
SURE = body({"confirm": one_of(["yes"], "That this is meant.")}, required=("confirm",), example={"confirm": "yes"})


def area(settings: Settings) -> Area:
    """All of it; `settings` change nothing here."""
    return Area({**_lists(), **_deleting()}, SCHEMAS)


def _lists() -> dict[object, Operation]:
    place = string(pattern=f"^{PLACE.pattern}$", maxLength=46)

    def conversations_list(id: str, summary: str) -> Operation:
        return Operation(
            id,
            TAG,
            summary,
            {200: answer("The last changed first.", ref("Conversations"), headers=LINK)},
            "One that changes while somebody reads the list comes to its front: begin again to see it there.",
            parameters=(LIMIT, parameter("query", "after", AFTER, place)),
            refusals=(Invalid,),
        )

    return {
        listing.conversations: conversations_list("list_conversations", "The conversations, a page at a time"),
        conversations.home: conversations_list(
            "list_recent_conversations", "The conversations, at the first page's address"
        ),
        listing.generations: Operation(
            "list_generations",
            TAG,
            "The generations, a page at a time",
            {200: answer("The newest first, without their texts.", ref("Generations"), headers=LINK)},
            parameters=(
                LIMIT,
                parameter("query", "conversation_id", "Those of this conversation.", uuid()),
                parameter("query", "status", "Those of this status.", one_of(STATUSES)),
                parameter("query", "after", AFTER, uuid()),
            ),
            refusals=(Invalid, NotFound),
        ),
    }


def _deleting() -> dict[object, Operation]:
    gone = {204: empty("It is gone, with what was shown of it and of it in our stores; its worker stops.")}
    return {
        deleting.delete_generation: Operation(
            "delete_generation",
            TAG,
            "Delete a prompt and its answer",
            gone,
            "With the last one of a conversation, the conversation. What it has used of a day's tokens stays used.",
        ),
        deleting.delete_conversation: Operation(
            "delete_conversation", TAG, "Delete a conversation, its generations and its link", gone
        ),
        deleting.delete_generation_by_form: Operation(
            "delete_generation_by_form", TAG, "Delete a prompt and its answer, by a form", gone, body=SURE
        ),
        deleting.delete_conversation_by_form: Operation(
            "delete_conversation_by_form", TAG, "Delete a conversation, by a form", gone, body=SURE
        ),
    }


NEXT = {"next": or_null(address("The next page; null on the last one."))}
SCHEMAS: dict[str, Piece] = {
    "Conversations": record(
        {
            "conversations": array(
                record(
                    {
                        "id": uuid(),
                        "title": TITLE,
                        "url": address(),
                        "updated_at": moment(),
                        "busy": {"type": "boolean", "description": "Whether something in it is being answered."},
                    }
                ),
                maxItems=MOST,
            ),
            **NEXT,
        }
    ),
    "Generations": record(
        {
            "generations": array(
                record(
                    {
                        "id": uuid(),
                        "conversation_id": uuid(),
                        "status": one_of(STATUSES),
                        "model": string(),
                        "title": string("The beginning of its prompt.", minLength=1, maxLength=TITLE_CHARACTERS),
                        "error": or_null(ref("GenerationError")),
                        "usage": or_null(ref("Usage")),
                        "created_at": moment(),
                        "finished_at": or_null(moment()),
                        "url": address("With the texts."),
                        "stream_url": or_null(address("Where to follow it; null once it has ended.")),
                    }
                ),
                maxItems=MOST,
            ),
            **NEXT,
        }
    ),
}
