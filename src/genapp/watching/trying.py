"""`genapp alert`: says who is told of what, and sends them a message to try."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from rich.console import Console

from genapp.delivering.posting import Refusal
from genapp.errors import duration
from genapp.models import new_id
from genapp.watching.telling import Message, Telling

if TYPE_CHECKING:
    from collections.abc import Iterator

    from genapp.models.notice import Channel
    from genapp.settings import Settings


def run(settings: Settings) -> None:
    """Say it and send it; ends by `SystemExit`, with 1 where nobody is told or a message is not taken."""
    console = Console(highlight=False, markup=False, soft_wrap=True)
    for line in told_of(settings):
        console.print(line)
    telling = Telling(settings)
    if not telling.channels:
        console.print("Nobody is told. Set GENAPP_ALERT_WEBHOOK or GENAPP_ALERT_EMAIL (docs/operating.md).")
        sys.exit(1)
    refused = False
    for channel in telling.channels:
        answer = asyncio.run(_try(telling, channel))
        refused = refused or answer is not None
        console.print(f"{channel:<8} {address(settings, channel)}: {answer or 'taken'}")
    sys.exit(1 if refused else 0)


async def _try(telling: Telling, channel: Channel) -> str | None:
    text = f"[{telling.site}] This is a test of `genapp alert`: nothing is wrong."
    try:
        untold = await telling.send(channel, Message(new_id().hex, "test", "test", text, datetime.now(UTC)))
    except Refusal as refusal:
        return str(refusal)
    return f"taken, but not for {', '.join(untold)}" if untold else None


def address(settings: Settings, channel: Channel) -> str:
    """Where a message goes, without what is secret: of Slack's address that is all behind the host."""
    if channel == "email":
        server = urlsplit(settings.smtp_url.get_secret_value() if settings.smtp_url else "")
        return f"{', '.join(settings.alert_email)} by {server.hostname}"
    url = urlsplit(settings.alert_webhook.get_secret_value() if settings.alert_webhook else "")
    return f"{url.scheme}://{url.netloc}/… ({'signed' if settings.alert_secret else 'not signed'})"


def told_of(settings: Settings) -> Iterator[str]:
    """What people are told of, a line a check that is switched on."""
    window = duration(round(settings.alert_window_seconds))
    most = settings.alert_queue_seconds
    checks = (
        (settings.alert_no_worker, "no worker lives"),
        (settings.alert_redis, "Redis does not answer"),
        (settings.alert_failed_percent, f"over {settings.alert_failed_percent:g} % of the answers of {window} fail"),
        (settings.alert_response_seconds, f"one page in twenty takes over {settings.alert_response_seconds:g} s"),
        (settings.alert_queue_depth, f"over {settings.alert_queue_depth} prompts wait"),
        (most, f"a prompt waits for over {most:g} s"),
        (settings.alert_spend_hour, f"an hour costs over ${settings.alert_spend_hour:g}"),
        (settings.alert_spend_day, f"24 hours cost over ${settings.alert_spend_day:g}"),
    )
    yield f"People are told of what holds for {duration(round(settings.alert_hold_seconds))}:"
    yield from (f"  - {says}" for switched_on, says in checks if switched_on)
