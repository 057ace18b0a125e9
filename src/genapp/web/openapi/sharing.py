"""Shared conversations, as the document tells them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genapp.errors import Invalid, NotFound, TooMany
from genapp.models import FINISHED, IN_FLIGHT
from genapp.web import sharing
from genapp.web.openapi.generations import TITLE
from genapp.web.openapi.streams import SEEN, STREAM, follow_parameters
from genapp.web.openapi.writing import (
    LINK,
    NOTHING_TO_SAY,
    Area,
    Operation,
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
)

if TYPE_CHECKING:
    from genapp.settings import Settings

TAG = "sharing"


def area(settings: Settings) -> Area:
    """All of it; `settings` change nothing here."""
    expires = or_null(one_of(sharing.DAYS, "How long the link works; `never` is the default."))
    location = {"Location": header("The link, within this site.", address())}
    operations = {
        sharing.begin: Operation(
            "share_conversation",
            TAG,
            "Share a conversation, or change until when",
            {201: answer("Whoever has the link may read it.", ref("Share"), headers=location)},
            body=body({"expires": expires}, example={"expires": "week"}),
        ),
        sharing.end: Operation(
            "stop_sharing",
            TAG,
            "Stop sharing a conversation",
            {204: empty("The link opens nothing, and whoever read along is let go.")},
            body=NOTHING_TO_SAY,
        ),
        sharing.show: Operation(
            "get_shared_conversation",
            TAG,
            "Read a shared conversation",
            {200: answer("What was said in it.", ref("SharedConversation"))},
            "The link is its own key: nobody has to be logged in.",
        ),
        sharing.subscribe: Operation(
            "follow_shared_streams",
            TAG,
            "Follow the streams of a shared conversation",
            {200: STREAM, 204: SEEN},
            "As `GET /streams`, for the names that the shared conversation's page was given.",
            parameters=(
                parameter("query", "share", "What the shared conversation's address ends with.", LINK, required=True),
                *follow_parameters(),
            ),
            refusals=(Invalid, NotFound, TooMany),
        ),
    }
    return Area(operations, SCHEMAS)


SCHEMAS = {
    "Share": record({"url": address("Within this site."), "expires_at": or_null(moment())}),
    "SharedConversation": record(
        {
            "title": TITLE,
            "updated_at": moment(),
            "generations": array(
                record(
                    {
                        "status": one_of((*IN_FLIGHT, *FINISHED)),
                        "model": string(),
                        "prompt": string(),
                        "content": string("The answer in Markdown."),
                    }
                )
            ),
        },
        description="What was said, and nothing of whose it is.",
    ),
}
