"""Logging: readable lines for people, JSON lines for machines, one line an event, no secrets.

Say what happened in the message and with what in `extra`:

    log.info("generation completed", extra={"generation_id": id, "tokens": 1200})
"""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genapp.settings import Settings

STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
# Keys of the vendors, bearer tokens, and the password inside a URL.
SECRET = re.compile(r"\b(?:sk|AIza)[-\w]{12,}|(?<=Bearer )\S+|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)")


def configure(settings: Settings) -> None:
    """Sends every log of this process to stderr, as `settings` say. Calling it again replaces the set-up."""
    secrets = [*_known_secrets(settings)]
    handler = _Stderr()
    handler.setFormatter(JsonLines(secrets) if settings.logs_as_json else TextLines(secrets))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # Theirs say at INFO what ours say better, or once for every request to a vendor.
    for name in ("aiohttp", "asyncio", "dramatiq", "httpx", "httpx2", "piccolo", "uvicorn"):
        logging.getLogger(name).setLevel(logging.WARNING)


def _known_secrets(settings: Settings) -> list[str]:
    given = (
        settings.secret_key,
        settings.openai_api_key,
        settings.anthropic_api_key,
        settings.gemini_api_key,
    )
    return [secret.get_secret_value() for secret in given if secret]


class _Stderr(logging.StreamHandler[Any]):
    """Writes to whatever stderr is now, not to what it was when logging was set up."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> Any:
        return sys.stderr

    @stream.setter
    def stream(self, _stream: Any) -> None:
        raise AttributeError("it is always sys.stderr")


class _Redacting(logging.Formatter):
    # In the formatter and not in a filter: only here is the traceback text, where secrets show up most.
    def __init__(self, secrets: Sequence[str] = ()) -> None:
        super().__init__()
        known = [re.escape(secret) for secret in secrets if len(secret) >= 8]
        self._secret = re.compile("|".join([*known, SECRET.pattern]))

    def redacted(self, text: str) -> str:
        return self._secret.sub("[redacted]", text)

    def traceback(self, record: logging.LogRecord) -> str:
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        return record.exc_text or ""


class TextLines(_Redacting):
    """`12:31:07 INFO    genapp.generating: generation completed generation_id=… tokens=1200`"""

    def format(self, record: logging.LogRecord) -> str:
        # A line end in a message could forge a line of its own.
        message = record.getMessage().replace("\n", "\\n").replace("\r", "\\r")
        parts = [f"{self.formatTime(record, '%H:%M:%S')} {record.levelname:<7} {record.name}: {message}"]
        parts += [f"{name}={value}" for name, value in extras(record).items()]
        line = " ".join(parts)
        if trace := self.traceback(record):
            line = f"{line}\n{trace}"
        return self.redacted(line)


class JsonLines(_Redacting):
    """One JSON object a line: `time` (UTC, ISO 8601), `level`, `logger`, `message`, extras, `traceback`."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": self.formatTime(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **extras(record),
        }
        if trace := self.traceback(record):
            line["traceback"] = trace
        return self.redacted(json.dumps(line, default=str, ensure_ascii=False))

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")


def extras(record: logging.LogRecord) -> dict[str, Any]:
    """What the caller gave as `extra`."""
    return {name: value for name, value in vars(record).items() if name not in STANDARD}
