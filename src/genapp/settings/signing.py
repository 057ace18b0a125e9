"""The keys that sign sessions and stream names, as they are given."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import SecretStr

# What examples leave for people to replace, as words of their own, and keys of such words alone. A random key is not
# refused: hexadecimal digits spell none of these, and base64 does so once in 10^10 keys or so.
PLACEHOLDER = re.compile(
    r"(?<![a-z])(?:(?:change|replace)[-_ ]?(?:me|this|it)|(?:your|my)[-_ ]?secret(?:[-_ ]?key)?)+(?![a-z])"
    r"|(?<![a-z0-9])(?:placeholder|insecure|example|default|not[-_ ]?(?:so[-_ ]?)?secret)+(?![a-z0-9])",
    re.IGNORECASE,
)
ONLY_WORDS = re.compile(
    r"(?:(?:a|my|our|your|the|this|is|app|genapp|dev|development|test|super|top|very|secret|key|password|please|change"
    r"|replace|me|it|long|enough|default|example|placeholder|insecure)[\W_\d]*)+",
    re.IGNORECASE,
)


def split(secret: SecretStr | None) -> list[str]:
    """The keys of a comma list."""
    given = secret.get_secret_value() if secret else ""
    return [part.strip() for part in given.split(",") if part.strip()]


def is_placeholder(secret: str) -> bool:
    """Whether a key was copied from somewhere and not made."""
    return bool(PLACEHOLDER.search(secret) or ONLY_WORDS.fullmatch(secret))
