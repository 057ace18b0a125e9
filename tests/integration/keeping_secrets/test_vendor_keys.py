"""The vendors' keys are where answers are made, and nowhere that strangers talk to."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import pytest

from genapp.providers.vendors import VENDORS
from genapp.settings import Settings
from genapp.settings.keyless import is_vendors
from genapp.settings.offered import DEFAULT_MODELS
from tests.integration.keeping_secrets.conftest import KEYS, MARK
from tests.running import GENAPP, App, answers, free_port, wait_for

if TYPE_CHECKING:
    from tests.integration.web.conftest import Visitor

linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows the environment of a process")
OFFERED = [f"{name}:{model}" for name in ("openai", "anthropic", "gemini") for model in DEFAULT_MODELS[name]]


def family(pid: int) -> list[int]:
    process = psutil.Process(pid)
    return [pid, *(child.pid for child in process.children(recursive=True))]


def environment_of(pid: int) -> str:
    return Path(f"/proc/{pid}/environ").read_text()


@linux
def test_workers_have_the_keys_and_no_process_of_the_web_does(app: App) -> None:
    worker = environment_of(app.processes["worker"].pid)
    assert all(f"{name}={key}" in worker for name, key in KEYS.items())
    web = family(app.processes["web"].pid)
    assert len(web) >= 3  # the one that was started, and WEB_CONCURRENCY
    for pid in web:
        environment = environment_of(pid)
        assert MARK not in environment
        assert "SECRET_KEY=" in environment


async def test_the_web_offers_the_models_of_the_keys_that_it_does_not_have(visitor: Visitor) -> None:
    page = await visitor.http.get("/", headers={"Accept": "text/html"})
    assert re.findall(r'<option value="([^"]+)"', page.text) == OFFERED
    generation = await visitor.submit("[demo: fast echo] it works", model=f"anthropic:{DEFAULT_MODELS['anthropic'][0]}")
    assert (await visitor.until(generation["id"], "completed", "failed"))["content"] == "it works"


@linux
def test_keys_in_a_dotenv_file_and_lower_case_are_no_different(app: App, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"gemini_api_key=AIza{MARK}0123456789\nGENAPP_LOG_FORMAT=text\n")
    port = free_port()
    env = {name: value for name, value in app.env.items() if not is_vendors(name)}
    env |= {"PORT": str(port), "WEB_CONCURRENCY": "1", "anthropic_api_key": KEYS["ANTHROPIC_API_KEY"]}
    web = subprocess.Popen([*GENAPP, "web"], cwd=tmp_path, env=env, stderr=subprocess.DEVNULL)
    try:
        wait_for(lambda: answers(f"http://127.0.0.1:{port}/healthz"), {"web": web})
        environment = environment_of(web.pid)
    finally:
        web.terminate()
        web.wait(20)
    assert MARK not in environment
    offered = ",".join(name for name in OFFERED if not name.startswith("openai"))
    assert f"GENAPP_MODELS={offered}\0" in environment


LOOK = """
import json, os
from genapp.asgi import settings
from genapp.settings import Settings
print(json.dumps([dict(os.environ), [repr(vars(one)) for one in (settings, Settings())],
  [model.value for model in settings.models], [provider.name for provider in settings.providers]]))
"""


def test_whoever_runs_uvicorn_themselves_has_no_key_left_in_the_app(tmp_path: Path) -> None:
    (tmp_path / ".env").write_text(f"GEMINI_API_KEY={KEYS['GEMINI_API_KEY']}\n")
    given = {**os.environ, **KEYS, "DATABASE_URL": "postgresql://h/d", "REDIS_URL": "redis://h", "GENAPP_DATA": "data"}
    command = [sys.executable, "-c", LOOK]
    shown = subprocess.run(command, cwd=tmp_path, env=given, capture_output=True, text=True, check=True).stdout
    assert MARK not in shown
    _, _, models, providers = json.loads(shown)
    assert models == OFFERED
    assert providers == ["openai", "anthropic", "gemini"]


def test_with_no_key_the_web_offers_the_demo_model_and_is_not_begun_anew(app: App, tmp_path: Path) -> None:
    shown = subprocess.run(
        [sys.executable, "-c", LOOK],
        cwd=tmp_path,
        env={**os.environ, "DATABASE_URL": "postgresql://h/d", "REDIS_URL": "redis://h", "GENAPP_DATA": "data"},
        capture_output=True,
        text=True,
        check=True,
    )
    environment, _, models, providers = json.loads(shown.stdout)
    assert "GENAPP_KEYLESS" not in environment
    assert (models[0], providers) == ("demo:demo", ["demo"])


def test_every_vendors_variables_count_as_keys() -> None:
    named = [vendor.key_variable for vendor in VENDORS.values() if vendor.key_variable]
    named += [str(field.validation_alias) for name, field in Settings.model_fields.items() if name.endswith("base_url")]
    assert len(named) >= 5
    assert all(map(is_vendors, named))
