"""Lines say which request and which generation they are about."""

from __future__ import annotations

import asyncio
import json
import logging
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from genapp import logs
from genapp.logs.ids import REQUEST_ID
from genapp.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

log = logging.getLogger("genapp.test")


@pytest.fixture(autouse=True)
def _restore_logging() -> Iterator[None]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield
    root.handlers[:], root.level = before


def written(capsys: pytest.CaptureFixture[str]) -> dict[str, dict[str, Any]]:
    """The lines by their message."""
    return {line["message"]: line for line in map(json.loads, capsys.readouterr().err.splitlines())}


async def test_what_is_logged_for_a_request_has_its_ids_also_in_a_task_and_nothing_else_has(
    capsys: pytest.CaptureFixture[str],
) -> None:
    logs.configure(Settings(GENAPP_LOG_FORMAT="json"))

    async def later() -> None:
        log.info("in a task")

    log.info("before")
    with logs.ids(request_id="r1", attempt=None):
        task = asyncio.create_task(later())
        log.info("begun")
        logs.add_ids(generation_id="g1")
        log.info(logs.Facts("in numbers", {"status": 200}))
        with logs.ids(request_id="r2"):
            log.info("of another")
        log.info("said by the caller", extra={"generation_id": "g2"})
        await task
    log.info("after")
    lines = written(capsys)
    assert [lines[one].get("request_id") for one in ("before", "begun", "of another", "after")] == [
        None,
        "r1",
        "r2",
        None,
    ]
    assert "generation_id" not in lines["begun"]
    assert "attempt" not in lines["begun"]
    assert lines["in numbers"].items() >= {"status": 200, "request_id": "r1", "generation_id": "g1"}.items()
    assert lines["said by the caller"]["generation_id"] == "g2"
    assert lines["in a task"]["request_id"] == "r1"


def test_an_error_that_leaves_the_work_is_logged_with_its_ids_on_any_thread(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings(GENAPP_LOG_FORMAT="json"))

    def work() -> None:
        with logs.ids(request_id="outer"), logs.ids(generation_id="g1"):
            raise ValueError("broken")

    with ThreadPoolExecutor(1) as pool:
        error = pool.submit(work).exception()
    log.error("a job failed", exc_info=error)
    assert written(capsys)["a job failed"].items() >= {"request_id": "outer", "generation_id": "g1"}.items()


def test_a_person_reads_the_ids_at_the_end_of_the_line(capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure(Settings())
    with logs.ids(request_id="r1"):
        log.info("taken", extra={"tokens": 3})
        log.info(logs.Facts("request", {"route": "/", "ms": 1.5}))
    first, second = capsys.readouterr().err.splitlines()
    assert first.endswith("genapp.test: taken request_id=r1 tokens=3")
    assert second.endswith("genapp.test: request route=/ ms=1.5 request_id=r1")


@given(st.one_of(st.text(), st.from_regex(REQUEST_ID), st.text("abc-\n\r \"';é0", max_size=80)))
def test_a_request_is_called_what_its_proxy_says_only_where_that_can_be_written_anywhere(proposed: str) -> None:
    name = logs.new_request_id(proposed)
    assert name.isascii()
    assert 0 < len(name) <= 64
    assert all(one.isalnum() or one == "-" for one in name)
    assert (name == proposed) is bool(REQUEST_ID.fullmatch(proposed))


def test_two_requests_that_nobody_has_named_have_two_names() -> None:
    assert logs.new_request_id() != logs.new_request_id()


@pytest.mark.parametrize(("env", "given", "told"), [("production", "", True), ("test", "", False), ("test", "1", True)])
def test_each_request_is_told_in_production_and_where_that_is_asked_for(env: str, given: str, told: bool) -> None:
    access = {"GENAPP_ACCESS_LOG": given} if given else {}
    assert Settings(GENAPP_ENV=env, SECRET_KEY="0123456789abcdef" * 2, **access).logs_access is told
