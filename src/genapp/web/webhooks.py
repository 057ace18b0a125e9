"""Webhooks: made, switched off and on and ended in the account's pages, with the log of what was sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from litestar import Request, Response, post

from genapp import destinations, views
from genapp.errors import GenappError, Invalid
from genapp.models import Delivery, Webhook
from genapp.models.webhook import EVENTS
from genapp.web.deleting import require_confirmation
from genapp.web.delivery_log import delivery_item, delivery_json
from genapp.web.errors import headers_of
from genapp.web.forms import Form
from genapp.web.negotiation import readable, shape
from genapp.web.pages import page, person_of, see_other
from genapp.web.parts import Given, Parts
from genapp.web.policies import Policy, is_for
from genapp.web.visitors import Visitor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genapp.settings import Settings

AnyRequest = Request[Any, Any, Any]

WEBHOOKS = "/account/webhooks"
WEBHOOK = f"{WEBHOOKS}/{{webhook_id:uuid}}"
BY_ITS_OWNER = "Switched off by you."
DONE = {
    "enablement": "It is switched on. What has waited is sent now.",
    "disablement": "It is switched off. What happens from now on is not sent to it.",
    "deletion": "The webhook is deleted.",
    "retry": "It is sent again.",
}


@readable(WEBHOOKS, opt=is_for(Policy.ACCOUNT))
async def show_all(request: AnyRequest, parts: Given[Parts], visitor: Given[Visitor]) -> Response[Any]:
    """All of them."""
    if shape(request) == "json":
        return Response({"webhooks": [webhook_json(one) for one in await Webhook.of_user(visitor.user_id)]})
    return await webhooks_page(parts, visitor, done=DONE.get(request.query_params.get("done", "")))


async def webhooks_page(
    parts: Parts, visitor: Visitor, *, error: GenappError | None = None, status: int = 200, **shown: Any
) -> Response[str]:
    """Render the list; `shown` are further fields of `views.WebhooksPage`."""
    if error is not None:
        shown |= {"error": error.sentence, "error_field": error.field}
    items = [await item(one) for one in await Webhook.of_user(visitor.user_id)]
    html = views.webhooks(person_of(parts.settings, visitor), views.WebhooksPage(items, **shown))
    return page(html, error.status if error else status, headers_of(error) if error else None)


async def item(webhook: Webhook) -> views.WebhookItem:
    """A webhook as its owner sees it."""
    pending, taken_at = await Delivery.counted(webhook.id)
    return views.WebhookItem(
        str(webhook.id),
        webhook.url,
        webhook.events.split(),
        webhook.with_content,
        (webhook.disabled_because or BY_ITS_OWNER) if webhook.disabled_at else None,
        pending,
        views.when(taken_at) if taken_at else "never",
    )


def webhook_json(webhook: Webhook) -> dict[str, Any]:
    """A webhook without its secret."""
    return {
        "id": str(webhook.id),
        "url": webhook.url,
        "events": [f"generation.{one}" for one in webhook.events.split()],
        "with_content": webhook.with_content,
        "enabled": webhook.disabled_at is None,
        "disabled_because": webhook.disabled_because,
        "created_at": webhook.created_at.isoformat(),
    }


@post(WEBHOOKS, opt=is_for(Policy.ACCOUNT))
async def make(request: AnyRequest, parts: Given[Parts], visitor: Given[Visitor], form: Given[Form]) -> Response[Any]:
    """Make one, and show its secret this once."""
    chosen = [one for one in (*EVENTS, "with_content") if form.get(one) == "yes"]
    events, with_content = [one for one in EVENTS if one in chosen], "with_content" in chosen
    try:
        _require_choices(form)
        url = _url(form, parts.settings)
        webhook = await Webhook.make(visitor.user_id, url, _events(events), with_content=with_content)
    except GenappError as error:
        if shape(request) == "json":
            raise
        kept: dict[str, Any] = {"url": form.get("url", ""), "events": events, "with_content": with_content}
        return await webhooks_page(parts, visitor, error=error, **kept)
    if shape(request) == "json":
        return Response({**webhook_json(webhook), "secret": webhook.secret}, status_code=201)
    return await webhooks_page(parts, visitor, status=201, secret=webhook.secret)


@readable(WEBHOOK, opt=is_for(Policy.ACCOUNT))
async def show(request: AnyRequest, webhook_id: UUID, parts: Given[Parts], visitor: Given[Visitor]) -> Response[Any]:
    """One of them, with the newest of what was sent to it."""
    webhook = await Webhook.owned(webhook_id, visitor.user_id)
    if shape(request) == "json":
        deliveries = [delivery_json(one) for one in await Delivery.of_webhook(webhook_id)]
        return Response({**webhook_json(webhook), "deliveries": deliveries})
    return await webhook_page(parts, visitor, webhook, done=DONE.get(request.query_params.get("done", "")))


async def webhook_page(
    parts: Parts, visitor: Visitor, webhook: Webhook, *, done: str | None = None, error: GenappError | None = None
) -> Response[str]:
    """Render its page."""
    deliveries = [delivery_item(one) for one in await Delivery.of_webhook(webhook.id)]
    content = views.WebhookPage(await item(webhook), deliveries, done, error.sentence if error else None)
    html = views.webhook(person_of(parts.settings, visitor), content)
    return page(html, error.status if error else 200, headers_of(error) if error else None)


@post(f"{WEBHOOK}/enablement", opt=is_for(Policy.ACCOUNT))
async def enable(request: AnyRequest, webhook_id: UUID, visitor: Given[Visitor]) -> Response[Any]:
    """Send to it again."""
    await (await Webhook.owned(webhook_id, visitor.user_id)).enable()
    return _changed(request, f"{WEBHOOKS}/{webhook_id}", "enablement")


@post(f"{WEBHOOK}/disablement", opt=is_for(Policy.ACCOUNT))
async def disable(request: AnyRequest, webhook_id: UUID, visitor: Given[Visitor]) -> Response[Any]:
    """Send nothing to it."""
    await (await Webhook.owned(webhook_id, visitor.user_id)).disable()
    return _changed(request, f"{WEBHOOKS}/{webhook_id}", "disablement")


@post(f"{WEBHOOK}/deletion", opt=is_for(Policy.ACCOUNT))
async def delete(
    request: AnyRequest, webhook_id: UUID, parts: Given[Parts], visitor: Given[Visitor], form: Given[Form]
) -> Response[Any]:
    """Delete it with its log."""
    webhook = await Webhook.owned(webhook_id, visitor.user_id)
    try:
        require_confirmation(form)
    except Invalid as error:
        if shape(request) == "json":
            raise
        return await webhook_page(parts, visitor, webhook, error=error)
    await webhook.delete_it()
    return _changed(request, WEBHOOKS, "deletion")


@post(f"{WEBHOOK}/deliveries/{{delivery_id:uuid}}/retry", opt=is_for(Policy.ACCOUNT))
async def send_again(
    request: AnyRequest, webhook_id: UUID, delivery_id: UUID, parts: Given[Parts], visitor: Given[Visitor]
) -> Response[Any]:
    """Send something once more, whatever became of it."""
    webhook = await Webhook.owned(webhook_id, visitor.user_id)
    try:
        await Delivery.again(delivery_id, webhook)
    except Invalid as error:
        if shape(request) == "json":
            raise
        return await webhook_page(parts, visitor, webhook, error=error)
    await parts.jobs.deliver_later(delivery_id)
    return _changed(request, f"{WEBHOOKS}/{webhook_id}", "retry")


def _changed(request: AnyRequest, place: str, what: str) -> Response[Any]:
    return Response(None, status_code=204) if shape(request) == "json" else see_other(place, done=what)


def _url(form: Form, settings: Settings) -> str:
    return destinations.checked_url(form.get("url", ""), plain=settings.plain_webhooks)


def _require_choices(form: Form) -> None:
    for name in (*EVENTS, "with_content"):
        if form.get(name, "") not in ("", "yes"):
            raise Invalid("This is “yes”, or it is left out.", field=name)


def _events(events: Sequence[str]) -> Sequence[str]:
    if not events:
        raise Invalid("Choose at least one of what it is to be told.", field="events")
    return events


ROUTES = (show_all, make, show, enable, disable, delete, send_again)
