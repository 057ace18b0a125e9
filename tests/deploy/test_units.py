"""The systemd units, as systemd itself reads them, held against the settings and the command line."""

from __future__ import annotations

import configparser
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from genapp.cli import HAND_BACK_SECONDS, commands
from genapp.settings import Settings
from tests.deploy.dynos import ROOT
from tests.programs import program

UNITS = sorted((ROOT / "deploy/systemd").glob("*.service"))
# systemd's own measure, from 0 to 10; a service that says nothing of it has 9.6.
EXPOSURE = 20  # tenths


def service(unit: Path) -> configparser.SectionProxy:
    parser = configparser.ConfigParser(strict=False, interpolation=None)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read(unit)
    return parser["Service"]


def program_of(unit: Path) -> list[str]:
    return shlex.split(service(unit)["ExecStart"])


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_takes_the_unit_and_calls_it_well_confined(unit: Path, tmp_path: Path) -> None:
    for one in UNITS:  # they name each other
        installed = one.read_text().replace("/opt/genapp/bin/genapp", str(Path(sys.executable).with_name("genapp")))
        (tmp_path / one.name).write_text(installed)
    file = str(tmp_path / unit.name)
    for arguments in (["verify", "--man=no"], ["security", "--offline=true", f"--threshold={EXPOSURE}", "--no-pager"]):
        command = [program("systemd-analyze"), *arguments, file]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stdout + ended.stderr
        assert ended.stderr == ""


def test_each_unit_runs_a_command_that_there_is() -> None:
    run = {unit.name: program_of(unit) for unit in UNITS}
    assert {name: words[:2] for name, words in run.items()} == {
        "genapp-migrate.service": ["/opt/genapp/bin/genapp", "migrate"],
        "genapp-web@.service": ["/opt/genapp/bin/genapp", "web"],
        "genapp-worker@.service": ["/opt/genapp/bin/genapp", "worker"],
    }
    for _, command, *options in run.values():
        known = {option for parameter in commands.commands[command].params for option in parameter.opts}
        assert {option for option in options if option.startswith("--")} <= known


def test_a_worker_has_the_time_that_its_answers_are_given() -> None:
    seconds = int(service(ROOT / "deploy/systemd/genapp-worker@.service")["TimeoutStopSec"])
    assert seconds > Settings().shutdown_seconds + 2 * HAND_BACK_SECONDS


def test_only_workers_are_given_the_vendors_keys() -> None:
    with_keys = [unit.name for unit in UNITS if "worker.env" in unit.read_text()]
    assert with_keys == ["genapp-worker@.service"]
