"""Pages and parts of pages: whatever was said in them, they are built of the same elements."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

from tests.unit.markdown.inert import Checker

VOID = frozenset({"meta", "link", "input", "br", "hr", "img"})
# Elements whose words are what somebody wrote.
WORDS = {"generation__prompt": "prompt", "conversation__title": "heading"}


@dataclass
class Seen:
    """What a page is made of outside of the answers, and the words in it by where they are."""

    outline: list[str] = field(default_factory=list)
    words: dict[str, str] = field(default_factory=dict)


class _Page(HTMLParser):
    """Reads our own elements itself and gives what is in an answer to `Checker`."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.seen = Seen()
        self.stack: list[tuple[str, str]] = []  # tag, class
        self.answer: Checker | None = None
        self.depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        assert len(given) == len(attrs), f"<{tag} {attrs}>"
        kind = given.get("class") or ""
        if self.answer is not None and kind not in ("prose__settled", "tail"):
            self.answer.handle_starttag(tag, attrs)
        elif kind == "tail" and self.answer is not None:
            rest = [(name, value) for name, value in attrs if name not in ("id", "class")]
            self.answer.handle_starttag(tag, rest)
        elif self.answer is None:
            self.seen.outline.append(f"{tag} {kind} {' '.join(given)}")
        if kind == "prose":
            self.answer, self.depth = Checker(), len(self.stack)
        if tag not in VOID:
            self.stack.append((tag, kind))

    def handle_endtag(self, tag: str) -> None:
        assert self.stack, f"</{tag}> closes nothing"
        opened, kind = self.stack.pop()
        assert opened == tag, f"</{tag}> for <{opened}>"
        if self.answer is None:
            return
        if len(self.stack) == self.depth:
            self.answer.end()
            self._say("answer", "".join(self.answer.text))
            self.answer = None
        elif kind != "prose__settled":
            self.answer.handle_endtag(tag)

    def handle_data(self, data: str) -> None:
        if self.answer is not None:
            self.answer.handle_data(data)
            return
        tag, kind = self.stack[-1] if self.stack else ("", "")
        self._say(next((name for one, name in WORDS.items() if one in kind), tag), data)

    def _say(self, where: str, words: str) -> None:
        self.seen.words[where] = self.seen.words.get(where, "") + words

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    handle_pi = unknown_decl = handle_comment


def read_page(html: str) -> Seen:
    """Assert that a page, or a part of one, is well nested and its answers are inert; tell what else is in it."""
    page = _Page()
    page.feed(html)
    page.close()
    assert not page.stack, f"not closed: {page.stack}"
    return page.seen
