"""The figures of all processes, whichever host they are on, by way of Redis.

Each process holds its own (`metrics.py`). Every few seconds, and at its end, it adds what it has counted since to one
hash of totals, and says who it is and what its gauges show. So totals go on when processes die, workers need no port,
and any web process can tell of all.
"""

from genapp.fleet.member import Member
from genapp.fleet.page import CONTENT_TYPE, exposition
from genapp.fleet.reading import ALIVE_SECONDS, Fleet, Process, live_workers, read

__all__ = ["ALIVE_SECONDS", "CONTENT_TYPE", "Fleet", "Member", "Process", "exposition", "live_workers", "read"]
