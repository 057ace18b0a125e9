"""Everything that somebody has here, as one JSON file, written while it is read: an account may have gigabytes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec
from litestar.response import Stream

from genapp import models

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from genapp.web.parts import Parts
    from genapp.web.visitors import Visitor

# Conversations read at a time.
BATCH = 20


def export(parts: Parts, visitor: Visitor) -> Stream:
    """The file, as a download: whatever is in it, no browser shows it as a page of ours.

    Where the database fails half-way, or what lets the visitor in is revoked, it stops there: it is no JSON then, so
    that nobody takes a part for the whole.
    """
    name = f"genapp-export-{datetime.now(UTC):%Y-%m-%d}.json"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Stream(_written(parts, visitor), media_type="application/json", headers=headers)


async def _written(parts: Parts, visitor: Visitor) -> AsyncIterator[bytes]:
    revoked = asyncio.Event()
    with parts.revocations.holding(visitor.keys, visitor.asked_at, revoked.set):
        yield b'{"account": ' + msgspec.json.encode(await _account(visitor)) + b',\n"conversations": ['
        first = True
        async for conversation in _conversations(visitor):
            if revoked.is_set():
                return
            yield (b"\n" if first else b",\n") + msgspec.json.encode(conversation)
            first = False
        yield b"\n]}\n"


async def _account(visitor: Visitor) -> dict[str, Any] | None:
    if visitor.guest:
        return None
    user = await models.User.by_id(visitor.user_id)
    return {
        **_fields(user, "email", "role", "created_at", "max_in_flight", "tokens_per_day"),
        "sessions": [
            _fields(one, "created_at", "seen_at", "expires_at", "device", "address")
            for one in await models.Session.of_user(user.id)
        ],
        "api_tokens": [
            {**_fields(one, "name", "created_at", "used_at", "expires_at"), "scopes": one.scopes.split()}
            for one in await models.ApiToken.of_user(user.id)
        ],
        "sites": [
            _fields(one, "id", "name", "origins", "created_at", "disabled_at")
            for one in await models.Site.of_user(user.id)
        ],
    }


async def _conversations(visitor: Visitor) -> AsyncIterator[dict[str, Any]]:
    after = None
    while batch := await models.Conversation.all_of(visitor.user_id, after=after, limit=BATCH):
        for conversation in batch:
            generations = await models.Generation.of_conversation(conversation.id)
            share = await models.Share.of_conversation(conversation.id)
            yield {
                **_fields(conversation, "id", "title", "created_at", "updated_at"),
                "share": _fields(share, "token", "created_at", "expires_at") if share else None,
                "generations": [await _generation(one) for one in generations],
            }
        after = batch[-1].id


async def _generation(generation: models.Generation) -> dict[str, Any]:
    names = ("id", "status", "model", "prompt", "error_code", "error_message", "input_tokens", "output_tokens")
    so_far = "" if generation.finished else await models.Chunk.joined(generation.id, generation.attempt)
    return {
        **_fields(generation, *names, "created_at", "finished_at"),
        "answer": generation.answer or so_far,
        "context": generation.came_with,
    }


def _fields(row: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}
