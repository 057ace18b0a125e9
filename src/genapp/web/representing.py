"""Rows as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genapp import streams, views
from genapp.models import FINISHED
from genapp.models.conversation import title_from

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from genapp.models import Conversation, Generation, Opened
    from genapp.web.parts import Parts
    from genapp.web.visitors import Visitor


def generation_json(parts: Parts, visitor: Visitor, generation: Generation) -> dict[str, Any]:
    """A generation; `stream_url` is null once it is finished."""
    usage = {"input_tokens": generation.input_tokens, "output_tokens": generation.output_tokens}
    error = {"code": generation.error_code, "message": generation.error_message}
    return {
        "id": str(generation.id),
        "conversation_id": str(generation.conversation),
        "status": generation.status,
        "model": generation.model,
        "prompt": generation.prompt,
        "content": generation.answer,
        "error": error if generation.status == "failed" else None,
        "usage": usage if generation.output_tokens is not None else None,
        "created_at": generation.created_at.isoformat(),
        "finished_at": generation.finished_at.isoformat() if generation.finished_at else None,
        "url": f"/generations/{generation.id}",
        "stream_url": None if generation.finished else _stream_url(parts, visitor, generation.id),
    }


def conversation_json(
    parts: Parts, visitor: Visitor, conversation: Conversation, generations: Sequence[Generation]
) -> dict[str, Any]:
    """A conversation with its generations, oldest first."""
    return {
        "id": str(conversation.id),
        "title": conversation.title,
        "url": f"/conversations/{conversation.id}",
        "created_at": conversation.created_at.isoformat(),
        "updated_at": conversation.updated_at.isoformat(),
        "generations": [generation_json(parts, visitor, one) for one in generations],
    }


def conversations_json(rows: Sequence[dict[str, Any]], next_url: str | None) -> dict[str, Any]:
    """A page of a list of conversations, and where the next one is."""
    return {
        "conversations": [
            {
                "id": str(row["id"]),
                "title": row["title"],
                "url": f"/conversations/{row['id']}",
                "updated_at": row["updated_at"].isoformat(),
                "busy": row["busy"],
            }
            for row in rows
        ],
        "next": next_url,
    }


def generations_json(
    parts: Parts, visitor: Visitor, rows: Sequence[dict[str, Any]], next_url: str | None
) -> dict[str, Any]:
    """A page of a list of generations (`models.listing`), without their texts."""
    return {"generations": [_item(parts, visitor, row) for row in rows], "next": next_url}


def _item(parts: Parts, visitor: Visitor, row: dict[str, Any]) -> dict[str, Any]:
    usage = {"input_tokens": row["input_tokens"], "output_tokens": row["output_tokens"]}
    error = {"code": row["error_code"], "message": row["error_message"]}
    return {
        "id": str(row["id"]),
        "conversation_id": str(row["conversation"]),
        "status": row["status"],
        "model": row["model"],
        "title": title_from(row["prompt"]),
        "error": error if row["status"] == "failed" else None,
        "usage": usage if row["output_tokens"] is not None else None,
        "created_at": row["created_at"].isoformat(),
        "finished_at": row["finished_at"].isoformat() if row["finished_at"] else None,
        "url": f"/generations/{row['id']}",
        "stream_url": None if row["status"] in FINISHED else _stream_url(parts, visitor, row["id"]),
    }


def _stream_url(parts: Parts, visitor: Visitor, generation_id: UUID) -> str:
    name = views.stream_name(generation_id)
    return streams.stream_from(parts.names, str(visitor.user_id), [(name, None)], dialect="json")


def shared_json(opened: Opened, generations: Sequence[Generation]) -> dict[str, Any]:
    """A shared conversation: what was said in it, and nothing of whose it is."""
    return {
        "title": opened.title,
        "updated_at": opened.updated_at.isoformat(),
        "generations": [
            {"status": one.status, "model": one.model, "prompt": one.prompt, "content": one.answer}
            for one in generations
        ],
    }
