"""What all tests share: a real PostgreSQL and a real Redis, started once and ended with the session."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from genapp.dev.services import embedded_postgres, embedded_redis
from genapp.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

# No test may find, or pay with, what the developer has configured.
for _field in Settings.model_fields.values():
    os.environ.pop(str(_field.validation_alias), None)
os.environ["GENAPP_ENV"] = "test"
Settings.model_config["env_file"] = None


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--faults-long", action="store_true", help="the whole fault suite, many rounds: 20 minutes or so")
    parser.addoption("--faults-seed", type=int, default=1, help="from which seed the faults' moments are drawn")
    parser.addoption(
        "--streams-runs", type=int, default=100, help="how many histories the streams' state machine tries"
    )
    parser.addoption("--api-runs", type=int, default=10, help="how many requests are drawn for each route of the API")


@pytest.fixture(scope="session")
def services_folder() -> Iterator[Path]:
    """A folder of this session alone: nothing is shared with `.genapp/` or with another run."""
    with tempfile.TemporaryDirectory(prefix="genapp-tests-") as folder:
        yield Path(folder)


@pytest.fixture(scope="session")
def database_url(services_folder: Path) -> Iterator[str]:
    """An empty PostgreSQL; `TEST_DATABASE_URL` names another one."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given
        return
    with embedded_postgres(services_folder / "postgres", durable=False) as url:
        yield url


@pytest.fixture(scope="session")
def redis_url(services_folder: Path) -> Iterator[str]:
    """An empty Redis; `TEST_REDIS_URL` names another one."""
    if given := os.environ.get("TEST_REDIS_URL"):
        yield given
        return
    with embedded_redis(services_folder / "redis", durable=False) as url:
        yield url
