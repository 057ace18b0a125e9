"""Ends that their viewers have not been told of."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genapp import views
from genapp.models import Generation, parse_id

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genapp.streams import Log


async def show_finished(log: Log, names: Sequence[str]) -> None:
    """Show the end of those generations among the streams that have ended: their viewers have not been told."""
    ids = [parse_id(name.removeprefix("generation:")) for name in names]
    if not ids:
        return
    for row in await Generation.objects().where(Generation.id.is_in([one for one in ids if one])):
        if row.finished:
            await views.show_end(log, row)
