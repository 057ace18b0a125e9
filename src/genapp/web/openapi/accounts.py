"""Accounts, as the document tells them: coming in, going out, and what there is of somebody."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genapp import passwords
from genapp.errors import TooMany
from genapp.models import FINISHED, IN_FLIGHT
from genapp.models.account import LONGEST_EMAIL
from genapp.models.api_token import PREFIX
from genapp.models.api_token import SCOPES as API_SCOPES
from genapp.web import account, accounts, api_tokens
from genapp.web.api_tokens import DAYS, LONGEST_NAME
from genapp.web.api_tokens import SCOPES as SCOPES_ASKED
from genapp.web.openapi.writing import (
    EMAIL,
    NOTHING_TO_SAY,
    WORDS,
    Area,
    Operation,
    Piece,
    answer,
    array,
    body,
    empty,
    header,
    left_out,
    moment,
    one_of,
    or_null,
    record,
    ref,
    string,
    text,
    uuid,
)

if TYPE_CHECKING:
    from genapp.settings import Settings

TAG = "accounts"
COOKIE = {"Set-Cookie": header("The session.", string())}
GOOD_PASSWORD = text("Refused where it is easy to guess.", minLength=passwords.SHORTEST, maxLength=passwords.LONGEST)
SCOPES = array(one_of(API_SCOPES))


def area(settings: Settings) -> Area:
    """All of it; `settings` change nothing here."""
    return Area({**_coming_and_going(), **_of_somebody()}, SCHEMAS)


def _coming_and_going() -> dict[object, Operation]:
    invitation = left_out(text("The token of an invitation, where the site is by invitation."))
    return {
        accounts.log_in: Operation(
            "log_in",
            TAG,
            "Begin a session",
            {200: answer("The session is in the cookie.", ref("Account"), headers=COOKIE)},
            "What the cookie's guest has comes with them. Tries are limited, for an account and for an address.",
            body=body(
                {"email": text("As it was signed up with; capitals do not matter."), "password": text()},
                required=("email", "password"),
                example={"email": "ada@example.org", "password": "seven grey herons"},
            ),
            refusals=(TooMany,),
        ),
        accounts.sign_up: Operation(
            "sign_up",
            TAG,
            "Make an account and begin a session",
            {200: answer("The session is in the cookie.", ref("Account"), headers=COOKIE)},
            "The cookie's guest becomes the account, and keeps what they have.",
            body=body(
                {
                    "email": text("What the account is called.", pattern=EMAIL, maxLength=LONGEST_EMAIL),
                    "password": GOOD_PASSWORD,
                    "invitation": invitation,
                },
                required=("email", "password"),
                example={"email": "ada@example.org", "password": "seven grey herons"},
            ),
            refusals=(TooMany,),
        ),
        accounts.log_out: Operation(
            "log_out",
            TAG,
            "End the session",
            {204: empty("Nobody is logged in. The cookie is that of a new guest where somebody was.")},
            body=NOTHING_TO_SAY,
        ),
    }


def _of_somebody() -> dict[object, Operation]:
    return {
        account.change_password: Operation(
            "change_password",
            TAG,
            "Change the password, and end every other session",
            {204: empty("It is changed.")},
            body=body(
                {"current_password": text(), "new_password": GOOD_PASSWORD},
                required=("current_password", "new_password"),
                example={"current_password": "seven grey herons", "new_password": "eleven brown otters"},
            ),
            refusals=(TooMany,),
        ),
        account.revoke_session: Operation(
            "revoke_session", TAG, "End one session", {204: empty("It has ended.")}, body=NOTHING_TO_SAY
        ),
        account.revoke_other_sessions: Operation(
            "revoke_other_sessions",
            TAG,
            "End every session but this one",
            {204: empty("They have ended.")},
            body=NOTHING_TO_SAY,
        ),
        account.delete: Operation(
            "delete_account",
            TAG,
            "Delete somebody with everything that is theirs",
            {204: empty("All of it is gone. The cookie is that of a new guest.", COOKIE)},
            "An account gives its `password`, a guest says `confirm`.",
            body=body({"password": text(), "confirm": left_out(one_of(["yes"]))}, example={"confirm": "yes"}),
            refusals=(TooMany,),
        ),
        account.download: Operation(
            "export_account",
            TAG,
            "Everything of somebody's, as a file",
            {200: answer("All there is.", ref("Export"), headers=DOWNLOAD)},
        ),
        api_tokens.make: Operation(
            "make_token",
            TAG,
            "Make an API token",
            {201: answer("The token, which is shown this once.", ref("Token"))},
            body=body(
                {
                    "name": text(
                        "To know it by; no two of an account are the same.", pattern=WORDS, maxLength=LONGEST_NAME
                    ),
                    "scope": or_null(one_of(SCOPES_ASKED, "`generate` includes `read`, the default.")),
                    "expires": or_null(one_of(DAYS, "In how many days; 90 is the default.")),
                },
                required=("name",),
                example={"name": "nightly report", "scope": "generate", "expires": "90"},
            ),
        ),
        api_tokens.revoke_all: Operation(
            "revoke_tokens", TAG, "End every API token", {204: empty("None opens anything.")}, body=NOTHING_TO_SAY
        ),
        api_tokens.revoke_token: Operation(
            "revoke_token", TAG, "End an API token", {204: empty("It opens nothing.")}, body=NOTHING_TO_SAY
        ),
    }


DOWNLOAD = {"Content-Disposition": header("The name of the file.", string(pattern="^attachment; "))}
COUNT = or_null({"type": "integer", "minimum": 0})

_OF_CONTEXT = {
    "instructions": string(),
    "messages": array(array(string(), "Who said it, and what.", minItems=2, maxItems=2)),
    "max_output_tokens": {"type": "integer", "minimum": 1},
    "metadata": {"type": "object", "additionalProperties": string()},
}
CONTEXT = record(_OF_CONTEXT, optional=tuple(_OF_CONTEXT), description="What came with the prompt.")

SCHEMAS: dict[str, Piece] = {
    "Account": record({"id": uuid(), "email": string(maxLength=LONGEST_EMAIL)}),
    "Token": record(
        {
            "id": uuid("To revoke it by."),
            "name": string(maxLength=LONGEST_NAME),
            "token": string("What a program sends as `Authorization: Bearer …`.", pattern=f"^{PREFIX}"),
            "scopes": SCOPES,
        }
    ),
    "Export": record(
        {
            "account": or_null(
                record(
                    {
                        "email": string(),
                        "role": one_of(("user", "admin")),
                        "created_at": moment(),
                        "max_in_flight": COUNT,
                        "tokens_per_day": COUNT,
                        "sessions": array(
                            record(
                                {
                                    "created_at": moment(),
                                    "seen_at": moment(),
                                    "expires_at": moment(),
                                    "device": string(),
                                    "address": string(),
                                }
                            )
                        ),
                        "api_tokens": array(
                            record(
                                {
                                    "name": string(),
                                    "scopes": SCOPES,
                                    "created_at": moment(),
                                    "used_at": or_null(moment()),
                                    "expires_at": or_null(moment()),
                                }
                            )
                        ),
                        "sites": array(
                            record(
                                {
                                    "id": uuid(),
                                    "name": string(),
                                    "origins": array(string()),
                                    "created_at": moment(),
                                    "disabled_at": or_null(moment()),
                                }
                            )
                        ),
                    },
                    description="Null for a guest.",
                )
            ),
            "conversations": array(
                record(
                    {
                        "id": uuid(),
                        "title": string(),
                        "created_at": moment(),
                        "updated_at": moment(),
                        "share": or_null(
                            record({"token": string(), "created_at": moment(), "expires_at": or_null(moment())})
                        ),
                        "generations": array(
                            record(
                                {
                                    "id": uuid(),
                                    "status": one_of((*IN_FLIGHT, *FINISHED)),
                                    "model": string(),
                                    "prompt": string(),
                                    "context": CONTEXT,
                                    "answer": string(),
                                    "error_code": or_null(string()),
                                    "error_message": or_null(string()),
                                    "input_tokens": COUNT,
                                    "output_tokens": COUNT,
                                    "created_at": moment(),
                                    "finished_at": or_null(moment()),
                                }
                            )
                        ),
                    }
                )
            ),
        }
    ),
}
