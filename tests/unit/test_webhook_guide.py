"""The guide's own code verifies what we sign, and nothing else."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from genapp.delivering.signing import signature
from tests.programs import program

if TYPE_CHECKING:
    from collections.abc import Callable

GUIDE = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text()
MOMENT = 1764108000
# How a program tells whether a message, its first argument, is ours.
PROGRAMS = {
    "javascript": (
        *("node", "check.mjs"),
        "const [s, h, b, n] = JSON.parse(process.argv[2]); console.log(isOurs(s, h, b, n))",
    ),
    "ruby": ("ruby", "check.rb", "require 'json'; s, h, b, n = JSON.parse(ARGV[0]); puts ours?(s, h, b, n)"),
    "php": (
        *("php", "check.php"),
        "[$s, $h, $b, $n] = json_decode($argv[1], true); echo is_ours($s, $h, $b, $n) ? 'true' : 'false';",
    ),
}


def found(pattern: str) -> str:
    match = re.search(pattern, GUIDE, re.DOTALL)
    assert match, pattern
    return match[1]


def code(language: str) -> str:
    return found(rf"```{language}\n(.*?)```")


SECRET, BODY = found("`(whsec_[^`]+)`"), code("json").strip()
SIGNATURE = found("the signature is `(v1,[^`]+)`")


def message(**changes: Any) -> tuple[str, dict[str, str], str, int]:
    """The guide's message, as a request has it, and when it comes."""
    told = {"id": "msg_test", "moment": MOMENT, "signature": SIGNATURE, "body": BODY, "now": MOMENT + 10, **changes}
    headers = {
        "webhook-id": told["id"],
        "webhook-timestamp": str(told["moment"]),
        "webhook-signature": told["signature"],
    }
    return SECRET, headers, told["body"], told["now"]


MESSAGES = {
    "the guide's": (message(), True),
    "with a second signature, as when a secret is replaced": (message(signature=f"v1,AAAA {SIGNATURE}"), True),
    "altered": (message(body=BODY.replace("completed", "cancelled")), False),
    "of another id": (message(id="msg_other"), False),
    "of another moment": (message(moment=MOMENT + 1), False),
    "too old": (message(now=MOMENT + 301), False),
    "of the future": (message(now=MOMENT - 301), False),
    "with a signature of nothing": (message(signature="v1,"), False),
    "with a signature of another kind": (message(signature="v1a," + SIGNATURE[3:]), False),
}


def by_python(secret: str, headers: dict[str, str], body: str, now: int) -> bool:
    names: dict[str, Any] = {}
    exec(code("python"), names)  # noqa: S102
    return bool(names["is_ours"](secret, headers, body.encode(), now))


def test_we_sign_as_the_guide_says() -> None:
    assert signature(SECRET, "msg_test", MOMENT, BODY.encode()) == SIGNATURE


@pytest.mark.parametrize("case", MESSAGES)
def test_the_guides_python_knows_our_messages_from_others(case: str) -> None:
    told, ours = MESSAGES[case]
    assert by_python(*told) is ours


@pytest.mark.parametrize("language", PROGRAMS)
def test_the_guides_other_languages_know_them_too(language: str, tmp_path: Path) -> None:
    command, name, last_line = PROGRAMS[language]
    path = program(command)
    (tmp_path / name).write_text("\n".join([*(["<?php"] if language == "php" else []), code(language), last_line]))
    said = _asker(path, tmp_path / name)
    assert {case: said(*told) for case, (told, _) in MESSAGES.items()} == {
        case: ours for case, (_, ours) in MESSAGES.items()
    }


def _asker(program: str, file: Path) -> Callable[..., bool]:
    def ask(*told: Any) -> bool:
        ran = subprocess.run([program, file, json.dumps(told)], capture_output=True, text=True, check=True)
        return ran.stdout.strip() == "true"

    return ask


@pytest.mark.parametrize("language", ["python", *PROGRAMS])
def test_each_of_them_is_short(language: str) -> None:
    assert len(code(language).strip().splitlines()) <= 12
