"""Writes the demo model's answers: Markdown that has to do with the prompt, the same for the same prompt."""

from __future__ import annotations

import random
import re
from fractions import Fraction
from typing import TYPE_CHECKING

from genapp.providers.demo import prose
from genapp.providers.demo.samples import HOSTILE, SAMPLES
from genapp.providers.demo.subjects import understand

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genapp.providers.demo.subjects import Request

__all__ = ["HOSTILE", "compose"]

INTRODUCTION = (
    "*I'm genapp's demo model: I write sample text, not knowledge. For real answers, set "
    "`OPENAI_API_KEY`, `ANTHROPIC_API_KEY` or `GEMINI_API_KEY` and restart.*"
)

# Words of a subject that make no good name for a function.
NO_NAMES = {*SAMPLES, "function", "code", "script", "program", "class", "that", "which", "to", "a", "the", "of", "in"}

SUM = re.compile(r"(-?\d[\d.]{0,15})\s*([-+*/x×÷])\s*(-?\d[\d.]{0,15})")


def compose(prompt: str, turns: Sequence[tuple[str, str]]) -> str:
    """The answer to `prompt`; `turns` are the (role, text) before it. Says what it is in its first answer only."""
    earlier = [text for role, text in turns if role == "user"]
    request = understand(prompt, earlier)
    writer = Writer(request, prompt)
    parts = [writer.follow_up()] if request.follows_up else []
    parts += WRITERS[request.kind](writer)
    if not any(role == "assistant" for role, _ in turns):
        parts.append(INTRODUCTION)
    return "\n\n".join(parts)


