"""An app whose processes tell what they do, and visitors of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.integration.observing.collecting import SENTRY_KEY, Collector, collecting
from tests.integration.web.conftest import visitor, visitors
from tests.running import App, eventually, running_app

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["visitor", "visitors"]


@pytest.fixture(scope="package")
def collector() -> Iterator[Collector]:
    """Where the app's traces and errors go."""
    with collecting() as running:
        yield running


@pytest.fixture(scope="package")
def app(tmp_path_factory: pytest.TempPathFactory, collector: Collector) -> Iterator[App]:
    """One that logs each request, as JSON, and sends traces and errors."""
    settings = {
        "GENAPP_ACCESS_LOG": "true",
        "GENAPP_LOG_FORMAT": "json",
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_BSP_SCHEDULE_DELAY": "100",
        "SENTRY_DSN": f"{collector.url.replace('://', f'://{SENTRY_KEY}@')}/7",
        "NO_PROXY": "127.0.0.1",
        "no_proxy": "127.0.0.1",
    }
    with running_app(tmp_path_factory.mktemp("observing"), **settings) as running:
        yield running


def logged(app: App, process: str, **fields: object) -> list[dict[str, Any]]:
    """The lines of a process that have these fields."""
    lines = map(json.loads, (app.folder / f"{process}.log").read_text().splitlines())
    return [line for line in lines if fields.items() <= line.items()]


async def until_logged(app: App, process: str, count: int = 1, **fields: object) -> list[dict[str, Any]]:
    """The same, once there are so many: a line may come a moment after the answer that it is about."""

    async def there() -> bool:
        return len(logged(app, process, **fields)) >= count

    await eventually(there)
    return logged(app, process, **fields)
