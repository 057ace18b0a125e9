"""Markdown to HTML that is safe to put in a page, whoever wrote it.

CommonMark with tables, strikethrough and links for bare URLs, parsed by markdown-it. Raw HTML is text, links go to
http, https and mailto only, images are never loaded. Output is made of a small set of elements and attributes:
see `tests/unit/markdown/inert.py` for the list, which the tests enforce.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from markdown_it import MarkdownIt
from markdown_it.common.utils import escapeHtml
from markdown_it.renderer import RendererHTML
from markdown_it.rules_core import StateCore, inline, text_join
from markdown_it.token import Token

from genapp.markdown.highlighting import highlight, language_of
from genapp.markdown.links import as_read, is_allowed, linkify, without_deception
from genapp.markdown.nesting import DEEPEST, limit_nesting
from genapp.markdown.tables import limit_tables

if TYPE_CHECKING:
    from collections.abc import MutableMapping, Sequence

    from markdown_it.utils import EnvType, OptionsDict

# Raise it when the HTML of the same text changes: answers rendered before are then rendered again when shown.
VERSION = 2

# A page has its own h1 and h2.
_HEADINGS = {"h1": "h3", "h2": "h4", "h3": "h5", "h4": "h6", "h5": "h6", "h6": "h6"}
_DIRECTED = frozenset({"p", "li", "th", "td", *_HEADINGS.values()})
_UNREADABLE = re.compile("[\0\ud800-\udfff]")

# What begins something in the text of a block, by the rules that are on. The parser's own set has eleven more, such as
# the hyphen, for rules that are off, and it tries all rules at each: text with many of them took ten times as long.
_BEGINS = re.compile(r"[\n!&*:<\[\\\]_`~]")

PRE = ' tabindex="0" dir="ltr"'
AUTO = ' dir="auto"'


def clean(text: str) -> str:
    """Replace what HTML and UTF-8 cannot carry: NUL and lone surrogates become U+FFFD."""
    return _UNREADABLE.sub("\ufffd", text)


def render(text: str) -> str:
    """Render Markdown, whole, as sanitised HTML."""
    source = clean(text).replace("\r\n", "\n").replace("\r", "\n")
    references: dict[str, Any] = {}
    return to_html(parse(source, references), references)


def parse(source: str, references: MutableMapping[str, Any]) -> list[Token]:
    """Find the blocks of Markdown with LF line ends; link definitions are put in `references`.

    Gives markdown-it's block tokens; the text in them is not parsed yet.
    """
    tokens: list[Token] = []
    _parser.block.parse(source, _parser, _environment(references), tokens)
    return tokens


def to_html(tokens: list[Token], references: MutableMapping[str, Any]) -> str:
    """Parse the text within block tokens, and render them."""
    environment = _environment(references)
    state = StateCore("", _parser, environment)
    state.tokens = tokens
    inline(state)
    text_join(state)
    html: str = _parser.renderer.render(tokens, _parser.options, environment)
    return html


def inline_to_html(text: str, references: MutableMapping[str, Any]) -> str:
    """Render text that is known to be inside a paragraph."""
    return to_html([_inline_token(text)], references)


def fence_attributes(info: str) -> str:
    """The attributes of `<code>` in a fence with this info string."""
    language = language_of(info)
    return f' class="language-{escapeHtml(language)}"' if language else ""


def _environment(references: MutableMapping[str, Any]) -> dict[str, Any]:
    return {"references": references}


def _inline_token(text: str) -> Token:
    return Token("inline", "", 0, content=text, children=[])


class _Parser(MarkdownIt):
    def validateLink(self, url: str) -> bool:  # noqa: N802 (markdown-it's name)
        return is_allowed(url)

    def normalizeLinkText(self, link: str) -> str:  # noqa: N802
        # markdown-it's own would turn punycode into letters that look like others, and `%E2%80%AE` into an override.
        return as_read(link, self.normalizeLink(link))


class _Renderer(RendererHTML):
    """Our elements. A method has the name of the token it renders, as markdown-it wants it."""

    def renderToken(  # noqa: N802
        self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType
    ) -> str:
        token = tokens[idx]
        if token.nesting == 1 and token.tag in _DIRECTED:
            token.attrs["dir"] = "auto"
        return super().renderToken(tokens, idx, options, env)

    def renderInline(  # noqa: N802
        self, tokens: Sequence[Token], options: OptionsDict, env: EnvType
    ) -> str:
        out: list[str] = []
        # Whether each link that is open, outermost first, was written as one. HTML knows no link in a link, which
        # `[a <https://b.example>](https://c.example)` is to the parser; `[a]()` goes nowhere.
        links: list[bool] = []
        for index, token in enumerate(tokens):
            if links:
                # Whatever kind of text it is: code can read backwards too.
                token.content = without_deception(token.content)
            if token.type == "link_open":
                href = str(token.attrs["href"])
                links.append(is_allowed(href) and not any(links))
                out.append(_link_open(href) if links[-1] else "")
            elif token.type == "link_close":
                out.append("</bdi></a>" if links.pop() else "")
            elif token.type == "image":
                out.append(self._image(token, any(links), options, env))
            elif token.type == "text":
                out.append(escapeHtml(token.content))
            elif token.type in self.rules:
                out.append(self.rules[token.type](tokens, index, options, env))
            else:
                out.append(self.renderToken(tokens, index, options, env))
        return "".join(out)

    def _image(self, token: Token, linked: bool, options: OptionsDict, env: EnvType) -> str:
        # Loading it would tell its host that, when and from where the answer was read (and carry out whatever
        # a poisoned prompt put into the URL). The reader may follow it; a link within a link is not HTML.
        alt = self.renderInlineAsText(token.children, options, env)
        label = escapeHtml(without_deception(f"image: {alt}" if alt else "image"))
        source = str(token.attrs["src"])
        return label if linked or not is_allowed(source) else f"{_link_open(source)}{label}</bdi></a>"

    def heading_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return f"<{_HEADINGS[tokens[idx].tag]}{AUTO}>"

    def heading_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return f"</{_HEADINGS[tokens[idx].tag]}>\n"

    def fence(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        token = tokens[idx]
        code = highlight(token.content, language_of(token.info))
        return f"<pre{PRE}><code{fence_attributes(token.info)}>{code}</code></pre>\n"

    def code_block(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return f"<pre{PRE}><code>{escapeHtml(tokens[idx].content)}</code></pre>\n"

    def table_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        # Wide tables scroll on their own; the keyboard can reach and move them.
        return '<div class="table" tabindex="0" role="region" aria-label="Table"><table>\n'

    def table_close(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return "</table></div>\n"

    def th_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return _cell(tokens[idx])

    def td_open(self, tokens: Sequence[Token], idx: int, options: OptionsDict, env: EnvType) -> str:
        return _cell(tokens[idx])


def _link_open(href: str) -> str:
    # <bdi>: text in another direction inside the link cannot reorder what stands around it, nor the other way.
    return f'<a href="{escapeHtml(href)}" rel="noopener noreferrer nofollow" target="_blank"><bdi>'


def _cell(token: Token) -> str:
    # markdown-it writes a style attribute, which the pages' policy forbids.
    align = str(token.attrs.get("style", "")).removeprefix("text-align:")
    return f'<{token.tag}{AUTO} class="align-{align}">' if align else f"<{token.tag}{AUTO}>"


def _make_parser() -> MarkdownIt:
    options = {"html": False, "linkify": False, "xhtmlOut": False, "maxNesting": DEEPEST}
    parser = _Parser("commonmark", options, renderer_cls=_Renderer)
    parser.enable(["table", "strikethrough"]).disable(["html_block", "html_inline"])
    limit_nesting(parser)
    limit_tables(parser)
    parser.inline.ruler.before("escape", "bare_links", linkify)
    parser.inline.terminator_re = _BEGINS
    return parser


_parser = _make_parser()
