"""The Jinja environment: templates compiled once a process, everything escaped."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2.ext import Extension
from jinja2.lexer import Token
from markupsafe import Markup

from genapp import assets, markdown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jinja2.lexer import TokenStream


class Unindented(Extension):
    """Leaves the indentation of a template's own text out, when it is compiled; what is put into it stays as it is.

    To a browser a line end and a blank are the same there, and in an event each line costs six bytes more.
    """

    def filter_stream(self, stream: TokenStream) -> Iterator[Token]:
        for token in stream:
            if token.type == "data":
                yield Token(token.lineno, token.type, re.sub(r"[ \t\n]+", " ", token.value))
            else:
                yield token


environment = Environment(
    extensions=[Unindented],
    loader=FileSystemLoader(assets.TEMPLATES),
    autoescape=True,
    # A misspelt name is an error in the test that renders it, not a gap in somebody's page.
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
environment.globals["asset"] = assets.url


def _markdown(text: str) -> Markup:
    return Markup(markdown.render(text))


environment.filters["markdown"] = _markdown


# The same in every page, and a third of what a page takes to render.
for name in ("sheets", "scripts"):
    environment.globals[name] = Markup(environment.get_template(f"_{name}.html").render())


def render(template: str, **context: Any) -> str:
    """Render a template of `templates/`."""
    return environment.get_template(template).render(context)
