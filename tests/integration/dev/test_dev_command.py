"""`genapp dev` as a person uses it: the real command, the real parts, in a folder of its own."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import psutil
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEV = [sys.executable, "-P", "-m", "genapp.cli", "dev"]
PATIENCE = 60


class Running:
    """A `genapp dev` that has said that it is ready."""

    def __init__(self, process: subprocess.Popen[str], port: int, lines: list[str]) -> None:
        self.process = process
        self.port = port
        self.lines = lines
        self.parts = psutil.Process(process.pid).children(recursive=True)

    def get(self, path: str) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request("GET", path)
        status = connection.getresponse().status
        connection.close()
        return status

    def part(self, word: str) -> psutil.Process:
        return next(part for part in self.parts if word in part.cmdline())

    def left(self) -> list[psutil.Process]:
        """The parts that still live some seconds after the end; none should."""
        deadline = time.monotonic() + 10
        while (alive := [part for part in self.parts if lives(part)]) and time.monotonic() < deadline:
            time.sleep(0.05)
        return alive


def lives(part: psutil.Process) -> bool:
    try:
        # Who adopts orphans in a container may leave them as zombies for a while.
        return bool(part.is_running() and part.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def environment(folder: Path, port: int, **settings: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("GENAPP_")}
    return {**clean, "GENAPP_DATA": str(folder / "data"), "PORT": str(port), **settings}


@contextmanager
def dev(folder: Path, **settings: str) -> Iterator[Running]:
    """Starts `genapp dev` in `folder` and waits until it says that it is ready."""
    port = free_port()
    process = subprocess.Popen(
        DEV,
        cwd=folder,
        env=environment(folder, port, **settings),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    watchdog = threading.Timer(PATIENCE, process.kill)
    watchdog.start()
    try:
        lines: list[str] = []
        assert process.stdout
        for line in process.stdout:
            lines.append(line)
            if "genapp is ready at" in line:
                break
        else:
            pytest.fail("it never got ready:\n" + "".join(lines))
        yield Running(process, port, lines)
        process.stdout.read()
        process.wait()
    finally:
        watchdog.cancel()
        process.kill()
        process.wait()
        process.stdout.close()  # type: ignore[union-attr]


def refused(folder: Path, port: int) -> str:
    """What `genapp dev` says when it does not start: one line, and an exit code that is not 0."""
    ended = subprocess.run(
        DEV, cwd=folder, env=environment(folder, port), capture_output=True, text=True, timeout=PATIENCE, check=False
    )
    assert ended.returncode == 2
    (line,) = ended.stderr.splitlines()
    return line


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_it_serves_pages_refuses_a_second_start_and_ctrl_c_leaves_no_process(tmp_path: Path) -> None:
    with dev(tmp_path) as app:
        assert f"genapp is ready at http://127.0.0.1:{app.port}\n" in app.lines
        assert app.get("/") == 200
        assert "runs already on" in refused(tmp_path, free_port())
        app.process.send_signal(signal.SIGINT)
        assert app.process.wait(PATIENCE) == 130
        assert app.left() == []


@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGHUP])
def test_a_polite_kill_or_a_closed_terminal_leaves_no_process(tmp_path: Path, end: signal.Signals) -> None:
    with dev(tmp_path) as app:
        app.process.send_signal(end)
        assert app.process.wait(PATIENCE) == 128 + end
        assert app.left() == []


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells children of their parent's death")
def test_even_a_hard_kill_leaves_no_process_and_the_next_start_has_the_data(tmp_path: Path) -> None:
    with dev(tmp_path) as app:
        app.process.kill()
        assert app.left() == []
    key = (tmp_path / "data" / "secret_key").read_text()
    with dev(tmp_path) as again:
        assert again.get("/") == 200
        again.process.send_signal(signal.SIGINT)
    assert (tmp_path / "data" / "secret_key").read_text() == key


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows the environment of a process")
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_with_a_key_only_the_worker_has_it_and_nothing_outlives_the_end(tmp_path: Path, end: signal.Signals) -> None:
    with dev(tmp_path, OPENAI_API_KEY="sk-only-for-the-worker") as app:
        assert app.get("/") == 200
        assert app.part("worker").environ()["OPENAI_API_KEY"] == "sk-only-for-the-worker"
        web = app.part("web").environ()
        assert "OPENAI_API_KEY" not in web
        assert web["GENAPP_MODELS"].startswith("openai:")
        app.process.send_signal(end)
        assert app.process.wait(PATIENCE) == (130 if end == signal.SIGINT else -signal.SIGKILL)
        assert app.left() == []


def test_when_one_part_dies_all_stops_and_it_says_which(tmp_path: Path) -> None:
    with dev(tmp_path) as app:
        app.part("worker").kill()
        assert app.process.stdout
        assert "The worker process ended by itself" in app.process.stdout.read()
        assert app.process.wait(PATIENCE) == 1
        assert app.left() == []


def test_a_busy_port_is_one_line_that_says_what_to_set(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert refused(tmp_path, port) == f"genapp: Port {port} on 127.0.0.1 is in use: set PORT to another one."


def test_a_folder_that_cannot_be_written_is_one_line_that_says_what_to_set(tmp_path: Path) -> None:
    (tmp_path / "data").touch()  # root may write to folders that are read-only, but not into a file
    line = refused(tmp_path, free_port())
    assert str(tmp_path / "data") in line
    assert "cannot be written" in line
    assert "GENAPP_DATA" in line


def test_a_broken_setting_is_one_line(tmp_path: Path) -> None:
    assert "PORT must be a whole number" in refused(tmp_path, 70_000)
