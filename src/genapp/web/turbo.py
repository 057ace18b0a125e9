"""Generations for pages of Hotwire's Turbo, which follow a stream by `<turbo-stream-source>`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genapp import streams, views
from genapp.web.live import Audience, shown
from genapp.web.pages import person_of, turbo_streams

if TYPE_CHECKING:
    from litestar import Response

    from genapp.models import Generation
    from genapp.web.parts import Parts
    from genapp.web.visitors import Visitor


async def turbo_generation(
    parts: Parts, visitor: Visitor, generation: Generation, *, status: int = 200, present: bool = False
) -> Response[str]:
    """A generation's article and what follows it; `present`: the page has the article already."""
    viewer = str(visitor.user_id)
    (card,), live = await shown(parts, Audience(viewer), [generation])
    source = None
    if live is not None:
        # From its beginning, which replaces the article: Turbo keeps pages as they were, and shows them again with
        # sources that connect as they did at first.
        following = [(views.stream_name(generation.id), None)]
        source = streams.stream_from(parts.names, viewer, following, dialect="turbo")
    person = person_of(parts.settings, visitor)
    html = views.turbo_article(generation, card, source, person, present=present)
    return turbo_streams(html, status, {"Location": f"/generations/{generation.id}"} if status == 201 else None)
