"""What became of what was sent to a webhook, as its owner is shown it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from genapp import views
from genapp.errors import duration

if TYPE_CHECKING:
    from genapp.models import Delivery


def delivery_item(delivery: Delivery) -> views.DeliveryItem:
    """For people."""
    return views.DeliveryItem(
        str(delivery.id),
        delivery.event,
        f"/generations/{delivery.generation}",
        delivery.created_at,
        f"{delivery.created_at:%-d %B %Y, %H:%M:%S} UTC",
        delivery.status,
        delivery.attempts,
        _outcome(delivery),
    )


def delivery_json(delivery: Delivery) -> dict[str, Any]:
    """For programs."""
    waits = delivery.status == "pending"
    return {
        "id": str(delivery.id),
        "generation_id": str(delivery.generation),
        "event": delivery.event,
        "status": delivery.status,
        "attempts": delivery.attempts,
        "response_code": delivery.response_code,
        "error": delivery.error,
        "created_at": delivery.created_at.isoformat(),
        "tried_at": delivery.tried_at.isoformat() if delivery.tried_at else None,
        "next_try_at": delivery.next_try_at.isoformat() if waits else None,
    }


def _outcome(delivery: Delivery) -> str:
    if delivery.status == "delivered":
        return f"Taken, with {delivery.response_code}."
    if delivery.status == "failed":
        return f"{delivery.error} Given up."
    seconds = int((delivery.next_try_at - datetime.now(UTC)).total_seconds())
    following = f"Tried again in {duration(seconds)}." if seconds > 0 else "To be sent now."
    return f"{delivery.error} {following}" if delivery.error else following
