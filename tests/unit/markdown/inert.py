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
FIXED = {
    "rel": {"noopener noreferrer nofollow"},
    "target": {"_blank"},
    "dir": {"auto", "ltr"},
    "tabindex": {"0"},
    "role": {"region"},
    "aria-label": {"Table"},
}
CLASSES = re.compile(r"table|align-(left|center|right)|language-[a-z0-9+#._-]+|hl-[\w-]+( hl-[\w-]+)*")
HREF = re.compile(
    r"https?://[a-z0-9.\[_-][!-~]*|mailto:[^?&%:\s]+@[a-z0-9.,@-]+(\?(subject|body)=[!-~]*)?", re.IGNORECASE
)
DECEPTIVE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    "\ufff9-\ufffb\U000e0000-\U000e007f]"
)


class Checker(HTMLParser):
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
            assert names == ["href", "rel", "target"], names
        if tag not in VOID:
            self.stack.append(tag)

    def _check(self, tag: str, name: str, value: str) -> None:
        assert "<" not in value or tag == "code"
        if name == "href":
            assert HREF.fullmatch(value), value
            assert "@" not in re.split("[/?#]", value.partition("//")[2])[0], value
            assert not re.search("%0[0ad]", value.lower().partition("?subject=")[2].partition("&")[0]), value
        if name in FIXED:
            assert value in FIXED[name], value
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

    def end(self) -> None:
        """Assert that nothing is open, and that no link reads as something it is not."""
        self.close()
        assert not self.stack, f"not closed: {self.stack}"
        link_text = "".join(self.link_text)
        assert not DECEPTIVE.search(link_text), ascii(link_text)


def check(html: str) -> str:
    """Assert that HTML has only allowed elements, well nested, with allowed attributes. Gives its text."""
    checker = Checker()
    checker.feed(html)
    checker.end()
    tags = "".join(re.findall("<[^>]*>", html)).lower()
    for forbidden in ("<hx-", "<turbo", "</template", "<script", "style=", "<img"):
        assert forbidden not in tags
    html.encode()
    return "".join(checker.text)
