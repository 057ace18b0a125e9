"""Raw SQL in, rows of a table out: for changes that must be one statement."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Self

from genapp.errors import NotFound

if TYPE_CHECKING:
    import uuid
    from collections.abc import Callable

# What had been stored of an answer that no worker holds. A subquery on the row `generations` that is updated.
KEPT = """coalesce((
  SELECT string_agg(text, '' ORDER BY seq) FROM chunks
  WHERE chunks.generation = generations.id AND chunks.attempt = generations.attempt
), '')"""


class Rows:
    """For tables: what Piccolo's query builder cannot say (CTEs, `now()`, conditional updates that return the row)."""

    if TYPE_CHECKING:
        id: uuid.UUID
        raw: Callable[..., Any]

    @classmethod
    async def one(cls, sql: str, *values: Any) -> Self:
        """Give the row of a statement; raises NotFound where there is none."""
        found = await cls.changed(sql, *values)
        if found is None:
            raise NotFound
        return found

    @classmethod
    async def changed(cls, sql: str, *values: Any) -> Self | None:
        """Give the row of a statement, None where it matched none."""
        rows = await cls.raw(sql, *values)
        return cls.from_row(rows[0]) if rows else None

    @classmethod
    def from_row(cls, row: dict[str, Any]) -> Self:
        """Make an instance of a row that is stored.

        Without the columns that a later release has added: while it is brought in, this one runs on its schema.
        """
        known = {name: value for name, value in row.items() if name in _columns_of(cls)}  # type: ignore[arg-type]  # a class is hashable
        return cls(_exists_in_db=True, **known)  # type: ignore[call-arg]  # the table's own constructor


@cache
def _columns_of(table: Any) -> frozenset[str]:
    return frozenset(column._meta.name for column in table._meta.columns)
