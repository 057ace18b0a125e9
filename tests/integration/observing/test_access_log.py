"""What web and worker say of a request, and what they never say."""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING

import httpx

from tests.cable import connected, identifier
from tests.integration.observing.conftest import logged, until_logged
from tests.integration.web.conftest import HTML, JSON
from tests.running import App, answers, free_port, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.integration.web.conftest import Visitor


async def test_the_proxys_name_for_a_request_is_in_its_answer_and_in_the_lines_of_web_and_worker(
    app: App, visitor: Visitor
) -> None:
    fields = {"prompt": "[demo: 500x1 n5] one way", "model": "openai:demo-fast"}
    answer = await visitor.http.post("/generations", json=fields, headers={**JSON, "X-Request-ID": "proxy-77"})
    assert answer.headers["X-Request-ID"] == "proxy-77"
    generation_id = answer.json()["id"]
    await visitor.until(generation_id, "completed", "failed")
    (ended,) = await until_logged(app, "worker", message="generation ended", generation_id=generation_id)
    assert ended["request_id"] == "proxy-77"
    assert (ended["status"], ended["model"]) == ("completed", "openai:demo-fast")
    assert ended["output_tokens"] == 5
    (failed,) = [line for line in logged(app, "worker", request_id="proxy-77") if "provider error" in line["message"]]
    assert failed["generation_id"] == generation_id
    (line,) = await until_logged(app, "web", request_id="proxy-77")
    assert line["generation_id"] == generation_id
    assert (line["message"], line["method"], line["route"]) == ("request", "POST", "/generations")
    assert (line["status"], line["user"], line["bytes"]) == (201, "guest", len(answer.content))


async def test_a_retry_goes_by_the_name_of_the_request_that_asked_for_it(app: App, visitor: Visitor) -> None:
    generation = await visitor.submit("[demo: 401x1 n5] again", model="openai:demo-fast")
    await visitor.until(generation["id"], "failed")
    headers = {**JSON, "X-Request-ID": "the-second"}
    answer = await visitor.post_form(f"/generations/{generation['id']}/retry", headers)
    assert answer.status_code == 200
    await visitor.until(generation["id"], "completed")
    (ended,) = await until_logged(app, "worker", message="generation ended", request_id="the-second")
    assert ended["generation_id"] == generation["id"]


async def test_a_request_without_a_usable_name_gets_one(app: App, visitor: Visitor) -> None:
    names = set()
    for proposed in ("", 'a"b', "x" * 65, "a b", "é"):
        answer = await visitor.http.get("/healthz", headers={b"X-Request-ID": proposed.encode()})
        names.add(answer.headers["X-Request-ID"])
    twice = await visitor.http.get("/healthz", headers=[("X-Request-ID", "one"), ("X-Request-ID", "two")])
    names.add(twice.headers["X-Request-ID"])
    assert len(names) == 6
    assert all(re.fullmatch("[0-9a-f]{32}", name) for name in names)


async def test_who_is_no_proxy_of_ours_cannot_name_a_request(app: App) -> None:
    port = free_port()
    app.start("other-web", "web", PORT=str(port), FORWARDED_ALLOW_IPS="10.0.0.0/8")
    try:
        url = f"http://127.0.0.1:{port}/healthz"
        wait_for(lambda: answers(url), app.processes)
        async with httpx.AsyncClient() as client:
            answer = await client.get(url, headers={"X-Request-ID": "mine"})
        assert answer.headers["X-Request-ID"] != "mine"
    finally:
        app.stop("other-web")


async def test_a_stream_is_told_when_it_opens_and_when_it_ends_with_what_it_has_carried(
    app: App, visitor: Visitor
) -> None:
    generation = await visitor.submit("[demo: ttft50 tps40 n40] count", model="openai:demo")
    received, told, opener = 0, b"", zlib.decompressobj(31)
    headers = {"X-Request-ID": "stream-1"}
    async with visitor.http.stream("GET", generation["stream_url"], headers=headers, timeout=30) as answer:
        async for chunk in answer.aiter_raw():
            if not received:
                (opened,) = await until_logged(app, "web", request_id="stream-1")
                assert (opened["message"], opened["route"]) == ("stream opened", "/streams")
            received += len(chunk)
            told += opener.decompress(chunk)
    (ended,) = await until_logged(app, "web", message="stream ended", request_id="stream-1")
    events = told.count(b"\n\n") - told.count(b"event: hb")
    assert (ended["bytes"], ended["frames"]) == (received, events)
    assert events > 10
    assert ended["ms"] > 500, "it was open for as long as the answer took"
    assert logged(app, "web", message="request", request_id="stream-1") == []


async def test_a_websocket_is_told_when_it_opens_and_when_it_ends_and_is_one_request(
    app: App, visitor: Visitor
) -> None:
    headers = {"Cookie": f"genapp_session={visitor.cookie}", "X-Request-ID": "socket-1"}
    prompt = {"prompt": "[demo: fast n3] by wire", "model": "openai:demo-fast"}
    async with connected(f"{app.url}/cable", headers=headers, origin=app.url) as cable:
        assert (await cable.hear())["type"] == "welcome"
        (opened,) = await until_logged(app, "web", request_id="socket-1")
        assert (opened["message"], opened["route"]) == ("stream opened", "/cable")
        await cable.subscribe(name := identifier())
        await cable.perform(name, "generate", **prompt)
        (worked,) = await until_logged(app, "worker", message="generation ended", request_id="socket-1")
        assert worked["output_tokens"] == 3
    (ended,) = await until_logged(app, "web", message="stream ended", request_id="socket-1")
    assert ended["user"] == "guest"
    assert ended["frames"] >= 3, "welcome, the subscription, and what it was told"
    assert ended["bytes"] > 100


async def test_each_request_is_one_line_without_what_it_carried(app: App, visitors: Callable[[], Visitor]) -> None:
    visitor = await visitors().arrive()
    await visitor.sign_up()
    generation = await visitor.submit("[demo: fast echo] the heron nests by the weir", model="openai:demo-fast")
    await visitor.until(generation["id"], "completed")
    token = "Zm9yZ2VkLXRva2Vu.c2VjcmV0"
    made = await visitor.post_form("/account/tokens", name="script", scope="read")
    api_token = re.search(r"genapp_[\w-]{43,}", made.text)
    assert api_token is not None
    bearer = {**JSON, "Authorization": f"Bearer {api_token[0]}"}
    stranger = visitors().http
    steps = [
        (visitor.http, f"/shared/{token}?theme=weir", HTML, "/shared/{token}", 404, "account"),
        (visitor.http, f"/nowhere/{token}", HTML, "-", 404, "-"),
        (visitor.http, f"/streams?stream={token}", HTML, "/streams", 404, "account"),
        (visitor.http, f"/static/{token}/css/base.css", HTML, "/static", 200, "-"),
        (stranger, "/?heron=1", bearer, "/", 200, "token"),
    ]
    for client, address, headers, route, status, user in steps:
        answer = await client.get(address, headers=headers)
        name = answer.headers["X-Request-ID"]
        (line,) = await until_logged(app, "web", request_id=name, logger="genapp.access")
        assert (line["route"], line["status"], line["user"]) == (route, status, user)
        assert line["bytes"] == len(answer.content) or "gzip" in answer.headers.get("content-encoding", "")
    written = (app.folder / "web.log").read_text() + (app.folder / "worker.log").read_text()
    secrets = (token, api_token[0], visitor.cookie, visitor.token, visitor.email, "heron", "weir", "theme")
    assert not [secret for secret in secrets if secret in written]
