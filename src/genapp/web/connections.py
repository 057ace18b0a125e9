"""uvicorn's HTTP connection, with little room in the kernel for what a slow client has not taken."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

if TYPE_CHECKING:
    import asyncio

# Bytes not yet sent, after which a socket cannot be written to. Linux lets 4 MB wait, per connection: memory that is
# counted as ours (a container's limit), and frames that are superseded long before they are sent.
UNSENT = 65_536


class HttpConnection(HttpToolsProtocol):
    """Bounds what waits unsent. What is on its way to a fast client is not bounded by it."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        sock = transport.get_extra_info("socket")
        if hasattr(socket, "TCP_NOTSENT_LOWAT") and sock.family != socket.AF_UNIX:
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NOTSENT_LOWAT, UNSENT)
        super().connection_made(transport)
