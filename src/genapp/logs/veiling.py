"""What people wrote and what models answered: in no log line, unless GENAPP_LOG_PROMPTS asks for it.

Errors quote what they could not use: vendors echo the prompt, asyncpg the value of a parameter, PostgreSQL the row.
So whoever works with such a text says so, and the formatter takes it out of the lines that are logged meanwhile:

    with logs.private(generation.prompt):
        ...
"""

from __future__ import annotations

import re
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import logging
    from collections.abc import Callable, Iterable, Iterator

HIDDEN = "[private]"
# Characters, without blanks and quotes, from which on a part of a text is taken for it: about three words. A shorter
# part says little, and would be found by chance in what we want to read.
RUN = 20
BLOCK = RUN // 2
# A whole text that is shorter than that is looked for as words of its own, from so many characters on.
SHORTEST = 4
LONGEST_CHAIN = 20  # of exceptions

# One character as repr or JSON write it, however many times over: each time doubles the backslashes.
_HEX = "[0-9a-fA-F]"
_ESCAPE = re.compile(
    # From the first backslash on only: 64,000 of them took 25 seconds otherwise.
    rf"(?<!\\)\\+(?:u(?P<high>[dD][89abAB]{_HEX}{{2}})\\+u(?P<low>[dD][c-fC-F]{_HEX}{{2}})"
    rf"|x(?P<x>{_HEX}{{2}})|u(?P<u>{_HEX}{{4}})|U(?P<U>000{_HEX}{{5}})|[abfnrtv0/])"
)
# What is compared. The rest differs between the forms of a text.
_MATTERS = re.compile(r"[^\s\x00-\x1f\x7f\\'\"]+")
_PART = re.compile(f"{_ESCAPE.pattern}|(?P<plain>{_MATTERS.pattern})")

# Where asyncpg and PostgreSQL quote values, which nobody need have in hand any more.
_QUOTED = re.compile(
    r"(?P<place>for query argument \$\d+: |DETAIL:  )"
    r".*?(?=\n\n(?:During|The above)|\nHINT:  |\n\s*\|?\s*\+-|\Z)",
    re.DOTALL,
)


class Kept:
    """A text, or what gives it, that is not to be logged. `always`: whatever GENAPP_LOG_PROMPTS says."""

    def __init__(self, source: str | Callable[[], str], *, always: bool = False) -> None:
        self.always = always
        self._source = source

    @cached_property
    def _fixed(self) -> tuple[str, ...]:
        return bare_forms(self._source) if isinstance(self._source, str) else ()

    def forms(self) -> tuple[str, ...]:
        """The text as it is compared: as characters, and as the bytes that it may be shown as."""
        return self._fixed if isinstance(self._source, str) else bare_forms(self._source())


_kept: ContextVar[list[Kept] | None] = ContextVar("kept", default=None)


def keep_private(*texts: str | Callable[[], str], always: bool = False) -> None:
    """Keep texts out of every line logged from here on, in the `private` block or the task that this is in.

    `always` is for what is secret and not only private, such as a password that was typed into a form.
    """
    if (kept := _kept.get()) is None:
        _kept.set(kept := [])
    kept += [Kept(text, always=always) for text in texts]


@contextmanager
def private(*texts: str | Callable[[], str]) -> Iterator[None]:
    """Keep texts out of every line logged in the block, and out of the traceback of an exception that leaves it."""
    kept = [*(_kept.get() or ()), *map(Kept, texts)]
    token = _kept.set(kept)
    try:
        yield
    except BaseException as error:
        # It is logged elsewhere, perhaps on another thread.
        with suppress(AttributeError):
            error.genapp_private = kept  # type: ignore[attr-defined]
        raise
    finally:
        _kept.reset(token)


def private_texts(record: logging.LogRecord, *, prompts: bool) -> list[Kept]:
    """What a record must not show. `prompts`: what people wrote may be shown."""
    kept = list(_kept.get() or ())
    arguments = record.args if isinstance(record.args, tuple) else ()
    for one in (record.exc_info[1] if record.exc_info else None, *arguments):
        error = one if isinstance(one, BaseException) else None
        for _ in range(LONGEST_CHAIN):
            if error is None:
                break
            kept += [text for text in getattr(error, "genapp_private", ()) if text not in kept]
            error = error.__cause__ or error.__context__
    return [one for one in kept if one.always or not prompts]


