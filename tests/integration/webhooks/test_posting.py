"""One request to an address that a stranger has chosen: what it reaches, and what it never does."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
import trustme

from genapp.delivering import posting
from genapp.delivering.posting import Refusal, post
from tests.receiving import receiving
from tests.running import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.receiving import Receiver

# All of them are this machine, in the ways that resolvers and programs write it.
OURSELVES = [
    *("127.0.0.1", "localhost", "127.1", "2130706433", "0x7f000001", "017700000001", "0.0.0.0"),  # noqa: S104
    *("[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "[::]"),
]


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[int, list[str]]]:
    """Every connection that is made to this machine, at a port, by either kind of address."""
    made: list[str] = []

    async def note(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        made.append(str(writer.get_extra_info("peername")))
        writer.close()

    port = free_port()
    server = await asyncio.start_server(note, ["127.0.0.1", "::1"], port)
    async with server:
        yield port, made


@pytest.mark.parametrize("host", OURSELVES)
async def test_nothing_that_is_not_public_is_even_connected_to(host: str) -> None:
    async with listening() as (port, made):
        with pytest.raises(Refusal) as refused:
            await post(f"http://{host}:{port}/", b"{}", {}, private=False)
        assert made == []
    assert str(refused.value) in (
        "Its address is not a public one, so nothing was sent.",
        "Its address is written in a way that is not understood.",
        "Its host could not be found.",  # for a way to write it that this machine does not know
    )


async def test_a_name_that_leads_here_is_refused_whatever_it_is_called() -> None:
    async with listening() as (port, made):
        with pytest.raises(Refusal, match="not a public one"):
            await post(f"http://localhost:{port}/", b"{}", {}, private=False)
        assert made == []


async def test_where_private_networks_are_allowed_it_is_sent(receiver: Receiver) -> None:
    receiver.answers = [201]
    assert await post(f"{receiver.url}/a?b", b'{"x":1}', {"webhook-id": "m"}, private=True) == 201
    (message,) = receiver.messages
    assert (message.path, message.body, message.id) == ("/a?b", b'{"x":1}', "m")


async def test_who_does_not_answer_in_time_is_left(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(posting, "PATIENCE", 0.3)
    receiver.answers = [0]
    with pytest.raises(Refusal, match="did not answer within"):
        await post(receiver.url, b"{}", {}, private=True)


async def test_who_is_not_there_or_no_web_server_is_told_apart() -> None:
    with pytest.raises(Refusal, match="could not be connected to"):
        await post(f"http://127.0.0.1:{free_port()}/", b"{}", {}, private=True)
    async with listening() as (port, made):
        with pytest.raises(Refusal, match="did not answer as a web server does"):
            await post(f"http://127.0.0.1:{port}/", b"{}", {}, private=True)
        assert made


async def test_an_endless_answer_is_not_read() -> None:
    sent = asyncio.Event()

    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\n\r\n")
        try:
            while True:
                writer.write(b"x" * 65_536)
                await writer.drain()
        except OSError:
            sent.set()

    server = await asyncio.start_server(flood, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        assert await post(f"http://127.0.0.1:{port}/", b"{}", {}, private=True) == 200
        async with asyncio.timeout(10):
            await sent.wait()


async def test_a_certificate_that_nobody_vouches_for_is_not_accepted() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    async with receiving(ssl_context=context) as receiver:
        with pytest.raises(Refusal, match="certificate is not accepted"):
            await post(receiver.url, b"{}", {}, private=True)
        assert receiver.messages == []
