"""What workers run: `dramatiq tasks`. Thin: each actor calls genapp."""

from tasks.worker import broker  # isort: skip  the broker must be set before an actor is declared
from tasks.generations import generate
from tasks.webhooks import deliver

__all__ = ["broker", "deliver", "generate"]
