"""Viewers on bare sockets, who read as fast or as slowly as they like and leave as rudely."""

from __future__ import annotations

import asyncio
import html
import json
import re
import socket
import struct
from typing import Self
from urllib.parse import urlsplit

import httptools

from genapp.streams.cursor import Cursor

PARTIAL = re.compile(r"<hx-partial id=([\w-]+)(?: hx-swap=(\w+))?>(.*?)(?:</hx-partial>|\Z)", re.DOTALL)
OPEN_BLOCK = re.compile("g[A-Za-z0-9_-]{4}")
CONTENT = re.compile(r'_content">(.*?)\s*<footer', re.DOTALL)
TAG = re.compile(r"<[^>]*>")
# Closing with this set sends RST: what a crashed browser, a dead mobile link or a load balancer does.
ABRUPT = struct.pack("ii", 1, 0)


class Watcher:
    """Somebody who follows one answer, whose words are known beforehand, and checks each frame as it comes.

    `at` is how much of `expected` is on the screen. A hole, a repetition and a wrong order are AssertionErrors at once.
    """

    def __init__(self, url: str, path: str, cookie: str, expected: str, *, receive_buffer: int = 0) -> None:
        self.expected = expected
        self.at = 0
        self.at_before_end = 0
        self.frames = 0
        self.received = 0
        self.done = False
        self._seq = 0
        self._rest = bytearray()
        self._parser = httptools.HttpResponseParser(self)
        parts = urlsplit(url)
        self._address = (parts.hostname or "", parts.port or 80)
        lines = [f"GET {path} HTTP/1.1", f"Host: {parts.netloc}", f"Cookie: {cookie}", "", ""]
        self._request = "\r\n".join(lines).encode()
        self._socket = socket.socket()
        self._socket.setblocking(False)
        if receive_buffer:  # before connecting: the window that the server is told depends on it
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)

    async def __aenter__(self) -> Self:
        try:
            await self.connect()
        except BaseException:
            self.leave()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        self.leave()

    async def connect(self, *, asking: int | None = None) -> None:
        """Connect and send the request, or the first `asking` bytes of it; nothing is read."""
        loop = asyncio.get_running_loop()
        await loop.sock_connect(self._socket, self._address)
        await loop.sock_sendall(self._socket, self._request[:asking])

    async def read(self, most: int = 1 << 18) -> None:
        """Take up to so many bytes off the socket. Raises ConnectionError where the server has closed it."""
        data = await asyncio.get_running_loop().sock_recv(self._socket, most)
        if not data:
            raise ConnectionError("the server closed the connection")
        self.received += len(data)
        self._parser.feed_data(data)  # which calls on_body
        assert (status := self._parser.get_status_code()) in (0, 200), (status, bytes(self._rest))
        *events, rest = bytes(self._rest).split(b"\n\n") if b"\n\n" in self._rest else [self._rest]
        self._rest = bytearray(rest)
        for event in events:
            self._take(event.decode())

    async def read_frames(self, count: int) -> None:
        """Read until that many frames have come, or the end."""
        while self.frames < count and not self.done:
            await self.read()

    async def read_at_least(self, count: int) -> None:
        """Read until that many bytes have come in all, or the end."""
        while self.received < count and not self.done:
            await self.read(min(1 << 18, count - self.received))

    async def read_to_end(self) -> Self:
        while not self.done:
            await self.read()
        return self

    def leave(self, *, abruptly: bool = False) -> None:
        if abruptly and self._socket.fileno() >= 0:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABRUPT)
        self._socket.close()

    def on_body(self, body: bytes) -> None:
        """Called by the parser, which would hide an error here."""
        self._rest += body

    def _take(self, event: str) -> None:
        fields = [line.partition(": ")[::2] for line in event.split("\n")]
        named = dict(fields)
        self.done = self.done or named.get("event") == "done"
        if "event" in named:
            return
        self.frames += 1
        if "id" in named:
            place = Cursor.parse(named["id"])
            assert place, named["id"]
            assert place.seq > self._seq, "a frame came twice"
            self._seq = place.seq
        data = "\n".join(value for name, value in fields if name == "data")
        if data.startswith("{"):
            self._hear(json.loads(data))
        else:
            self._see(data)

    def _hear(self, message: dict[str, str]) -> None:
        if message["type"] == "chunk":
            self._grow(message["content"])
        elif message["type"] == "snapshot":
            self._show(message["content"])
        elif message["type"] != "status":
            self._end(message["content"])

    def _see(self, partials: str) -> None:
        for target, swap, content in PARTIAL.findall(partials):
            words = html.unescape(TAG.sub("", content))
            if OPEN_BLOCK.fullmatch(target) and not swap:
                self._grow(words)
            elif OPEN_BLOCK.fullmatch(target):
                self._show(words)
            elif target.endswith("-status"):  # the end, for who has the words
                self.at_before_end = self.at
            else:
                assert swap == "outerHTML", "this answer is one paragraph: nothing of it settles"
                found = CONTENT.search(content)
                assert found, content[:1000]
                words = html.unescape(TAG.sub("", found[1])).strip()
                self._end(words) if words else self._show("")

    def _grow(self, piece: str) -> None:
        assert self.expected.startswith(piece, self.at), "a hole, a repetition or a wrong order"
        self.at += len(piece)

    def _show(self, whole: str) -> None:
        assert self.expected.startswith(whole), "a hole, a repetition or a wrong order"
        self.at = len(whole)

    def _end(self, whole: str) -> None:
        self.at_before_end = self.at
        self._show(whole)
