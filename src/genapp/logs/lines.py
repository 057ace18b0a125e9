"""One event, one line: for people, and for machines."""

from __future__ import annotations

import json
import logging
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from genapp.logs.ids import current_ids
from genapp.logs.redacting import names_a_secret
from genapp.logs.veiling import Veil, private_texts

if TYPE_CHECKING:
    from genapp.logs.redacting import Redactor


class Facts:
    """An event in numbers and in words of our own: as a record's message it is written as it is.

    There is nothing to look for in a route or a status, and each request has such a line: to search it for secrets and
    for what the request has sent (32,000 characters, say) took longer than all the rest of it.
    """

    __slots__ = ("message", "values")

    def __init__(self, message: str, values: dict[str, str | int | float]) -> None:
        self.message = message
        self.values = values

    def __str__(self) -> str:
        return " ".join([self.message, *(f"{name}={value}" for name, value in self.values.items())])


STANDARD = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "color_message"}
DEEPEST = 10


class Lines(logging.Formatter):
    """What both formats have in common. `prompts`: whether what people wrote may be in a line.

    Not in a filter: only a formatter has the text of the traceback, where secrets show up most.
    """

    def __init__(self, redactor: Redactor, *, prompts: bool = False) -> None:
        super().__init__()
        self._redactor = redactor
        self._prompts = prompts

    def veil(self, record: logging.LogRecord) -> Veil:
        return Veil(private_texts(record, prompts=self._prompts), shapes=not self._prompts)

    def clean(self, value: Any, veil: Veil, depth: int = 0) -> Any:
        """`value` without secrets and private texts, as what JSON knows."""
        if value is None or isinstance(value, bool | int | float):
            return value
        if isinstance(value, dict) and depth < DEEPEST:
            return {self.text(name, veil): self.named(name, one, veil, depth + 1) for name, one in value.items()}
        if isinstance(value, list | tuple | set | frozenset) and depth < DEEPEST:
            return [self.clean(one, veil, depth + 1) for one in value]
        return self.text(value, veil)

    def named(self, name: Any, value: Any, veil: Veil, depth: int = 0) -> Any:
        return "[redacted]" if names_a_secret(name) and value else self.clean(value, veil, depth)

    def text(self, value: Any, veil: Veil) -> str:
        # Secrets first: what is cut out of a text can leave half of a key, which looks like nothing any more.
        return veil.over(self._redactor.redact(str(value)))

    def message(self, record: logging.LogRecord, veil: Veil) -> str:
        try:
            message = record.getMessage()
        except Exception:  # arguments that do not fit: a mistake in a log line must not end what it tells of
            message = str(record.msg)
        return self.text(message, veil)

    def traceback(self, record: logging.LogRecord, veil: Veil) -> str:
        if record.exc_info and not record.exc_text:
            record.exc_text = self.formatException(record.exc_info)
        return self.text(record.exc_text or "", veil)

    def extras(self, record: logging.LogRecord, veil: Veil) -> dict[str, Any]:
        """The ids of the request or generation, and what the caller gave as `extra`."""
        given = {name: value for name, value in vars(record).items() if name not in STANDARD}
        given = {**current_ids(record.exc_info[1] if record.exc_info else None), **given}
        return {self.text(name, veil): self.named(name, value, veil) for name, value in given.items()}


class TextLines(Lines):
    """`12:31:07 INFO    genapp.generating: generation completed generation_id=… tokens=1200`"""

    def format(self, record: logging.LogRecord) -> str:
        if isinstance(record.msg, Facts):
            ids = "".join(f" {name}={value}" for name, value in current_ids().items())
            return f"{self.formatTime(record, '%H:%M:%S')} {record.levelname:<7} {record.name}: {record.msg}{ids}"
        veil = self.veil(record)
        # A line end in a message could forge a line of its own.
        message = self.message(record, veil).replace("\n", "\\n").replace("\r", "\\r")
        name = self.text(record.name, veil)
        parts = [f"{self.formatTime(record, '%H:%M:%S')} {record.levelname:<7} {name}: {message}"]
        parts += [f"{name}={value}" for name, value in self.extras(record, veil).items()]
        line = " ".join(parts)
        trace = self.traceback(record, veil)
        return f"{line}\n{trace}" if trace else line


class JsonLines(Lines):
    """One JSON object a line: `time` (UTC, ISO 8601), `level`, `logger`, `message`, extras, `traceback`."""

    def format(self, record: logging.LogRecord) -> str:
        if isinstance(record.msg, Facts):
            return self._of_facts(record, record.msg)
        veil = self.veil(record)
        line: dict[str, Any] = {
            "time": self.formatTime(record),
            "level": record.levelname.lower(),
            "logger": self.text(record.name, veil),
            "message": self.message(record, veil),
            **self.extras(record, veil),
        }
        if trace := self.traceback(record, veil):
            line["traceback"] = trace
        return json.dumps(line, ensure_ascii=False)

    def _of_facts(self, record: logging.LogRecord, facts: Facts) -> str:
        line = {
            "time": self.formatTime(record),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": facts.message,
            **facts.values,
            **current_ids(),
        }
        return json.dumps(line, ensure_ascii=False)

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:  # noqa: N802
        return datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