class Writer:
    """Writes one answer. Every method gives whole Markdown blocks."""

    def __init__(self, request: Request, prompt: str) -> None:
        self.request = request
        self.prompt = prompt
        self._random = random.Random(prompt)  # noqa: S311  (the same answer every time)
        self._unused: list[str] = []

    def follow_up(self) -> str:
        return f"Staying with **{self.request.subject}**:"

    def greeting(self) -> list[str]:
        return [
            f"Hello! 👋 {prose.GREETINGS_ELSEWHERE}",
            "Ask me for an explanation, a list, a table, a poem, or some code in a language of your choice.",
        ]

    def arithmetic(self) -> list[str]:
        found = SUM.search(self.prompt)
        if found is None:
            return self.short()
        try:
            result = calculate(found[1], found[2], found[3])
        except (ValueError, ZeroDivisionError):
            return ["That has no result: nothing can be divided by zero, and a number has one point at most."]
        return [f"{found[1]} {found[2]} {found[3]} = **{result}**"]

    def translation(self) -> list[str]:
        asked = self.prompt.lower()
        names = [name for name in prose.TRANSLATIONS if name in asked] or ["german", "japanese", "arabic"]
        lines = [f"- **{name.capitalize()}**: {prose.TRANSLATIONS[name]}" for name in names]
        return [f"I cannot translate “{self.request.subject}”, but I can say so:", "\n".join(lines)]

    def code(self) -> list[str]:
        language = self.request.language or "python"
        source = SAMPLES[language].format(name=self._identifier(), subject=self.request.subject)
        return [
            f"Here is some {language} in the shape of **{self.request.subject}**:",
            f"```{language}\n{source}```",
            "Worth keeping in mind:",
            self._points(3),
            f"Run it, look at the result, and change one thing at a time. {self._sentence()}",
            *self._sections(self.request.words - 150),
        ]

    def table(self) -> list[str]:
        left, right = self._sides()
        aspects = self._random.sample(prose.ASPECTS, 5)
        marks = ("🟢 good", "🟡 fair", "🔴 weak")
        rows = [
            f"| {aspect.removeprefix('the ').capitalize()} | {self._random.choice(marks)} "
            f"| {self._random.choice(marks)} | {self._random.randint(1, 10)} |"
            for aspect in aspects
        ]
        head = f"| Aspect | {left} | {right} | Weight |\n|:--|:-:|:-:|--:|\n"
        return [
            f"A look at **{self.request.subject}**, side by side:",
            head + "\n".join(rows),
            self._paragraph(2),
            *self._sections(self.request.words - 120),
        ]

    def steps(self) -> list[str]:
        steps = [
            f"{number}. {self._random.choice(('Look at', 'Write down', 'Prepare', 'Check', 'Talk about'))} "
            f"{aspect}. {self._sentence()}"
            for number, aspect in enumerate(self._random.sample(prose.ASPECTS, 5), start=1)
        ]
        return [
            f"## {self._title()}",
            self._paragraph(2),
            "\n".join(steps),
            self._quote(),
            *self._sections(self.request.words - 200),
        ]

    def listing(self) -> list[str]:
        return [
            f"Some thoughts on **{self.request.subject}**:",
            self._points(6),
            self._paragraph(2),
            *self._sections(self.request.words - 150),
        ]

    def poem(self) -> list[str]:
        subject = self.request.subject
        lines = [
            f"O {subject}, so often named,  ",
            "so seldom fully heard,  ",
            "you come in pieces, one by one,  ",
            "each token half a word.",
        ]
        second = [
            "And should the line be lost midway,  ",
            "the page forgets no rhyme:  ",
            f"it shows what {subject} has said so far  ",
            "and waits for it in time. 🌙",
        ]
        return ["\n".join(lines), "\n".join(second)]

    def short(self) -> list[str]:
        return [f"A demo knows no facts about **{self.request.subject}**, only this: {self._sentence()}"]

    def explanation(self) -> list[str]:
        opening = [f"## {self._title()}", self._paragraph(3), self._points(3)]
        return opening + self._sections(self.request.words - 120)

    def _sections(self, words: int) -> list[str]:
        """Headed sections of about `words` words in all; every third has something other than prose."""
        blocks: list[str] = []
        written = number = 0
        while written < words:
            heading = prose.HEADINGS[number % len(prose.HEADINGS)]
            blocks += [f"### {heading}", self._paragraph(4), self._paragraph(4)]
            if number % 3 == 1:
                blocks.append(self._extra(number // 3))
            written = sum(len(block.split()) for block in blocks)
            number += 1
        return blocks

    def _extra(self, number: int) -> str:
        language = list(SAMPLES)[number % len(SAMPLES)]
        source = SAMPLES[language].format(name=self._identifier(), subject=self.request.subject)
        extras = (
            self._quote(),
            prose.EVERYWHERE[number % len(prose.EVERYWHERE)],
            self._points(4),
            f"```{language}\n{source}```",
        )
        return extras[number % len(extras)]

    def _paragraph(self, sentences: int) -> str:
        return " ".join(self._sentence() for _ in range(sentences))

    def _sentence(self) -> str:
        if not self._unused:
            self._unused = self._random.sample(prose.SENTENCES, len(prose.SENTENCES))
        return self._fill(self._unused.pop())

    def _points(self, number: int) -> str:
        chosen = self._random.sample(prose.POINTS, number)
        return "\n".join(f"- {self._fill(point)}" for point in chosen)

    def _quote(self) -> str:
        return self._fill(self._random.choice(prose.QUOTES))

    def _fill(self, sentence: str) -> str:
        first, second = self._random.sample(prose.ASPECTS, 2)
        subject = self.request.subject
        named = subject if len(subject.split()) <= 2 else f"“{subject}”"
        return sentence.format(s=named, a=first, b=second)

    def _title(self) -> str:
        return self.request.subject[:1].upper() + self.request.subject[1:]

    def _identifier(self) -> str:
        words = [word for word in re.findall(r"[a-z]+", self.request.subject.lower()) if word not in NO_NAMES]
        return "_".join(words[:3]) or "demo"

    def _sides(self) -> tuple[str, str]:
        sides = re.split(r"\s+(?:and|vs\.?|versus|or|with|to)\s+", self.request.subject, maxsplit=1)
        return (sides[0], sides[1]) if len(sides) == 2 else (self.request.subject, "The alternative")


def calculate(left: str, sign: str, right: str) -> str:
    """The result of one operation, exact where it can be written exactly, else to 10 digits."""
    first, second = Fraction(left), Fraction(right)
    match sign:
        case "+":
            result = first + second
        case "-":
            result = first - second
        case "/" | "÷":
            result = first / second
        case _:
            result = first * second
    return str(result) if result.denominator == 1 else f"{float(result):.10g}"


WRITERS = {
    "greeting": Writer.greeting,
    "arithmetic": Writer.arithmetic,
    "translation": Writer.translation,
    "code": Writer.code,
    "table": Writer.table,
    "steps": Writer.steps,
    "list": Writer.listing,
    "poem": Writer.poem,
    "short": Writer.short,
    "explanation": Writer.explanation,
}
