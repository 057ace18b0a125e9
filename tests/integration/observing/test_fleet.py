"""Two web processes and their workers, asked for the figures of all, and compared with what was really done."""

from __future__ import annotations

import asyncio
import re
import signal
from collections import Counter
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import asyncpg
import httpx
import pytest

from genapp import figures
from genapp.dev.services import embedded_postgres
from genapp.web.app import every_route
from tests.integration.web.conftest import JSON, Visitor, watch
from tests.redis_server import RedisServer
from tests.running import App, answers, eventually, figure, free_port, running_on, wait_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

TOKEN = "figures-for-nobody-but-0123456789abcdef"
FAST, OTHER = "openai:demo-fast", "anthropic:demo-fast"
STUCK = "[demo: tps50 pausex1 n20] "  # it stops in the middle, and the next attempt does not
ID = re.compile(r"[0-9a-f]{8}-?[0-9a-f]{4}|@")
# Seconds: one for a push, one for what is read, and more for a slow machine.
PATIENCE = 5


@dataclass
class Fleet:
    app: App
    redis: RedisServer
    urls: tuple[str, str]

    async def pages(self) -> list[str]:
        """What each of the webs tells Prometheus."""
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {TOKEN}"}, timeout=PATIENCE) as http:
            asked = [await http.get(f"{url}/metrics") for url in self.urls]
        assert {one.status_code for one in asked} == {200}
        return [one.text for one in asked]

    async def tells(self, truth: dict[str, float]) -> None:
        """Wait until each of the webs tells just that: of each name, its labels behind it, how many."""
        wrong: dict[str, list[float]] = {}

        async def agreed() -> bool:
            pages = await self.pages()
            seen = {said: [told(page, said) for page in pages] for said in truth}
            wrong.clear()
            wrong.update({said: numbers for said, numbers in seen.items() if numbers != [truth[said]] * 2})
            return not wrong

        with suppress(TimeoutError):
            await eventually(agreed, seconds=60)
        assert wrong == {}

    async def end(self, name: str, by: signal.Signals) -> None:
        process = self.app.processes.pop(name)
        process.send_signal(by)
        await asyncio.to_thread(process.wait, 20)

    @asynccontextmanager
    async def visitor(self, web: int = 0) -> AsyncIterator[Visitor]:
        async with httpx.AsyncClient(base_url=self.urls[web], timeout=20) as http:
            yield await Visitor(http).arrive()


def told(page: str, said: str) -> float:
    """`name label=value …` on a page."""
    name, *pairs = said.split()
    return figure(page, name, **dict(pair.split("=") for pair in pairs))


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    folder: Path = tmp_path_factory.mktemp("fleet")
    redis = RedisServer(folder)
    redis.start()
    settings = {
        "GENAPP_METRICS_TOKEN": TOKEN,
        "GENAPP_LEASE_SECONDS": "5",
        "GENAPP_FALLBACK_MODELS": OTHER,
        "GENAPP_TRIES": "2",
        "GENAPP_PRICES": f"{FAST}=2.5/10,{OTHER}=1/5",
    }
    try:
        with (
            embedded_postgres(folder / "postgres", durable=False) as database_url,
            running_on(folder, database_url, redis.url, settings) as app,
        ):
            second = f"http://127.0.0.1:{free_port()}"
            app.start("web2", "web", PORT=second.rsplit(":", 1)[1])
            wait_for(lambda: answers(f"{second}/readyz"), app.processes)
            yield Fleet(app, redis, (app.url, second))
    finally:
        redis.kill()


async def ask(visitor: Visitor, prompt: str, ends: str, model: str = FAST) -> dict[str, Any]:
    made = await visitor.submit(prompt, model=model)
    assert (await visitor.until(made["id"], "completed", "failed"))["status"] == ends
    return made


async def spent(app: App) -> dict[str, float]:
    """What the attempts on record come to."""
    connection = await asyncpg.connect(app.env["DATABASE_URL"])
    rows = await connection.fetch("SELECT * FROM attempts WHERE outcome <> 'lost'")
    await connection.close()
    sums: Counter[str] = Counter()
    for row in rows:
        sums["genapp_tokens direction=in"] += row["input_tokens"]
        sums["genapp_tokens direction=out"] += row["output_tokens"]
        sums[f"genapp_spend_dollars model={row['model']}"] += row["microdollars"] or 0
    return {said: pytest.approx(number / 1e6 if "spend" in said else number) for said, number in sums.items()}


