"""What a browser gets on its connection, once that has been handed over: real sockets, and gzip read as it arrives."""

from __future__ import annotations

import asyncio
import socket
import time
import zlib
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, cast

from genapp.streams import Cursor, Hub, Line, Lines, append, replace
from tests.written import Written

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    import pytest

    from genapp.streams import Source
    from tests.integration.streams.screens import Message, Screen
    from tests.integration.streams.seams import SeamedLog


HEARTBEAT = b"event: hb\ndata: \n\n"
# Bytes that the two sockets of a client who does not read let wait, so that little is in between.
SMALL = 4096


class Server(asyncio.Protocol):
    """Answers whatever is sent with the stream `s`, from the cursor that is sent on."""

    def __init__(self, hub: Hub, lines: Lines, kept: set[Any], source: Source | None = None, **options: Any) -> None:
        self.hub, self.lines, self.kept, self.source, self.options = hub, lines, kept, source, options

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.written = Written(transport)
        self.transport = cast("asyncio.Transport", self.written)
        sock = transport.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SMALL)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, SMALL)

    def data_received(self, data: bytes) -> None:
        self.task = asyncio.create_task(self._serve(data.decode().strip()))

    async def _serve(self, cursor: str) -> None:
        viewer = await self.hub.seat([("s", Cursor.parse(cursor))], "htmx")
        await self.lines.serve(
            self._send, self._hand_over, self.source or viewer, on_end=lambda _: self.hub.leave(viewer), **self.options
        )

    async def _send(self, message: Any) -> None:
        self.headers = message["headers"]

    def _hand_over(self, line: Line) -> None:
        line.begin(self.transport, head=b"HEAD\n", chunked=line.framed, paused=False, kept_in=self.kept)


