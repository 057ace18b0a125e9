"""The page of the sites that an account lets embed this one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from genapp.views.environment import render
from genapp.views.person import frame

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genapp.views.person import Person


@dataclass(frozen=True, slots=True)
class SiteItem:
    """A site as its owner sees it. `visitors`: how many people have asked something there."""

    id: str
    name: str
    origins: Sequence[str]
    created_label: str
    visitors: int
    enabled: bool


@dataclass(frozen=True, slots=True)
class SitesPage:
    """All sites of an account.

    `error` is about `error_field` of the form of the site `error_site`; "" is the form for a new one, whose fields are
    `name` and `origins` as they were entered. `secret` is shown this once: that of the site `secret_of`.
    """

    sites: Sequence[SiteItem] = ()
    done: str | None = None
    error: str | None = None
    error_site: str | None = None
    error_field: str | None = None
    secret: str | None = None
    secret_of: str = ""
    name: str = ""
    origins: str = ""


def sites(person: Person, page: SitesPage) -> str:
    """The page: what there is, how to add one, and how to end it."""
    return render("sites.html", page=page, **frame(person, current="account"))
