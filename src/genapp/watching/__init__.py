"""Watching over the site: one process of the fleet keeps the readings, looks whether all is well, and tells people.

Every process stands ready, and the database decides which one does it, so that somebody is told also when no worker
lives or Redis is away. What cannot be told from in here is that the database is away: ask `/readyz` from outside.
"""

from genapp.watching.telling import Message, Telling
from genapp.watching.watch import Watch

__all__ = ["Message", "Telling", "Watch"]
