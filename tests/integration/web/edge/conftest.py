"""An app as it stands on the internet, and connections to it that no well-behaved client would make."""

from __future__ import annotations

import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from tests.running import App, answers, free_port, running_app, wait_for

if TYPE_CHECKING:
    from collections.abc import Iterator

# Loopback has a whole /8 on Linux: one address of it is the proxy, any other a client that came around it.
PROXY, STRANGER = "127.0.0.1", "127.0.0.2"
PER_ADDRESS = 3
HEADER_SECONDS, BODY_SECONDS = 1, 1
METRICS_TOKEN = "prometheus asks with this, and nobody else"


@pytest.fixture(scope="session")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """In production, behind a proxy, with names of its own and three prompts a minute for an address."""
    settings = {
        "GENAPP_ENV": "production",
        "GENAPP_ACCESS": "open",
        "GENAPP_HOSTS": "127.0.0.1, genapp.example, *.genapp.example, [::1]",
        "FORWARDED_ALLOW_IPS": f"{PROXY}, 10.0.0.0/8",
        "GENAPP_REQUESTS_PER_MINUTE_PER_ADDRESS": str(PER_ADDRESS),
    }
    with running_app(tmp_path_factory.mktemp("edge"), **settings) as running:
        yield running


@pytest.fixture(scope="session")
def hasty(app: App) -> App:
    """Another web of the same app, not in production, that waits a second for what is due, and has a metrics token.

    Its streams give no sign of life, so that none of them finds out by itself that its viewer has gone.
    """
    port = free_port()
    settings = {"GENAPP_ENV": "test", "GENAPP_REQUESTS_PER_MINUTE_PER_ADDRESS": "0", "GENAPP_SSE_HEARTBEAT": "600"}
    settings |= {"GENAPP_HOSTS": "", "GENAPP_METRICS_TOKEN": METRICS_TOKEN}
    patience = {"GENAPP_HEADER_SECONDS": str(HEADER_SECONDS), "GENAPP_BODY_SECONDS": str(BODY_SECONDS)}
    app.start("hasty", "web", PORT=str(port), **settings, **patience)
    url = f"http://127.0.0.1:{port}"
    wait_for(lambda: answers(f"{url}/readyz"), app.processes)
    return App(url, app.demo_url, app.redis_url, app.folder, app.env)


@contextmanager
def connected(app: App, source: str = PROXY) -> Iterator[socket.socket]:
    """A bare connection to the web."""
    address = urlsplit(app.url)
    with socket.create_connection((address.hostname, address.port), timeout=20, source_address=(source, 0)) as sock:
        yield sock


def everything(sock: socket.socket) -> bytes:
    """What comes until the other side closes."""
    return b"".join(iter(lambda: sock.recv(65_536), b""))


def exchange(app: App, request: bytes, source: str = PROXY) -> bytes:
    """Send bytes as they are; gives what comes back until the connection is closed."""
    with connected(app, source) as sock:
        sock.sendall(request)
        return everything(sock)


def status(answer: bytes) -> int:
    """The status of the first answer."""
    assert answer.startswith(b"HTTP/1.1 "), answer[:200]
    return int(answer.split(b" ", 2)[1])
