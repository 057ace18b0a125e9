"""A site that tells by webhook and mail, with two webs and a worker, on a Redis that may be killed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncpg
import pytest

from genapp.dev.services import embedded_postgres
from tests.integration.web.conftest import visitor, visitors
from tests.mailing import Mailbox, mailbox
from tests.receiving import Receiver, receiving
from tests.redis_server import RedisServer
from tests.running import App, answers, eventually, free_port, running_on, wait_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

__all__ = ["visitor", "visitors"]

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
QUICK = {
    "GENAPP_ALERT_EVERY_SECONDS": "0.2",
    "GENAPP_ALERT_HOLD_SECONDS": "0.5",
    "GENAPP_ALERT_WINDOW_SECONDS": "2",
    "GENAPP_READING_SECONDS": "0.5",
    "GENAPP_ALERT_FAILED_LEAST": "3",
    "GENAPP_ALERT_RESPONSE_SECONDS": "0",
}


@dataclass
class Site:
    """All of it."""

    app: App
    redis: RedisServer
    receiver: Receiver
    box: Mailbox


@pytest.fixture(scope="package")
async def site(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    folder = tmp_path_factory.mktemp("watched")
    redis = RedisServer(folder)
    redis.start()
    async with receiving() as receiver, mailbox() as box:
        told = {
            "GENAPP_ALERT_WEBHOOK": f"{receiver.url}/alerts",
            "GENAPP_ALERT_SECRET": SECRET,
            "GENAPP_ALERT_EMAIL": "ops@example.com,boss@example.com",
            "GENAPP_ALERT_FROM": "genapp@example.com",
            "GENAPP_SMTP_URL": f"smtp://127.0.0.1:{box.port}",
            "GENAPP_HOSTS": "127.0.0.1",
        }
        with (
            embedded_postgres(folder / "postgres", durable=False) as database_url,
            running_on(folder, database_url, redis.url, QUICK | told) as app,
        ):
            port = free_port()
            app.start("web2", "web", "--port", str(port))
            wait_for(lambda: answers(f"http://127.0.0.1:{port}/readyz"), app.processes)
            await until_all_is_well(app)
            receiver.messages.clear()
            box.mails.clear()
            box.people.clear()
            yield Site(app, redis, receiver, box)
    redis.kill()


async def until_all_is_well(app: App) -> None:
    """Wait until nothing is to be told any more: as the processes come up there are webs and no worker yet."""
    sql = await asyncpg.connect(app.env["DATABASE_URL"])

    async def well() -> bool:
        busy = "SELECT EXISTS (SELECT 1 FROM {} WHERE {})"
        unfinished = await sql.fetchval(busy.format("incidents", "closed_at IS NULL"))
        return not unfinished and not await sql.fetchval(busy.format("notices", "status = 'pending'"))

    await eventually(well, 60)
    await sql.close()


@pytest.fixture(scope="package")
def app(site: Site) -> App:
    return site.app
