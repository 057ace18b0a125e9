"""Lists a page at a time: how long a page is, where it begins, where the next one is."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import UUID

from genapp.errors import Invalid
from genapp.models import Place

if TYPE_CHECKING:
    from litestar import Request

USUAL = 50
MOST = 100
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
# Microseconds and an id, both in hexadecimal.
PLACE = re.compile(r"([0-9a-f]{1,13})\.([0-9a-f]{32})", re.ASCII)
NO_PLACE = "This is no place in the list. Take the one that “next” has, or leave it out to begin."


def limit_from(request: Request[Any, Any, Any], usual: int = USUAL) -> int:
    """How many are asked for. Raises Invalid for none, and for too many."""
    text = request.query_params.get("limit") or str(usual)
    if not (text.isascii() and text.isdigit() and len(text) <= 9 and 1 <= int(text) <= MOST):
        raise Invalid(f"A page has between 1 and {MOST} entries.", field="limit")
    return int(text)


def place_after(row: dict[str, Any]) -> str:
    """Where the list goes on after a conversation, which may itself move to the front meanwhile."""
    return f"{(row['updated_at'] - EPOCH) // MICROSECOND:x}.{row['id'].hex}"


def place_from(request: Request[Any, Any, Any]) -> Place | None:
    """The place that a list of conversations is to go on from. Raises Invalid for what is none."""
    text = request.query_params.get("after")
    if text is None:
        return None
    found = PLACE.fullmatch(text)
    if found is None:
        raise Invalid(NO_PLACE, field="after")
    return Place(EPOCH + int(found[1], 16) * MICROSECOND, UUID(found[2]))


def next_page(path: str, after: object, **query: object) -> str:
    """The address of the next page; what of the query is empty is left out."""
    return f"{path}?{urlencode({name: one for name, one in {**query, 'after': after}.items() if one})}"


def link_to(next_url: str | None) -> dict[str, str]:
    """The header that names the next page (RFC 8288)."""
    return {"Link": f'<{next_url}>; rel="next"'} if next_url else {}
