"""Telling those who run the site: by webhook, by mail, or both."""

from __future__ import annotations

import asyncio
import logging
import socket
import time
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from importlib.metadata import version
from typing import TYPE_CHECKING

import msgspec

from genapp import destinations
from genapp.delivering import sentence
from genapp.delivering.posting import Refusal, post
from genapp.delivering.signing import signature
from genapp.errors import Invalid
from genapp.models import Notice
from genapp.watching.mailing import MailServer
from genapp.watching.wording import title

if TYPE_CHECKING:
    from datetime import datetime

    from pydantic import SecretStr

    from genapp.models.notice import Channel
    from genapp.settings import Settings

logger = logging.getLogger(__name__)

# Seconds for one message, so that its try ends before its hold does (models/notice.py): a mail server has ten for each
# of its answers.
PATIENCE = 45


@dataclass(frozen=True, slots=True)
class Message:
    """What is told. `event`: opened, recovered or test. `incident` is its id, and empty in a test."""

    id: str
    event: str
    condition: str
    text: str
    at: datetime
    incident: str = ""


class Telling:
    """Knows who is to be told, and sends what is due."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.site = site(settings)

    @property
    def channels(self) -> tuple[Channel, ...]:
        """The ways by which somebody is told."""
        return (
            *(("webhook",) if self.settings.alert_webhook else ()),
            *(("email",) if self.settings.alert_email else ()),
        )

    async def tell(self) -> None:
        """Send what is due, both ways at once: a mail server that hangs keeps no webhook waiting."""
        await asyncio.gather(*map(self._tell_by, self.channels))

    async def _tell_by(self, channel: Channel) -> None:
        while (due := await Notice.claim(channel)) is not None:
            text = f"[{self.site}] {due.text}"
            message = Message(due.id.hex, due.event, due.condition, text, due.created_at, due.incident.hex)
            extra = {"incident_id": due.incident.hex, "attempt": due.attempts}
            try:
                untold = await self.send(channel, message)
            except Refusal as refusal:
                logger.warning("nobody could be told by %s: %s", channel, refusal, extra=extra)
                await Notice.refused(due, str(refusal))
            except Exception as error:
                # It has its tries too, and does not keep what comes after it waiting.
                logger.exception("nobody could be told by %s", channel, extra=extra)
                await Notice.refused(due, f"It could not be sent ({type(error).__name__}).")
            else:
                logger.info("told by %s", channel, extra=extra)
                if untold:
                    logger.warning("the mail server does not take messages for %s", ", ".join(untold), extra=extra)
                await Notice.took(due)

    async def send(self, channel: Channel, message: Message) -> list[str]:
        """Send one now. Gives the people for whom it was not taken; raises Refusal, with a sentence, if for nobody."""
        try:
            async with asyncio.timeout(PATIENCE):
                if channel == "email":
                    return await asyncio.to_thread(self._mail, message)
                await self._post(message)
                return []
        except TimeoutError:
            raise Refusal(f"It was not taken within {PATIENCE} seconds.") from None

    async def _post(self, message: Message) -> None:
        body = msgspec.json.encode(
            {
                "text": message.text,
                # Not `type`: Mattermost takes that for the kind of post, and refuses kinds that it does not know.
                "event": f"incident.{message.event}",
                "timestamp": message.at.isoformat(),
                "incident": {"id": message.incident, "condition": message.condition, "site": self.site},
            }
        )
        try:
            url = destinations.checked_url(_secret(self.settings.alert_webhook), plain=True)
        except Invalid as error:
            raise Refusal(error.message) from None
        # An operator's own address: it may well be on our own network.
        code = await post(url, body, self._headers(message, body), private=True)
        if not 200 <= code < 300:
            raise Refusal(sentence(code))

    def _headers(self, message: Message, body: bytes) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"genapp/{version('genapp')}",
            "webhook-id": f"msg_{message.id}",
            "webhook-timestamp": str(moment := int(time.time())),
        }
        if secret := _secret(self.settings.alert_secret):
            headers["webhook-signature"] = signature(secret, f"msg_{message.id}", moment, body)
        return headers

    def _mail(self, message: Message) -> list[str]:
        sender = self.settings.alert_sender
        domain = sender.rpartition("@")[2]
        mail = EmailMessage()
        again = "Well again: " if message.event == "recovered" else ""
        mail["Subject"] = f"[{self.site}] {again}{title(message.condition)}"
        mail["From"] = sender
        mail["To"] = ", ".join(self.settings.alert_email)
        mail["Date"] = format_datetime(message.at)
        mail["Message-ID"] = f"<{message.id}@{domain}>"
        if message.incident:
            mail["References"] = f"<{message.incident}@{domain}>"  # mail programs show beginning and end together
        mail["Auto-Submitted"] = "auto-generated"  # nobody's holiday reply
        mail.set_content(f"{message.text}\n")
        return MailServer.at(_secret(self.settings.smtp_url)).send(mail)


def site(settings: Settings) -> str:
    """The name of this site for people who run several."""
    return settings.hosts[0].removeprefix("*.") if settings.hosts else socket.gethostname()


def _secret(value: SecretStr | None) -> str:
    return value.get_secret_value() if value is not None else ""
