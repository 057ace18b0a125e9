"""Streams, as the document tells them: how to follow, and what is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genapp.errors import Invalid, NotFound, TooMany
from genapp.models import IN_FLIGHT
from genapp.streams import DIALECTS
from genapp.web import cable, subscriptions
from genapp.web.cable.routes import SCOPES
from genapp.web.cable.tickets import SECONDS
from genapp.web.openapi.writing import (
    Area,
    Operation,
    Piece,
    answer,
    array,
    body,
    empty,
    left_out,
    one_of,
    or_null,
    parameter,
    plain,
    record,
    ref,
    string,
)
from genapp.web.subscriptions import MAX_STREAMS

if TYPE_CHECKING:
    from genapp.settings import Settings

TAG = "streams"
ABOUT = """Server-sent events (`text/event-stream`), made for `EventSource`.

Take a generation's `stream_url` as it is: it names the stream, for you and for a day, and asks for the dialect `json`.
In it each unnamed event is a `StreamMessage`. `chunk` goes on where the last one ended, `snapshot` is the whole text
so far in the place of what you have, and the last one is `complete`, `failed` or `cancelled`. The named events have
no data: `hb` says every few seconds that the connection lives, `done` that all streams have ended: let go then.

Connections end after some minutes, between two events. Come back with the last event's `id` in `Last-Event-ID`, as
`EventSource` does, and nothing is missed or said twice. Who comes back with the cursor of the end gets 204, at which an
`EventSource` stops for good."""

STREAM = plain(
    "The events, for as long as there are some to come.",
    "text/event-stream",
    string(
        "Unnamed events hold a `StreamMessage` in the dialect `json`, HTML in the others.",
        examples=['event: hb\ndata: \n\ndata: {"type":"chunk","seq":3,"content":"It is "}\nid: 4k2x9q0w7z1b.3\n\n'],
    ),
)

SEEN = empty("All of it has ended, and the cursor says that its end was seen.")


def follow_parameters() -> tuple[Piece, ...]:
    """What a request to follow says."""
    names = array(string(), minItems=1, maxItems=MAX_STREAMS)
    return (
        parameter("query", "stream", "The streams, by their signed names.", names, required=True, explode=True),
        parameter("query", "after", "The cursors to go on from; without them, or for odd ones, all is said.", string()),
        parameter("query", "dialect", "How messages are written; `htmx` is the default.", one_of(DIALECTS)),
        parameter("header", "Last-Event-ID", "As `after`, and before it: the last event's id.", string()),
    )


def area(settings: Settings) -> Area:
    """All of it; `settings` change nothing here."""
    follow = Operation(
        "follow_streams",
        TAG,
        "Follow answers while they are written",
        {200: STREAM, 204: SEEN},
        ABOUT,
        parameters=follow_parameters(),
        refusals=(Invalid, NotFound, TooMany),
    )
    ticket = Operation(
        "make_cable_ticket",
        TAG,
        "Get an address of `/cable` for a page of another site",
        {201: answer("The address: for whoever has it, for a minute.", ref("CableTicket"))},
        "`/cable` speaks Action Cable's protocol over a WebSocket (`docs/action-cable.md`). A page of another site has "
        "no cookie and must not know a token: its server asks for this and hands the address to the page.",
        body=body(
            {"scope": left_out(one_of(SCOPES, "What the page may do; `generate`, the default, includes `read`."))}
        ),
    )
    return Area({subscriptions.subscribe: follow, cable.make_ticket: ticket}, SCHEMAS)


def _message(kind: str, properties: Piece, description: str, optional: tuple[str, ...] = ()) -> Piece:
    seq = {"type": "integer", "minimum": 0, "description": "Its place in the stream."}
    told = {"type": string(const=kind), "seq": seq, **properties}
    return record(told, optional=optional, description=description)


_CONTENT = {"content": string()}
_NOTE = {"note": or_null(string("A sentence about the wait; null takes it back."))}
_ATTEMPT = {"type": "integer", "minimum": 0, "description": "Another number: the text begins anew."}
_STATUS = {"status": one_of(IN_FLIGHT), "attempt": _ATTEMPT, **_NOTE}
_ERROR = {"error": ref("GenerationError")}

SCHEMAS: dict[str, Piece] = {
    "CableTicket": record(
        {
            "url": string("A `ws:` or `wss:` address with the ticket in it.", format="uri"),
            "expires_in": {"type": "integer", "const": SECONDS, "description": "Seconds in which to connect."},
        }
    ),
    "StreamMessage": {
        "description": "What an unnamed event of the dialect `json` holds.",
        "oneOf": [
            _message("status", _STATUS, "Where it stands.", optional=("note",)),
            _message("chunk", _CONTENT, "The next piece of the answer."),
            _message("snapshot", _CONTENT, "The whole answer so far, in the place of what was said before."),
            _message("complete", _CONTENT, "The whole answer. The last message."),
            _message(
                "failed", {**_CONTENT, **_ERROR}, "Why there is no more. The last message.", optional=("content",)
            ),
            _message("cancelled", _CONTENT, "Stopped; what was written until then. The last message."),
        ],
    },
}
