"""Logging: readable lines for people, JSON lines for machines, one line an event, no secrets and no prompts.

Say what happened in the message and with what in `extra`:

    log.info("generation completed", extra={"generation_id": id, "tokens": 1200})

Which request or generation it is about is added by itself, where that was said (`ids.py`).
Keys, tokens and passwords never get into a line (`redacting.py`). What people wrote and models answered only does
where GENAPP_LOG_PROMPTS asks for it: whoever has such text in hand says so with `private` (`veiling.py`).
"""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from genapp.logs.ids import add_ids, current_ids, ids, new_request_id, request_id
from genapp.logs.lines import Facts, JsonLines, Lines, TextLines
from genapp.logs.redacting import Redactor, known_secrets, redact
from genapp.logs.veiling import keep_private, private

if TYPE_CHECKING:
    from types import TracebackType

    from genapp.settings import Settings

__all__ = [
    "Facts",
    "JsonLines",
    "TextLines",
    "add_ids",
    "configure",
    "current_ids",
    "ids",
    "keep_private",
    "new_request_id",
    "private",
    "redact",
    "request_id",
]


def configure(settings: Settings) -> None:
    """Sends every log of this process to stderr, as `settings` say. Calling it again replaces the set-up."""
    kind: type[Lines] = JsonLines if settings.logs_as_json else TextLines
    handler = _Stderr()
    handler.setFormatter(kind(Redactor(known_secrets(settings)), prompts=settings.log_prompts))
    logging.basicConfig(level=logging.INFO, handlers=[handler], force=True)
    # Theirs say at INFO what ours say better, or once for every request to a vendor.
    for name in ("aiohttp", "asyncio", "dramatiq", "httpx", "httpx2", "piccolo", "uvicorn"):
        logging.getLogger(name).setLevel(logging.WARNING)
    # What nobody catches is a log line too, where a platform collects stderr.
    sys.excepthook = _log_uncaught


def _log_uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        return
    logging.getLogger("genapp").critical("ended by an error that nothing caught", exc_info=(kind, error, trace))


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

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802
        # Stock, it prints the message and its arguments as they are, past the formatter.
        with suppress(OSError, ValueError):
            sys.stderr.write(f"a log line could not be written ({record.pathname}:{record.lineno})\n")
