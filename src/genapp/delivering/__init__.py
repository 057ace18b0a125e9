"""Telling webhooks how generations have ended: claim → sign → send → note what became of it."""

from __future__ import annotations

import asyncio
import logging
import time
from importlib.metadata import version
from typing import TYPE_CHECKING

import msgspec

from genapp import destinations, metrics
from genapp.delivering.posting import Refusal, post
from genapp.delivering.signing import signature
from genapp.errors import Invalid
from genapp.models import Delivery

if TYPE_CHECKING:
    from uuid import UUID

    from genapp.models.delivery import Claimed
    from genapp.settings import Settings

__all__ = ["Delivering"]

logger = logging.getLogger(__name__)

# Sent at a time by one process. Each holds a thread while somebody's slow server takes its time, and the threads are
# for answers.
AT_ONCE = 32
GONE = 410
TOLD_TO_STOP = "It answered 410: there is nothing there any more, and nothing more is sent to it."


class Delivering:
    """Sends what is due. One a worker process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._under_way = 0
        self._leaving = asyncio.Event()

    async def deliver(self, delivery_id: UUID) -> None:
        """Try one, and then what else is due for its webhook.

        Does nothing where it is not due, or where this process has enough to do: housekeeping enqueues it once more.
        """
        if self._under_way >= AT_ONCE:
            return
        self._under_way += 1
        try:
            claimed = await Delivery.claim(delivery_id)
            while claimed is not None:
                await self._try(claimed)
                claimed = None if self._leaving.is_set() else await Delivery.claim_next(claimed.webhook)
        finally:
            self._under_way -= 1

    def leave(self) -> None:
        """Begin nothing more: this worker shuts down."""
        self._leaving.set()

    async def _try(self, claimed: Claimed) -> None:
        extra = {"delivery_id": str(claimed.id), "webhook_id": str(claimed.webhook), "attempt": claimed.attempts}
        try:
            code = await self._post(claimed)
        except Refusal as refusal:
            logger.info("a webhook could not be told: %s", refusal, extra=extra)
            await Delivery.refused(claimed, None, str(refusal))
        else:
            if 200 <= code < 300:
                await Delivery.took(claimed, code)
            else:
                logger.info("a webhook answered %s", code, extra=extra)
                await Delivery.refused(claimed, code, sentence(code), gone=TOLD_TO_STOP if code == GONE else None)
            metrics.deliveries.labels("taken" if 200 <= code < 300 else "refused").inc()
            return
        metrics.deliveries.labels("unreachable").inc()

    async def _post(self, claimed: Claimed) -> int:
        private = self.settings.webhooks_private
        try:
            url = destinations.checked_url(claimed.url, plain=self.settings.plain_webhooks)
        except Invalid as error:
            raise Refusal(error.message) from None
        message_id, moment, body = f"msg_{claimed.id.hex}", int(time.time()), await _body(claimed)
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"genapp/{version('genapp')}",
            "webhook-id": message_id,
            "webhook-timestamp": str(moment),
            "webhook-signature": signature(claimed.secret, message_id, moment, body),
        }
        return await post(url, body, headers, private=private)


async def _body(claimed: Claimed) -> bytes:
    """What is sent: as it was when the generation ended. Its text is in its row, and may be another by now."""
    payload = msgspec.json.decode(claimed.payload)
    if claimed.with_content:
        payload["data"]["content"] = await Delivery.answer_of(claimed, payload["timestamp"])
    return msgspec.json.encode(payload)


def sentence(code: int) -> str:
    """Say what an answer that is not 2xx means."""
    if 300 <= code < 400:
        return f"It answered {code}, a redirect, which is not followed. Give the address that it leads to."
    return f"It answered {code}."
