from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import pytest

from genapp import logs
from genapp.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger("genapp.test")
KEY = "a-key-like-no-vendor-has"


@pytest.fixture(autouse=True)
def _restore_logging() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = before


def fail(message: str) -> None:
    try:
        raise ValueError(message)
    except ValueError:
        log.exception("it failed")


def test_an_event_is_one_json_line_with_its_extras(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings(GENAPP_LOG_FORMAT="json"))
    log.info("generation completed\nforged", extra={"generation_id": "g1", "tokens": 12})
    fail("broken")
    first, second = (json.loads(line) for line in capsys.readouterr().err.splitlines())
    assert first["message"] == "generation completed\nforged"
    assert (first["level"], first["generation_id"], first["tokens"]) == ("info", "g1", 12)
    assert first["time"].endswith("+00:00")
    assert "ValueError: broken" in second["traceback"]


def test_a_person_reads_one_line_an_event(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings())
    log.info("generation completed\nforged", extra={"generation_id": "g1"})
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith(r"INFO    genapp.test: generation completed\nforged generation_id=g1")


@pytest.mark.parametrize("form", ["text", "json"])
def test_no_secret_is_logged_not_even_in_a_traceback(form: str, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings(GENAPP_LOG_FORMAT=form, GEMINI_API_KEY=KEY))
    fail(f"vendor said: {KEY} is wrong")
    log.info("sk-proj-abcdefghijklmnop", extra={"url": "redis://:hunter2hunter2@host", "header": "Bearer abc.def"})
    written = capsys.readouterr().err
    assert "[redacted]" in written
    for secret in (KEY, "abcdefghijklmnop", "hunter2", "abc.def"):
        assert secret not in written
