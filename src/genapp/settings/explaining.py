"""How a broken setting is put into one line."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, get_args

from annotated_types import Ge, Gt, Le

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic.fields import FieldInfo


def first_sentence(error: ValidationError, fields: dict[str, FieldInfo]) -> str:
    """The first fault of `error` in one line: the variable, what is allowed, and what it was."""
    fault = error.errors(include_url=False)[0]
    name = str(fault["loc"][0]) if fault["loc"] else ""
    if reason := fault.get("ctx", {}).get("error"):  # one of our validators: it has said it all
        return f"{name} {reason}".strip()
    field = next(one for one in fields.values() if one.validation_alias == name)
    return f"{name} must be {allowed(field)} (it is {fault['input']!r})"


def allowed(field: FieldInfo) -> str:
    """What a field may be, in words."""
    options = [word for part in (field.annotation, *get_args(field.annotation)) for word in get_args(part)]
    if words := [word for word in options if isinstance(word, str)]:
        return "one of " + ", ".join(words)
    kinds: dict[Any, str] = {int: "a whole number", float: "a number", bool: "true or false"}
    kind = kinds.get(field.annotation, "text")
    limits = [f"at least {rule.ge}" for rule in field.metadata if isinstance(rule, Ge)]
    limits += [f"more than {rule.gt}" for rule in field.metadata if isinstance(rule, Gt)]
    limits += [f"at most {rule.le}" for rule in field.metadata if isinstance(rule, Le)]
    return " ".join([kind, " and ".join(limits)]).strip()


def without_password(url: str) -> str:
    """`url` as it may be shown: who logs in by it and how, and what is asked of it, may be secret."""
    shown = re.sub(r"(^|://)[^/]*@", r"\1***@", url)
    return re.sub(r"\?.*", "?***", shown, flags=re.DOTALL)
