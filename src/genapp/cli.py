"""The `genapp` command: one word for each thing that is run."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import threading

import click

from genapp import logs, sentry, tracing, users_cli
from genapp.errors import GenappError
from genapp.processes import Process, exit_on_signals, hold_stop_signals, start, stop, wait_for_any
from genapp.settings import Settings, keyless
from genapp.settings.edge import with_mapped
from genapp.starting import require_free_port, require_services

# What a job may take to hand its work back once it is cancelled, on top of `shutdown_seconds`. Twice this and the
# 25 seconds must be little more than the 30 after which Heroku kills.
HAND_BACK_SECONDS = 2


def main() -> None:
    """Runs the command line. A broken configuration, or what cannot be done, is one line on stderr and exit code 2."""
    try:
        commands()
    except GenappError as error:
        # A key that was pasted into the wrong variable is quoted as what it was.
        click.echo(f"genapp: {logs.redact(error.message)}", err=True)
        sys.exit(2)


@click.group()
@click.version_option(package_name="genapp", message="genapp %(version)s")
def commands() -> None:
    """AI features that never block. Settings come from the environment; see .env.example."""


commands.add_command(users_cli.commands)


@commands.command()
def dev() -> None:
    """Run everything on this machine; Ctrl-C stops it."""
    from genapp.dev.running import run

    run()


@commands.command()
@click.option("--host", help="Where to listen (HOST).")
@click.option("--port", type=int, help="Where to listen (PORT).")
def web(host: str | None, port: int | None) -> None:
    """Serve the web (WEB_CONCURRENCY processes)."""
    given = {"HOST": host, "PORT": port}
    settings = Settings(**{name: value for name, value in given.items() if value is not None})
    if keyless.has_keys(settings):
        _go_on_without_keys(settings)
    logs.configure(settings)
    require_free_port(settings.host, settings.port)
    require_services(settings)
    sentry.require(settings)
    tracing.require()
    exit_on_signals()
    _serve(settings)


def _go_on_without_keys(settings: Settings) -> None:
    """Begins this process anew, under its number, as one that never had the vendors' keys.

    To forget them is not enough: /proc/<pid>/environ, which whoever can read a file through the web can read, shows
    for ever what a process was started with.
    """
    options = [f"--host={settings.host}", f"--port={settings.port}"]
    command = [sys.executable, "-P", "-m", "genapp.cli", "web", *options]
    os.execve(command[0], command, keyless.environment(settings))  # noqa: S606  there is no shell to want


def _serve(settings: Settings) -> None:
    import uvicorn

    uvicorn.run(
        "genapp.asgi:app",
        host=settings.host,
        port=settings.port,
        workers=settings.web_concurrency,
        loop="uvloop",
        http="genapp.asgi:Connection",
        ws="genapp.asgi:WebSocketConnection",
        # A character is at most 14 bytes: of two escapes of six, each with the backslash that JSON within JSON adds.
        ws_max_size=settings.prompt_max_characters * 14 + 65_536,
        # From these X-Forwarded-Proto is believed, and of X-Forwarded-For the rightmost entry that is none of them.
        forwarded_allow_ips=with_mapped(settings.forwarded_allow_ips),
        ws_per_message_deflate=False,  # a compressor holds some 300 KB a connection, for messages of 50 bytes
        lifespan="on",
        log_config=None,
        access_log=False,
        server_header=False,
        backlog=4096,
        timeout_keep_alive=settings.keep_alive_seconds,
        # Requests get this long; streams never end by themselves and are cut, and viewers resume elsewhere.
        timeout_graceful_shutdown=min(5, int(settings.shutdown_seconds)),
    )


@commands.command()
def worker() -> None:
    """Answer prompts (GENAPP_WORKER_PROCESSES processes)."""
    settings = Settings()
    logs.configure(settings)
    require_services(settings)
    sentry.require(settings)
    tracing.require()
    exit_on_signals()
    if settings.worker_processes == 1:
        sentry.configure(settings, "worker")
        tracing.configure("worker")
        _work(settings)
    else:
        _work_in_processes(settings)


def _work(settings: Settings) -> None:
    """Works in this process until a signal.

    Not by Dramatiq's own command: there a second SIGTERM kills at once, and where the platform signals every
    process of a container (Heroku) the parent's own makes the second.
    """
    import dramatiq

    from genapp import jobs

    importlib.import_module("tasks")  # by name: genapp does not depend on its actors
    broker = dramatiq.get_broker()
    broker.emit_after("process_boot")
    working = jobs.Working(broker, threads=settings.worker_concurrency)
    # Held and not handled: a handler that raised among a few hundred starting threads would leave half a worker,
    # which nothing could stop.
    held = hold_stop_signals()
    working.start()
    number = signal.sigwait(held)
    # What is away (Redis, the database) could hold up the farewell for minutes.
    last = threading.Timer(settings.shutdown_seconds + 2 * HAND_BACK_SECONDS, os._exit, args=(1,))
    last.daemon = True
    last.start()
    # Dramatiq takes all the time gone by off the time left anew for each thread, so that after the first ones there was
    # none, and answers that were being handed back were not waited for. So much of it that it lasts for all of them;
    # the timer bounds the farewell.
    working.stop(timeout=int(settings.worker_concurrency * (settings.shutdown_seconds + 2 * HAND_BACK_SECONDS) * 1000))
    broker.close()
    raise SystemExit(128 + number)


def _work_in_processes(settings: Settings) -> None:
    """Runs several workers until a signal, or until one of them ends: then the platform starts all anew."""
    env = {**os.environ, "GENAPP_WORKER_PROCESSES": "1"}
    command = [sys.executable, "-P", "-m", "genapp.cli", "worker"]
    processes: list[Process] = []
    try:
        processes.extend(start(command, env=env) for _ in range(settings.worker_processes))
        ended = wait_for_any(processes)
        raise SystemExit(f"genapp: a worker process ended by itself (exit code {ended.returncode})")
    finally:
        stop(*processes, patience=settings.shutdown_seconds + 3 * HAND_BACK_SECONDS)


@commands.command()
def migrate() -> None:
    """Bring the database's schema up to date. Safe to repeat."""
    settings = Settings()
    logs.configure(settings)
    from genapp.db import migrate as bring_up_to_date

    click.echo(bring_up_to_date().rstrip())


