"""Who is told when something is not well, and what counts as that."""

from __future__ import annotations

import base64
import binascii
import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import BaseModel, BeforeValidator, Field, SecretStr, field_validator, model_validator
from pydantic_settings import NoDecode

SECRET_PREFIX = "whsec_"  # noqa: S105  as Standard Webhooks writes a secret
# One address as it is between angle brackets; a header's own syntax has no place here.
MAILBOX = re.compile(r"[^\s<>@,;:\"\\]+@[A-Za-z0-9][A-Za-z0-9.-]*")
MAKE_ONE = 'echo "whsec_$(openssl rand -base64 32)"'


def parse_addresses(value: object) -> tuple[str, ...]:
    """Read a comma list of e-mail addresses. Raises ValueError, with a sentence, for what is none."""
    parts = value if isinstance(value, tuple) else str(value).split(",")
    found = tuple(part.strip() for part in parts if part.strip())
    for one in found:
        if not MAILBOX.fullmatch(one):
            raise ValueError(f"must be a comma list of addresses, such as ops@example.com (it has {one!r})")
    return found


Addresses = Annotated[tuple[str, ...], NoDecode, BeforeValidator(parse_addresses)]


class Alerting(BaseModel):
    """The part of `Settings` that is about being told. A threshold of 0 switches its check off."""

    alert_webhook: SecretStr | None = None  # Slack's address is its own key
    alert_secret: SecretStr | None = None
    alert_email: Addresses = ()
    alert_from: Addresses = ()
    smtp_url: SecretStr | None = None

    alert_failed_percent: float = Field(20, ge=0, le=100)
    alert_failed_least: int = Field(10, ge=1)
    alert_response_seconds: float = Field(2, ge=0, lt=10)  # the last bound of the histogram: more is not told apart
    alert_response_least: int = Field(50, ge=1)
    alert_queue_depth: int = Field(200, ge=0)
    alert_queue_seconds: float = Field(60, ge=0)
    alert_no_worker: bool = True
    alert_redis: bool = True
    alert_spend_hour: float = Field(0, ge=0)
    alert_spend_day: float = Field(0, ge=0)

    alert_window_seconds: float = Field(300, gt=0)
    alert_hold_seconds: float = Field(120, ge=0)
    alert_every_seconds: float = Field(10, gt=0)
    reading_seconds: float = Field(60, gt=0, le=120)  # charts take longer for a gap

    @field_validator("alert_webhook")
    @classmethod
    def _check_webhook(cls, secret: SecretStr | None) -> SecretStr | None:
        # `destinations` looks at it once more when something is sent.
        if secret and not re.match(r"https?://[^/\s@]+(?:[/?]\S*)?$", secret.get_secret_value()):
            raise ValueError("must be an http:// or https:// URL without a user")
        return secret

    @field_validator("alert_secret")
    @classmethod
    def _check_secret(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret:
            text = secret.get_secret_value()
            try:
                key = base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
            except binascii.Error:
                key = b""
            if not text.startswith(SECRET_PREFIX) or len(key) < 24:
                raise ValueError(f"must be whsec_ and at least 24 random bytes in base64 (one way: {MAKE_ONE})")
        return secret

    @field_validator("smtp_url")
    @classmethod
    def _check_smtp(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret:
            try:
                parts = urlsplit(secret.get_secret_value())
                usable = parts.scheme in ("smtp", "smtps") and bool(parts.hostname) and parts.port != 0
            except ValueError:  # a port that is no number, half an IPv6 address
                usable = False
            if not usable:
                raise ValueError("must be smtp://user:password@host:port or smtps://…, what is special written as %XX")
        return secret

    @model_validator(mode="after")
    def _check_mail(self) -> Alerting:
        if self.alert_email and self.smtp_url is None:
            raise ValueError("GENAPP_SMTP_URL is not set: GENAPP_ALERT_EMAIL needs a server that takes its mail")
        if len(self.alert_from) > 1:
            raise ValueError("GENAPP_ALERT_FROM must be one address")
        return self

    @property
    def alerts_somebody(self) -> bool:
        """Whether anybody is told at all."""
        return bool(self.alert_webhook or self.alert_email)

    @property
    def alert_sender(self) -> str:
        """Who the mail is from."""
        return (self.alert_from or self.alert_email)[0]
