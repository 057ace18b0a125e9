"""A fixed piece of pure Python, run beside every measurement: what a machine is worth while it is measured.

Its CPU time is what makes figures of two machines, or of two days, comparable: a chunk's CPU is told as a multiple of
one `loop()`. Run as a program it does one loop every quarter of a second (about 1 % of a core), at the app's priority,
and writes down when it was and what it took.
"""

from __future__ import annotations

import statistics
import sys
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

PAUSE = 0.25
ROUNDS = 4_000


def loop() -> int:
    """Strings, dictionaries and small integers, as in a program that handles text. About a millisecond."""
    total = 0
    counted: dict[str, int] = {}
    for number in range(ROUNDS):
        words = f"token {number % 97} of many".split(" ")
        counted[words[1]] = counted.get(words[1], 0) + len(words)
        total += counted[words[1]] & 7
    return total


def cpu_microseconds() -> float:
    """What one loop takes now."""
    before = time.thread_time_ns()
    loop()
    return (time.thread_time_ns() - before) / 1000


def between(written: Path, begin: float, end: float) -> dict[str, Any]:
    """How long the loop took between two moments of the monotonic clock, in microseconds of CPU."""
    lines = [line.split() for line in written.read_text().splitlines() if line.count(" ") == 1]
    took = [float(cpu) for at, cpu in lines if begin <= float(at) <= end]
    if not took:
        return {"loops": 0, "median_us": 0.0, "least_us": 0.0}
    return {"loops": len(took), "median_us": round(statistics.median(took), 1), "least_us": round(min(took), 1)}


def main() -> None:
    while True:
        sys.stdout.write(f"{time.monotonic():.3f} {cpu_microseconds():.1f}\n")
        sys.stdout.flush()
        time.sleep(PAUSE)


if __name__ == "__main__":
    main()
