"""The text of an answer while it is being written: appended pieces, compacted into the row at the end."""

from __future__ import annotations

from typing import TYPE_CHECKING

from piccolo.columns import BigSerial, ForeignKey, Integer, SmallInt, Text
from piccolo.table import Table

from genapp.models.generation import Generation

if TYPE_CHECKING:
    import uuid


class Chunk(Table, tablename="chunks"):
    """One flushed piece of one attempt's answer."""

    id = BigSerial(primary_key=True)
    generation: ForeignKey[Generation] = ForeignKey(Generation, null=False)
    attempt = SmallInt()
    seq = Integer()
    text = Text()

    @classmethod
    async def joined(cls, generation_id: uuid.UUID, attempt: int) -> str:
        """What an attempt had flushed so far, in order."""
        rows = await cls.raw(
            "SELECT text FROM chunks WHERE generation = {} AND attempt = {} ORDER BY seq",
            generation_id,
            attempt,
        )
        return "".join(row["text"] for row in rows)

    @classmethod
    async def sweep(cls) -> None:
        """Delete those of finished answers: a piece whose storing was given up may have been stored after the end."""
        await cls.raw(
            """
            DELETE FROM chunks USING generations
            WHERE generations.id = chunks.generation AND status IN ('completed', 'failed', 'cancelled')
            """
        )
