"""A screen that is told what changed, as a reader's is; it shows what they see."""

from __future__ import annotations

from genapp.markdown import Change, Document


class Screen:
    """Follows a document; counts what was sent."""

    def __init__(self) -> None:
        self.document = Document()
        self.settled = ""
        self.tag, self.attrs, self.inner = "div", "", ""
        self.sent = 0

    def feed(self, text: str) -> Change:
        change = self.document.feed(text)
        self._apply(change)
        return change

    def finish(self) -> Change:
        change = self.document.finish()
        self._apply(change)
        return change

    def _apply(self, change: Change) -> None:
        self.settled = change.settled if change.reset else self.settled + change.settled
        if change.tail is not None:
            assert not change.grown, "the tail is replaced, or it grows"
            self.tag, self.attrs, self.inner = change.tail.tag, change.tail.attrs, change.tail.html
            if self.tag == "pre":
                # As a browser does.
                self.inner = self.inner.removeprefix("\n")
        self.inner += change.grown
        self.sent += len(change.settled) + len(change.grown) + (len(change.tail.html) if change.tail else 0)

    @property
    def html(self) -> str:
        inner = "\n" + self.inner if self.tag == "pre" else self.inner
        return f"{self.settled}<{self.tag}{self.attrs}>{inner}</{self.tag}>"


def stream(text: str, size: int = 20) -> Screen:
    """Show a text that comes in pieces of so many characters, to its end."""
    screen = Screen()
    for start in range(0, len(text), size):
        screen.feed(text[start : start + size])
    screen.finish()
    return screen
