"""Links: which a model may make, and how a bare URL becomes one."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from markdown_it.rules_inline import StateInline

# Only what a person can read as a destination. A user name before the host is refused: in
# `https://bank.example@other.example/` the eye stops at the wrong name. The rest is ASCII by then (the parser
# percent-encodes paths and turns host names into punycode), so no control character is left to turn a URL around.
_HTTP = re.compile(r"https?://(?:[a-z0-9._-]+|\[[0-9a-f:.]+\])(?::\d{1,5})?(?:[/?#][!-~]*)?", re.IGNORECASE | re.ASCII)
# A letter is begun to whom, about what and with which words, no more. In the other fields (`bcc`, `attach`, a header
# behind a line end) mail programs have sent copies to strangers and files from the disk.
_ADDRESS = r"[a-z0-9.!$'*+=_~-]{1,64}@[a-z0-9.-]{1,255}"
_FIELD = r"(?:subject=(?:(?!%0[0ad])[!\"$%'-~])*|body=(?:(?!%00)[!\"$%'-~])*)"
_MAILTO = re.compile(rf"mailto:{_ADDRESS}(?:,{_ADDRESS})*(?:\?{_FIELD}(?:&{_FIELD})*)?", re.IGNORECASE | re.ASCII)
_ORIGIN = re.compile(r"https?://[^/?#]*", re.IGNORECASE)

# Marks that reorder the text around them (bidi embeddings, overrides, isolates, direction marks) or show nothing at
# all (Unicode's Default_Ignorable_Code_Point, and interlinear annotations). Zero-width joiner and non-joiner stay, and
# so do variation selectors: Persian, Indic scripts, Japanese names and many emoji need them.
_DECEPTIVE = dict.fromkeys(
    [
        *(0x00AD, 0x034F, 0x061C, 0x115F, 0x1160, 0x17B4, 0x17B5),
        *range(0x180B, 0x1810),
        *(0x200B, 0x200E, 0x200F),
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2070),
        *(0x3164, 0xFEFF, 0xFFA0),
        *range(0xFFF0, 0xFFFC),
        *range(0x1BCA0, 0x1BCA4),
        *range(0x1D173, 0x1D17B),
        *range(0xE0000, 0xE0100),
    ]
)

# 2,000 characters is the longest URL that works everywhere; it also bounds the work for one colon.
_WEB_REST = re.compile(r"//[^\s<>\x00-\x20\x7f\"`]{1,2000}")
_MAIL_REST = re.compile(r"[\w.+-]{1,64}@[a-z0-9-]{1,63}(?:\.[a-z0-9-]{1,63}){1,8}", re.IGNORECASE | re.ASCII)
_SCHEMES = (("https", _WEB_REST), ("http", _WEB_REST), ("mailto", _MAIL_REST))
_TRAILING = "?!.,:;*_~'|\\"


def is_allowed(href: str) -> bool:
    """Whether a normalised URL may be a link: plain `http(s)://host…` or `mailto:…`."""
    return bool(_HTTP.fullmatch(href) or _MAILTO.fullmatch(href))


def without_deception(text: str) -> str:
    """The text of a link, without the marks that could make it read as something it is not."""
    return text.translate(_DECEPTIVE)


def as_read(url: str, href: str) -> str:
    """The text of a link that is its own address: as it was written, but with the host that a browser will ask.

    `https://bank.example∕login.evil.example` has no slash: all of it is one name, and its href says so.
    """
    written, asked = _ORIGIN.match(url), _ORIGIN.match(href)
    if written is None or asked is None or written[0].isascii():
        return url
    return asked[0] + url[written.end() :]


def linkify(state: StateInline, silent: bool) -> bool:
    """An inline rule for markdown-it: `http://…`, `https://…` and `mailto:…` in plain text are links.

    Ours rather than the parser's own, which copies the rest of the text at each `://` (quadratic in a long
    paragraph) and also takes `ftp:` and bare host names.
    """
    if state.src[state.pos] != ":" or state.linkLevel > 0:
        return False
    found = _url_around(state.src, state.pos, state.posMax)
    if found is None:
        return False
    start, end = found
    scheme, url = state.src[start : state.pos], state.src[start:end]
    href = state.md.normalizeLink(url)
    if not state.md.validateLink(href):
        return False
    if not silent:
        if not state.pending.endswith(scheme):
            return False
        state.pending = state.pending[: -len(scheme)]
        state.push("link_open", "a", 1).attrs = {"href": href}
        state.push("text", "", 0).content = as_read(url, href)
        state.push("link_close", "a", -1)
    state.pos = end
    return True


def _url_around(text: str, colon: int, maximum: int) -> tuple[int, int] | None:
    for scheme, rest in _SCHEMES:
        start = colon - len(scheme)
        if start < 0 or text[start:colon].lower() != scheme:
            continue
        if start > 0 and text[start - 1].isalnum():
            continue
        match = rest.match(text, colon + 1, maximum)
        if match is None:
            return None
        return start, colon + 1 + len(_without_trailing(match.group()))
    return None


def _without_trailing(url: str) -> str:
    """A sentence's punctuation is not its URL's; a bracket is, if it was opened in the URL."""
    opened = {")": url.count("("), "]": url.count("[")}
    closed = {")": url.count(")"), "]": url.count("]")}
    end = len(url)
    while end:
        last = url[end - 1]
        if last in closed and closed[last] > opened[last]:
            closed[last] -= 1
        elif last not in _TRAILING:
            break
        end -= 1
    return url[:end]
