"""What a page needs in order to listen: one address for all its streams."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from .cursor import Cursors

if TYPE_CHECKING:
    from collections.abc import Sequence

    from .cursor import Cursor
    from .names import Names

# Seconds a token is good for: a tab left open over a day asks for a new page.
VALID_SECONDS = 86_400


def stream_from(
    names: Names,
    viewer: str,
    streams: Sequence[tuple[str, Cursor | None]],
    *,
    path: str = "/streams",
    dialect: str = "htmx",
    valid_seconds: int = VALID_SECONDS,
) -> str:
    """The URL at which `viewer` follows `streams`, each from the cursor that the page shows (None: from its beginning).

    Only that viewer can use it, and only for `valid_seconds`. `path` may have a query of its own.
    """
    expires_at = int(time.time()) + valid_seconds
    query = [("stream", names.sign(stream, viewer, expires_at)) for stream, _ in streams]
    cursors = tuple(cursor for _, cursor in streams)
    if any(cursors):
        query.append(("after", str(Cursors(cursors))))
    if dialect != "htmx":
        query.append(("dialect", dialect))
    return f"{path}{'&' if '?' in path else '?'}{urlencode(query)}"
