"""Which request, and which generation, a line is about: one way from the web to the worker.

Whatever is logged in a block (or in a task that was begun in it) has its ids, without being told:

    with logs.ids(request_id=…):
        logs.add_ids(generation_id=…)   # known by now: in every later line of the block as well
"""

from __future__ import annotations

import re
import secrets
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

# What a proxy may call a request. No blank, quote or line end: it is written into lines and headers as it is.
REQUEST_ID = re.compile(r"[A-Za-z0-9-]{1,64}")
MADE_BYTES = 16

_ids: ContextVar[dict[str, str] | None] = ContextVar("ids", default=None)


@contextmanager
def ids(**given: object) -> Iterator[None]:
    """Have these ids in every line that is logged in the block, or of an exception that leaves it.

    Those that are None are left out.
    """
    token = _ids.set(current := {**(_ids.get() or {}), **_named(given)})
    try:
        yield
    except BaseException as error:
        # It is logged elsewhere, perhaps on another thread.
        if not hasattr(error, "genapp_ids"):
            with suppress(AttributeError):
                error.genapp_ids = current  # type: ignore[attr-defined]
        raise
    finally:
        _ids.reset(token)


def add_ids(**given: object) -> None:
    """Have these as well, until the end of the block that this is in. Outside of one it does nothing."""
    if (current := _ids.get()) is not None:
        current.update(_named(given))


def current_ids(error: BaseException | None = None) -> Mapping[str, str]:
    """The ids that a line logged now would have, about `error` where it is about one."""
    return _ids.get() or getattr(error, "genapp_ids", None) or {}


def request_id() -> str | None:
    """The id of the request that is being handled; None where there is none."""
    return current_ids().get("request_id")


def new_request_id(proposed: str | None = None) -> str:
    """What a request is called: as `proposed` where that is usable, else something new."""
    if proposed and REQUEST_ID.fullmatch(proposed):
        return proposed
    return secrets.token_hex(MADE_BYTES)


def _named(given: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in given.items() if value is not None}
