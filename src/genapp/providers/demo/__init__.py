"""genapp's demo model: a small server that speaks OpenAI's and Anthropic's wire formats.

It answers when nobody has set a key, and it is what the tests talk to. How to tune it and which faults it
can be asked for stands in `script.py`; `GET /stats` tells what it saw.
"""

from __future__ import annotations

from genapp.providers.demo.app import DemoApp, app
from genapp.providers.demo.server import ensure_running, run

__all__ = ["DemoApp", "app", "ensure_running", "run"]
