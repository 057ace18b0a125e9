"""Streams: named, ordered, replayable logs of what viewers must be shown.

A worker publishes frames of ops to a `Log`; a page embeds what is in the log and a cursor; a `Hub` brings
the frames to viewers, from their cursor on, each exactly once. Knows nothing of genapp.
"""

from __future__ import annotations

from . import action_cable
from .cursor import Cursor, Cursors
from .dialects import ACCUMULATED, DIALECTS, Dialect, in_one_line
from .errors import Fenced, InvalidName, LogLost, StreamClosed, StreamsError, Unavailable
from .events import Event
from .hub import Hub
from .line import Line, Source
from .lines import Lines
from .log import Log, Published
from .names import Names
from .ops import Op, after, append, before, notice, remove, replace, restate, text, update
from .page import stream_from
from .scripts import Script, Scripts
from .snapshot import Snapshot
from .socket import Gone, Socket
from .subscriber import Subscriber
from .viewer import Viewer
from .watched import DELAY_BUCKETS, Statistics

__all__ = [
    "ACCUMULATED",
    "DELAY_BUCKETS",
    "DIALECTS",
    "Cursor",
    "Cursors",
    "Dialect",
    "Event",
    "Fenced",
    "Gone",
    "Hub",
    "InvalidName",
    "Line",
    "Lines",
    "Log",
    "LogLost",
    "Names",
    "Op",
    "Published",
    "Script",
    "Scripts",
    "Snapshot",
    "Socket",
    "Source",
    "Statistics",
    "StreamClosed",
    "StreamsError",
    "Subscriber",
    "Unavailable",
    "Viewer",
    "action_cable",
    "after",
    "append",
    "before",
    "in_one_line",
    "notice",
    "remove",
    "replace",
    "restate",
    "stream_from",
    "text",
    "update",
]
