"""Clients of the cable: those of a visitor, in a page of this site."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from tests.cable import Cable, connected

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.integration.web.conftest import Visitor
    from tests.running import App


# To be asked of "openai:demo": two hundred words in a second.
COUNT = "[demo: ttft20 tps200 n200] count"


class Connect(Protocol):
    async def __call__(self, visitor: Visitor, **options: Any) -> Cable: ...


def cookie_of(visitor: Visitor) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in visitor.http.cookies.items())}


@pytest.fixture
async def connect(app: App) -> AsyncIterator[Connect]:
    """Connects as a page of this site does that a visitor has open; gives the connection once it is welcome."""
    async with AsyncExitStack() as stack:

        async def one(visitor: Visitor, **options: Any) -> Cable:
            opening = connected(f"{app.url}/cable", headers=cookie_of(visitor), origin=app.url, **options)
            cable = await stack.enter_async_context(opening)
            assert (await cable.hear())["type"] == "welcome"
            return cable

        yield one
