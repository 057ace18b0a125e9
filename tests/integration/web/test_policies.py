"""Each route says who may use it, and somebody has written down that this is what was meant."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from litestar import get

from genapp.settings import Settings
from genapp.web import health
from genapp.web.app import create_app
from tests.integration.web.routes import ROWS, routes_of

if TYPE_CHECKING:
    from litestar import Litestar

# The app's handlers name their path parameters in the way that Litestar 3 will no longer know.
pytestmark = pytest.mark.filterwarnings("ignore:.* path parameter .* inferred style:DeprecationWarning")

TABLE = "tests/integration/web/routes.py"


def made() -> Litestar:
    """The app, with all its routes and without connections."""
    environment = {"DATABASE_URL": "postgresql:///", "REDIS_URL": "redis://localhost", "SECRET_KEY": "k" * 32}
    return create_app(Settings(**environment))


def test_every_route_is_for_whom_the_table_says() -> None:
    written, found = {row.key: row.policy for row in ROWS}, routes_of(made())
    new, gone = found.keys() - written.keys(), written.keys() - found.keys()
    assert not new, f"{sorted(new)} are not in {TABLE}: add a row that says who may use them, and what others are told"
    assert not gone, f"{TABLE} has rows for {sorted(gone)}, which are no routes any more: take them out"
    other = {key: (found[key], policy) for key, policy in written.items() if found[key] is not policy}
    assert not other, f"the app and {TABLE} differ about who may use these: change the one that is wrong: {other}"
    assert len(written) == len(ROWS), f"{TABLE} has two rows for one route: take one out"


def test_an_app_with_a_route_that_does_not_say_whom_it_is_for_does_not_start(monkeypatch: pytest.MonkeyPatch) -> None:
    @get("/forgotten", sync_to_thread=False)
    def forgotten() -> str:
        return "everything"

    monkeypatch.setattr(health, "ROUTES", (*health.ROUTES, forgotten))
    with pytest.raises(LookupError, match="forgotten does not say who may use it"):
        made()
