"""Trying again what failed, as an admin: for its user, within their limits."""

from __future__ import annotations

import logging
import time
from typing import Any
from uuid import UUID

from litestar import Response, post

from genapp import logs
from genapp.errors import Invalid, NotFound, TooMany
from genapp.models import Generation, operations
from genapp.web.forms import Form
from genapp.web.pages import see_other
from genapp.web.parts import Given, Parts
from genapp.web.policies import Policy, is_for
from genapp.web.submitting import again

logger = logging.getLogger(__name__)

AT_THEIR_LIMIT = (
    "Whoever asked has as much in progress, or has used as much, as they may. Change their limits, or wait."
)
LATELY = 3600
# At once: each is a transaction, and somebody waits for the answer.
MOST = 200
# Seconds for all of them: proxies wait for 30, and each may wait for a busy database.
PATIENCE = 15


@post("/admin/generations/{generation_id:uuid}/retry", opt=is_for(Policy.ADMIN))
async def retry_generation(generation_id: UUID, parts: Given[Parts]) -> Response[Any]:
    """Try one again. Idempotent: what is in progress or completed stays as it is."""
    logs.add_ids(generation_id=generation_id)
    try:
        _, new = await again(parts, await Generation.by_id(generation_id))
    except TooMany:
        raise TooMany(AT_THEIR_LIMIT) from None
    if new:
        logger.info("an admin has a generation tried again")
    return see_other(f"/admin/generations/{generation_id}")


@post("/admin/operations/retries", opt=is_for(Policy.ADMIN))
async def retry_all(parts: Given[Parts], form: Given[Form]) -> Response[Any]:
    """Try all again that failed with one `code` in the last hour, as far as their users' limits go."""
    code = form.get("code", "").strip()
    if not code:
        raise Invalid("Name the code of the error whose answers are to be tried again.", field="code")
    tried = kept = 0
    until = time.monotonic() + PATIENCE
    remaining = await operations.failed_with(code, seconds=LATELY, limit=MOST)
    while remaining and time.monotonic() < until:
        generation_id = remaining.pop(0)
        try:
            _, new = await again(parts, await Generation.by_id(generation_id))
        except TooMany:
            kept += 1
        except NotFound:
            pass  # deleted meanwhile
        else:
            tried += new
    counts = {"tried": tried, "kept": kept, "remain": len(remaining)}
    logger.info("an admin has generations tried again", extra={"code": code, **counts})
    return see_other("/admin/operations", **{name: str(count) for name, count in counts.items()})


ROUTES = (retry_generation, retry_all)
