"""Coming in and going out: sign up, log in, log out."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from litestar import Request, Response, post

from genapp import passwords, views
from genapp.errors import Disabled, Forbidden, GenappError, Invalid, NotFound, Unauthenticated
from genapp.models import Conversation, Invitation, Session, User, folded, normal_email
from genapp.web.errors import answer_error, headers_of
from genapp.web.forms import Form
from genapp.web.negotiation import readable, shape
from genapp.web.pages import address_of, local_place, page, person_of, see_other
from genapp.web.parts import Given, Parts
from genapp.web.policies import Policy, is_for
from genapp.web.sessions import enter
from genapp.web.visitors import Visitor

AnyRequest = Request[Any, Any, Any]

# The same for an account that is not there as for a password that is wrong.
NO_MATCH = "This address and this password do not belong together. Check both."
IS_IN = "You are logged in. Log out first to make another account."
# What is said after a redirect; the address carries a word of ours, never a sentence.
DONE = {"deletion": "Everything of yours is deleted."}
UNINVITED = "This site is by invitation. Ask whoever runs it for a link to sign up with."


@readable("/login", opt=is_for(Policy.ANYBODY))
async def show_login(request: AnyRequest, parts: Given[Parts], visitor: Given[Visitor]) -> Response[Any]:
    """The form to log in."""
    place = local_place(request.query_params.get("next"))
    if not visitor.guest:
        return see_other(place)
    said = DONE.get(request.query_params.get("done", ""))
    return await _login_page(parts, visitor, {"next": place}, said=said)


@post("/login", opt=is_for(Policy.ANYBODY))
async def log_in(request: AnyRequest, parts: Given[Parts], visitor: Given[Visitor], form: Given[Form]) -> Response[Any]:
    """Begin a session. What a guest has comes with them."""
    try:
        user = await _recognised(form, parts, address_of(request))
        await begin_session(request, parts, visitor, user)
    except GenappError as error:
        if shape(request) != "page":
            return answer_error(request, error)
        return await _login_page(parts, visitor, form, error)
    return _entered(request, form, user)


@readable("/signup", opt=is_for(Policy.ANYBODY))
async def show_signup(request: AnyRequest, parts: Given[Parts], visitor: Given[Visitor]) -> Response[Any]:
    """The form to make an account, where the site and an invitation allow it."""
    place = local_place(request.query_params.get("next"))
    if not visitor.guest:
        return see_other(place)
    return await _signup_page(parts, visitor, {"next": place, **_only(request.query_params, "invitation")})


@post("/signup", opt=is_for(Policy.ANYBODY))
async def sign_up(
    request: AnyRequest, parts: Given[Parts], visitor: Given[Visitor], form: Given[Form]
) -> Response[Any]:
    """Make an account of a guest, who keeps what is theirs, and begin a session."""
    if not visitor.guest:
        if shape(request) == "json":
            raise Forbidden(IS_IN)
        return see_other(local_place(form.get("next")))
    try:
        user = await _joined(form, parts, visitor, address_of(request))
        await begin_session(request, parts, visitor, user)
    except GenappError as error:
        if shape(request) != "page":
            return answer_error(request, error)
        return await _signup_page(parts, visitor, form, error)
    return _entered(request, form, user)


@post("/logout", opt=is_for(Policy.ANYBODY))
async def log_out(request: AnyRequest, parts: Given[Parts], visitor: Given[Visitor]) -> Response[Any]:
    """End the session, here and in every open tab of this browser. A guest has none, and loses nothing."""
    if not visitor.guest and visitor.scopes is None:
        await _end_session(parts, visitor)
        enter(request.scope, parts.sessions.stranger())
    return Response(None, status_code=204) if shape(request) == "json" else see_other("/")


async def begin_session(request: AnyRequest, parts: Parts, visitor: Visitor, user: User) -> None:
    """Log a browser in, by a new session: the cookie that it came with opens nothing any more.

    A guest who turns out to be this user brings what they have. Raises Unauthenticated where the password has changed
    meanwhile.
    """
    session_id = await Session.begin(
        user,
        device=request.headers.get("user-agent", ""),
        address=address_of(request) or "",
        seconds=parts.settings.session_seconds,
        adopting=visitor.user_id if visitor.guest and visitor.known else None,
    )
    if visitor.guest:
        await parts.revocations.revoke(f"guest:{visitor.user_id}")
    else:
        await _end_session(parts, visitor)
    enter(request.scope, parts.sessions.visitor(user.id, session_id, claims_account=True))


async def _end_session(parts: Parts, visitor: Visitor) -> None:
    with suppress(NotFound):  # another tab was faster
        await Session.revoke(visitor.session_id, visitor.user_id)
    await parts.revocations.revoke(f"session:{visitor.session_id}")


async def _recognised(form: Form, parts: Parts, address: str | None) -> User:
    """Who an address and a password belong to. Raises GenappError; takes the same time whether there is an account."""
    name, password = folded(form.get("email", "")), form.get("password", "")
    await parts.quotas.admit_login(name, address)
    user = await User.find(name)
    if not await passwords.matches(password, user.password_hash if user else None) or user is None:
        raise Unauthenticated(NO_MATCH, field="password")
    if user.disabled_at is not None:
        raise Disabled
    if user.password_hash and passwords.is_outdated(user.password_hash):
        await user.rehash(await passwords.hashed(password))
    return user


async def _joined(form: Form, parts: Parts, visitor: Visitor, address: str | None) -> User:
    invitation = await _invitation(form)
    if invitation is None and parts.settings.access_policy == "invite":
        raise Forbidden(UNINVITED)
    email = normal_email(form.get("email", ""))
    if invitation is not None and invitation.email not in (None, email):
        raise Invalid("This invitation is for another address.", field="email")
    password = form.get("password", "")
    await parts.quotas.admit_password(address)
    await passwords.require_good(password, email)
    # Not before: who is told that their password is too short has not signed up.
    await parts.quotas.admit_signup(address)
    password_hash = await passwords.hashed(password)
    if invitation is not None:
        return await invitation.redeem(visitor.user_id, email, password_hash)
    return await User.sign_up(visitor.user_id, email, password_hash)


async def _invitation(form: Form) -> Invitation | None:
    token = form.get("invitation")
    return await Invitation.open_one(token) if token else None


async def _login_page(
    parts: Parts, visitor: Visitor, form: Form, error: GenappError | None = None, *, said: str | None = None
) -> Response[str]:
    html = views.login(
        person_of(parts.settings, visitor),
        email=form.get("email", ""),
        next=local_place(form.get("next")),
        error=error.sentence if error else None,
        error_field=error.field if error else None,
        has_conversations=await _has_conversations(visitor),
        done=said,
    )
    return page(html, error.status if error else 200, headers_of(error) if error else None)


async def _has_conversations(visitor: Visitor) -> bool:
    return visitor.known and bool(await Conversation.recent(visitor.user_id, limit=1))


async def _signup_page(parts: Parts, visitor: Visitor, form: Form, error: GenappError | None = None) -> Response[str]:
    person = person_of(parts.settings, visitor)
    invitation = await _invitation(form)
    status = error.status if error else 200
    if invitation is None and parts.settings.access_policy == "invite":
        return page(views.uninvited(person), 403 if error else 200)
    invited = invitation.email if invitation else None
    html = views.signup(
        person,
        email=invited or form.get("email", ""),
        next=local_place(form.get("next")),
        invitation=form.get("invitation", "") if invitation else "",
        error=error.sentence if error else None,
        error_field=error.field if error else None,
        has_conversations=await _has_conversations(visitor),
        locked_email=invited is not None,
    )
    return page(html, status, headers_of(error) if error else None)


def _entered(request: AnyRequest, form: Form, user: User) -> Response[Any]:
    if shape(request) == "json":
        return Response({"id": str(user.id), "email": user.email}, status_code=200)
    return see_other(local_place(form.get("next")))


def _only(fields: Any, *names: str) -> Form:
    return {name: fields[name] for name in names if name in fields}


ROUTES = (show_login, log_in, show_signup, sign_up, log_out)
