"""The pages of who runs the site: users and their limits."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from litestar import Request, Response, post

from genapp import views
from genapp.errors import Forbidden, Invalid, NotFound
from genapp.models import Generation, User, administering, parse_id
from genapp.web import inspecting, inviting
from genapp.web.forms import Form
from genapp.web.inspecting import generation_row
from genapp.web.negotiation import readable
from genapp.web.pages import page, person_of, see_other
from genapp.web.parts import Given, Parts
from genapp.web.policies import Policy, is_for
from genapp.web.submitting import announce_stop
from genapp.web.visitors import Visitor

AnyRequest = Request[Any, Any, Any]

PAGE = 50
NEWEST = 20
MOST_IN_FLIGHT = 1000
MOST_TOKENS = 10**12
DONE = {
    "limits": "The limits are saved.",
    "disablement": "The account is disabled: its sessions and tokens are gone, its answers stopped.",
    "enablement": "The account is enabled.",
    "promotion": "They are an admin now.",
    "demotion": "They are no admin any more.",
}


@readable("/admin", opt=is_for(Policy.ADMIN))
async def list_users(request: AnyRequest, parts: Given[Parts], visitor: Given[Visitor]) -> Response[Any]:
    """All users, or those that `q` finds."""
    query = request.query_params.get("q", "").replace("\0", "").strip().lower()[:100]  # NUL cannot be looked for
    rows = await administering.users(query, before=parse_id(request.query_params.get("before", "")), limit=PAGE)
    more = urlencode({"q": query, "before": rows[-1]["id"]}) if len(rows) == PAGE else None
    content = views.UsersPage([user_row(row) for row in rows], query=query, next_url=f"/admin?{more}" if more else None)
    return page(views.admin_users(person_of(parts.settings, visitor), content))


@readable("/admin/users/{user_id:uuid}", opt=is_for(Policy.ADMIN))
async def show_user(request: AnyRequest, user_id: UUID, parts: Given[Parts], visitor: Given[Visitor]) -> Response[Any]:
    """One user, with their limits and what they asked for last."""
    return await user_page(parts, visitor, user_id, done=DONE.get(request.query_params.get("done", "")))


@post("/admin/users/{user_id:uuid}/limits", opt=is_for(Policy.ADMIN))
async def set_limits(user_id: UUID, parts: Given[Parts], visitor: Given[Visitor], form: Given[Form]) -> Response[Any]:
    """Give a user limits of their own; an empty field gives back the usual one."""
    user = await User.by_id(user_id)
    try:
        in_flight = _number(form, "max_in_flight", MOST_IN_FLIGHT)
        tokens = _number(form, "tokens_per_day", MOST_TOKENS)
    except Invalid as error:
        typed = {name: form.get(name, "") for name in ("max_in_flight", "tokens_per_day")}
        return await user_page(
            parts, visitor, user_id, error=error.sentence, error_field=error.field, status=error.status, **typed
        )
    await user.set_limits(in_flight, tokens)
    return _changed(user_id, "limits")


@post("/admin/users/{user_id:uuid}/disablement", opt=is_for(Policy.ADMIN))
async def disable(user_id: UUID, parts: Given[Parts], visitor: Given[Visitor]) -> Response[Any]:
    """Shut a user out, and stop what they are being answered."""
    user = await _other(user_id, visitor)
    await user.disable()
    await parts.revocations.revoke(f"user:{user_id}", f"guest:{user_id}")
    for generation in await Generation.in_flight_of(user_id):
        await announce_stop(parts, await generation.cancel())
    return _changed(user_id, "disablement")


@post("/admin/users/{user_id:uuid}/enablement", opt=is_for(Policy.ADMIN))
async def enable(user_id: UUID, parts: Given[Parts]) -> Response[Any]:
    """Let a user in again."""
    await (await User.by_id(user_id)).enable()
    await parts.revocations.revoke(f"user:{user_id}")  # what is remembered of them says that they are shut out
    return _changed(user_id, "enablement")


@post("/admin/users/{user_id:uuid}/promotion", opt=is_for(Policy.ADMIN))
async def promote(user_id: UUID, parts: Given[Parts]) -> Response[Any]:
    """Make an account an admin."""
    await (await User.by_id(user_id)).set_role("admin")
    await parts.revocations.revoke(f"user:{user_id}")
    return _changed(user_id, "promotion")


@post("/admin/users/{user_id:uuid}/demotion", opt=is_for(Policy.ADMIN))
async def demote(user_id: UUID, parts: Given[Parts], visitor: Given[Visitor]) -> Response[Any]:
    """Make an admin an ordinary user again."""
    await (await _other(user_id, visitor)).set_role("user")
    await parts.revocations.revoke(f"user:{user_id}", f"admin:{user_id}")
    return _changed(user_id, "demotion")


async def user_page(parts: Parts, visitor: Visitor, user_id: UUID, *, status: int = 200, **shown: Any) -> Response[str]:
    """Render a user's page; `shown` are further fields of `views.UserPage`, in the place of what is stored."""
    row = await administering.user(user_id)
    if row is None:
        raise NotFound
    newest = await administering.generations(user_id=user_id, limit=NEWEST)
    fields: dict[str, Any] = {
        "max_in_flight": row["max_in_flight"],
        "tokens_per_day": row["tokens_per_day"],
        "default_in_flight": parts.settings.max_in_flight_per_user,
        "default_tokens_per_day": parts.settings.tokens_per_user_per_day,
        "generations": [generation_row(one) for one in newest],
        "is_self": user_id == visitor.user_id,
        **shown,
    }
    return page(views.admin_user(person_of(parts.settings, visitor), views.UserPage(user_row(row), **fields)), status)


def user_row(row: dict[str, Any]) -> views.UserRow:
    """A user as the lists show them."""
    seen = [moment for moment in (row["seen_at"], row["asked_at"]) if moment]
    return views.UserRow(
        id=str(row["id"]),
        name=views.user_name(row["id"], row["email"]),
        role=row["role"],
        disabled=row["disabled_at"] is not None,
        created_label=views.when(row["created_at"]),
        last_seen_label=views.when(max(seen)) if seen else "never",
        conversations=row["conversations"],
        in_flight=row["in_flight"],
        tokens_today=row["tokens_today"],
        url=f"/admin/users/{row['id']}",
    )


async def _other(user_id: UUID, visitor: Visitor) -> User:
    # The last admin could not undo it.
    if user_id == visitor.user_id:
        raise Forbidden("This is you: another admin has to do that.")
    return await User.by_id(user_id)


def _number(form: Form, name: str, most: int) -> int | None:
    text = form.get(name, "").strip()
    if not text:
        return None
    if not (text.isascii() and text.isdigit() and len(text) <= 15 and int(text) <= most):
        raise Invalid(f"Give a whole number of at most {most:,}, or nothing for the usual limit.", field=name)
    return int(text)


def _changed(user_id: UUID, what: str) -> Response[Any]:
    return see_other(f"/admin/users/{user_id}", done=what)


ROUTES = (
    *(list_users, show_user, set_limits, disable, enable, promote, demote),
    *inspecting.ROUTES,
    *inviting.ROUTES,
)
