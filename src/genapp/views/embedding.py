"""Parts for pages elsewhere. They bring their own style and script, and need nothing of the page that they are in."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from genapp.views.environment import render

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genapp.views.cards import GenerationCard
    from genapp.views.pages import Composer, Stream


@dataclass(frozen=True, slots=True)
class Part:
    """What is shown: answers, and where to go on from them, if one may.

    `site` is the address of this site: whatever the part loads, it loads from there.
    """

    site: str
    generations: Sequence[GenerationCard] = ()
    stream: Stream | None = None
    composer: Composer | None = None
    conversation_id: str | None = None
    read_only: bool = False


def embedded(part: Part) -> str:
    """A part as HTML, to be put into a page elsewhere."""
    return render("_embed.html", part=part, composer=part.composer, csrf_token="")


def embed_frame(site: str, theme: str) -> str:
    """The page inside an `<iframe>`: a shell, which shows nothing of anybody until its frame is given a token."""
    return render("embed_frame.html", site=site, theme=theme)
