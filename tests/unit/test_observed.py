"""What passes the outermost layer is let go of as it is over."""

from __future__ import annotations

import gc
import weakref
from typing import TYPE_CHECKING, Any

import pytest

from genapp.web.observing import Observed

if TYPE_CHECKING:
    from collections.abc import Iterator


class Scope(dict[str, Any]):
    """A scope, of which can be told when it is gone."""


@pytest.fixture
def no_collector() -> Iterator[None]:
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("no_collector")
async def test_a_request_is_let_go_of_without_the_collector_of_cycles() -> None:
    async def app(scope: Any, receive: Any, send: Any) -> None:
        assert scope["state"]["exchange"]
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def send(_: Any) -> None:
        pass

    scope = Scope(type="http", method="GET", path="/", path_template="/", headers=[], state={})
    gone = weakref.ref(scope)
    await Observed(app, log_access=True)(scope, send, send)  # type: ignore[arg-type]
    del scope
    assert gone() is None
