"""What keeping track of a request costs: CPU of its id, and of its line in the log, as JSON and as text.

.venv/bin/python bench/access_log.py 2>/dev/null
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

from genapp import logs
from genapp.settings import Settings
from genapp.web.observing import Observed

REQUESTS = 20_000
ROUNDS = 5
ANSWER = b"x" * 5000


async def app(scope: Any, _receive: Any, send: Any) -> None:
    scope["path_template"] = "/conversations/{conversation_id}"
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/html")]})
    await send({"type": "http.response.body", "body": ANSWER, "more_body": False})


async def nowhere(_message: Any) -> None:
    pass


async def microseconds(tried: Any) -> float:
    """CPU of one request, the best of a few rounds."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(REQUESTS):
            headers = [(b"x-request-id", b"8a1f6c1e-0b4b-4f0e-9f0e-0123456789ab")]
            scope = {"type": "http", "method": "GET", "path": "/", "state": {"from_proxy": True}, "headers": headers}
            await tried(scope, None, nowhere)
        best = min(best, time.process_time() - began)
    return best / REQUESTS * 1_000_000


async def main() -> None:
    bare = await microseconds(app)
    print(f"id only       {await microseconds(Observed(app, log_access=False)) - bare:5.1f} µs")
    for form in ("json", "text"):
        logs.configure(Settings(GENAPP_ENV="test", GENAPP_LOG_FORMAT=form))
        print(f"line as {form}  {await microseconds(Observed(app, log_access=True)) - bare:5.1f} µs")


if __name__ == "__main__":
    asyncio.run(main())
