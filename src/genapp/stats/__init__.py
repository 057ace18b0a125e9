"""`genapp stats`: the figures of a running site, in a terminal."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

from rich import box
from rich.console import Console, Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from genapp.errors import Unavailable
from genapp.stats.watching import Row, Watch

if TYPE_CHECKING:
    from genapp.settings import Settings

ANYWHERE = ("0.0.0.0", "::")  # noqa: S104  compared, not bound


def own_url(settings: Settings) -> str:
    """Where the web process of these settings has its figures."""
    host = "127.0.0.1" if settings.host in ANYWHERE else settings.host
    return f"http://{f'[{host}]' if ':' in host else host}:{settings.port}/metrics"


def run(url: str, *, token: str | None, once: bool, as_json: bool, every: float) -> None:
    """Print the figures at `url`, which may want a `token`: once, or every so many seconds until Ctrl-C.

    Raises Unavailable where they cannot be had at first; later it is shown, and they are asked for again.
    """
    watch = Watch(url, token)
    rows = watch.look()
    # A table that overwrites itself needs a terminal that can go back.
    console = Console(highlight=False)
    moves = console.is_terminal and not console.is_dumb_terminal
    with suppress(KeyboardInterrupt):
        if as_json:
            _print_lines(watch, rows, once=once, every=every)
        elif once:
            console.print(table(rows))
        elif moves:
            _overwrite(console, watch, rows, every)
        else:
            _print_tables(console, watch, rows, every)


def table(rows: list[Row]) -> Table:
    """The figures, a line each. Percentiles are estimates from the histogram's buckets."""
    made = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
    made.add_column("figure", no_wrap=True)
    made.add_column("of")
    for title in ("value", "a second", "mean", "p50", "p95"):
        made.add_column(title, justify="right", no_wrap=True)
    for row in rows:
        labels = " ".join(f"{name}={value}" for name, value in row.labels.items())
        numbers = (row.value, row.per_second, row.mean, row.p50, row.p95)
        made.add_row(Text(row.name), Text(labels), *map(number, numbers))
    return made


def number(value: float | None) -> str:
    """A number of four digits or so; nothing where there is none."""
    if value is None:
        return ""
    return f"{value:,.0f}" if value == int(value) or abs(value) >= 1000 else f"{value:,.3g}"


def _overwrite(console: Console, watch: Watch, rows: list[Row], every: float) -> None:
    note = _note(watch, every)
    with Live(Group(table(rows), note), console=console, auto_refresh=False) as live:
        while True:
            time.sleep(every)
            try:
                rows = watch.look()
                note = _note(watch, every)
            except Unavailable as error:
                note = Text(f"{datetime.now():%H:%M:%S} {error.message}", style="red")
            live.update(Group(table(rows), note), refresh=True)


def _print_tables(console: Console, watch: Watch, rows: list[Row], every: float) -> None:
    while True:
        console.print(table(rows), _note(watch, every))
        rows = _looked(watch, every, console)


def _print_lines(watch: Watch, rows: list[Row], *, once: bool, every: float) -> None:
    console = Console(highlight=False, soft_wrap=True)
    while True:
        figures = [{name: value for name, value in asdict(row).items() if value is not None} for row in rows]
        console.out(json.dumps({"time": time.time(), "figures": figures}), highlight=False)
        if once:
            return
        rows = _looked(watch, every, Console(stderr=True, highlight=False))


def _looked(watch: Watch, every: float, complaints: Console) -> list[Row]:
    """What the next look gives; those that are not answered are told, and made again."""
    while True:
        time.sleep(every)
        try:
            return watch.look()
        except Unavailable as error:
            complaints.print(Text(error.message), soft_wrap=True)


def _note(watch: Watch, every: float) -> Text:
    said = f"{datetime.now():%H:%M:%S}, look {watch.looks}, every {every:g} s: {watch.url} (Ctrl-C ends)"
    return Text(said, style="dim")
