"""The figures of `budgets.toml`: few, quick to measure, and such that noise cannot make them larger."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING, Any

import asyncpg
import httpx
import redis

from bench import reference
from bench.accounting import cpu_seconds
from tests.integration.web.conftest import Visitor

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tests.running import App

Figures = dict[str, dict[str, float]]
ROUNDS = 2
ALONE = "openai:demo-ttft50-tps200-n400"
TOGETHER, EIGHT, TOKENS = "openai:demo-ttft50-tps100-n300", 8, 300
MODELS = f"openai:demo-fast,{ALONE},{TOGETHER}"
STATEMENT = re.compile(r"LOG:  (?:statement|execute [^:]+):\s+(\w+ ?\w*)")
# What begins and ends a transaction, and how asyncpg's pool takes a connection back: no questions.
AROUND = re.compile(r"BEGIN|COMMIT|ROLLBACK|SET|SELECT pg_advisory_unlock_all")
STRANGERS = ("/login", "/signup")  # whoever is logged in is sent elsewhere
PASSING = ("info", "config", "ping", "auth", "hello", "client", "blpop", "select")


class Engines:
    """The counters of an app's Redis and PostgreSQL."""

    def __init__(self, app: App) -> None:
        self._redis = redis.Redis.from_url(app.redis_url)
        self._log = app.folder / "postgres" / "log"
        self._read = 0

    def begin(self) -> None:
        self._redis.config_resetstat()
        self._read = self._log.stat().st_size

    def statements(self) -> list[str]:
        """The first words of each, of everything that was asked."""
        return STATEMENT.findall(self._log.read_bytes()[self._read :].decode(errors="replace"))

    def calls(self) -> tuple[int, int]:
        """Calls of scripts, and commands in all, those within scripts included."""
        stats: Any = self._redis.info("commandstats")
        asked = {name.removeprefix("cmdstat_").split("|")[0]: one["calls"] for name, one in stats.items()}
        scripts = sum(count for name, count in asked.items() if name.startswith(("evalsha", "fcall")))
        return scripts, sum(count for name, count in asked.items() if name not in PASSING)


async def measure(app: App, pages: Sequence[str]) -> Figures:
    """Everything, in half a minute. The pages are those of an account with one conversation of three answers."""
    database = await asyncpg.connect(app.env["DATABASE_URL"])
    await database.execute("ALTER SYSTEM SET log_statement = 'all'")
    await database.execute("SELECT pg_reload_conf()")
    engines = Engines(app)
    async with httpx.AsyncClient(base_url=app.url, timeout=60, headers={"Accept-Encoding": "identity"}) as http:
        visitor = await (await Visitor(http).arrive()).sign_up()
        await database.execute("UPDATE users SET role = 'admin' WHERE email = $1", visitor.email)
        await visitor.log_in()
        await _answer(http, visitor, ALONE)  # warm up
        alone = [await _alone(engines, http, visitor) for _ in range(ROUNDS)]
        _, deflated = await _answer(http, visitor, ALONE, encoding="gzip")
        least = {name: min(one[name] for one in alone) for name in alone[0]}
        queries = await _pages(engines, http, visitor, pages)
        await database.execute("ALTER SYSTEM RESET log_statement")
        await database.execute("SELECT pg_reload_conf()")
        chunk = [await _together(app, http, visitor) for _ in range(ROUNDS + 1)]
    await database.close()
    return {
        "an_answer": least | {"bytes to the viewer, gzip accepted": deflated},
        "eight_answers": {"CPU of web and worker a chunk, in reference loops": min(chunk)},
        "queries_of_a_page": queries,
    }


async def _answer(
    http: httpx.AsyncClient, visitor: Visitor, model: str, *, encoding: str = "identity"
) -> tuple[int, int]:
    """Ask, and follow the answer to its end; gives how many events came and in how many bytes, as on the wire."""
    generation = await visitor.submit("count", model=model)
    address = generation["stream_url"].replace("dialect=json", "dialect=htmx")
    size, text = 0, b""
    async with http.stream("GET", address, headers={"Accept-Encoding": encoding}) as stream:
        assert stream.status_code == 200, stream.status_code
        async for piece in stream.aiter_raw():
            size += len(piece)
            text = text + piece if encoding == "identity" else b""
    return text.count(b"\n\n"), size


async def _alone(engines: Engines, http: httpx.AsyncClient, visitor: Visitor) -> dict[str, float]:
    engines.begin()
    frames, size = await _answer(http, visitor, ALONE)
    scripts, commands = engines.calls()
    return {
        "frames": frames,
        "bytes to the viewer": size,
        "Redis calls a frame": scripts / frames,
        "Redis commands a frame": commands / frames,
        "SQL statements": len(engines.statements()),
    }


async def _together(app: App, http: httpx.AsyncClient, visitor: Visitor) -> float:
    """CPU a chunk in reference loops, each the least that was seen: a busy machine makes either only longer."""
    roots = [app.processes[name].pid for name in ("web", "worker")]
    loops = [reference.cpu_microseconds() for _ in range(20)]
    before = sum(map(cpu_seconds, roots))
    await asyncio.gather(*[_answer(http, visitor, TOGETHER) for _ in range(EIGHT)])
    used = sum(map(cpu_seconds, roots)) - before
    loops += [reference.cpu_microseconds() for _ in range(20)]
    return 1e6 * used / (EIGHT * TOKENS) / min(loops)


async def _pages(engines: Engines, http: httpx.AsyncClient, visitor: Visitor, pages: Sequence[str]) -> dict[str, float]:
    """How many queries each page makes, of a browser that is known already."""
    generation = await visitor.submit("first", model="openai:demo-fast")
    conversation = generation["conversation_id"]
    for prompt in ("second", "third"):
        more = await visitor.submit(prompt, model="openai:demo-fast", conversation_id=conversation)
        await visitor.until(more["id"], "completed")
    shared = await visitor.post_form(f"/conversations/{conversation}/share", {"Accept": "application/json"})
    ids = {
        "/conversations/…": conversation,
        "/generations/…": generation["id"],
        "/admin/generations/…": generation["id"],
    }
    paths = {page: page.replace("…", ids.get(page, "")) for page in pages} | {"/shared/…": shared.json()["url"]}
    async with httpx.AsyncClient(base_url=http.base_url) as stranger:
        return {
            page: await _queries(engines, stranger if page in STRANGERS else http, path) for page, path in paths.items()
        }


async def _queries(engines: Engines, http: httpx.AsyncClient, path: str) -> int:
    counted = []
    for _ in range(4):
        engines.begin()
        answer = await http.get(path, headers={"Accept": "text/html"})
        assert answer.status_code == 200, (path, answer.status_code)
        counted.append(sum(not AROUND.match(words) for words in engines.statements()))
    return min(counted)
