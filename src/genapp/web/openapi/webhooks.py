"""Webhooks, as the document tells them: how an account makes them, and what they are sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genapp.destinations import LONGEST
from genapp.models import FINISHED
from genapp.models.webhook import EVENTS, MOST, SECRET_PREFIX
from genapp.web import webhooks
from genapp.web.openapi.writing import (
    NOTHING_TO_SAY,
    Area,
    Operation,
    Piece,
    address,
    answer,
    array,
    body,
    empty,
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

TAG = "webhooks"
NAMES = [f"generation.{one}" for one in EVENTS]
SIGNATURE = (
    "As [Standard Webhooks](https://www.standardwebhooks.com) has it: `v1,` and, in base64, the HMAC-SHA256 of the id, "
    "the timestamp and the body as it came, joined by dots. The key is what stands in base64 behind `whsec_` in the "
    "secret."
)
YES = left_out(one_of(["yes"]))
SURE = body({"confirm": one_of(["yes"], "That this is meant.")}, required=("confirm",), example={"confirm": "yes"})


def area(settings: Settings) -> Area:
    """All of it; `settings` change nothing here."""
    return Area(
        {
            webhooks.show_all: Operation(
                "list_webhooks",
                TAG,
                "The account's webhooks",
                {200: answer("All of them.", record({"webhooks": array(ref("Webhook"), maxItems=MOST)}))},
            ),
            webhooks.make: Operation(
                "make_webhook",
                TAG,
                "Make a webhook",
                {201: answer("The webhook, with its secret, which is shown this once.", ref("NewWebhook"))},
                "It is told the events that are said `yes` to; one at least.",
                body=body(
                    {
                        "url": text("Where to send to; https in production.", minLength=1, maxLength=LONGEST),
                        **dict.fromkeys((*EVENTS, "with_content"), YES),
                    },
                    required=("url",),
                    example={"url": "https://example.org/hooks/genapp", "completed": "yes", "failed": "yes"},
                ),
            ),
            webhooks.show: Operation(
                "get_webhook",
                TAG,
                "A webhook, with the newest of what was sent to it",
                {200: answer("The webhook.", ref("WebhookWithDeliveries"))},
            ),
            webhooks.enable: _change("enable_webhook", "Send to a webhook again, also what has waited"),
            webhooks.disable: _change("disable_webhook", "Send nothing to a webhook"),
            webhooks.delete: Operation(
                "delete_webhook", TAG, "Delete a webhook with its log", {204: empty("It is gone.")}, body=SURE
            ),
            webhooks.send_again: Operation(
                "send_delivery_again",
                TAG,
                "Send something once more, whatever became of it",
                {204: empty("It is on its way.")},
                body=NOTHING_TO_SAY,
            ),
        },
        SCHEMAS,
    )


def _change(id: str, summary: str) -> Operation:
    return Operation(id, TAG, summary, {204: empty("It is so.")}, body=NOTHING_TO_SAY)


def outgoing() -> Piece:
    """What webhooks are sent, by its name."""
    headers = tuple(
        parameter("header", name, description, string(), required=True)
        for name, description in (
            ("webhook-id", "The message's id: the same in each try to send it."),
            ("webhook-timestamp", "When it is sent, as Unix time in seconds."),
            ("webhook-signature", SIGNATURE),
        )
    )
    answers = {
        "2XX": {"description": "It was taken."},
        "410": {"description": "Nothing more is to be sent here: the webhook is switched off."},
        "default": {"description": "It was not taken, and is sent again later."},
    }
    return {
        name: {
            "post": {
                "summary": f"A generation is {name.removeprefix('generation.')}",
                "tags": [TAG],
                "parameters": list(headers),
                "requestBody": {"required": True, "content": {"application/json": {"schema": ref("WebhookMessage")}}},
                "responses": answers,
            }
        }
        for name in NAMES
    }


_WEBHOOK: Piece = {
    "id": uuid(),
    "url": string(maxLength=LONGEST),
    "events": array(one_of(NAMES)),
    "with_content": {"type": "boolean", "description": "Whether it is told the text of the answer."},
    "enabled": {"type": "boolean"},
    "disabled_because": or_null(string("Why, where it was not its owner who switched it off.")),
    "created_at": moment(),
}
SCHEMAS: dict[str, Piece] = {
    "Webhook": record(_WEBHOOK),
    "NewWebhook": record({**_WEBHOOK, "secret": string("What it is signed with.", pattern=f"^{SECRET_PREFIX}")}),
    "WebhookWithDeliveries": record({**_WEBHOOK, "deliveries": array(ref("Delivery"))}),
    "Delivery": record(
        {
            "id": uuid(),
            "generation_id": uuid(),
            "event": one_of(NAMES),
            "status": one_of(["pending", "delivered", "failed"]),
            "attempts": {"type": "integer", "minimum": 0},
            "response_code": or_null({"type": "integer"}),
            "error": or_null(string("A sentence about the last try.")),
            "created_at": moment(),
            "tried_at": or_null(moment()),
            "next_try_at": or_null(moment("Null where it has ended.")),
        },
        description="One event on its way to one webhook.",
    ),
    "WebhookMessage": record(
        {
            "type": one_of(NAMES),
            "timestamp": moment("When the generation ended."),
            "data": record(
                {
                    "id": uuid(),
                    "conversation_id": uuid(),
                    "status": one_of(FINISHED),
                    "model": string(),
                    "usage": or_null(ref("Usage")),
                    "url": address("Of the generation, within this site."),
                    "content": or_null(string("The text, for webhooks that want it; null where it is another by now.")),
                },
                optional=("content",),
            ),
        },
        description="What a webhook is sent.",
    ),
}
