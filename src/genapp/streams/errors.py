"""What can go wrong with a stream. Errors of the Redis client itself pass through unchanged."""

from __future__ import annotations


class StreamsError(Exception):
    """Base of all errors of this package."""


class Fenced(StreamsError):
    """A writer with a higher fence has written to this stream: stop writing."""


class StreamClosed(StreamsError):
    """The last frame of this stream has been published: nothing may follow."""


class LogLost(StreamsError):
    """The log is not as this writer left it: it expired, or Redis was emptied or came back with an older copy.

    The writer goes on by publishing one frame with `reset=True` that holds everything there is to see.
    """


class InvalidName(StreamsError):
    """A signed stream name is forged, expired, somebody else's, or no name at all."""


class Unavailable(StreamsError):
    """Redis does not answer, so nobody can join a stream now."""
