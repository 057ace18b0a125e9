"""How the demo model is to behave, as told by the model's name or in the prompt.

A model's name is `demo` and any of the parts below, joined by `-`: `demo-fast`, `demo-429x2`,
`demo-ttft300-tps50-n400`. The same parts work at the start or end of a prompt, in brackets:
`[demo: fast cut] Write a poem`. A name that does not begin with `demo` answers like `demo`.

Pace and content
    fast            no waits at all
    slow            2 s to the first token, then 8 tokens a second
    ttft<ms>        milliseconds to the first token
    tps<n>          tokens a second
    n<count>        the answer is `word0 word1 …`, one token each
    echo            the answer is the prompt, unchanged
    turns           the answer is all that was sent, a line for each turn: `role: text`
    hostile         the answer is full of HTML, scripts and remote images
    odd             the bytes leave in pieces of 1 to 7, cut anywhere
    tag<anything>   changes nothing; `/stats` counts by it as by a model's name

Faults before the answer (`x<k>` after any of them: only the first k times for a prompt, then well)
    400 401 402 403 404 408 409 413 422 429 500 502 503 504 529     that status, in the vendor's words
    quota           429, but because the money is gone
    context         400, the prompt is too long
    policy          400, the prompt is against the rules
    nousage         400 to whoever asks for usage in the stream (OpenAI only)
    hang            accepts the request and never answers
    html            200 with a web page

Faults in the answer (`x<k>` works too)
    stall           headers and the first event, but no text
    pause           stops after a few tokens and never goes on
    cut             the connection breaks after a few tokens
    half            the connection ends in the middle of an event
    malformed       an event that is not JSON, after a few tokens
    error           an error event after a few tokens
    overloaded      the same, the vendor says it is overloaded
    empty           ends well without any text
    filter          stopped by the content filter after a few tokens
    refuse          stopped by the content filter before any text
    length          stopped by the length limit after a few tokens
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

STATUSES = frozenset({400, 401, 402, 403, 404, 408, 409, 413, 422, 429, 500, 502, 503, 504, 529})
REFUSALS = frozenset({"quota", "context", "policy", "nousage", "hang", "html"})
BROKEN_ANSWERS = frozenset(
    {"stall", "pause", "cut", "half", "malformed", "error", "overloaded", "empty", "filter", "refuse", "length"}
)
CONTENTS = frozenset({"echo", "turns", "hostile"})

# After how many tokens a broken answer breaks.
TOKENS_BEFORE_FAULT = 12

DIRECTIVE = re.compile(r"\[demo:([^\]]*)\]", re.IGNORECASE)
NUMBER = re.compile(r"(ttft|tps|n)(\d+)")
FAULT = re.compile(r"([a-z]+|\d{3})(?:x(\d+))?")


@dataclass(frozen=True, slots=True)
class Script:
    """One answer's behaviour. Times in seconds; `tokens_per_second` 0 means no waits."""

    first_token: float = 0.45
    tokens_per_second: float = 65.0
    words: int | None = None
    content: str | None = None
    odd: bool = False
    fault: str | None = None
    fault_times: int | None = None
    tag: str | None = None


def read_script(model: str, prompt: str) -> tuple[Script, str]:
    """The behaviour asked for, and the prompt without its directive. Unknown parts are passed over."""
    parts = model.lower().split("-") if model.lower().startswith("demo") else []
    directive = DIRECTIVE.search(prompt)
    if directive:
        parts += re.split(r"[\s,-]+", directive[1].lower())
        prompt = DIRECTIVE.sub("", prompt).strip()
    script = Script()
    for part in parts:
        script = _with(script, part)
    return script, prompt


def _with(script: Script, part: str) -> Script:
    if part == "fast":
        return replace(script, first_token=0.0, tokens_per_second=0.0)
    if part == "slow":
        return replace(script, first_token=2.0, tokens_per_second=8.0)
    if part == "odd":
        return replace(script, odd=True)
    if part.startswith("tag"):
        return replace(script, tag=part)
    if part in CONTENTS:
        return replace(script, content=part)
    if number := NUMBER.fullmatch(part):
        return _with_number(script, number[1], int(number[2]))
    fault = FAULT.fullmatch(part)
    if fault and _is_fault(fault[1]):
        return replace(script, fault=fault[1], fault_times=int(fault[2]) if fault[2] else None)
    return script


def _with_number(script: Script, what: str, number: int) -> Script:
    if what == "ttft":
        return replace(script, first_token=number / 1000)
    if what == "tps":
        return replace(script, tokens_per_second=float(number))
    return replace(script, words=number)


def _is_fault(name: str) -> bool:
    return name in REFUSALS or name in BROKEN_ANSWERS or (name.isdigit() and int(name) in STATUSES)
