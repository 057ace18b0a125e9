"""A page taken apart, for tests that ask what is in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"br", "hr", "img", "input", "link", "meta"}
FIELDS = ("input", "select", "textarea")


@dataclass(eq=False)
class Element:
    """An element, what it says, and the elements within it."""

    tag: str
    attrs: dict[str, str]
    parent: Element | None = field(default=None, repr=False)
    inner: list[Element] = field(default_factory=list, repr=False)
    words: list[str] = field(default_factory=list, repr=False)

    @property
    def text(self) -> str:
        return " ".join("".join(self.words).split())

    def all(self, *tags: str, **attrs: str) -> list[Element]:
        """The elements within that have one of the tags and all the attributes."""
        return [
            one
            for one in self.inner
            if (not tags or one.tag in tags) and all(one.attrs.get(name) == value for name, value in attrs.items())
        ]

    def one(self, *tags: str, **attrs: str) -> Element:
        """The only one of `all`."""
        (found,) = self.all(*tags, **attrs)
        return found

    def field(self, name: str) -> Element:
        """The only field that is sent by this name."""
        return self.one(*FIELDS, name=name)

    def within(self, tag: str) -> bool:
        return self.parent is not None and (self.parent.tag == tag or self.parent.within(tag))


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open = [Element("", {})]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"<{tag}> says something twice: {attrs}"
        element = Element(tag, {name: value or "" for name, value in attrs}, self.open[-1])
        for ancestor in self.open:
            ancestor.inner.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop().tag == tag, f"</{tag}> closes another element"

    def handle_data(self, data: str) -> None:
        for element in self.open:
            element.words.append(data)


def read(html: str) -> Element:
    """Take a page apart; its elements have to be well nested."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    (root,) = reader.open
    return root
