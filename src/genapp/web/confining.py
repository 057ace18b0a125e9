"""A token for one conversation opens that one, and nothing beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genapp.errors import Forbidden, NotFound
from genapp.models import Generation

if TYPE_CHECKING:
    from litestar.connection import ASGIConnection

    from genapp.web.visitors import Visitor

# Where no id is in the address: a prompt, which is put into the conversation; streams, whose names are signed; the
# composer, which shows nothing of anybody.
WITHOUT_ID = ("/generations", "/streams", "/embed/composer")


async def confine(connection: ASGIConnection[Any, Any, Any, Any], visitor: Visitor) -> None:
    """Raises NotFound for another conversation, Forbidden for what is about more than one.

    A prompt without a conversation goes into the token's.
    """
    if visitor.conversation is None:
        return
    ids = connection.path_params
    form: dict[str, str] | None = connection.scope["state"].get("form")
    if "conversation_id" in ids:
        named = ids["conversation_id"]
    elif "generation_id" in ids:
        named = (await Generation.owned(ids["generation_id"], visitor.user_id)).conversation
    elif connection.scope["path"] == "/generations" and form is None:
        named = connection.query_params.get("conversation_id", "")  # the list of them
    elif connection.scope["path"] in WITHOUT_ID:
        named = visitor.conversation
        if form is not None:
            named = form.setdefault("conversation_id", str(visitor.conversation))
    else:
        raise Forbidden("This embed token is for one conversation only.")
    if str(named) != str(visitor.conversation):
        raise NotFound
