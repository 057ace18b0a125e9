"""`genapp dev`: the whole app on one machine, in the foreground, from nothing."""

from __future__ import annotations

import fcntl
import http.client
import math
import os
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

import click

from genapp.dev.services import embedded_postgres, embedded_redis, make_folder
from genapp.errors import ConfigurationError
from genapp.processes import Process, exit_on_signals, start, stop, wait_for_any
from genapp.settings import Settings
from genapp.starting import require_free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

GENAPP = [sys.executable, "-P", "-m", "genapp.cli"]
COLOURS = {"web": "cyan", "worker": "magenta"}
# What an answer under way gets at a stop. Here nobody waits for it, and the next start takes it up again.
SHUTDOWN_SECONDS = 1
PATIENT_SECONDS = 20


def run() -> None:
    """Runs everything until a signal or the end of a part; ends by `SystemExit`.

    Raises `ConfigurationError`, before anything is left running, when it cannot start here.
    """
    exit_on_signals()
    settings = Settings(GENAPP_ENV="development")
    folder = settings.data.absolute()
    make_folder(folder)
    with ExitStack() as stack:
        stack.enter_context(_alone(folder))
        require_free_port(settings.host, settings.port)
        say("Starting …")
        env = _environment(settings, folder, stack)
        _migrate(env)
        _serve(settings, env)


def say(text: str) -> None:
    """Prints one line of our own. A terminal that is gone is no reason to stop half-way through stopping."""
    with suppress(OSError):
        click.secho(text, bold=True)
        sys.stdout.flush()


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigurationError(
                f"genapp dev runs already on {folder}: stop it, or set GENAPP_DATA and PORT for a second one."
            ) from None
        yield


def _environment(settings: Settings, folder: Path, stack: ExitStack) -> dict[str, str]:
    """The environment of the children. Starts the services that are not configured, on `stack`."""
    env = {
        **os.environ,
        "GENAPP_ENV": "development",
        "GENAPP_DATA": str(folder),
        "GENAPP_SHUTDOWN_SECONDS": str(SHUTDOWN_SECONDS),
        "PYTHONUNBUFFERED": "1",
    }
    if not settings.database_address:
        env["DATABASE_URL"] = stack.enter_context(embedded_postgres(folder / "postgres"))
    if not (settings.redis_address or settings.redis_tls_address):
        env["REDIS_URL"] = stack.enter_context(embedded_redis(folder / "redis"))
    return env


def _migrate(env: dict[str, str]) -> None:
    migrated = subprocess.run([*GENAPP, "migrate"], env=env, capture_output=True, text=True, check=False)
    if migrated.returncode != 0:
        output = (migrated.stderr or migrated.stdout).strip()
        raise ConfigurationError(f"The database could not be migrated: {output}")


def _serve(settings: Settings, env: dict[str, str]) -> None:
    processes: dict[str, Process] = {}
    try:
        for name in ("web", "worker"):
            processes[name] = start([*GENAPP, name], env=env, output=subprocess.PIPE)
            threading.Thread(target=_relay, args=(name, processes[name]), daemon=True).start()
        ready = _Announcement(settings.host, settings.port)
        ended = wait_for_any(list(processes.values()), meanwhile=ready.look)
        name = next(name for name, process in processes.items() if process is ended)
        say(f"The {name} process ended by itself (exit code {ended.returncode}): stopping the rest.")
        raise SystemExit(ended.returncode if ended.returncode > 0 else 1)
    finally:
        say("Stopping …")
        stop(*processes.values(), patience=SHUTDOWN_SECONDS + 6)


def _relay(name: str, process: Process) -> None:
    prefix = click.style(f"{name:<6} | ", fg=COLOURS[name])
    for line in process.stdout or ():
        with suppress(OSError):
            click.echo(prefix + line.decode(errors="replace"), nl=False)


class _Announcement:
    """Says once that the app can be used: when web, worker, database and Redis have all answered."""

    def __init__(self, host: str, port: int) -> None:
        self.host = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - compared, not bound
        self.port = port
        self.made = False
        self.patience = time.monotonic() + PATIENT_SECONDS

    def look(self) -> None:
        if self.made:
            return
        answer = self._ask()
        if answer == "200":
            self.made = True
            host = f"[{self.host}]" if ":" in self.host else self.host
            say(f"genapp is ready at http://{host}:{self.port}")
        elif time.monotonic() > self.patience:
            self.patience = math.inf
            say(f"genapp is not ready yet: /readyz says {answer}. Waiting on …")

    def _ask(self) -> str:
        """`200`, or what stands in the way."""
        connection = http.client.HTTPConnection(self.host, self.port, timeout=2)
        try:
            connection.request("GET", "/readyz")
            answer = connection.getresponse()
            return "200" if answer.status == 200 else f"{answer.status} {answer.read(300).decode(errors='replace')}"
        except (OSError, http.client.HTTPException) as error:
            return str(error)
        finally:
            connection.close()
