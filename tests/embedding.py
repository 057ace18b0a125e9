"""The other side of embedding: a site's server, and the code that our documentation gives to those who write one."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

GUIDE = (Path(__file__).parents[1] / "docs" / "embedding.md").read_text()


def code_in_the_guide(language: str) -> str:
    """The first piece of code in a language: how a token is made in it."""
    found = re.search(rf"```{language}\n(.*?)```", GUIDE, re.DOTALL)
    assert found, language
    return found[1]


def embed_token(site_id: str, secret: str, claims: dict[str, Any]) -> str:
    """Make a token with the guide's own Python."""
    names: dict[str, Any] = {}
    exec(code_in_the_guide("python"), names)  # noqa: S102
    return str(names["embed_token"](site_id, secret, claims))


def claims_for(origin: str, /, **more: Any) -> dict[str, Any]:
    """What a token of ten minutes says of somebody; what is None in `more` is left out."""
    claims = {
        "sub": "user-1",
        "origin": origin,
        "scope": "read generate",
        "exp": int(time.time()) + 600,
        **more,
    }
    return {name: value for name, value in claims.items() if value is not None}
