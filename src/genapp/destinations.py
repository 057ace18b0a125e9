"""Where webhooks may go: the threat is a URL that makes a worker call what only the worker can reach."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from genapp.errors import Invalid

LONGEST = 2000
# Nothing that two parsers could read in two ways: no spaces, controls, backslashes or brackets but an address's own.
URL = re.compile(r"https?://[A-Za-z0-9.\-:\[\]]+(?:[/?][!-\[\]-~]*)?", re.ASCII)
NO_URL = "This is no address to send to. Write https://, the host, and a path if there is one; no user, no fragment."
PLAIN = "Over plain http everybody on the way could read it. Use https."

# Addresses that look public and lead to others: IPv4 inside IPv6 (NAT64, 6to4, Teredo, and compatible addresses), and
# those that have been given up.
TUNNELS = [
    ipaddress.ip_network(text)
    for text in ("64:ff9b::/96", "64:ff9b:1::/48", "2002::/16", "2001::/32", "::/96", "fec0::/10")
]


def checked_url(url: str, *, plain: bool) -> str:
    """Give a URL that something may be sent to; raises Invalid. `plain`: http will do.

    Where its host leads is looked at when the connection is made, and not before: names change.
    """
    url = url.strip()
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:  # half an IPv6 address, or a port that is no number
        raise Invalid(NO_URL, field="url") from None
    if len(url) > LONGEST or not URL.fullmatch(url) or not parts.hostname or port == 0 or parts.fragment:
        raise Invalid(NO_URL, field="url")
    if parts.scheme == "http" and not plain:
        raise Invalid(PLAIN, field="url")
    return url


def is_public(address: str) -> bool:
    """Whether an IP address is one of the internet: no network of one's own, no loopback, no cloud's metadata."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:  # such as 2130706433, which a resolver may still take for 127.0.0.1
        return False
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    if parsed.is_multicast or not parsed.is_global:
        return False
    return not any(parsed in network for network in TUNNELS)
