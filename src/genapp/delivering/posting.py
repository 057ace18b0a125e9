"""One POST to an address that a stranger has chosen.

The threat is a request that reaches what only this machine can. Names are resolved once, and each address is looked at
as its socket is made, the one that is connected to: no second answer of a name server can come between.
"""

from __future__ import annotations

import socket
import ssl
from typing import Any

import aiohttp
from aiohttp import ClientTimeout, DummyCookieJar, TCPConnector

from genapp import destinations

# Seconds for all of it: looking up, connecting, sending, and the answer's head.
PATIENCE = 10


class Refusal(Exception):
    """It was not sent, or nobody knows whether it arrived. The message is a sentence for the webhook's owner."""


class _NotPublic(OSError):
    """An address of our own network."""


async def post(url: str, body: bytes, headers: dict[str, str], *, private: bool) -> int:
    """Send it, and give the answer's status; what else it says is not read. Redirects are not followed.

    `private`: addresses that are not public will do. Raises Refusal.
    """
    refused = False

    def make_socket(address: Any) -> socket.socket:
        nonlocal refused
        family, kind, protocol, _, place = address
        if not private and not destinations.is_public(str(place[0])):
            refused = True
            raise _NotPublic("not a public address")
        return socket.socket(family, kind, protocol)

    try:
        async with (
            aiohttp.ClientSession(
                connector=TCPConnector(socket_factory=make_socket, use_dns_cache=False, force_close=True),
                cookie_jar=DummyCookieJar(),
                timeout=ClientTimeout(total=PATIENCE),
                trust_env=False,  # a proxy would connect to whatever it is told to
                auto_decompress=False,
            ) as session,
            session.post(url, data=body, headers=headers, allow_redirects=False) as answer,
        ):
            return answer.status
    except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
        raise Refusal(_sentence(error, refused=refused)) from None


def _sentence(error: Exception, *, refused: bool) -> str:
    if refused:
        return "Its address is not a public one, so nothing was sent."
    if isinstance(error, aiohttp.InvalidURL):  # such as 127.1, which resolvers take for an address
        return "Its address is written in a way that is not understood."
    if isinstance(error, TimeoutError):
        return f"It did not answer within {PATIENCE} seconds."
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "Its host could not be found."
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        return "A safe connection could not be made: its certificate is not accepted."
    if isinstance(error, aiohttp.ClientConnectorError):
        return "It could not be connected to."
    return "It did not answer as a web server does."
