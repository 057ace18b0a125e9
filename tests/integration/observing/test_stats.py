"""`genapp stats` beside a running site, at terminals and without one."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import re
import signal
import subprocess
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import pytest

from genapp.errors import Unavailable
from genapp.stats.watching import scrape
from tests.running import GENAPP, App, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.integration.web.conftest import Visitor

STATS = [*GENAPP, "stats"]
CTRL_C = b"\x03"


class Terminal:
    """A person at a terminal with `genapp stats` in it; `shown` is all that was written there."""

    def __init__(self, controller: int, process: subprocess.Popen[bytes]) -> None:
        self.controller = controller
        self.process = process
        self.shown = ""

    async def until(self, pattern: str) -> None:
        """Read until something is shown."""
        async with asyncio.timeout(30):
            while not re.search(pattern, self.shown):
                self.shown += (await asyncio.to_thread(os.read, self.controller, 65536)).decode()

    async def end(self) -> int:
        """Press Ctrl-C; gives the exit code."""
        os.write(self.controller, CTRL_C)
        with suppress(OSError):  # what Linux says when the other end is closed
            while part := await asyncio.to_thread(os.read, self.controller, 65536):
                self.shown += part.decode()
        return await asyncio.to_thread(self.process.wait, 30)


def _sit_down() -> None:
    os.close(os.open(os.ttyname(0), os.O_RDWR))  # Ctrl-C goes to whom the terminal belongs to
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # whoever runs the tests in the background is deaf to it


@contextmanager
def terminal(app: App, kind: str) -> Iterator[Terminal]:
    controller, its_end = pty.openpty()
    process = subprocess.Popen(
        [*STATS, "--every", "0.2"],
        env={**app.env, "TERM": kind, "COLUMNS": "160", "LINES": "400"},
        stdin=its_end,
        stdout=its_end,
        stderr=its_end,
        start_new_session=True,
        preexec_fn=_sit_down,
    )
    os.close(its_end)
    try:
        yield Terminal(controller, process)
    finally:
        process.kill()
        process.wait()
        os.close(controller)


async def test_at_a_terminal_the_figures_go_on_changing_and_ctrl_c_leaves_it_as_it_was(
    app: App, visitor: Visitor
) -> None:
    with terminal(app, "xterm") as seen:
        await seen.until("look 2,")
        generation = await visitor.submit("[demo: fast n7] figures", model="anthropic:demo-fast")
        await visitor.until(generation["id"], "completed")
        await seen.until(r"generations\s+outcome=completed provider=anthropic\s+[1-9]")
        await seen.until(r"first_token_seconds\s+provider=anthropic\s+\d+(\s+\S+){4}")
        assert await seen.end() == 0
    assert "\x1b[" in seen.shown
    assert "Traceback" not in seen.shown
    assert seen.shown.rfind("\x1b[?25h") > seen.shown.rfind("\x1b[?25l"), "the cursor is shown again"


async def test_at_a_dumb_terminal_there_is_a_table_for_each_look_and_nothing_it_cannot_show(app: App) -> None:
    with terminal(app, "dumb") as seen:
        await seen.until("look 3,")
        assert await seen.end() == 0
    assert "\x1b" not in seen.shown
    assert len(re.findall(r"^connections\s", seen.shown, re.MULTILINE)) >= 3
    assert "Traceback" not in seen.shown


def run(app: App, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*STATS, *options], env=app.env, capture_output=True, text=True, timeout=60, check=False)


def test_once_it_is_a_table_or_json_of_what_the_page_says(app: App) -> None:
    printed = run(app, "--once")
    assert printed.returncode == 0
    assert re.search(r"^generations_running\s+0\s*$", printed.stdout, re.MULTILINE)
    told = json.loads(run(app, "--once", "--json", "--url", f"{app.url}/metrics").stdout)
    assert {"name": "generations_running", "labels": {}, "value": 0.0} in told["figures"]


def test_a_wrong_address_is_one_line_that_says_what_to_do(app: App) -> None:
    refused = run(app, "--once", "--url", f"http://127.0.0.1:{free_port()}/metrics")
    assert refused.returncode == 2
    (line,) = refused.stderr.splitlines()
    assert "does not answer" in line
    assert line.endswith("name a web process's /metrics with --url.")
    for path, says in (("/nowhere", "answers 404"), ("/openapi.json", "is no page for Prometheus")):
        with pytest.raises(Unavailable, match=says):
            scrape(f"{app.url}{path}")
