"""What the environment says, beyond what stops the start: the key, the edge, and the limits of this machine."""

from __future__ import annotations

import ipaddress
import resource
from functools import partial
from typing import TYPE_CHECKING

from genapp import sentry, tracing
from genapp.doctor.findings import Finding, fail, ok, warn
from genapp.errors import ConfigurationError
from genapp.settings.signing import is_placeholder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from genapp.settings import Settings

# Of a random key of 32 hexadecimal digits one in a million has fewer different characters.
DISTINCT = 8
# Files that a process has open beside its connections: programs, sockets it listens on, logs.
OWN_FILES = 64
# Open pages that a web process should have room for: a core's worth of them, and little beside what it could hold.
PAGES = 4000


async def check_configuration(settings: Settings) -> AsyncIterator[Finding]:
    """The environment, of which `Settings` has taken every value."""
    yield ok("configuration", f"read, for {settings.env}; who may use the site: {settings.access_policy}")
    yield check_secret(settings)
    if settings.env == "production":
        yield check_hosts(settings)
        yield check_proxies(settings)
        yield check_alerts(settings)
    for finding in [*check_models(settings), *check_reporting(settings)]:
        yield finding


def check_secret(settings: Settings) -> Finding:
    """Whether SECRET_KEY can be guessed."""
    make_one = "Make one with `openssl rand -hex 32`, and keep the old one in SECRET_KEY_FALLBACKS for a while."
    if settings.secret_key is None:
        return ok("secret key", f"made for this machine, in {settings.data}")
    key = settings.secret_key.get_secret_value()
    if is_placeholder(key):
        return warn("secret key", "SECRET_KEY is a placeholder: production will not start with it.", make_one)
    if len(set(key)) < DISTINCT or repeats(key):
        return fail("secret key", "SECRET_KEY is no random key: it repeats itself, and can be guessed.", make_one)
    return ok("secret key", f"{len(key)} characters, nothing in it repeats")


def repeats(key: str) -> bool:
    """Whether a text is one shorter part, again and again."""
    return key in (key + key)[1:-1]


def check_hosts(settings: Settings) -> Finding:
    """Whether the site answers to its own names only."""
    if settings.hosts:
        return ok("hosts", f"answers to {', '.join(settings.hosts)}")
    return warn("hosts", "GENAPP_HOSTS is not set: the site answers to any name.", "Set it to the names of your site.")


def check_proxies(settings: Settings) -> Finding:
    """Whether visitors can be told from the proxy before the web."""
    proxies = ", ".join(settings.forwarded_allow_ips)
    elsewhere = not all(ipaddress.ip_network(one).is_loopback for one in settings.forwarded_allow_ips)
    if elsewhere or settings.host in ("127.0.0.1", "::1", "localhost"):
        return ok("proxies", f"X-Forwarded-For and -Proto are believed from {proxies or 'nobody'}")
    return warn(
        "proxies",
        f"FORWARDED_ALLOW_IPS is {proxies}: behind a proxy on another machine all visitors would share its address, "
        "and https would not be known.",
        "Set it to your proxy's addresses, for the web processes (the Procfile does so for them).",
    )


def check_alerts(settings: Settings) -> Finding:
    """Whether anybody is told when something is not well."""
    ways = [*(["a webhook"] if settings.alert_webhook else []), *(["mail"] if settings.alert_email else [])]
    if ways:
        return ok("alerts", f"are sent by {' and '.join(ways)}; `genapp alert` sends one to try")
    fix = "Set GENAPP_ALERT_WEBHOOK or GENAPP_ALERT_EMAIL, unless Prometheus watches it (deploy/prometheus)."
    return warn("alerts", "The site tells nobody when something is not well.", fix)


def check_models(settings: Settings) -> list[Finding]:
    """Whether the models that are offered, or asked in their place, have a provider."""
    configured = {one.name for one in settings.providers}
    named = [model.value for model in settings.models] + list(settings.fallback_models)
    orphans = sorted({one for one in named if one.partition(":")[0] not in configured})
    if not orphans:
        return []
    fix = "Set that provider's key, or take them out of GENAPP_MODELS and GENAPP_FALLBACK_MODELS."
    return [fail("models", f"Nobody is configured to answer for {', '.join(orphans)}.", fix)]


def check_reporting(settings: Settings) -> list[Finding]:
    """Whether traces and errors can be sent, where they are wanted."""
    found = []
    for name, wanted, require in (
        ("traces", tracing.wanted(), tracing.require),
        ("sentry", bool(settings.sentry_dsn), partial(sentry.require, settings)),
    ):
        try:
            require()
        except ConfigurationError as error:
            found.append(fail(name, error.message, "No process starts before that is done."))
        else:
            found += [ok(name, "are sent" if name == "traces" else "is told of errors")] if wanted else []
    return found


async def check_files(settings: Settings) -> AsyncIterator[Finding]:
    """How many files a process may have open: each connection is one."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY:
        yield ok("open files", "no limit")
        return
    services = settings.database_pool + 2 * settings.redis_pool + OWN_FILES
    working = settings.worker_concurrency + services
    most = "as many as you like" if hard == resource.RLIM_INFINITY else f"{hard:,}"
    fix = f"Raise it where the processes are started (ulimit -n, LimitNOFILE=): {most} may be had here."
    if soft < working:
        concurrency = settings.worker_concurrency
        yield fail(
            "open files",
            f"{soft:,} may be open, and a worker with GENAPP_WORKER_CONCURRENCY={concurrency} needs {working:,}.",
            fix,
        )
    elif soft < PAGES:
        yield warn("open files", f"{soft:,} may be open: a web process holds {soft - services:,} open pages.", fix)
    else:
        yield ok("open files", f"{soft:,} may be open")
