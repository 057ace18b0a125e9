"""The app as Heroku runs it: its variables, its Procfile, a Redis behind TLS that nobody vouches for, its restarts."""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx
import pytest

from genapp.dev.services import embedded_postgres, embedded_redis
from genapp.processes import start, stop
from tests.deploy.dynos import ROOT, Dynos, Router, procfile
from tests.integration.web.conftest import PASSWORD, Visitor, new_email, shown
from tests.running import GENAPP, answers, free_port, wait_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from tests.deploy.conftest import Certificate

SLOW = "openai:demo-ttft50-tps50-n100"  # two seconds
WORDS = " ".join(f"word{number}" for number in range(100))
APP = json.loads((ROOT / "app.json").read_text())


@pytest.fixture(scope="module")
def dynos(tmp_path_factory: pytest.TempPathFactory, certificate: Certificate) -> Iterator[Dynos]:
    """A web and a worker dyno after their release phase."""
    folder = tmp_path_factory.mktemp("heroku")
    slug, temporary, logs = folder / "slug", folder / "tmp", folder / "logs"
    for made in (slug, temporary, logs):
        made.mkdir()
    with ExitStack() as stack:
        database = stack.enter_context(embedded_postgres(folder / "postgres", durable=False))
        redis = urlsplit(stack.enter_context(embedded_redis(folder / "redis", durable=False)))
        tls_port, demo_port = free_port(), free_port()
        proxy = [sys.executable, "-m", "tests.deploy.tls_proxy", str(tls_port), str(redis.port), str(certificate.file)]
        beside = {"tls": start(proxy), "demo": start([*GENAPP, "demo", "--port", str(demo_port)])}
        stack.callback(lambda: stop(*beside.values(), patience=10))
        config = {
            "DATABASE_URL": database.replace("postgresql://", "postgres://"),
            "REDIS_URL": f"rediss://:{redis.password}@127.0.0.1:{tls_port}",
            "SECRET_KEY": secrets.token_hex(32),
            **{name: field["value"] for name, field in APP["env"].items() if "value" in field},
            "WEB_CONCURRENCY": "2",
            "OPENAI_API_KEY": "sk-test",
            "OPENAI_BASE_URL": f"http://127.0.0.1:{demo_port}/v1",
            "GENAPP_MODELS": f"openai:demo-fast,{SLOW}",
            "GENAPP_SHUTDOWN_SECONDS": "1",
            "TMPDIR": str(temporary),
        }
        running = Dynos(slug, logs, config, free_port())
        wait_for(lambda: answers(f"http://127.0.0.1:{demo_port}/stats"), beside)
        released = running.run(procfile()["release"])
        assert released.returncode == 0, released.stderr
        stack.callback(lambda: running.stop())
        boot(running)
        yield running


def boot(dynos: Dynos) -> None:
    dynos.start("web")
    dynos.start("worker")
    wait_for(lambda: answers(f"http://127.0.0.1:{dynos.port}/readyz"), dynos.running)


@pytest.fixture
async def visitor(dynos: Dynos) -> AsyncIterator[Visitor]:
    """Somebody with an account, who comes through the router."""
    router = Router(dynos.port)
    async with httpx.AsyncClient(base_url="https://genapp.example", transport=router, timeout=20) as http:
        yield await (await Visitor(http).arrive("/signup")).sign_up()


async def test_what_is_asked_through_the_router_is_answered_whole(visitor: Visitor) -> None:
    generation = await visitor.submit("count", model=SLOW)
    messages = await visitor.messages(generation["stream_url"])
    assert (messages[-1]["type"], messages[-1]["content"]) == ("complete", WORDS)
    assert [name for name in visitor.http.cookies if name.startswith("__Host-")], "https was not believed"


async def test_an_answer_survives_the_daily_restart_of_all_dynos(dynos: Dynos, visitor: Visitor) -> None:
    generation = await visitor.submit("count", model=SLOW)
    text, cursor = "", ""
    async for place, _, data in visitor.listen(generation["stream_url"]):
        text, cursor = shown(json.loads(data), text), place
        if "word10 " in text:
            break
    await asyncio.to_thread(dynos.stop)
    assert dynos.written() == set(), "it was not cleaned up"
    await asyncio.to_thread(boot, dynos)
    messages: list[dict[str, Any]] = await visitor.messages(generation["stream_url"], {"Last-Event-ID": cursor})
    for message in messages:
        text = shown(message, text)
        assert WORDS.startswith(text), text
    assert messages[-1]["type"] == "complete"
    assert text == WORDS


async def test_nothing_is_written_to_a_dynos_disk(dynos: Dynos, visitor: Visitor) -> None:
    await visitor.messages((await visitor.submit("count", model=SLOW))["stream_url"])
    assert dynos.written() == set()


def test_a_one_off_dyno_makes_the_first_admin(dynos: Dynos) -> None:
    ended = dynos.run(f"genapp user create {new_email()} --admin --password-stdin", typed=PASSWORD)
    assert ended.returncode == 0, ended.stderr


def test_a_certificate_that_nobody_vouches_for_is_refused_where_that_is_asked_for(dynos: Dynos) -> None:
    ended = dynos.run(procfile()["worker"], GENAPP_REDIS_VERIFY_CERTIFICATE="true")
    assert ended.returncode == 2
    assert ended.stderr.startswith("genapp: REDIS_URL: Redis does not answer")
    assert "CERTIFICATE_VERIFY_FAILED" in ended.stderr


def test_the_button_asks_for_what_the_app_needs() -> None:
    assert set(APP["formation"]) == set(procfile()) - {"release"}
    assert {addon.partition(":")[0] for addon in APP["addons"]} == {"heroku-postgresql", "heroku-redis"}
    assert APP["env"]["SECRET_KEY"] == {"description": APP["env"]["SECRET_KEY"]["description"], "generator": "secret"}
    written = (ROOT / ".env.example").read_text()
    assert [name for name in APP["env"] if f"\n# {name}=" not in written] == []


def test_the_buildpack_finds_something_to_install() -> None:
    """It takes no pyproject.toml for itself, and refuses the build without one of the files it knows."""
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")] == ["."]
