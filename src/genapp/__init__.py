"""AI features that never block, server-rendered."""

__version__ = "0.1.0"
