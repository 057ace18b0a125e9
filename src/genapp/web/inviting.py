"""Invitations: a link for each, shown once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from litestar import Request, Response, post

from genapp import views
from genapp.errors import Invalid
from genapp.models import Invitation, normal_email
from genapp.web.forms import Form
from genapp.web.negotiation import readable
from genapp.web.pages import page, person_of, see_other, site_of
from genapp.web.parts import Given, Parts
from genapp.web.policies import Policy, is_for
from genapp.web.visitors import Visitor

AnyRequest = Request[Any, Any, Any]

DONE = {"revocation": "That invitation opens nothing any more."}


@readable("/admin/invitations", opt=is_for(Policy.ADMIN))
async def list_invitations(request: AnyRequest, parts: Given[Parts], visitor: Given[Visitor]) -> Response[Any]:
    """The newest, and the form that makes one."""
    return await _page(parts, visitor, done=DONE.get(request.query_params.get("done", "")))


@post("/admin/invitations", opt=is_for(Policy.ADMIN))
async def invite(request: AnyRequest, parts: Given[Parts], visitor: Given[Visitor], form: Given[Form]) -> Response[Any]:
    """Make an invitation, for an address or for whoever has the link, and show the link this once."""
    typed = form.get("email", "").strip()
    try:
        email = normal_email(typed) if typed else None
    except Invalid as error:
        return await _page(
            parts, visitor, status=error.status, email=typed, error=error.sentence, error_field=error.field
        )
    _, token = await Invitation.make(email, visitor.user_id)
    return await _page(parts, visitor, status=201, new_link=f"{site_of(request)}/signup?invitation={token}")


@post("/admin/invitations/{invitation_id:uuid}/revocation", opt=is_for(Policy.ADMIN))
async def revoke_invitation(invitation_id: UUID) -> Response[Any]:
    """Take an invitation back."""
    await Invitation.revoke(invitation_id)
    return see_other("/admin/invitations", done="revocation")


async def _page(parts: Parts, visitor: Visitor, *, status: int = 200, **shown: Any) -> Response[str]:
    content = views.InvitationsPage([_item(one) for one in await Invitation.newest()], **shown)
    return page(views.admin_invitations(person_of(parts.settings, visitor), content), status)


def _item(invitation: Invitation) -> views.InvitationItem:
    open_still = invitation.expires_at > datetime.now(UTC)
    return views.InvitationItem(
        id=str(invitation.id),
        email=invitation.email,
        created_label=views.when(invitation.created_at),
        expires_label=f"{invitation.expires_at:%-d %B %Y}",
        state="used" if invitation.used_at else "open" if open_still else "expired",
    )


ROUTES = (list_invitations, invite, revoke_invitation)
