"""Accounts with webhooks, and somebody who listens."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.integration.web.conftest import account, admin, sql, visitor, visitors
from tests.receiving import Receiver, receiving

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["account", "admin", "sql", "visitor", "visitors"]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as one:
        yield one