@commands.command()
@click.option("--no-providers", is_flag=True, help="Ask no provider anything: costs nothing, needs no way out.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object.")
def doctor(*, no_providers: bool, as_json: bool) -> None:
    """Check everything that genapp needs, and say what to fix. Exit code 1 where something does not work."""
    from genapp.doctor import run

    run(providers=not no_providers, as_json=as_json)


@commands.command()
def alert() -> None:
    """Send a test message to whoever is told when something is not well. Exit code 1 where it is not taken."""
    settings = Settings()
    logs.configure(settings)
    from genapp.watching.trying import run

    run(settings)


@commands.command()
@click.option("--url", help="A web process's /metrics; unset, that of HOST and PORT.")
@click.option("--once", is_flag=True, help="Print them once; else again and again, until Ctrl-C.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object a line.")
@click.option("--every", type=click.FloatRange(0.1), default=2, show_default=True, help="Seconds between two looks.")
def stats(url: str | None, *, once: bool, as_json: bool, every: float) -> None:
    """Show the figures of a running site: totals, rates, means and percentiles."""
    from genapp.stats import own_url, run

    settings = Settings()
    token = settings.metrics_token.get_secret_value() if settings.metrics_token else None
    run(url or own_url(settings), token=token, once=once, as_json=as_json, every=every)


@commands.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8001, show_default=True)
def demo(host: str, port: int) -> None:
    """Serve the demo model alone, for OPENAI_BASE_URL or ANTHROPIC_BASE_URL to point at."""
    require_free_port(host, port)
    from genapp.providers.demo import run

    run(host, port)


if __name__ == "__main__":
    main()