async def test_any_web_tells_what_all_have_done_also_who_was_killed_or_stopped(fleet: Fleet) -> None:
    async with fleet.visitor(0) as one, fleet.visitor(1) as other:
        for word, visitor in (("x", one), ("y", other)):
            await ask(visitor, f"[demo: n7] {word}", "completed")
            await ask(visitor, f"[demo: 500x1 n5] {word}", "completed")
            assert (await visitor.http.get("/nowhere")).status_code == 404
        await ask(one, "[demo: 401] x", "failed")
        await ask(one, "[demo: 503x2 n3] x", "completed")
        lost = await one.submit(f"{STUCK} once", model=FAST)
        await one.until(lost["id"], "processing")
        fleet.app.start("worker2", "worker")
        await fleet.tells({"genapp_processes kind=worker": 2, "genapp_queue_depth status=processing": 1})
        await fleet.end("worker", signal.SIGKILL)
        await one.until(lost["id"], "completed")
        handed_back = await one.submit(f"{STUCK} twice", model=FAST)
        await one.until(handed_back["id"], "processing")
        fleet.app.start("worker3", "worker")
        await fleet.tells({"genapp_processes kind=worker": 2, "genapp_generations_running": 1})
        await fleet.end("worker2", signal.SIGTERM)
        await one.until(handed_back["id"], "completed")
    await fleet.tells(
        {
            "genapp_http_request_seconds route=/generations method=POST status=2xx": 8,
            "genapp_http_request_seconds route=- method=GET status=4xx": 2,
            "genapp_generations outcome=completed": 7,
            "genapp_generations outcome=failed": 1,
            "genapp_generations outcome=failed provider=openai": 1,
            "genapp_generation_seconds": 7 + 1 + 1,
            "genapp_attempts outcome=completed": 7,
            "genapp_attempts outcome=failed": 1 + 2 + 2,
            "genapp_attempts outcome=lost": 1,
            "genapp_attempts outcome=handed_back": 1,
            "genapp_retries": 2 + 1,
            "genapp_fallbacks provider=openai": 1,
            "genapp_provider_errors": 1 + 2 + 2,
            "genapp_provider_errors code=unauthorized": 1,
            "genapp_first_token_seconds provider=anthropic": 1,
            "genapp_output_tokens_per_second provider=openai": 2,
            "genapp_queue_wait_seconds": 10,
            "genapp_queue_depth": 0,
            "genapp_queue_oldest_seconds": 0,
            "genapp_generations_running": 0,
            "genapp_processes kind=web": 2,
            "genapp_processes kind=worker": 1,
            "genapp_up": 2,
            "genapp_subscribers_connected": 2,
            **await spent(fleet.app),
        }
    )


async def test_open_connections_are_counted_wherever_they_are_and_end_when_they_do(fleet: Fleet) -> None:
    frames = told((await fleet.pages())[0], "genapp_frames_sent")
    async with AsyncExitStack() as stack:
        followed = []
        for web in (0, 0, 1):
            visitor = await stack.enter_async_context(fleet.visitor(web))
            generation = await visitor.submit("[demo: stall] x", model=FAST)
            followed.append((visitor, generation, await watch(visitor, generation["stream_url"])))
        await fleet.tells(
            {
                "genapp_connections transport=sse": 3,
                "genapp_connections": 3,
                "genapp_stream_viewers": 3,
                "genapp_streams_watched": 3,
                "genapp_generations_running": 3,
            }
        )
        for visitor, generation, stream in followed:
            await visitor.post_form(f"/generations/{generation['id']}/cancellation")
            shown = await stream
            assert "event: done" in shown
            frames += shown.count("\n\n") - shown.count("event: hb\n")
    await fleet.tells({"genapp_connections": 0, "genapp_stream_viewers": 0, "genapp_generations_running": 0})
    await fleet.tells({"genapp_frames_sent transport=sse": frames})
    for page in await fleet.pages():
        assert told(page, "genapp_sent_bytes transport=sse") > 0
        assert told(page, "genapp_frame_delay_seconds") >= len(followed)


async def test_what_strangers_send_makes_no_new_figures_and_nobody_is_named_in_them(fleet: Fleet) -> None:
    async with fleet.visitor(1) as visitor:
        for number in range(5):
            for path in (f"/x{number}", f"/generations/{number}", f"/shared/{number}", f"/static/{number}"):
                await visitor.http.get(path)
            await visitor.http.post("/generations", json={"prompt": "x", "model": f"openai:{number}"}, headers=JSON)
            await visitor.http.request("PROPFIND", f"/{number}")
    await fleet.tells({"genapp_http_request_seconds method=other": 5})
    labels = {label for page in await fleet.pages() for _, pairs in figures.read(page) for label in pairs}
    values = {name: {value for one, value in labels if one == name} for name, _ in labels}
    assert values["route"] <= {"-", *[re.sub(r":\w+}", "}", path) for one in every_route() for path in one.paths]}
    assert values["status"] <= {*[f"{number}xx" for number in range(1, 6)], "queued", "processing"}
    assert values["model"] == {FAST, OTHER}
    assert not [value for _, value in labels if ID.search(value)]


async def test_figures_are_for_who_has_the_token(fleet: Fleet) -> None:
    async with httpx.AsyncClient() as http:
        assert [(await http.get(f"{url}/metrics")).status_code for url in fleet.urls] == [401, 401]


async def test_without_redis_a_web_tells_what_it_knows_itself_and_no_total_that_is_none(fleet: Fleet) -> None:
    completed = "genapp_generations outcome=completed"
    counted = {completed: told((await fleet.pages())[0], completed) + 1}
    async with fleet.visitor() as visitor:
        await ask(visitor, "[demo: n2] x", "completed")
    await fleet.tells(counted)
    assert fleet.redis.process is not None
    fleet.redis.process.send_signal(signal.SIGSTOP)
    try:
        await fleet.tells({"genapp_up part=redis": 0, "genapp_up part=database": 1, "genapp_processes": 0})
        pages = await fleet.pages()
    finally:
        fleet.redis.process.send_signal(signal.SIGCONT)
    for page in pages:
        assert "genapp_connections" in page
        # Less than before would be taken for a start from nothing, and be counted whole.
        assert not [name for (name, _), one in figures.read(page).items() if one.kind != "gauge"]
    await fleet.tells({**counted, "genapp_up": 2})


async def test_a_redis_that_has_lost_everything_is_counted_in_anew_from_nothing(fleet: Fleet) -> None:
    fleet.redis.kill()
    fleet.redis.start()
    await fleet.tells({"genapp_generations": 0, "genapp_processes kind=web": 2, "genapp_processes kind=worker": 1})
    async with fleet.visitor() as visitor:
        await ask(visitor, "[demo: n2] x", "completed")
    await fleet.tells({"genapp_generations outcome=completed": 1, "genapp_attempts": 1})
