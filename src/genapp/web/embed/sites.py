"""The sites that an account lets embed this one: made, changed and ended in the account's pages."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from litestar import Request, Response, post

from genapp import views
from genapp.errors import GenappError, Invalid
from genapp.models import Site, departing
from genapp.models.site import NAME_CHARACTERS
from genapp.web.deleting import forget
from genapp.web.errors import headers_of, problem
from genapp.web.forms import Form
from genapp.web.negotiation import readable, shape
from genapp.web.origins import ANY_SITE
from genapp.web.pages import page, person_of, see_other
from genapp.web.parts import Given, Parts
from genapp.web.policies import Policy, is_for
from genapp.web.visitors import Visitor

AnyRequest = Request[Any, Any, Any]

MOST_ORIGINS = 20
# As browsers write it. It gets into a header (`frame-ancestors`), so nothing else is an origin.
ORIGIN = re.compile(r"(https?)://([a-z0-9](?:[a-z0-9.-]{0,250}[a-z0-9])?)(?::([0-9]{1,5}))?", re.ASCII)
DEFAULT_PORTS = {"https": "443", "http": "80"}
LOCAL = ("localhost", "127.0.0.1")

DONE = {
    "origins": "The origins are changed.",
    "enablement": "The site lets its visitors in again.",
    "disablement": "The site lets nobody in any more. What its visitors have is kept.",
    "deletion": "The site is deleted, with everything of its visitors.",
}


@readable("/account/sites", opt=is_for(Policy.ACCOUNT))
async def show(request: AnyRequest, parts: Given[Parts], visitor: Given[Visitor]) -> Response[Any]:
    """All of them."""
    if shape(request) == "json":
        return Response({"sites": [site_json(one) for one in await Site.of_user(visitor.user_id)]})
    return await sites_page(parts, visitor, done=DONE.get(request.query_params.get("done", "")))


async def sites_page(
    parts: Parts,
    visitor: Visitor,
    *,
    error: GenappError | None = None,
    status: int = 200,
    **shown: Any,
) -> Response[str]:
    """Render the page; `shown` are further fields of `views.SitesPage`."""
    items = [
        views.SiteItem(
            str(one.id),
            one.name,
            one.origins,
            views.when(one.created_at),
            await one.count_visitors(),
            one.disabled_at is None,
        )
        for one in await Site.of_user(visitor.user_id)
    ]
    if error is not None:
        shown |= {"error": error.sentence, "error_field": error.field}
    html = views.sites(person_of(parts.settings, visitor), views.SitesPage(items, **shown))
    return page(html, error.status if error else status, headers_of(error) if error else None)


def site_json(site: Site) -> dict[str, Any]:
    """A site without its secret."""
    enabled = site.disabled_at is None
    return {"id": str(site.id), "name": site.name, "origins": site.origins, "enabled": enabled}


@post("/account/sites", opt=is_for(Policy.ACCOUNT))
async def make(request: AnyRequest, parts: Given[Parts], visitor: Given[Visitor], form: Given[Form]) -> Response[Any]:
    """Make a site, and show its secret this once."""
    try:
        site = await Site.make(visitor.user_id, _name(form), origins_in(form))
    except GenappError as error:
        kept = {"name": form.get("name", ""), "origins": form.get("origins", ""), "error_site": ""}
        return await _refused(request, parts, visitor, error, **kept)
    await parts.revocations.revoke(ANY_SITE)
    return await _with_secret(request, parts, visitor, site, status=201)


@post("/account/sites/{site_id:uuid}/secret", opt=is_for(Policy.ACCOUNT))
async def rotate(request: AnyRequest, site_id: UUID, parts: Given[Parts], visitor: Given[Visitor]) -> Response[Any]:
    """Give a site another secret, shown this once; what the old one has signed is over."""
    site = await (await Site.owned(site_id, visitor.user_id)).rotate()
    await parts.revocations.revoke(f"site:{site_id}")
    return await _with_secret(request, parts, visitor, site)


@post("/account/sites/{site_id:uuid}/origins", opt=is_for(Policy.ACCOUNT))
async def change_origins(
    request: AnyRequest, site_id: UUID, parts: Given[Parts], visitor: Given[Visitor], form: Given[Form]
) -> Response[Any]:
    """Say anew which pages may embed it."""
    site = await Site.owned(site_id, visitor.user_id)
    try:
        await site.set_origins(origins_in(form))
    except GenappError as error:
        return await _refused(request, parts, visitor, error, error_site=str(site_id))
    return await _changed(request, parts, site_id, "origins")


@post("/account/sites/{site_id:uuid}/disablement", opt=is_for(Policy.ACCOUNT))
async def disable(request: AnyRequest, site_id: UUID, parts: Given[Parts], visitor: Given[Visitor]) -> Response[Any]:
    """Let none of its visitors in."""
    await (await Site.owned(site_id, visitor.user_id)).set_enabled(False)
    return await _changed(request, parts, site_id, "disablement")


@post("/account/sites/{site_id:uuid}/enablement", opt=is_for(Policy.ACCOUNT))
async def enable(request: AnyRequest, site_id: UUID, parts: Given[Parts], visitor: Given[Visitor]) -> Response[Any]:
    """Let its visitors in again."""
    await (await Site.owned(site_id, visitor.user_id)).set_enabled(True)
    return await _changed(request, parts, site_id, "enablement")


@post("/account/sites/{site_id:uuid}/deletion", opt=is_for(Policy.ACCOUNT))
async def delete(
    request: AnyRequest, site_id: UUID, parts: Given[Parts], visitor: Given[Visitor], form: Given[Form]
) -> Response[Any]:
    """Delete a site with everything of its visitors: it is gone at once, and the rest within minutes."""
    site = await Site.owned(site_id, visitor.user_id)
    if form.get("confirm") != "yes":
        error = Invalid("Say that you want this: it cannot be undone.", field="confirm")
        return await _refused(request, parts, visitor, error, error_site=str(site_id))
    await forget(parts, await departing.end_site(site.id))
    return await _changed(request, parts, site_id, "deletion")


async def _changed(request: AnyRequest, parts: Parts, site_id: UUID, what: str) -> Response[Any]:
    # What is open is let go, and asks again: whoever still may comes back at once.
    await parts.revocations.revoke(f"site:{site_id}", ANY_SITE)
    return Response(None, status_code=204) if shape(request) == "json" else see_other("/account/sites", done=what)


async def _with_secret(
    request: AnyRequest, parts: Parts, visitor: Visitor, site: Site, *, status: int = 200
) -> Response[Any]:
    if shape(request) == "json":
        return Response({**site_json(site), "secret": site.secret}, status_code=status)
    return await sites_page(parts, visitor, status=status, secret=site.secret, secret_of=str(site.id))


async def _refused(
    request: AnyRequest, parts: Parts, visitor: Visitor, error: GenappError, **shown: Any
) -> Response[Any]:
    if shape(request) == "json":
        return problem(error)
    return await sites_page(parts, visitor, error=error, **shown)


def _name(form: Form) -> str:
    name = " ".join(form.get("name", "").split())
    if not 0 < len(name) <= NAME_CHARACTERS:
        raise Invalid(f"Give the site a name, of at most {NAME_CHARACTERS} characters, to know it by.", field="name")
    return name


def origins_in(form: Form) -> list[str]:
    """The origins that a form names, divided by spaces, commas or lines; raises Invalid for what is none."""
    named = [one for one in re.split(r"[\s,]+", form.get("origins", "")) if one]
    if not 0 < len(named) <= MOST_ORIGINS:
        raise Invalid(f"Name the pages' origin, such as https://shop.example; {MOST_ORIGINS} at most.", field="origins")
    return list(dict.fromkeys(_origin(one) for one in named))


def _origin(text: str) -> str:
    found = ORIGIN.fullmatch(text.lower().removesuffix("/"))
    if found is None:
        raise Invalid(
            f"“{text[:80]}” is not an origin. Write https:// and the host, and a port if there is one; no path.",
            field="origins",
        )
    scheme, host, port = found.groups()
    if scheme == "http" and host not in LOCAL and not host.endswith(".localhost"):
        raise Invalid("Over plain http tokens could be read on the way: only localhost may use it.", field="origins")
    if port in (None, DEFAULT_PORTS[scheme]):
        return f"{scheme}://{host}"
    if not 0 < int(port) < 65_536:
        raise Invalid(f"“{text[:80]}” has a port that does not exist.", field="origins")
    return f"{scheme}://{host}:{int(port)}"


ROUTES = (show, make, rotate, change_origins, disable, enable, delete)
