"""What a process tells those who run it."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, SecretStr
from pydantic_settings import NoDecode

from genapp.settings.alerting import Alerting
from genapp.settings.prices import Prices


class Observing(Alerting):
    """The part of `Settings` that is about logs, errors, spend and alerts.

    Traces have the standard's own variables (`tracing/`).
    """

    env: Literal["development", "production", "test"]
    log_format: Literal["text", "json"] | None = None
    log_prompts: bool = False
    access_log: bool | None = None
    sentry_dsn: SecretStr | None = None
    prices: Annotated[Prices, NoDecode, BeforeValidator(Prices.parse)] = Prices()

    @property
    def logs_as_json(self) -> bool:
        return self.log_format == "json" or (self.log_format is None and self.env == "production")

    @property
    def logs_access(self) -> bool:
        """Whether each request is a line in the log."""
        return self.env == "production" if self.access_log is None else self.access_log
