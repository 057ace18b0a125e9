"""The numbers of a response's events: where an event stands, and not how many came before it.

A client that comes back says the number of the last event that it has. It may come to another process, days later, and
what was counted in memory or kept of a log would be gone by then. So a number is computed from what the row and every
copy of the log agree on, and it says by itself what its client has:

    the attempt's first number = (attempt - 1) * ERA
    0 … 4                      created, queued, in_progress, output_item.added, content_part.added: once a response
    first number + 4 + n       the delta that ends behind the first n characters of the attempt's text
    … + 1 to + 4 behind it     the four that close a completed answer
    next attempt's first - 1   the end of one that failed or was cancelled

What it rests on: the text of one attempt only grows, and what is in it at n is what every log and the row have there.
So the text behind n may be cut into deltas anew at any time, and each character is told once. Numbers grow, with gaps.
Attempts have their own, because another attempt writes another text: a number of an earlier one is known as such.
"""

from __future__ import annotations

from typing import NamedTuple

# More than any answer has characters (settings bound them), and 127 attempts fit into the 32 bits of some clients.
ERA = 2**24

CREATED, QUEUED, IN_PROGRESS, ITEM_ADDED, PART_ADDED = range(5)
NOTHING_TOLD = -1


class Place(NamedTuple):
    """What a client has: so many characters of an attempt's text."""

    attempt: int
    characters: int


def number_at(place: Place) -> int:
    """The number of the delta that ends there."""
    return _first_of(place.attempt) + PART_ADDED + place.characters


def last_of(attempt: int) -> int:
    """The number of the end of a response that failed or was cancelled: above all that its attempts have told."""
    return _first_of(attempt) + ERA - 1


def place_at(number: int) -> Place:
    """What a client has that was told this event last."""
    attempt, within = divmod(max(number, 0), ERA)
    return Place(attempt + 1, max(0, within - PART_ADDED))


def _first_of(attempt: int) -> int:
    # What is cancelled before a worker has come has had no attempt.
    return (max(attempt, 1) - 1) * ERA
