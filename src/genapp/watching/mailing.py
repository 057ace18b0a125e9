"""One mail by SMTP."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self
from urllib.parse import unquote, urlsplit

from genapp.delivering.posting import Refusal

if TYPE_CHECKING:
    from email.message import EmailMessage

# Seconds for each answer of the server.
PATIENCE = 10
LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class MailServer:
    """Who takes mail. `safe`: TLS from the first byte on, as smtps:// says."""

    host: str
    port: int
    user: str
    password: str
    safe: bool

    @classmethod
    def at(cls, url: str) -> Self:
        """Read a URL that `Settings` has checked."""
        parts = urlsplit(url)
        safe = parts.scheme == "smtps"
        port = parts.port or (465 if safe else 587)
        return cls(parts.hostname or "", port, unquote(parts.username or ""), unquote(parts.password or ""), safe)

    def send(self, mail: EmailMessage) -> list[str]:
        """Hand it over; blocks. Gives the people for whom the server does not take it; raises Refusal if for none."""
        try:
            with self._connected() as server:
                if self.user:
                    server.login(self.user, self.password)
                return sorted(server.send_message(mail))
        except smtplib.SMTPAuthenticationError:
            raise Refusal("The mail server does not take this user and password.") from None
        except UnicodeEncodeError:
            raise Refusal("The user and password of a mail server must be ASCII: choose others there.") from None
        except smtplib.SMTPRecipientsRefused:
            raise Refusal("The mail server takes nothing for these addresses.") from None
        except smtplib.SMTPResponseException as error:
            raise Refusal(f"The mail server answered {error.smtp_code}.") from None
        except ssl.SSLError:
            raise Refusal("A safe connection to the mail server could not be made: see its certificate.") from None
        except (OSError, smtplib.SMTPException):
            raise Refusal("The mail server could not be reached, or does not answer as one.") from None

    def _connected(self) -> smtplib.SMTP:
        context = ssl.create_default_context()
        if self.safe:
            return smtplib.SMTP_SSL(self.host, self.port, timeout=PATIENCE, context=context)
        server = smtplib.SMTP(self.host, self.port, timeout=PATIENCE)
        try:
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=context)
            elif self.user and self.host not in LOOPBACK:
                # Who sits between could have taken the offer out of the server's answer.
                raise Refusal("The mail server offers no TLS, so the password was not sent. Use smtps://.")
        except BaseException:
            server.close()
            raise
        return server
