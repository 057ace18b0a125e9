"""The errors of the app: a small tree, each with a code, an HTTP status and a sentence for a person.

    GenappError                     500  internal
    ├── Invalid                     422  the request cannot be used as it is
    │   ├── TooLarge                413
    │   ├── Unsupported             400  asked for what we cannot do
    │   ├── UnknownModel            400
    │   ├── TextReplaced            400  the place to go on from is in a text that is void
    │   └── UnknownHost             400  asked for under a name that is not ours
    ├── Unauthenticated             401  nobody is logged in, or no longer
    │   ├── TicketExpired
    │   └── TokenExpired                 an embed token that was good
    ├── Forbidden                   403
    │   ├── FormExpired
    │   └── Disabled                     the account is shut out
    ├── NotFound                    404  also what belongs to somebody else
    ├── WrongMethod                 405  carries `allow`, the methods that an address takes
    ├── TooMany                     429  carries `retry_after`
    ├── Unavailable                 503  a part we need is away; carries `retry_after`
    └── ConfigurationError               the environment is wrong: stops the start

The provider errors (`genapp.providers.errors`) are a tree of their own: they end a generation, not a request.
"""

from __future__ import annotations

from typing import Any


class GenappError(Exception):
    """Base of all our errors.

    `message` is one or two sentences, shown to a person: it says what to do. `field` names the form
    field it is about, if any. `retry_after` is in whole seconds.
    """

    code = "internal"
    status = 500
    message = "Something went wrong on our side. Try again in a moment."

    def __init__(self, message: str | None = None, *, field: str | None = None, retry_after: int | None = None):
        super().__init__(message or self.message)
        self.message = message or self.message
        self.field = field
        self.retry_after = retry_after

    @property
    def sentence(self) -> str:
        """The message, and when to try again where that is known."""
        return f"{self.message} Try again in {duration(self.retry_after)}." if self.retry_after else self.message


def duration(seconds: int) -> str:
    """Say a time as people do: in the largest unit that has two or more of it, rounded up."""
    for unit, name in ((3600, "hour"), (60, "minute")):
        if seconds >= 2 * unit:
            return f"{-(-seconds // unit)} {name}s"
    return f"{seconds} second{'s' if seconds != 1 else ''}"


class Invalid(GenappError):
    code = "invalid"
    status = 422
    message = "That could not be used. Check what you entered and send it again."


class TooLarge(Invalid):
    code = "too_large"
    status = 413
    message = "That is too large. Shorten it and send it again."


class Unsupported(Invalid):
    code = "unsupported_parameter"
    status = 400
    message = "That is not supported here. Leave it out."


class UnknownModel(Invalid):
    code = "model_not_found"
    status = 400
    message = "There is no such model here."


class TextReplaced(Invalid):
    code = "text_replaced"
    status = 400
    message = "The answer was begun anew, and what you have of it is void. Drop it and follow from the beginning."


class UnknownHost(Invalid):
    code = "unknown_host"
    status = 400
    message = "This site does not answer to that name. Open it at the address that you know it by."


class Unauthenticated(GenappError):
    code = "unauthenticated"
    status = 401
    message = "You are not logged in. Log in, and do this again."


class TicketExpired(Unauthenticated):
    code = "ticket_expired"
    message = "This ticket has expired. Ask for another one and connect again."


class TokenExpired(Unauthenticated):
    code = "token_expired"
    message = "This embed token has expired. Ask the page's own server for another one."


class Forbidden(GenappError):
    code = "forbidden"
    status = 403
    message = "This is not yours to do."


class FormExpired(Forbidden):
    code = "form_expired"
    message = "This form had expired. Send it again."


class Disabled(Forbidden):
    message = "This account is disabled. Ask whoever runs this site."


class NotFound(GenappError):
    code = "not_found"
    status = 404
    message = "There is nothing here, or it is not yours to see."


class WrongMethod(GenappError):
    """`allow` is what the header `Allow` says, such as `GET, HEAD`."""

    code = "wrong_method"
    status = 405
    message = "This address takes other methods. The header Allow names them."

    def __init__(self, allow: str):
        super().__init__()
        self.allow = allow


class TooMany(GenappError):
    """`standings` say how far the rates are used up that refused it (`quotas.Standing`), where rates did."""

    code = "too_many"
    status = 429
    message = "That is more than can be taken at once."
    standings: tuple[Any, ...] = ()


class Unavailable(GenappError):
    code = "unavailable"
    status = 503
    message = "A part of the service is away for a moment."


class ConfigurationError(GenappError):
    code = "configuration"
    message = "The configuration is not usable."
