"""`genapp doctor`: looks at everything that genapp needs, and says what to do about what is not well."""

from __future__ import annotations

import asyncio
import json
import sys
from contextlib import nullcontext
from dataclasses import asdict, replace
from functools import partial
from typing import TYPE_CHECKING

from rich.console import Console
from rich.text import Text

from genapp import logs
from genapp.doctor.asking import check_providers
from genapp.doctor.configuring import check_configuration, check_files
from genapp.doctor.database import check_database
from genapp.doctor.findings import Check, Finding, fail
from genapp.doctor.queue import check_redis
from genapp.errors import ConfigurationError
from genapp.logs.redacting import Redactor, known_secrets
from genapp.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

COLOURS = {"ok": "green", "warn": "yellow", "fail": "bold red"}
NAME_WIDTH = 21


def run(*, providers: bool, as_json: bool) -> None:
    """Look at everything and print what is found; ends by `SystemExit`, with 1 where something does not work."""
    # Lines are as long as they are, also where they are not shown on a terminal and somebody searches them.
    console = Console(highlight=False, soft_wrap=True)
    findings = asyncio.run(_examine(console, providers=providers, shown=not as_json))
    failed = any(one.state == "fail" for one in findings)
    if as_json:
        console.out(json.dumps({"ok": not failed, "findings": list(map(asdict, findings))}, indent=2))
    else:
        _sum_up(console, findings)
    sys.exit(1 if failed else 0)


async def _examine(console: Console, *, providers: bool, shown: bool) -> list[Finding]:
    findings: list[Finding] = []
    try:
        settings = Settings()
    except ConfigurationError as error:
        findings = [fail("configuration", logs.redact(error.message), "Set it right: .env.example has them all.")]
        if shown:
            _print(console, findings[0])
        return findings
    logs.configure(settings)
    redactor = Redactor(known_secrets(settings))
    for check in checks(settings, providers=providers):
        with console.status(f"Looking at {check.name} …") if shown else nullcontext():
            async for finding in examined(check):
                told = replace(finding, says=redactor.redact(finding.says))
                findings.append(told)
                if shown:
                    _print(console, told)
    return findings


def checks(settings: Settings, *, providers: bool) -> list[Check]:
    """What is looked at, in the order in which it is needed."""
    found = [
        Check("the configuration", partial(check_configuration, settings)),
        Check("this machine", partial(check_files, settings)),
        Check("the database", partial(check_database, settings)),
        Check("Redis", partial(check_redis, settings)),
    ]
    return [*found, Check("the providers", partial(check_providers, settings))] if providers else found


async def examined(check: Check) -> AsyncIterator[Finding]:
    """The findings of a check; that it could not be made is one too."""
    try:
        async for finding in check.look():
            yield finding
    except Exception as error:
        says = f"This could not be looked at: {type(error).__name__}: {' '.join(str(error).split())}"
        yield fail(check.name, says, "If what is above is well, this is our mistake: report it.")


def _print(console: Console, finding: Finding) -> None:
    state = Text(f"{finding.state:<5}", style=COLOURS[finding.state])
    console.print(Text.assemble(state, f"{finding.check:<{NAME_WIDTH}} {finding.says}"))
    if finding.fix:
        console.print(Text(f"{'':5}{'':{NAME_WIDTH}} → {finding.fix}", style="bold"))


def _sum_up(console: Console, findings: list[Finding]) -> None:
    counts = {state: sum(one.state == state for one in findings) for state in ("ok", "warn", "fail")}
    console.print(f"\n{counts['ok']} ok, {counts['warn']} to look at, {counts['fail']} to mend.")
