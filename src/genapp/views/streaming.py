"""What is broadcast: ops on a generation's stream."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from genapp.streams import Fenced, LogLost, Op, StreamClosed, append, notice, remove, replace, restate
from genapp.views.cards import Written, article, card, dom_id, part_id, tail_element
from genapp.views.environment import render

if TYPE_CHECKING:
    from uuid import UUID

    from genapp.markdown import Change, Document
    from genapp.models import Generation
    from genapp.streams import Cursor, Log, Snapshot

# Characters above which an answer ends with the whole of it, and its log with nothing else. A log has a field a frame:
# those of a million characters take a quarter of a second to read, and for an hour four times the memory.
LONG = 20_000


def stream_name(generation_id: UUID) -> str:
    """The stream on which a generation is shown."""
    return f"generation:{generation_id}"


def shell_ops(generation: Generation) -> list[Op]:
    """The first frame of an attempt: an article with an empty answer, in place of whatever was there."""
    return [
        replace(dom_id(generation.id), article(generation)),
        notice(_status(generation)),
    ]


def written_ops(generation_id: UUID, document: Document) -> list[Op]:
    """All that a document shows so far, into an empty article."""
    return [
        append(part_id(generation_id, "settled"), document.settled),
        replace(part_id(generation_id), tail_element(generation_id, document.tail)),
    ]


def change_ops(generation_id: UUID, change: Change) -> list[Op]:
    """What a piece of text changed."""
    settled, tail = part_id(generation_id, "settled"), part_id(generation_id)
    # The tail first: a reader who selects text sees the settled block appear as the open one goes.
    ops = []
    if change.settled:
        ops.append(append(settled, change.settled))
    if change.tail is not None:
        ops.append(replace(tail, tail_element(generation_id, change.tail)))
    if change.grown:
        ops.append(append(tail, change.grown))
    return ops


def note_ops(generation: Generation, note: str | None) -> list[Op]:
    """A sentence beside an answer in progress, in the place of an earlier one."""
    noted = card(generation, Written("", "", note))
    return [
        replace(part_id(generation.id, "note"), render("_generation_note.html", generation=noted)),
        notice({**_status(generation), "note": note}),
    ]


def _status(generation: Generation) -> dict[str, Any]:
    # With the attempt's number, a program knows whether the text that follows is what it has, said again, or another.
    return {"type": "status", "status": generation.status, "attempt": generation.attempt}


def final_ops(generation: Generation) -> list[Op]:
    """The terminal frame for who knows nothing of it: the whole article as every later visitor finds it."""
    return [replace(dom_id(generation.id), article(generation)), notice(final_message(generation))]


@dataclass(frozen=True, slots=True)
class Shown:
    """What the viewers of an answer in progress have, up to a cursor."""

    written: Written
    cursor: Cursor


def shown_by(generation_id: UUID, snapshot: Snapshot) -> Shown | None:
    """What a log has shown; None where it has ended, or is not of this answer from its beginning."""
    target, cursor = dom_id(generation_id), snapshot.cursor
    begun = any(op.action == "replace" and op.target == target for op in snapshot.ops)
    if cursor is None or cursor.ended or not begun:
        return None
    return Shown(written_from(generation_id, snapshot), cursor)


def ending_ops(generation: Generation, shown: Written) -> list[Op] | None:
    """The terminal frame for who has what was shown: the words that they lack, and how it ended.

    None where what is settled has changed.
    """
    ended, target = card(generation), dom_id(generation.id)
    content = str(ended.content)
    if not content or not content.startswith(shown.settled):
        return None
    rest, tail = content[len(shown.settled) :], part_id(generation.id)
    ops = [] if is_shown(rest, shown.tail, tail) else [append(part_id(generation.id, "settled"), rest), remove(tail)]
    status = render("_generation_status.html", generation=ended, csrf_token="")
    return [
        *ops,
        replace(part_id(generation.id, "status"), status),
        restate(target, article(generation)),
        notice(final_message(generation)),
    ]


def is_shown(html: str, element: str, target: str) -> bool:
    """Whether the open block, the element `target`, is the paragraph that is left: it may then stay where it is.

    Other blocks have more to them in a finished answer, such as a button to copy their lines.
    """
    bare = element.replace(f' id="{target}" class="tail"', "", 1)
    return bare.startswith("<p") and bare == html.rstrip("\n")


async def show_end(log: Log, generation: Generation, shown: Shown | None = None) -> None:
    """Publish how a finished generation ended, unless its viewers have been told. Redis' errors pass through.

    The words are not sent again to who has them: `shown`, as its writer knows it, or else as the log says. Of a long
    answer, and where the log has moved on by the time of the frame, the whole is published.
    """
    name, fence = stream_name(generation.id), generation.attempt
    with contextlib.suppress(StreamClosed, Fenced):
        if len(generation.answer) > LONG:
            shown = None
        elif shown is None:
            shown = shown_by(generation.id, await log.read(name))
        ops = ending_ops(generation, shown.written) if shown else None
        if shown and ops:
            with contextlib.suppress(LogLost):
                await log.publish(name, ops, fence=fence, after=shown.cursor, close=True)
                return
        await log.publish(name, final_ops(generation), fence=fence, reset=True, close=True)


async def forget(log: Log, generation_id: UUID, attempt: int) -> None:
    """Leave nothing of a deleted generation in its stream, and take it out of every page that shows it.

    With the number of the attempt after the last: a worker that still writes is refused from now on, and stops. Redis'
    errors pass through.
    """
    gone = {"type": "failed", "error": {"code": "deleted", "message": "This answer was deleted."}}
    with contextlib.suppress(StreamClosed, Fenced):
        await log.publish(
            stream_name(generation_id),
            [remove(dom_id(generation_id)), notice(gone)],
            fence=attempt + 1,
            reset=True,
            close=True,
        )


def final_message(generation: Generation) -> dict[str, Any]:
    """How a generation ended, for who reads JSON."""
    if generation.status == "failed":
        error = {"code": generation.error_code, "message": generation.error_message}
        return {"type": "failed", "content": generation.answer, "error": error}
    kind = "complete" if generation.status == "completed" else "cancelled"
    return {"type": kind, "content": generation.answer}


def written_from(generation_id: UUID, snapshot: Snapshot) -> Written:
    """What a stream's viewers see now, for a page's first paint."""
    return Written(
        settled=snapshot.inner(part_id(generation_id, "settled")),
        tail=snapshot.element(part_id(generation_id), tail_element(generation_id)),
        note=_note_in(snapshot),
    )


def _note_in(snapshot: Snapshot) -> str | None:
    messages = [msgspec.json.decode(op.content) for op in snapshot.ops if op.action == "notice"]
    return messages[-1].get("note") if messages else None
