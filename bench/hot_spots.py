#!/usr/bin/env python3
"""Says where web and worker spend their CPU with 50 answers in flight: a sampling profile of each.

    .venv/bin/python -m pip install py-spy
    .venv/bin/python bench/hot_spots.py               # 50 at once
    .venv/bin/python bench/hot_spots.py --at-once 200

Two tables for each process: the lines where most samples were (a C function counts for the line that calls it), and the
files with what they call. The stacks stay in bench/results/ as py-spy's "raw", of which flame graphs are made.
"""

from __future__ import annotations

import argparse
import collections
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench import driving
from bench.results import FOLDER, markdown
from bench.scenarios.in_flight import MODEL, TOKENS
from bench.stack import running

if TYPE_CHECKING:
    from collections.abc import Iterable

SECONDS = 8  # while everybody's answer is being written
FRAME = re.compile(r"(?P<what>.*) \((?P<file>.*?)(?::\d+)?\)$")
TOP = 15
OUTERMOST = 0.8  # what has more of the samples below it is how the program is started


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--at-once", type=int, default=50)
    options = parser.parse_args()
    FOLDER.mkdir(exist_ok=True)
    written = {part: FOLDER / f"{part}-stacks.txt" for part in ("web", "worker")}
    with running([MODEL]) as stack:
        driving.warm_up(stack)
        for part, path in written.items():
            record = ["py-spy", "record", "--nonblocking", "--format", "raw", "--rate", "200", "--gil"]
            pid = str(stack.processes[part].pid)
            stack.start(f"{part} profile", *record, "--duration", str(SECONDS), "-o", str(path), "-p", pid)
        driving.generate(stack, MODEL, TOKENS, options.at_once)
        for part in written:
            stack.processes[f"{part} profile"].wait(60)
    for part, path in written.items():
        print(f"\n{part}, {options.at_once} at once\n\n{tables(path.read_text().splitlines())}")


def tables(lines: Iterable[str]) -> str:
    """Of py-spy's lines (`frame;frame;frame count`): shares of the samples, by the innermost line and by file."""
    own: collections.Counter[str] = collections.Counter()
    within: collections.Counter[str] = collections.Counter()
    total = 0
    for line in lines:
        frames, count = line.rsplit(" ", 1)
        stack = frames.split(";")
        total += int(count)
        own[stack[-1]] += int(count)
        for name in {found["file"] for frame in stack if (found := FRAME.match(frame))}:
            within[name] += int(count)
    below = {name: count for name, count in within.items() if count < OUTERMOST * total}
    share = {"line": own, "file and what it calls": collections.Counter(below)}
    return "\n\n".join(
        markdown([head, "%"], [[name, f"{100 * count / total:.1f}"] for name, count in counted.most_common(TOP)])
        for head, counted in share.items()
    )


if __name__ == "__main__":
    main()
