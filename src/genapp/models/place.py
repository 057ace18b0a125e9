"""A place in a list whose order changes while somebody reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import uuid
    from datetime import datetime


class Place(NamedTuple):
    """The place of a conversation in its user's: when it was changed, and which one it is."""

    moment: datetime
    id: uuid.UUID
