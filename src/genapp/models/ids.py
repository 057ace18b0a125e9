"""Row ids: UUIDv7 (RFC 9562), so that an index grows at its end and ids sort by time of creation."""

from __future__ import annotations

from uuid import UUID

from uuid_utils.compat import uuid7

__all__ = ["new_id", "parse_id"]


def new_id() -> UUID:
    """Give a fresh UUIDv7."""
    return uuid7()


def parse_id(text: str) -> UUID | None:
    """Read an id from a URL or a form; None for anything that is not one."""
    try:
        return UUID(text)
    except ValueError:
        return None
