"""A PostgreSQL that can be killed, frozen and started again."""

from __future__ import annotations

import signal
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import quote

import psutil

from genapp.dev.services import POSTGRES_PORT, POSTGRES_USER, start_postgres
from genapp.processes import Process, stop

if TYPE_CHECKING:
    from pathlib import Path


@dataclass
class PostgresServer:
    """A PostgreSQL that syncs to disk, on a socket that stays the same over restarts. `sockets` is a short path."""

    folder: Path
    sockets: Path
    process: Process | None = None

    @property
    def url(self) -> str:
        where = f"host={quote(str(self.sockets), safe='/')}&port={POSTGRES_PORT}"
        return f"postgresql://{POSTGRES_USER}@/postgres?{where}"

    def start(self) -> None:
        self.process = start_postgres(self.folder, self.sockets)

    def crash(self) -> None:
        """All of it ends at once, in the middle of everything: SIGQUIT is its "immediate" stop."""
        assert self.process is not None
        stop(self.process, by=signal.SIGQUIT, patience=20)

    def freeze(self) -> None:
        """It takes connections, as the kernel does that for it, and says nothing any more."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        # One by one: each of its processes is a group of its own. The first comes first, so that no new one is missed.
        assert self.process is not None
        first = psutil.Process(self.process.pid)
        first.send_signal(number)
        for process in first.children(recursive=True):
            with suppress(psutil.NoSuchProcess):  # a backend ends with its client, also while this goes on
                process.send_signal(number)
