"""Markdown to safe HTML: `render` for a whole text, `Document` for one that is still being written. Pure."""

from genapp.markdown.blocks import Open
from genapp.markdown.document import Change, Document
from genapp.markdown.links import without_deception
from genapp.markdown.rendering import VERSION, clean, render

__all__ = ["VERSION", "Change", "Document", "Open", "clean", "render", "without_deception"]
