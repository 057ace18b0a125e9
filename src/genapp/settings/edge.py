"""Whom the web believes at its edge: the proxies before it, and the names it is reached by."""

from __future__ import annotations

import ipaddress
import os
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated

from pydantic import BeforeValidator
from pydantic_settings import NoDecode

if TYPE_CHECKING:
    from collections.abc import Iterable

# A name as a Host header has it (a domain in its ASCII form, or an address), or all names below one.
HOST = re.compile(r"(?:\*\.)?[a-z0-9_-]+(?:\.[a-z0-9_-]+)*|\[[0-9a-f:.]+\]")

# Where every entry of X-Forwarded-For is trusted uvicorn takes the leftmost: whatever the client wrote there.
EVERYBODY = ("*", "0.0.0.0/0", "::/0")

# Where platforms' routers come from.
PRIVATE = ("127.0.0.1", "::1", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10", "fc00::/7")


def parse_proxies(value: object) -> tuple[str, ...]:
    """Read a comma list of addresses and networks. Raises ValueError, with a sentence, for what is neither."""
    proxies = _parts(value)
    # Heroku's Python buildpack exports * in every dyno, over whatever the app's config says, so it is nobody's choice;
    # and only the routers, on private addresses, reach a dyno.
    if proxies == ("*",) and "DYNO" in os.environ:
        return PRIVATE
    for one in proxies:
        if one in EVERYBODY:
            raise ValueError(
                f"must not have {one}, or every client could pick the address that its requests are counted for: "
                "give your proxy's addresses or networks, such as 10.0.0.0/8"
            )
        try:
            ipaddress.ip_network(one)
        except ValueError:
            raise ValueError(
                "must be a comma list of addresses and networks, such as 10.0.0.0/8 or 192.0.2.7 "
                f"(it has {one!r}, which is neither)"
            ) from None
    return proxies


def parse_hosts(value: object) -> tuple[str, ...]:
    """Read a comma list of host names. Raises ValueError, with a sentence, for what is none."""
    hosts = tuple(one.lower() for one in _parts(value))
    for one in hosts:
        if not HOST.fullmatch(one):
            raise ValueError(
                "must be a comma list of names without scheme or port, such as app.example.com or *.example.com "
                f"(it has {one!r})"
            )
    return hosts


def with_mapped(proxies: tuple[str, ...]) -> list[str]:
    """Give the proxies, each IPv4 one also as a socket for both kinds of addresses sees it (::ffff:10.0.0.0/104)."""
    mapped = [
        f"::ffff:{network.network_address}/{96 + network.prefixlen}"
        for network in map(ipaddress.ip_network, proxies)
        if network.version == 4
    ]
    return [*proxies, *mapped]


class Networks:
    """What an address may be in."""

    def __init__(self, networks: Iterable[str]) -> None:
        self._networks = [ipaddress.ip_network(one) for one in networks]
        # To read an address takes longer than the rest, and behind a proxy there are few of them.
        self._has = lru_cache(maxsize=10_000)(self._look)

    def __contains__(self, address: str) -> bool:
        return self._has(address)

    def _look(self, address: str) -> bool:
        try:
            found = ipaddress.ip_address(address)
        except ValueError:  # the other end of a Unix socket has none
            return False
        return any(found in network for network in self._networks)


def _parts(value: object) -> tuple[str, ...]:
    # A default comes as the tuple that it is.
    parts = value if isinstance(value, tuple) else str(value).split(",")
    return tuple(part.strip() for part in parts if part.strip())


Proxies = Annotated[tuple[str, ...], NoDecode, BeforeValidator(parse_proxies)]
Hosts = Annotated[tuple[str, ...], NoDecode, BeforeValidator(parse_hosts)]
