"""The real app behind a real nginx and a real Caddy, with the configurations that we ship."""

from __future__ import annotations

import asyncio
import itertools
import json
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from tests.cable import connected, identifier
from tests.deploy.fronts import FRONTS, READ_TIMEOUT
from tests.integration.web.conftest import HTML, JSON, LONG, Visitor, shown
from tests.running import App, answers, eventually, figure, free_port, running_app, wait_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from tests.deploy.conftest import Certificate

COUNTED = " ".join(f"word{number}" for number in range(200))
# A dozen words, and then nothing for as long as anybody waits.
QUICK = "[demo: ttft50 tps200 n200] x"
PAUSED = "[demo: pause ttft50 tps50 n100] x"
HEARTBEAT = 0.5
PER_ADDRESS = 8
# Loopback has a whole /8 on Linux: everybody comes from an address of their own.
ADDRESSES = (f"127.0.7.{number}" for number in itertools.count(1))

METRICS_TOKEN = "figures-for-nobody-but-0123456789abcdef"


class Site:
    """Two webs, a worker, and the proxies before them."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.webs = {"web": app.url, "web2": f"http://127.0.0.1:{free_port()}"}
        self.start("web2")

    def start(self, name: str) -> None:
        """Start one of the webs; gives it when it is ready."""
        self.app.start(name, "web", PORT=self.webs[name].rsplit(":", 1)[1])
        wait_for(lambda: answers(f"{self.webs[name]}/readyz"), self.app.processes)

    async def viewers(self) -> int:
        """How many the webs say they have."""
        async with httpx.AsyncClient(headers={"Authorization": f"Bearer {METRICS_TOKEN}"}) as http:
            return int(figure((await http.get(f"{self.app.url}/metrics")).text, "genapp_connections"))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    settings = {
        "GENAPP_ENV": "production",
        "GENAPP_METRICS_TOKEN": METRICS_TOKEN,
        "GENAPP_ACCESS": "open",
        "GENAPP_HOSTS": "localhost, 127.0.0.1",
        "GENAPP_REQUESTS_PER_MINUTE_PER_ADDRESS": str(PER_ADDRESS),
        "GENAPP_SSE_HEARTBEAT": str(HEARTBEAT),
    }
    with running_app(tmp_path_factory.mktemp("site"), **settings) as app:
        yield Site(app)


@pytest.fixture(scope="module", params=list(FRONTS))
def front(
    site: Site, certificate: Certificate, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[str]:
    """The address of a proxy."""
    folder = tmp_path_factory.mktemp(request.param)
    with FRONTS[request.param](folder, list(site.webs.values()), certificate) as url:
        yield url


@pytest.fixture
async def come(front: str, certificate: Certificate) -> AsyncIterator[Callable[[], httpx.AsyncClient]]:
    """Makes clients that speak HTTP/2 with the proxy, each from another address."""
    async with AsyncExitStack() as stack:

        def one() -> httpx.AsyncClient:
            transport = httpx.AsyncHTTPTransport(
                http2=True, verify=certificate.trusted(), local_address=next(ADDRESSES)
            )
            client = httpx.AsyncClient(base_url=front, transport=transport, timeout=20)
            stack.push_async_callback(client.aclose)
            return client

        yield one


@pytest.fixture
async def visitor(come: Callable[[], httpx.AsyncClient]) -> Visitor:
    return await Visitor(come()).arrive()


async def test_words_arrive_while_the_model_is_still_at_it_and_the_stream_outlives_its_silence(
    site: Site, visitor: Visitor
) -> None:
    generation = await visitor.submit(PAUSED, model="openai:demo")
    text, beats, event = "", 0, ""
    async with asyncio.timeout(20), visitor.http.stream("GET", generation["stream_url"]) as answer:
        assert answer.http_version == "HTTP/2"
        async for line in answer.aiter_lines():
            name, _, value = line.partition(": ")
            if name == "event":
                beats += value == "hb"
            event = value if name == "event" else event if name == "data" else ""
            if name == "data" and not event:
                text = shown(json.loads(value), text)
            if beats * HEARTBEAT > 2 * READ_TIMEOUT:
                break
    assert len(text.split()) == 12, text
    assert (await visitor.generation(generation["id"]))["status"] == "processing"

    await visitor.post_form(f"/generations/{generation['id']}/cancellation")


async def test_who_leaves_is_not_written_to_any_more(site: Site, visitor: Visitor) -> None:
    generation = await visitor.submit(PAUSED, model="openai:demo")

    async def so_many(count: int) -> bool:
        return await site.viewers() == count

    await eventually(lambda: so_many(0))
    answer = await visitor.http.send(visitor.http.build_request("GET", generation["stream_url"]), stream=True)
    await eventually(lambda: so_many(1))
    await visitor.http.aclose()
    await eventually(lambda: so_many(0))
    await answer.aclose()


async def test_the_answer_is_exact(visitor: Visitor) -> None:
    messages = await visitor.messages((await visitor.submit(QUICK, model="openai:demo"))["stream_url"])
    assert "".join(one["content"] for one in messages if one["type"] in ("snapshot", "chunk")) == COUNTED
    assert messages[-1]["content"] == COUNTED
    assert len(messages) > 10, "they came in a lump"


async def test_the_cable_is_connected(front: str, visitor: Visitor, certificate: Certificate) -> None:
    generation = await visitor.submit(QUICK, model="openai:demo")
    cookies = "; ".join(f"{name}={value}" for name, value in visitor.http.cookies.items())
    opening = connected(f"{front}/cable", headers={"Cookie": cookies}, origin=front, ssl=certificate.trusted())
    async with opening as cable:
        assert (await cable.hear())["type"] == "welcome"
        await cable.subscribe(identifier(generation["id"]))
        told = await cable.until("complete")
    assert "".join(one["content"] for one in told if one["type"] in ("snapshot", "chunk")) == COUNTED


async def test_the_app_knows_that_it_is_https(come: Callable[[], httpx.AsyncClient]) -> None:
    answer = await come().get("/")
    name, *attributes = answer.headers["set-cookie"].split("; ")
    assert name.startswith("__Host-genapp_session=")
    assert "Secure" in attributes
    assert "strict-transport-security" in answer.headers


async def test_prompts_are_counted_for_the_address_that_the_proxy_sees(
    come: Callable[[], httpx.AsyncClient],
) -> None:
    one, other = come(), come()

    async def prompt(http: httpx.AsyncClient, number: int) -> int:
        http.cookies.clear()
        headers = {**JSON, "X-Forwarded-For": f"198.51.100.{number}"}
        body = {"prompt": "[demo: echo] x", "model": "openai:demo-fast"}
        return (await http.post("/generations", json=body, headers=headers)).status_code

    assert [await prompt(one, number) for number in range(PER_ADDRESS + 1)] == [201] * PER_ADDRESS + [429]
    assert await prompt(other, 1) == 201


async def test_styles_are_compressed_and_pages_are_not(come: Callable[[], httpx.AsyncClient]) -> None:
    http = come()
    page = await http.get("/", headers=HTML)
    assert "content-encoding" not in page.headers
    [style, *_] = [part for part in page.text.split('"') if part.endswith(".css")]
    assert (await http.get(style)).headers["content-encoding"] in ("gzip", "zstd")


async def test_webs_are_replaced_one_by_one_and_nobody_sees_an_error(
    site: Site, visitor: Visitor, come: Callable[[], httpx.AsyncClient]
) -> None:
    over = asyncio.Event()
    seen: list[int] = []

    async def look_around() -> None:
        http = come()
        while not over.is_set():
            seen.append((await http.get("/", headers=HTML)).status_code)
            await asyncio.sleep(0.05)  # nginx ends a connection after 1,000 requests, which this client does not bear

    async def ask(number: int) -> str:
        one = await Visitor(come()).arrive()
        return await read_through(one, (await one.submit(f"count {number}", model=LONG))["stream_url"])

    async with asyncio.TaskGroup() as group:
        group.create_task(look_around())
        readers = [group.create_task(ask(number)) for number in range(3)]
        for name in site.webs:
            await asyncio.to_thread(site.app.stop, name)
            await asyncio.to_thread(site.start, name)
            readers.append(group.create_task(ask(9)))
        await asyncio.wait(readers)
        over.set()
    assert [reader.result() for reader in readers] == [COUNTED] * len(readers)
    assert len(seen) > 20
    assert set(seen) == {200}


async def read_through(visitor: Visitor, stream: str) -> str:
    """Follow a stream as a browser does, which comes back where it was cut; gives what is read in the end."""
    text = cursor = ""
    while True:
        headers = {"Last-Event-ID": cursor} if cursor else {}
        try:
            async for place, event, data in visitor.listen(stream, headers):
                if event == "done":
                    return text
                message: dict[str, Any] = json.loads(data)
                text, cursor = shown(message, text), place
                assert COUNTED.startswith(text)
        except httpx.TransportError:
            pass
