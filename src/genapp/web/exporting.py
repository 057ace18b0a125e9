"""Everything that somebody has here, as one JSON file, written while it is read: an account may have gigabytes."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
from litestar.response import Stream

from genapp import models

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from genapp.web.visitors import Visitor

# Conversations read at a time.
BATCH = 20


def export(visitor: Visitor) -> Stream:
    """The file, as a download: whatever is in it, no browser shows it as a page of ours."""
    name = f"genapp-export-{datetime.now(UTC):%Y-%m-%d}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Stream(_written(visitor), media_type="application/json", headers=headers)


async def _written(visitor: Visitor) -> AsyncIterator[bytes]:
    yield b'{"account": ' + msgspec.json.encode(await _account(visitor)) + b',\n"conversations": ['
    first = True
    async for conversation in _conversations(visitor):
        yield (b"\n" if first else b",\n") + msgspec.json.encode(conversation)
        first = False
    yield b"\n]}\n"


async def _account(visitor: Visitor) -> dict[str, Any] | None:
    if visitor.guest:
        return None
    user = await models.User.by_id(visitor.user_id)
    sessions, tokens = await models.Session.of_user(user.id), await models.ApiToken.of_user(user.id)
    return {
        "email": user.email,
        "created_at": user.created_at,
        "sessions": [
            {"created_at": one.created_at, "seen_at": one.seen_at, "device": one.device, "address": one.address}
            for one in sessions
        ],
        "api_tokens": [
            {"name": one.name, "scopes": one.scopes.split(), "created_at": one.created_at, "used_at": one.used_at}
            for one in tokens
        ],
    }


async def _conversations(visitor: Visitor) -> AsyncIterator[dict[str, Any]]:
    after = None
    while batch := await models.Conversation.all_of(visitor.user_id, after=after, limit=BATCH):
        for conversation in batch:
            generations = await models.Generation.of_conversation(conversation.id)
            yield {
                "id": conversation.id,
                "title": conversation.title,
                "created_at": conversation.created_at,
                "generations": [_generation(one) for one in generations],
            }
        after = batch[-1].id


def _generation(generation: models.Generation) -> dict[str, Any]:
    names = ("id", "status", "model", "prompt", "answer", "error_message", "input_tokens", "output_tokens")
    return {
        **{name: getattr(generation, name) for name in (*names, "created_at", "finished_at")},
        "context": generation.came_with,
    }
