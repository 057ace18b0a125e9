"""The home page and the pages of conversations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from litestar import Request, Response

from genapp import models, views
from genapp.web.composing import composer_for
from genapp.web.listing import conversations_page
from genapp.web.live import Audience, shown
from genapp.web.negotiation import readable, shape
from genapp.web.pages import page, person_of, site_of
from genapp.web.parts import Given, Parts
from genapp.web.policies import Policy, is_for
from genapp.web.representing import conversation_json
from genapp.web.visitors import Visitor

if TYPE_CHECKING:
    from genapp.errors import GenappError
    from genapp.web.forms import Form


@readable("/", opt=is_for(Policy.READ))
async def home(request: Request[Any, Any, Any], parts: Given[Parts], visitor: Given[Visitor]) -> Response[Any]:
    """The composer, which `?prompt=` fills in, and the conversations that were changed last."""
    if shape(request) == "json":
        return await conversations_page(request, visitor, "/")
    limit = parts.settings.prompt_max_characters
    return await home_page(parts, visitor, form={"prompt": request.query_params.get("prompt", "")[:limit]})


@readable("/conversations/{conversation_id:uuid}", opt=is_for(Policy.READ))
async def conversation(
    request: Request[Any, Any, Any], conversation_id: UUID, parts: Given[Parts], visitor: Given[Visitor]
) -> Response[Any]:
    """A conversation with all its generations."""
    found = await models.Conversation.owned(conversation_id, visitor.user_id)
    if shape(request) == "json":
        generations = await models.Generation.of_conversation(conversation_id)
        return Response(conversation_json(parts, visitor, found, generations))
    return await conversation_page(parts, visitor, found, site_of(request))


async def home_page(
    parts: Parts,
    visitor: Visitor,
    *,
    form: Form | None = None,
    error: GenappError | None = None,
    status: int = 200,
) -> Response[str]:
    """Render the home page, its composer filled in with `form` and saying `error`."""
    rows = await models.Conversation.recent(visitor.user_id) if visitor.known else []
    composer = composer_for(parts.settings, form=form, error=error)
    html = views.home(composer, [item(**row) for row in rows], person_of(parts.settings, visitor))
    return page(html, status)


async def conversation_page(
    parts: Parts,
    visitor: Visitor,
    found: models.Conversation,
    site: str,
    *,
    form: Form | None = None,
    error: GenappError | None = None,
    status: int = 200,
    main_only: bool = False,
) -> Response[str]:
    """Render a conversation's page (or its main part only), its composer filled in with `form` and saying `error`.

    `site` is the address that its owner sees this site at: a link to share is made of it.
    """
    generations = await models.Generation.of_conversation(found.id)
    cards, stream = await shown(parts, Audience(str(visitor.user_id)), generations)
    # The link is its own key: a token that may read would go on reading by it when it is revoked.
    browser = visitor.scopes is None
    share = share_state(await models.Share.of_conversation(found.id), site) if browser else None
    composer = composer_for(
        parts.settings,
        conversation_id=found.id,
        form=form,
        model=generations[-1].model if generations else "",
        error=error,
    )
    heading = item(found.id, found.title, found.updated_at, busy=stream is not None)
    person = person_of(parts.settings, visitor)
    html = views.conversation(heading, cards, composer, stream, person, share, main_only=main_only)
    return page(html, status)


def item(id: UUID, title: str, updated_at: Any, busy: bool) -> views.ConversationItem:
    """Make a list's item of a row's values."""
    return views.ConversationItem(str(id), title, f"/conversations/{id}", updated_at, views.when(updated_at), busy)


def share_state(share: models.Share | None, site: str) -> views.ShareState:
    """What the owner sees of a share."""
    if share is None:
        return views.ShareState()
    return views.ShareState(f"{site}/shared/{share.token}", share.expires_label)


ROUTES = (home, conversation)
