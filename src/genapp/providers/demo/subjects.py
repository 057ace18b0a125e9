"""Finds out what a prompt asks for, and about what."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Sequence

Kind = Literal[
    "greeting", "arithmetic", "translation", "code", "table", "steps", "list", "poem", "short", "explanation"
]

LANGUAGES = {
    "python": "python",
    "typescript": "typescript",
    "javascript": "javascript",
    "js": "javascript",
    "ruby": "ruby",
    "golang": "go",
    "go": "go",
    "rust": "rust",
    "sql": "sql",
    "bash": "bash",
    "shell": "bash",
    "html": "html",
    "css": "css",
    "java": "java",
}

# Tried in order; the first that fits decides.
KINDS: tuple[tuple[Kind, re.Pattern[str]], ...] = (
    ("greeting", re.compile(r"^(hi|hello|hey|hola|bonjour|hallo|good (morning|evening|day))\b[^?]{0,30}$")),
    ("arithmetic", re.compile(r"^(what'?s|what is|how much is|compute|calculate)?\s*-?\d[\d.]*\s*[-+*/x×÷]\s*-?\d")),
    ("translation", re.compile(r"\btranslat(e|ion)\b|\bhow do (you|i) say\b")),
    ("table", re.compile(r"\btable\b|\bcompar(e|ing|ison)\b|\bversus\b|\bvs\.?\b|\bpros and cons\b")),
    ("code", re.compile(r"\b(code|function|script|snippet|program|class|regex|query|algorithm)\b")),
    ("steps", re.compile(r"\bhow (do|to|can|should)\b|\bsteps?\b|\bplan\b|\brecipe\b|\bguide\b|\bchecklist\b")),
    ("list", re.compile(r"\blist\b|\bideas?\b|\bnames?\b|\btips\b|\bexamples\b|\bsuggest")),
    ("poem", re.compile(r"\bpoem\b|\bhaiku\b|\bverse\b|\bsong\b")),
)

LONG = re.compile(r"\b(long|lengthy|detailed|in detail|in depth|essay|thorough|comprehensive|full guide)\b")
SHORT = re.compile(r"\b(short|shorter|brief|briefly|one sentence|in a word|tl;?dr)\b")
WORDS = re.compile(r"\b(\d{2,5})[ -]words?\b")
FOLLOW_UP = re.compile(
    r"^(and|but|why|more|again|continue|go on|another|what about|shorter|longer|ok)\b"
    r"|\b(it|that|this|them|those|the same|instead)\b"
)

LEAD = re.compile(
    r"^(?:please|can|could|would|you|i|want|need|like|to|write|give|show|make|create|draw|explain|describe|tell"
    r"|compare|comparing|comparison|summari[sz]e|translate|generate|help|let|me|us|a|an|the|some|about|of|on|for"
    r"|with|what|what's|who|when|where|why|how|is|are|was|were|do|does|did|in|detail|brief|short|long|detailed"
    r"|lengthy|table|list|poem|haiku|essay|story|ideas|tips|examples|steps|step|guide|plan|between|two|three|five"
    r"|ten|\d{1,5}|words?|hi|hello|hey|and|more|that|which|function|script|code|snippet|program|class|query"
    r"|python|typescript|javascript|ruby|golang|rust|sql|bash|shell|html|css|java)\b[\s,:;-]*",
    re.IGNORECASE,
)
TAIL = re.compile(
    r"[\s,]+(?:in|as|to|into|using|with|please|thanks|side by side)(?:\s+(?:a|an|one|some|simple))*"
    r"(?:\s+(?:table|list|poem|detail|depth|steps|sentence|points|code|python|typescript|javascript|ruby|go|rust"
    r"|sql|bash|html|css|java|german|french|spanish|italian|portuguese|russian|japanese|chinese|korean|arabic"
    r"|hindi|\d+\s+words))?$",
    re.IGNORECASE,
)
SUBJECT_WORDS = 9
SUBJECT_CHARACTERS = 70


@dataclass(frozen=True, slots=True)
class Request:
    """A prompt, understood as far as a demo needs it. `words` is the length to aim at."""

    kind: Kind
    subject: str
    language: str | None
    words: int
    follows_up: bool


def understand(prompt: str, earlier: Sequence[str]) -> Request:
    """What `prompt` asks for; `earlier` are the prompts before it, oldest first."""
    asked = prompt.lower().strip()
    subject = subject_of(prompt)
    follows_up = bool(earlier) and len(asked.split()) <= 12 and bool(FOLLOW_UP.search(asked))
    if (follows_up or not subject) and earlier:
        subject = subject_of(earlier[-1]) or subject
    return Request(
        kind=_kind(asked),
        subject=subject or "your message",
        language=_language(asked),
        words=_words(asked),
        follows_up=follows_up,
    )


def subject_of(prompt: str) -> str:
    """The words that a prompt is about, fit to stand inside a Markdown sentence; may be empty."""
    plain = re.sub(r"[`*_~#<>|\[\]{}\\]+", " ", prompt)
    sentence = re.split(r"[.!?。！？\n]", plain.strip(), maxsplit=1)[0].strip()
    while lead := LEAD.match(sentence):
        sentence = sentence[lead.end() :]
    sentence = TAIL.sub("", sentence)
    words = " ".join(sentence.split()[:SUBJECT_WORDS])[:SUBJECT_CHARACTERS]
    return words.strip(" ,:;-\"'“”")


def _kind(asked: str) -> Kind:
    for kind, pattern in KINDS:
        if pattern.search(asked):
            return kind
    if _language(asked) not in (None, "go"):
        return "code"
    long = _words(asked) > 500
    is_question = asked.endswith(("?", "？")) and len(asked.split()) <= 9
    return "short" if not long and (is_question or SHORT.search(asked)) else "explanation"


def _language(asked: str) -> str | None:
    for word in re.findall(r"[a-z]+", asked):
        if word in LANGUAGES:
            return LANGUAGES[word]
    return None


def _words(asked: str) -> int:
    if number := WORDS.search(asked):
        return min(int(number[1]), 20_000)
    if LONG.search(asked):
        return 3_500
    return 60 if SHORT.search(asked) else 260
