"""Running other programs so that they can be stopped wholly, and so that they do not outlive us."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import FrameType
    from typing import IO

Process = subprocess.Popen[bytes]
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def exit_on_signals() -> None:
    """Makes Ctrl-C, SIGTERM and the closing of the terminal unwind the program by `SystemExit(128 + number)`.

    Signals that come after the first are ignored: a platform sends SIGTERM to every process of a container,
    so a child gets it from the platform and from us.
    """

    def leave(number: int, _frame: FrameType | None) -> NoReturn:
        for one in STOP_SIGNALS:
            signal.signal(one, signal.SIG_IGN)
        raise SystemExit(128 + number)

    for one in _heeded():
        signal.signal(one, leave)


def hold_stop_signals() -> list[signal.Signals]:
    """Keeps them back, in this thread and those that it starts, for `signal.sigwait`; gives what to wait for."""
    held = _heeded()
    signal.pthread_sigmask(signal.SIG_BLOCK, held)
    return held


def _heeded() -> list[signal.Signals]:
    # Whoever runs us by `nohup` wants us to survive the terminal.
    deaf = signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    return [one for one in STOP_SIGNALS if not (deaf and one == signal.SIGHUP)]


@cache
def setpriv() -> str | None:
    """The path of util-linux's setpriv; None where it is missing (macOS) or too old for --pdeathsig."""
    program = shutil.which("setpriv", path=f"{os.environ.get('PATH', '')}:/usr/bin:/bin")
    if program is None:
        return None
    known = subprocess.run([program, "--pdeathsig", "TERM", "true"], capture_output=True, check=False)
    return program if known.returncode == 0 else None


def start(
    command: Sequence[str],
    *,
    output: IO[bytes] | int | None = None,
    env: Mapping[str, str] | None = None,
    dying_signal: str = "TERM",
) -> Process:
    """Starts `command` in a session of its own, so that a Ctrl-C of the terminal reaches only us.

    On Linux the kernel sends it `dying_signal` when we die, even by SIGKILL. The kernel takes "we" to be the
    *thread* that calls this: call it from the main thread.
    """
    bound = [program, "--pdeathsig", dying_signal, "--"] if (program := setpriv()) else []
    return subprocess.Popen(
        [*bound, *command],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT if output is not None else None,
        env=env,
        start_new_session=True,
    )


def wait_for_any(processes: Sequence[Process], meanwhile: Callable[[], None] = lambda: None) -> Process:
    """The first of `processes` to end. `meanwhile` is called about ten times a second."""
    while True:
        for process in processes:
            if process.poll() is not None:
                return process
        meanwhile()
        time.sleep(0.1)


def stop(*processes: Process, by: signal.Signals = signal.SIGTERM, patience: float) -> None:
    """Sends all of them `by`, waits up to `patience` seconds, then kills what is left of their groups."""
    for process in processes:
        process.send_signal(by)
    deadline = time.monotonic() + patience
    for process in processes:
        with suppress(subprocess.TimeoutExpired):
            process.wait(max(0.0, deadline - time.monotonic()))
        # PermissionError is what macOS says of a group that has only zombies left.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
