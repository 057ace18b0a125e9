"""What integration tests share: the app as real processes, and the database for tests of tables alone."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from genapp import models
from tests.integration.web.personas import forgetful
from tests.integration.web.sites import Sites, running_sites
from tests.running import GENAPP, App, running_app

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

    import httpx


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """One app for all tests: each test is a visitor of its own."""
    with running_app(tmp_path_factory.mktemp("app")) as running:
        yield running


@pytest.fixture(scope="session")
def sites(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sites]:
    """One app that lets in whom each of the three GENAPP_ACCESS does."""
    with running_sites(tmp_path_factory.mktemp("sites")) as running:
        yield running


@pytest.fixture(scope="session")
async def http() -> AsyncIterator[httpx.AsyncClient]:
    """A client for all personas, who bring what they are known by themselves."""
    async with forgetful() as client:
        yield client


@pytest.fixture(scope="session")
async def database(database_url: str, services_folder: Path) -> AsyncIterator[None]:
    """The migrated database, with all tables bound to it."""
    env = {**os.environ, "DATABASE_URL": database_url}
    subprocess.run([*GENAPP, "migrate"], env=env, check=True, capture_output=True)  # noqa: ASYNC221  nothing else runs
    async with models.connected(database_url, pool_size=20):
        yield
