"""Everything that is rendered: pages for the web, frames for the streams."""

from genapp.views.cards import GenerationCard, Written, article, card, dom_id, tail_element
from genapp.views.pages import (
    Composer,
    ConversationItem,
    ModelOption,
    Stream,
    conversation,
    error_page,
    generation,
    home,
    notice,
    when,
)
from genapp.views.streaming import (
    change_ops,
    final_message,
    final_ops,
    note_ops,
    shell_ops,
    show_end,
    stream_name,
    written_from,
    written_ops,
)

__all__ = [
    "Composer",
    "ConversationItem",
    "GenerationCard",
    "ModelOption",
    "Stream",
    "Written",
    "article",
    "card",
    "change_ops",
    "conversation",
    "dom_id",
    "error_page",
    "final_message",
    "final_ops",
    "generation",
    "home",
    "note_ops",
    "notice",
    "shell_ops",
    "show_end",
    "stream_name",
    "tail_element",
    "when",
    "written_from",
    "written_ops",
]
