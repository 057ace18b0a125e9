"""What HTML made from an answer may consist of."""

from __future__ import annotations

import re
from html.parser import HTMLParser

ALLOWED: dict[str, set[str]] = {
    **{tag: {"dir"} for tag in ("p", "h3", "h4", "h5", "h6", "li")},
    **{tag: {"dir", "class"} for tag in ("th", "td")},
    **{tag: set() for tag in ("ul", "blockquote", "table", "thead", "tbody", "tr", "br", "hr")},
    **{tag: set() for tag in ("em", "strong", "s", "bdi")},
    "ol": {"start"},
    "a": {"href", "rel", "target"},
    "pre": {"tabindex", "dir"},
    "code": {"class"},
    "span": {"class"},
    "div": {"class", "tabindex", "role", "aria-label"},
}
VOID = {"br", "hr"}
CLASSES = re.compile(r"table|align-(left|center|right)|language-[a-z0-9+#._-]+|hl-[\w-]+( hl-[\w-]+)*")
HREF = re.compile(r"(https?://[a-zA-Z0-9.\[_-]|mailto:)[!-~]*", re.IGNORECASE)


class _Checker(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.stack: list[str] = []
        self.text: list[str] = []
        self.link_text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in ALLOWED, f"<{tag}>"
        names = [name for name, _ in attrs]
        assert set(names) <= ALLOWED[tag], f"<{tag} {names}>"
        assert len(set(names)) == len(names)
        for name, value in attrs:
            self._check(tag, name, value or "")
        if tag == "a":
            assert "a" not in self.stack, "a link in a link"
        if tag not in VOID:
            self.stack.append(tag)

    def _check(self, tag: str, name: str, value: str) -> None:
        assert "<" not in value or tag == "code"
        if name == "href":
            assert HREF.fullmatch(value), value
            assert "@" not in value.partition("//")[2].partition("/")[0], value
        if name == "class":
            assert CLASSES.fullmatch(value), value

    def handle_endtag(self, tag: str) -> None:
        assert self.stack, f"</{tag}> closes nothing"
        assert self.stack.pop() == tag, f"</{tag}>"

    def handle_data(self, data: str) -> None:
        self.text.append(data)
        if "a" in self.stack:
            self.link_text.append(data)

    def handle_comment(self, data: str) -> None:
        raise AssertionError(f"a comment: {data}")

    handle_decl = handle_pi = unknown_decl = handle_comment


def check(html: str) -> str:
    """Assert that HTML has only allowed elements, well nested, with allowed attributes. Gives its text."""
    checker = _Checker()
    checker.feed(html)
    checker.close()
    assert not checker.stack, f"not closed: {checker.stack}"
    for forbidden in ("<hx-", "<turbo", "</template", "<script", "style=", "<img"):
        assert forbidden not in re.sub(r">[^<]*", ">", html).lower()
    html.encode()
    link_text = "".join(checker.link_text)
    assert not re.search("[\u061c\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]", link_text), ascii(link_text)
    return "".join(checker.text)
