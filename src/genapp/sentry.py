"""Errors for Sentry, where SENTRY_DSN says so: what the log has at the level of an error, and as clean as the log.

Nothing of a request goes along but its ids. What people wrote and models answered never does, whatever
GENAPP_LOG_PROMPTS says: a log is the site's own, and this leaves the house.
"""

from __future__ import annotations

import logging
import os
from functools import partial
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from genapp import logs
from genapp.errors import ConfigurationError
from genapp.logs.lines import Lines
from genapp.logs.redacting import Redactor, known_secrets

if TYPE_CHECKING:
    from genapp.settings import Settings

# Of an event, what is sent. All else (request, user, breadcrumbs) is left out, whatever it may be one day.
KEPT = (
    *("event_id", "timestamp", "platform", "level", "logger", "environment", "release", "server_name", "sdk"),
    *("message", "logentry", "exception", "extra", "fingerprint"),
)
SEARCHED = ("message", "logentry", "exception", "extra", "logger")


def require(settings: Settings) -> None:
    """Raises ConfigurationError where SENTRY_DSN is none, or what sends errors there is not installed."""
    if not settings.sentry_dsn:
        return
    try:
        from sentry_sdk.utils import BadDsn, Dsn
    except ImportError:
        raise ConfigurationError(
            "SENTRY_DSN is set, and what sends errors there is not installed: install genapp[sentry], or unset it."
        ) from None
    try:
        Dsn(settings.sentry_dsn.get_secret_value())
    except BadDsn:
        raise ConfigurationError("SENTRY_DSN is no address of Sentry's. Copy it from the project's settings.") from None


def configure(settings: Settings, process: str) -> None:
    """Send errors from here on, where SENTRY_DSN says so. `process` is what this one is: web or worker.

    Nothing is imported without. Raises what `require` does.
    """
    require(settings)
    if not settings.sentry_dsn:
        return
    import sentry_sdk
    from sentry_sdk.integrations.atexit import AtexitIntegration
    from sentry_sdk.integrations.dedupe import DedupeIntegration
    from sentry_sdk.integrations.logging import LoggingIntegration

    sentry_sdk.init(
        dsn=settings.sentry_dsn.get_secret_value(),
        environment=os.environ.get("SENTRY_ENVIRONMENT", settings.env),
        release=os.environ.get("SENTRY_RELEASE", f"genapp@{version('genapp')}"),
        before_send=partial(cleaned, Lines(Redactor(known_secrets(settings))), process),
        # Stock it looks into every library it knows, and into the variables of every frame: prompts, keys, rows.
        default_integrations=False,
        auto_enabling_integrations=False,
        integrations=[
            LoggingIntegration(level=None, event_level=logging.ERROR),
            DedupeIntegration(),
            AtexitIntegration(callback=lambda _pending, _seconds: None),
        ],
        include_local_variables=False,
        send_default_pii=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
    )


def cleaned(lines: Lines, process: str, event: Any, hint: dict[str, Any]) -> Any:
    """What is sent of an event: searched for secrets and private texts as a line of the log is."""
    error = hint.get("exc_info") or (None, None, None)
    record = hint.get("log_record") or logging.makeLogRecord({"exc_info": error})
    veil = lines.veil(record)
    kept = {name: value for name, value in event.items() if name in KEPT}
    kept |= {name: lines.clean(kept[name], veil) for name in SEARCHED if name in kept}
    return {**kept, "tags": {"process": process, **logs.current_ids(error[1])}}
