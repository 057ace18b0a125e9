"""Runs the demo model: on its own, or on a thread of this process."""

from __future__ import annotations

import atexit
import logging
import os
import socket
import threading
import time

import uvicorn

from genapp.providers.demo.app import DemoApp

# Long enough for every stream to notice that the server is going.
STOP_SECONDS = 2


def run(host: str, port: int) -> None:
    """Serve in the foreground until SIGINT or SIGTERM."""
    logging.getLogger("uvicorn.error").addFilter(_is_no_cut)
    config = _config()
    config.host, config.port = host, port
    uvicorn.Server(config).run()


def ensure_running() -> str:
    """The URL of this process's own demo model, such as `http://127.0.0.1:40123`; starts it the first time.

    It listens on the loopback interface only, on a free port, and ends with the process. The first call
    blocks for some 50 ms.
    """
    with _lock:
        # A forked child has its parent's memory, but not its threads.
        if _running.get("pid") != os.getpid():
            _running.update(pid=os.getpid(), url=_start())
        return str(_running["url"])


_lock = threading.Lock()
_running: dict[str, int | str] = {}


def _start() -> str:
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    server = uvicorn.Server(_config())
    thread = threading.Thread(target=server.run, args=([listener],), name="demo-model", daemon=True)
    thread.start()
    # Its start, stop and cuts are no news to whoever reads this process's log; its exceptions are.
    log = logging.getLogger("uvicorn.error")
    log.addFilter(lambda record: record.thread != thread.ident or bool(record.exc_info))
    atexit.register(_stop, server, thread)
    # Waited for, so that its imports are over: a process that forks meanwhile has a half-made module in its child.
    while not server.started:
        if not thread.is_alive():
            raise RuntimeError("the demo model did not start: see the traceback above")
        time.sleep(0.002)
    return f"http://127.0.0.1:{listener.getsockname()[1]}"


def _stop(server: uvicorn.Server, thread: threading.Thread) -> None:
    server.should_exit = True
    server.force_exit = True
    thread.join(STOP_SECONDS)


def _config() -> uvicorn.Config:
    return uvicorn.Config(
        DemoApp(),
        http="httptools",
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=STOP_SECONDS,
        backlog=2048,
    )


def _is_no_cut(record: logging.LogRecord) -> bool:
    """Cutting a connection on request is no error of the server's."""
    return record.msg != "ASGI callable returned without completing response."
