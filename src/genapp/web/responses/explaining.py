"""What msgspec says of a wrong field, as an error of ours."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from genapp.errors import Invalid

if TYPE_CHECKING:
    import msgspec

PLACE = re.compile(r" - at `\$\.?(.*)`$")
MISSING = re.compile(r"(?:required|unknown) field `(\w+)`")


def explained(error: msgspec.ValidationError, within: str = "") -> Invalid:
    """The error with its field, which lies `within` another one."""
    text = str(error)
    place, named = PLACE.search(text), MISSING.search(text)
    field = ".".join(part for part in (within, place[1] if place else "", named[1] if named else "") if part)
    what = PLACE.sub("", text)
    return Invalid(f"{what}. Correct “{field}” and send it again." if field else f"{what}.", field=field or None)