class Client:
    """A connection in the hands of the test."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, servers: list[Server]) -> None:
        self.reader, self.writer, self._servers = reader, writer, servers

    @property
    def pieces(self) -> list[bytes]:
        """What it was written, each write by itself."""
        return self._servers[0].written.pieces

    async def until(self, end: bytes) -> bytes:
        return await asyncio.wait_for(self.reader.readuntil(end), 5)

    async def rest(self) -> bytes:
        """Everything up to the end of the connection."""
        return await asyncio.wait_for(self.reader.read(), 5)


Kept = set[Any]


@asynccontextmanager
async def served(hub: Hub, cursor: str = "", *, lines: Lines | None = None, **options: Any) -> AsyncIterator[Client]:
    """A client of the stream `s`, who has its head; whatever is left behind of it at the end fails the test."""
    kept, before, lines = Kept(), asyncio.all_tasks(), lines or Lines()
    loop = asyncio.get_running_loop()
    servers: list[Server] = []

    def serve() -> Server:
        servers.append(Server(hub, lines, kept, **options))
        return servers[-1]

    server = await loop.create_server(serve, "127.0.0.1", 0)
    raw = socket.socket()
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, SMALL)
    raw.setblocking(False)
    await loop.sock_connect(raw, server.sockets[0].getsockname())
    reader, writer = await asyncio.open_connection(sock=raw, limit=SMALL)
    writer.write(cursor.encode() + b"\n")
    client = Client(reader, writer, servers)
    assert await client.until(b"HEAD\n")
    yield client
    writer.close()
    await until(lambda: not kept)
    server.close()
    await until(lambda: not hub.statistics().viewers and not lines.open)
    # The log keeps its connection, and what listens on it.
    await until(lambda: all(task.get_name() == "streams-scripts" for task in asyncio.all_tasks() - before))


async def until(there: Callable[[], bool]) -> None:
    """Let the loop go on until it is so."""
    deadline = time.monotonic() + 5
    while not there():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.001)


async def test_an_answer_begins_at_once_with_a_sign_of_life(hub: Hub) -> None:
    async with served(hub) as client:
        assert await client.until(b"\n\n") == HEARTBEAT


async def test_what_is_there_already_leaves_with_the_head(log: SeamedLog, hub: Hub, screen: Screen) -> None:
    await log.publish("s", [append("log", "<i>1;</i>")], close=True)
    async with served(hub) as client:
        screen.read(await client.rest())
        [piece] = client.pieces
    assert piece.startswith(b"HEAD\n" + HEARTBEAT)
    assert screen.text() == "1;"
    assert screen.done


async def test_a_body_in_chunks_has_an_end_by_which_a_client_sees_that_it_is_whole(log: SeamedLog, hub: Hub) -> None:
    await log.publish("s", [append("log", "<i>1;</i>")], close=True)
    async with served(hub, framed=True) as client:
        body = await client.rest()
    assert body.startswith(b"%x\r\n%b\r\n" % (len(HEARTBEAT), HEARTBEAT))
    assert body.endswith(b"\r\n0\r\n\r\n")


async def test_a_stream_is_served_to_its_end(log: SeamedLog, hub: Hub, screen: Screen) -> None:
    async with served(hub) as client:
        await log.publish("s", [append("log", "<i>1;</i>")])
        await log.publish("s", [append("log", "<i>2;</i>")], close=True)
        screen.read(await client.rest())
    assert screen.text() == "1;2;"
    assert screen.done


async def test_a_silent_stream_sends_heartbeats(hub: Hub, read_messages: Callable[[bytes], list[Message]]) -> None:
    async with served(hub, lines=Lines(heartbeat=0.02)) as client:
        beats = [await client.until(b"\n\n") for _ in range(60)]  # however the timer falls on its steps
    assert [read_messages(beat)[0].event for beat in beats] == ["hb"] * 60


async def test_a_connection_ends_cleanly_when_its_time_is_up(hub: Hub) -> None:
    async with served(hub, lines=Lines(heartbeat=60, lifetime=0.02)) as client:
        assert await client.rest() == HEARTBEAT


async def test_whose_time_was_over_before_it_began_is_served_no_longer(hub: Hub) -> None:
    async with served(hub, lifetime=0) as client:
        assert await client.rest() == HEARTBEAT


async def test_a_fault_of_one_connection_reaches_no_other(
    log: SeamedLog, hub: Hub, screen: Screen, caplog: pytest.LogCaptureFixture
) -> None:
    class Faulty:
        """A viewer of the same stream that cannot say what is due."""

        ended = False

        def due_parts(self) -> list[bytes]:
            raise RuntimeError("a fault of ours")

        def listen(self, call: Callable[[], None] | None) -> None:
            pass

    lines = Lines()
    async with served(hub, lines=lines) as client, served(hub, lines=lines, source=Faulty()) as faulty:
        assert await faulty.rest() in (b"", HEARTBEAT)
        await log.publish("s", [append("log", "<i>1;</i>")], close=True)
        screen.read(await client.rest())
    assert screen.text() == "1;"
    assert "a fault of ours" in caplog.text


async def test_a_client_who_stops_reading_is_given_up_when_its_time_is_up(log: SeamedLog, hub: Hub) -> None:
    lines = Lines(heartbeat=0.05, lifetime=0.1)
    async with served(hub, lines=lines) as client:
        await log.publish("s", [replace("log", "x" * 4_000_000)])
        await until(lambda: not lines.open)
        assert len(await client.rest()) < 4_000_000


async def test_a_client_who_goes_is_let_go_at_once(hub: Hub) -> None:
    lines = Lines()
    async with served(hub, lines=lines) as client:
        await client.until(b"\n\n")
        client.writer.close()
        await until(lambda: not lines.open)


async def test_a_client_who_goes_without_reading_is_let_go_at_once(log: SeamedLog, hub: Hub) -> None:
    lines = Lines()
    async with served(hub, lines=lines) as client:
        await log.publish("s", [replace("log", "x" * 4_000_000)])
        await client.until(b"x")
        client.writer.transport.abort()
        await until(lambda: not lines.open)


async def test_a_client_who_keeps_talking_is_cut_off(hub: Hub) -> None:
    lines = Lines()
    async with served(hub, lines=lines) as client:
        await client.until(b"\n\n")
        client.writer.write(b"x" * 100_000)
        await until(lambda: not lines.open)


async def test_a_client_who_reads_slowly_is_spared_what_is_superseded(log: SeamedLog, hub: Hub, screen: Screen) -> None:
    async with served(hub) as client:
        filler = "x" * 100_000
        for number in range(60):
            await log.publish("s", [replace("tail", f'<d id="tail">{number}{filler}</d>')], close=number == 59)
        await until(lambda: hub.statistics().frames == 60)
        body = await client.rest()
    screen.read(body)
    assert screen.text().startswith("59")
    assert len(body) < 20 * len(filler), "of the 60 that were published"


async def test_a_long_frame_waits_in_the_log_and_not_in_the_connection(log: SeamedLog, hub: Hub) -> None:
    text = "é long " * 150_000
    await log.publish("s", [replace("log", text)], close=True)
    lines = Lines()
    async with served(hub, lines=lines) as client:
        await client.until(b"data: ")
        assert lines.bytes < 300_000
        assert text in (await client.rest()).decode()


async def test_a_dismissed_viewer_gets_a_proper_end(hub: Hub) -> None:
    async with served(hub) as client:
        await client.until(b"\n\n")
        hub.dismiss()
        assert await client.rest() == b""


async def test_who_comes_back_misses_nothing_and_gets_nothing_twice(log: SeamedLog, hub: Hub, screen: Screen) -> None:
    await log.publish("s", [append("log", "<i>1;</i>")])
    async with served(hub) as client:
        while "1;" not in screen.text():
            screen.read(await client.until(b"\n\n"))
    await log.publish("s", [append("log", "<i>2;</i>")])
    async with served(hub, screen.cursor or "") as client:
        await log.publish("s", [append("log", "<i>3;</i>")], close=True)
        screen.read(await client.rest())
    assert screen.text() == "1;2;3;"
    assert screen.done


async def test_gzip_can_be_read_event_by_event_and_is_whole(log: SeamedLog, hub: Hub, screen: Screen) -> None:
    opened, whole = zlib.decompressobj(31), b""
    # A heartbeat so short that the compressor is let go, and made anew, between the frames.
    async with served(hub, lines=Lines(heartbeat=0.04), gzip=True) as client:
        for number in range(5):
            await log.publish("s", [append("log", f"<i>{number};</i>" + "word " * 50)], close=number == 4)
            while f"{number};" not in whole.decode():
                whole += opened.decompress(await asyncio.wait_for(client.reader.read(SMALL), 5))
            before = whole.count(HEARTBEAT)
            while number < 4 and whole.count(HEARTBEAT) < before + 2:
                whole += opened.decompress(await asyncio.wait_for(client.reader.read(SMALL), 5))
        whole += opened.decompress(await client.rest())
    # It is at its end only where length and checksum are right.
    assert opened.eof
    screen.read(whole)
    assert screen.done
    assert [screen.text().count(f"{number};") for number in range(5)] == [1] * 5


async def test_a_long_frame_in_gzip_is_whole(log: SeamedLog, hub: Hub) -> None:
    text = "".join(f"é{number} " for number in range(150_000))
    await log.publish("s", [replace("log", text)], close=True)
    async with served(hub, gzip=True) as client:
        assert text in zlib.decompress(await client.rest(), 31).decode()
