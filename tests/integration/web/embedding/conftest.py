"""A site of an account's, and people who come by its tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from genapp.models import new_id
from tests.embedding import claims_for, embed_token
from tests.integration.web.conftest import JSON, Visitor

if TYPE_CHECKING:
    from collections.abc import Callable

    import httpx


@dataclass
class Site:
    """A site as its server has it."""

    id: str
    secret: str
    origin: str
    owner: Visitor

    @property
    def path(self) -> str:
        return f"/account/sites/{self.id}"

    def token(self, sub: str = "user-1", **claims: Any) -> str:
        return embed_token(self.id, self.secret, claims_for(self.origin, **{"sub": sub, **claims}))

    async def post(self, what: str, **fields: str) -> httpx.Response:
        """Change it, as its owner."""
        return await self.owner.http.post(f"{self.path}/{what}", json=fields, headers=JSON)


def new_origin() -> str:
    """An origin that no other test has."""
    return f"https://{new_id().hex}.example"


async def make_site(owner: Visitor, *origins: str) -> Site:
    """Make a site of an account's; with an origin of its own where none is named."""
    origins = origins or (new_origin(),)
    made = await owner.http.post("/account/sites", json={"name": "shop", "origins": " ".join(origins)}, headers=JSON)
    assert made.status_code == 201, made.text
    return Site(made.json()["id"], made.json()["secret"], made.json()["origins"][0], owner)


@pytest.fixture
async def site(account: Visitor) -> Site:
    return await make_site(account)


@pytest.fixture
def embedded(visitors: Callable[[], Visitor]) -> Callable[..., Visitor]:
    """Makes somebody who sends a site's token, from a program unless they send an origin too."""

    def make(site: Site, token: str = "", **claims: Any) -> Visitor:
        one = visitors()
        one.http.headers["Authorization"] = f"Bearer {token or site.token(**claims)}"
        return one

    return make
