"""What a program may say beside the fields of a form: a key in a header, and that it waits for the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from genapp.errors import Invalid

if TYPE_CHECKING:
    from litestar import Request

    from genapp.web.forms import Form

KEY_HEADER = "Idempotency-Key"
WAIT = ("true", "false")


def with_header_key(request: Request[Any, Any, Any], form: Form) -> Form:
    """Give the form with the key that its header has (draft-ietf-httpapi-idempotency-key-header), quoted or bare.

    Raises Invalid for one that is empty, and where the form has another one.
    """
    header = request.headers.get(KEY_HEADER)
    if header is None:
        return form
    key = header.strip()
    if len(key) > 1 and key[0] == key[-1] == '"':
        key = key[1:-1]
    if not key:
        raise Invalid(f"The header {KEY_HEADER} has no key. Leave it out, or send one.", field="idempotency_key")
    if form.get("idempotency_key") not in (None, "", key):
        raise Invalid(f"The header {KEY_HEADER} and the body name two keys. Send one.", field="idempotency_key")
    return {**form, "idempotency_key": key}


def wants_to_wait(request: Request[Any, Any, Any], form: Form) -> bool:
    """Whether the answer is to be waited for: `wait`, in the query or in the body. Raises Invalid for anything odd."""
    said = [form.get("wait") or "false", request.query_params.get("wait", "false")]
    if not set(said) <= set(WAIT):
        raise Invalid(f"“wait” is {' or '.join(WAIT)}.", field="wait")
    return "true" in said
