"""How many connections somebody keeps open in this process: each holds a socket, a cursor and a share of the work."""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING

from genapp.errors import TooMany
from genapp.quotas import network

if TYPE_CHECKING:
    from collections.abc import Iterator

    from genapp.web.visitors import Visitor

# Seconds after which a client may ask again. Who has too many open has to let one go first.
RETRY_AFTER = 10


def counted(visitor: Visitor, address: str | None) -> tuple[str, ...]:
    """What a visitor's connections are counted for: them, and for a guest, who can be another at will, their address.

    Not for who comes by an embed token: a site vouches for them, and may ask in the name of many.
    """
    who = (f"user:{visitor.user_id}",)
    return who + counted_for_address(address) if visitor.guest and visitor.site is None else who


def counted_for_address(address: str | None) -> tuple[str, ...]:
    """The same for a stranger with a shared link."""
    return (f"address:{network(address)}",) if address else ()


class Openings:
    """Counts connections, and refuses what is one too many. A limit of 0: as many as they like."""

    def __init__(self, *, per_user: int, per_address: int) -> None:
        self._most = {"user": per_user, "address": per_address}
        self._open: Counter[str] = Counter()

    def add(self, names: tuple[str, ...]) -> None:
        """Count a connection, until it is removed; raises TooMany."""
        for name in names:
            most = self._most[name.partition(":")[0]]
            if most and self._open[name] >= most:
                raise TooMany(
                    f"You have {most} live pages open, which is the limit. Close one of them.",
                    retry_after=RETRY_AFTER,
                )
        self._open.update(names)

    def remove(self, names: tuple[str, ...]) -> None:
        """A connection that was added is gone."""
        for name in names:
            self._open[name] -= 1
            if not self._open[name]:
                del self._open[name]

    @contextmanager
    def one_more(self, names: tuple[str, ...]) -> Iterator[None]:
        """Count a connection for as long as the block runs; raises TooMany."""
        self.add(names)
        try:
            yield
        finally:
            self.remove(names)
