"""How a provider's HTTP client is made: the same for both SDKs."""

from __future__ import annotations

import ipaddress
from typing import Any
from urllib.parse import urlsplit

import httpx2

CONNECT_SECONDS = 10.0

# None: the caller has its own limits for the first token, between tokens and in total, and a timer that is set anew
# for each packet costs 2 µs.
READ_SECONDS: float | None = None

# aiohttp's default of 100 would make the 101st answer of a process wait for another to end.
MAX_CONNECTIONS = 2048

# The SDKs' 5 s means a new TLS handshake for nearly every answer of a quiet process.
KEEPALIVE_SECONDS = 30.0


def http_client_options(base_url: str) -> dict[str, Any]:
    """The options for either SDK's `DefaultAioHttpClient`."""
    return {
        "limits": httpx2.Limits(max_connections=MAX_CONNECTIONS, keepalive_expiry=KEEPALIVE_SECONDS),
        # HTTPS_PROXY and the like are honoured, but no proxy can reach this machine's own loopback.
        "trust_env": not is_loopback(base_url),
    }


def is_loopback(url: str) -> bool:
    """Whether `url` points at this machine."""
    host = urlsplit(url).hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
