"""A mail server, on this machine: it notes what comes."""

from __future__ import annotations

import asyncio
import warnings
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from typing import TYPE_CHECKING, Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator
    from email.message import EmailMessage

USER, PASSWORD = "genapp@example.com", "p@ss/word"


@dataclass
class Mailbox:
    """What has come: `mails`, and to whom. Nobody named `nobody` is known."""

    port: int = 0
    mails: list[EmailMessage] = field(default_factory=list)
    people: list[list[str]] = field(default_factory=list)
    came: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def handle_RCPT(self, _: SMTP, __: Session, envelope: Envelope, address: str, ___: Any) -> str:  # noqa: N802
        if address.startswith("nobody@"):
            return "550 nobody of that name"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _: SMTP, __: Session, envelope: Envelope) -> str:  # noqa: N802  its name for it
        assert isinstance(envelope.content, bytes)
        async with self.came:
            self.mails.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
            self.people.append(list(envelope.rcpt_tos))
            self.came.notify_all()
        return "250 OK"


def knows(_: Any, __: Any, ___: Any, ____: Any, data: LoginPassword) -> AuthResult:
    return AuthResult(success=(data.login, data.password) == (USER.encode(), PASSWORD.encode()), handled=False)


@asynccontextmanager
async def mailbox(
    host: str = "127.0.0.1", *, tls: ssl.SSLContext | None = None, starttls: ssl.SSLContext | None = None
) -> AsyncIterator[Mailbox]:
    """Listen. `tls`: from the first byte on; `starttls`: where it is asked for. With either one has to log in."""
    box = Mailbox()

    def protocol() -> SMTP:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # it does not see TLS that is there from the first byte on
            return made()

    def made() -> SMTP:
        return SMTP(
            box,
            hostname="mail.example.com",
            tls_context=starttls,
            auth_required=bool(tls or starttls),
            auth_require_tls=bool(starttls),
            authenticator=knows,
            loop=asyncio.get_running_loop(),
        )

    server = await asyncio.get_running_loop().create_server(protocol, host, 0, ssl=tls)
    box.port = server.sockets[0].getsockname()[1]
    async with server:
        yield box
