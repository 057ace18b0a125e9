"""What workers run: `dramatiq tasks`. Thin: each actor calls genapp."""

from tasks.worker import broker  # isort: skip  the broker must be set before an actor is declared
from tasks.generations import generate

__all__ = ["broker", "generate"]
