"""A site that tells by webhook and mail, with two webs and a worker, on a Redis that may be killed."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import asyncpg
import pytest

from genapp.dev.services import embedded_postgres
from tests.integration.web.conftest import visitor, visitors
from tests.mailing import Mailbox, mailbox
from tests.receiving import Message, Receiver, receiving
from tests.redis_server import RedisServer
from tests.running import App, answers, eventually, free_port, running_on, wait_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from email.message import EmailMessage

__all__ = ["visitor", "visitors"]

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
QUICK = {
    "GENAPP_ALERT_EVERY_SECONDS": "0.2",
    "GENAPP_ALERT_HOLD_SECONDS": "0.5",
    "GENAPP_ALERT_WINDOW_SECONDS": "4",
    "GENAPP_READING_SECONDS": "0.5",
    "GENAPP_ALERT_FAILED_LEAST": "1",
    "GENAPP_ALERT_RESPONSE_SECONDS": "0",
}
# Seconds: a worker starts slowly where much else runs, and one that was killed is missed after ten.
PATIENCE = 60


@dataclass
class Site:
    """All of it."""

    app: App
    redis: RedisServer
    receiver: Receiver
    box: Mailbox

    def about(self, condition: str) -> list[Message]:
        """What the webhook was told of a condition."""
        return [one for one in self.receiver.messages if one.json["incident"]["condition"] == condition]

    async def told(self, condition: str, count: int) -> list[Message]:
        """The same, once it is so much."""
        async with asyncio.timeout(PATIENCE), self.receiver.came:
            await self.receiver.came.wait_for(lambda: len(self.about(condition)) >= count)
        return self.about(condition)

    async def mailed(self, title: str, count: int) -> list[EmailMessage]:
        """The mails that have a title, once there are so many."""

        def found() -> list[EmailMessage]:
            return [mail for mail in self.box.mails if mail["subject"].endswith(title)]

        async with asyncio.timeout(PATIENCE), self.box.came:
            await self.box.came.wait_for(lambda: len(found()) >= count)
        return found()


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

    await eventually(well, PATIENCE)
    await sql.close()


@pytest.fixture(scope="package")
def app(site: Site) -> App:
    return site.app
