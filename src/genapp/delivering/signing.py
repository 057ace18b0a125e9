"""Signatures as Standard Webhooks has them, so that its libraries verify them."""

from __future__ import annotations

import base64
import hashlib
import hmac

from genapp.models.webhook import SECRET_PREFIX


def signature(secret: str, message_id: str, moment: int, body: bytes) -> str:
    """The header `webhook-signature`, of a message that is sent at a Unix time."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = b"%b.%d.%b" % (message_id.encode(), moment, body)
    return "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
