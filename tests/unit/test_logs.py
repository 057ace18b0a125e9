from __future__ import annotations

import json
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from genapp import logs
from genapp.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger("genapp.test")
KEY = "a-key-like-no-vendor-has"
PROMPT = 'My "secret" plan:\n\tbuy C:\\new\\tools in Zürich — 你好, für die Königin 🦆 and tell nobody of it'


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


def test_what_only_looks_like_a_secret_can_still_be_read(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings())
    said = [
        "GET http://127.0.0.1:8000/v1/models 503, a task-oriented-approach-to-risk-assessment",
        "genapp.web.generations.create of 1200 tokens, stream=True, error code: invalid_api_key",
        "SECRET_KEY must have at least 32 characters",
        "the database does not answer: password authentication failed for user",
    ]
    for sentence in said:
        log.info(sentence)
    log.info("counted", extra={"input_tokens": 7})
    written = capsys.readouterr().err
    assert "[redacted]" not in written
    assert all(sentence in written for sentence in said)
    assert "input_tokens=7" in written


def shown_as(text: str) -> list[str]:
    """A text as errors show it."""
    vendor = json.dumps({"error": {"message": f"invalid: {text}"}})
    return [text, repr(text), json.dumps(text), repr(vendor), str(text.encode()), f"DataError: {text[:40]!r}..."]


@pytest.mark.parametrize("form", ["text", "json"])
def test_a_prompt_is_in_no_line_that_is_logged_while_it_is_worked_on(
    form: str, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(Settings(GENAPP_LOG_FORMAT=form))
    with logs.private(PROMPT):
        for shown in shown_as(PROMPT):
            log.warning("provider error: %s", shown, extra={"detail": {"of": [shown]}})
            fail(shown)
    written = capsys.readouterr().err.replace(__file__, "")  # a folder may be called anything
    assert written.count("[private]") >= 18
    for word in ("plan", "new", "tools", "nigin", "K\\xf6", "tell", "nobody"):
        assert word not in written, word


def test_a_prompt_can_be_logged_where_that_is_asked_for_and_a_password_never(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure(Settings(GENAPP_LOG_PROMPTS="true"))
    with logs.private("Write a poem about the harbour"):
        logs.keep_private("correct horse battery", always=True)
        log.info("Write a poem about the harbour: correct horse battery")
    assert "Write a poem about the harbour: [private]" in capsys.readouterr().err


def test_a_short_prompt_hides_no_other_word(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings())
    with logs.private("then", "a", "你好吗今天"):
        log.info("authentication of 'then': a\nthen")
        log.info("他说你好吗今天")
    first, second = capsys.readouterr().err.splitlines()
    assert first.endswith(r"authentication of '[private]': a\n[private]")
    assert second.endswith("他说[private]")


def test_an_error_that_leaves_the_work_is_logged_without_the_prompt_on_any_thread(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure(Settings())

    def work() -> None:
        with logs.private(PROMPT):
            raise ValueError(f"cannot use {PROMPT}")

    with ThreadPoolExecutor(1) as pool:
        error = pool.submit(work).exception()
    try:
        raise RuntimeError("a job failed") from error
    except RuntimeError:
        log.exception("Failed to process")
    log.error("it was %s", error)
    written = capsys.readouterr().err
    assert "nobody" not in written
    assert written.count("[private]") == 2


@pytest.mark.parametrize(
    "message", ["invalid input for query argument $3: 'my\n\nplan' (a str)", "bad\nDETAIL:  my\nplan"]
)
def test_values_that_the_database_quotes_are_not_logged_though_nobody_has_them_in_hand(
    message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure(Settings())
    fail(message)
    log.info(message)
    written = capsys.readouterr().err
    assert "plan" not in written
    assert "in fail" in written


def test_a_log_line_with_the_wrong_arguments_shows_none_of_them(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings())
    log.info("%s %s", KEY)
    log.info("a %s", Unspeakable())
    assert KEY not in (written := capsys.readouterr().err)
    assert "%s %s" in written


class Unspeakable:
    def __str__(self) -> str:
        raise ValueError(KEY)


def test_an_error_that_nothing_catches_is_a_log_line_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    logs.configure(Settings(GEMINI_API_KEY=KEY))
    error = ValueError(KEY)
    sys.excepthook(ValueError, error, None)
    assert "ValueError: [redacted]" in capsys.readouterr().err
