"""What somebody meets who comes while a part is away."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, TypeVar

from genapp.models.database import ANSWER_SECONDS, PATIENCE
from tests.faults.people import MODEL, SHAPES, Person, check_refusal
from tests.integration.web.conftest import HTML, JSON

if TYPE_CHECKING:
    from collections.abc import Awaitable

    import httpx

T = TypeVar("T")

# Seconds within which a page says that the database is away; two are for a machine that does much else.
LONGEST_WAIT = PATIENCE + ANSWER_SECONDS + 2


async def meet_no_database(person: Person) -> None:
    """Everything says 503, in time and in each shape, and keeps what was typed. No platform restarts a web for it."""
    http = person.visitor.http
    async with asyncio.TaskGroup() as group:
        for url in person.urls:
            for shape, headers in SHAPES.items():
                for path in ("/", *person.paths):
                    group.create_task(says_503(http.get(f"{url}{path}", headers=headers), shape))
                form = {"csrf_token": person.visitor.token, "prompt": "my words", "idempotency_key": "mine"}
                group.create_task(
                    says_503(http.post(f"{url}/generations", data=form, headers=headers), shape, typed="my words")
                )
    for url in person.urls:
        assert (await http.get(f"{url}/healthz")).status_code == 200
        assert (await http.get(f"{url}/readyz")).json()["database"] != "ok"


async def says_503(request: Awaitable[httpx.Response], shape: str, typed: str = "") -> None:
    answer = await in_time(request)
    check_refusal(answer, shape, 503)
    if typed and shape == "page":
        assert f"{typed}</textarea>" in answer.text
        assert 'name="idempotency_key" value="mine"' in answer.text, "sent again, it may be stored twice"


async def meet_no_redis(person: Person) -> None:
    """A prompt is taken and waits, its page says so, and only its stream has to be asked for again; all in time."""
    http = person.visitor.http
    generation = await in_time(person.visitor.submit("[demo: echo] waited", model=MODEL))
    page = await in_time(http.get(f"/conversations/{generation['conversation_id']}", headers=HTML))
    assert page.status_code == 200
    assert 'data-status="queued"' in page.text
    check_refusal(await in_time(http.get(generation["stream_url"], headers=JSON)), "json", 503)
    person.expect(generation, "waited")


async def in_time(request: Awaitable[T]) -> T:
    began = time.monotonic()
    answer = await request
    took = time.monotonic() - began
    assert took < LONGEST_WAIT, f"{took:.1f} s"
    return answer