class Veil:
    """Covers private texts, whole and in parts. The work is linear in the texts and in what is covered."""

    def __init__(self, kept: Iterable[Kept], *, shapes: bool) -> None:
        self._kept = list(kept)
        self._shapes = shapes

    @cached_property
    def _forms(self) -> list[str]:
        return [form for one in self._kept for form in one.forms() if len(form) >= SHORTEST]

    def over(self, text: str) -> str:
        """`text` with `[private]` in each one's place."""
        if self._shapes:
            text = _QUOTED.sub(rf"\g<place>{HIDDEN}", text)
        if len(text) < SHORTEST or not self._forms:
            return text
        bare = Bare.of(text)
        covered = bytearray(len(bare.characters))
        for form in self._forms:
            for begin, end in runs(bare, form) if len(form) >= RUN else whole(bare, form):
                covered[begin:end] = b"\1" * (end - begin)
        return bare.without(covered)


@dataclass(frozen=True, slots=True)
class Bare:
    """The characters of a text that matter, and where they are in it."""

    text: str
    characters: str
    begins: list[int]
    ends: list[int]

    @classmethod
    def of(cls, text: str) -> Bare:
        characters: list[str] = []
        begins: list[int] = []
        ends: list[int] = []
        for part in _PART.finditer(text):
            begin, end = part.span()
            if part["plain"]:
                characters.append(part["plain"])
                begins += range(begin, end)
                ends += range(begin + 1, end + 1)
            elif _MATTERS.fullmatch(character := unescaped(part)):
                characters.append(character)
                begins.append(begin)
                ends.append(end)
        return cls(text, "".join(characters), begins, ends)

    def is_word(self, begin: int, end: int) -> bool:
        """Whether a part is no piece of a longer word. Scripts that are not ASCII may do without blanks."""
        return not (self._joined(begin - 1) or self._joined(end - 1))

    def _joined(self, index: int) -> bool:
        if not 0 <= index < len(self.characters) - 1:
            return False
        pair = self.characters[index : index + 2]
        return self.ends[index] == self.begins[index + 1] and pair.isascii() and pair.isalnum()

    def without(self, covered: bytearray) -> str:
        pieces: list[str] = []
        at = 0
        for run in re.finditer(b"\1+", covered):
            pieces += [self.text[at : self.begins[run.start()]], HIDDEN]
            at = self.ends[run.end() - 1]
        return "".join([*pieces, self.text[at:]])


def runs(bare: Bare, form: str) -> Iterator[tuple[int, int]]:
    """Where in `bare` is a run of RUN or more characters of `form`."""
    line = bare.characters
    # Any such run has a whole block of `form` in it: mostly there is none, and that is known a tenth as soon.
    blocks = {line[at : at + BLOCK] for at in range(len(line) - BLOCK + 1)}
    if blocks.isdisjoint(form[at : at + BLOCK] for at in range(0, len(form), BLOCK)):
        return
    windows = {line[at : at + RUN] for at in range(len(line) - RUN + 1)}
    shared = windows.intersection(form[at : at + RUN] for at in range(len(form) - RUN + 1))
    yield from ((at, at + RUN) for at in range(len(line) - RUN + 1) if shared and line[at : at + RUN] in shared)


def whole(bare: Bare, form: str) -> Iterator[tuple[int, int]]:
    """Where in `bare` all of `form` is, as words of its own."""
    at = bare.characters.find(form)
    while at >= 0:
        if bare.is_word(at, at + len(form)):
            yield at, at + len(form)
        at = bare.characters.find(form, at + 1)


def bare_forms(text: str) -> tuple[str, ...]:
    """`text` as it is compared; a second time as its bytes, where those look different."""
    as_bytes = () if text.isascii() else (text.encode(errors="replace").decode("latin-1"),)
    return tuple("".join(_MATTERS.findall(_ESCAPE.sub(unescaped, one))) for one in (text, *as_bytes))


def unescaped(escape: re.Match[str]) -> str:
    """The character that an escape stands for; a space for those that are not compared."""
    if escape["high"]:
        high, low = int(escape["high"], 16), int(escape["low"], 16)
        return chr(0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00))
    code = escape["x"] or escape["u"] or escape["U"]
    return chr(int(code, 16)) if code else " "
