"""The Jinja environment: templates compiled once a process, everything escaped."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from genapp import assets, markdown

environment = Environment(
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


def render(template: str, **context: Any) -> str:
    """Render a template of `templates/`."""
    return environment.get_template(template).render(context)
