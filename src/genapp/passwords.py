"""Passwords: hashed by Argon2id, compared in the same time whether there is one or not, refused where they are weak.

The parameters are OWASP's for Argon2id (19 MiB, two passes, one lane): about 25 ms of one core. It all happens on
threads, of which there are few: a crowd that logs in waits in line, and takes neither the event loop nor the memory.
"""

from __future__ import annotations

import asyncio
import unicodedata
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from zxcvbn import zxcvbn

from genapp.errors import Invalid, Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

SHORTEST = 10
LONGEST = 200
# Guesses that a password must withstand: "safely unguessable" by zxcvbn's own scale, since only log-ins that are
# limited try them, and a stolen hash costs 25 ms a guess.
FEWEST_GUESSES = 10**8
# Characters that zxcvbn looks at: its time grows with the square of the length, and what is longer is not weak for its
# end. It also tries every meaning of every sign that may stand for a letter: 72 of them took 9 s. With one sign for
# each letter, 36 of the worst take 0.2 s.
LOOKED_AT = 36
ONE_SIGN = str.maketrans("@({[<!|$+%", "4cccc1157x")
# Passwords that may wait for their turn: beyond it a log-in would take seconds.
MOST_WAITING = 100

_hasher = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
_threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="passwords")
# What a log-in is compared with where there is no such account.
_nobodys = _hasher.hash("the password of nobody")


async def hashed(password: str) -> str:
    """Give what to store of a password."""
    return await _on_thread(lambda: _hasher.hash(_normal(password)))


async def matches(password: str, stored: str | None) -> bool:
    """Whether it is the password; with None, that of nobody, it takes as long and is False."""
    return await _on_thread(lambda: _matches(_normal(password), stored))


def is_outdated(stored: str) -> bool:
    """Whether a hash was made with other parameters than today's, and is to be made again at the next log-in."""
    return _hasher.check_needs_rehash(stored)


async def require_good(password: str, email: str, *, field: str = "password") -> None:
    """Raises Invalid for a password that is too short, too long, or easy to guess for who knows people or `email`."""
    if len(password) > LONGEST:
        raise Invalid(f"A password has at most {LONGEST} characters.", field=field)
    normal = _normal(password)
    if len(normal) < SHORTEST:
        raise Invalid(f"A password has at least {SHORTEST} characters: a few words in a row do well.", field=field)
    known = [one.translate(ONE_SIGN) for one in (email, *email.split("@"), "genapp")]
    looked_at = normal[:LOOKED_AT].translate(ONE_SIGN)
    if await _on_thread(lambda: zxcvbn(looked_at, user_inputs=known)["guesses"]) < FEWEST_GUESSES:
        raise Invalid(
            "This password is among the first that somebody would try. Take a few words that do not belong together.",
            field=field,
        )


def _normal(password: str) -> str:
    # The same key on two keyboards may send two forms of one character (NIST SP 800-63B, 3.1.1.2). What is too long to
    # be a password is none: to normalise 80 KB of accents takes seconds, in which nobody else is answered.
    return unicodedata.normalize("NFKC", password) if len(password) <= LONGEST else ""


def _matches(password: str, stored: str | None) -> bool:
    try:
        _hasher.verify(stored or _nobodys, password)
    except (VerificationError, InvalidHashError):
        return False
    return stored is not None


_waiting = 0


async def _on_thread(do: Callable[[], T]) -> T:
    global _waiting
    if _waiting >= MOST_WAITING:
        raise Unavailable("More people are logging in than can be taken at once.", retry_after=3)
    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_threads, do)
    finally:
        _waiting -= 1
