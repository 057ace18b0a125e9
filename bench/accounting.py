"""What processes use, by the operating system's accounting. Linux only."""

from __future__ import annotations

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def tree(root: int) -> list[int]:
    """A process and all its descendants."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and (fields := _stat(int(entry.name))):
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found, to_visit = [], [root]
    while to_visit:
        found.append(pid := to_visit.pop())
        to_visit += children.get(pid, [])
    return found


def cpu_seconds(root: int) -> float:
    """CPU that a process and its descendants have used, those that have ended and been waited for included."""
    return sum(sum(map(int, fields[11:15])) for pid in tree(root) if (fields := _stat(pid))) / TICKS


def memory_kb(root: int) -> int:
    """PSS of a process and its descendants: what several share is counted once."""
    total = 0
    for pid in tree(root):
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += sum(int(line.split()[1]) for line in lines if line.startswith("Pss:"))
    return total


def slab_kb() -> int:
    """What the kernel holds for sockets and the like, of the whole machine: both ends of a loopback connection."""
    lines = Path("/proc/meminfo").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("Slab:"))


def _stat(pid: int) -> list[str]:
    """The fields of /proc/<pid>/stat behind the name, which may have spaces; none when it has gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    except OSError:
        return []
