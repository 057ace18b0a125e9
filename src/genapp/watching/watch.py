"""The rounds of whoever is on duty."""

from __future__ import annotations

import asyncio
import logging
import math
import random
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from genapp import models
from genapp.models import Duty, Incident, Notice, Reading, new_id
from genapp.watching.conditions import looks, looks_at_spend
from genapp.watching.telling import Telling
from genapp.watching.wording import it_is_bad, it_is_well

if TYPE_CHECKING:
    from genapp.fleet import Member
    from genapp.settings import Settings
    from genapp.watching.conditions import Look

logger = logging.getLogger(__name__)

DUTY = "watch"
# Rounds that the one on duty may miss before another takes over.
MISSED = 3
GOODBYE = 0.5


class Watch:
    """An async context manager; one a process."""

    def __init__(self, settings: Settings, fleet: Member) -> None:
        self.settings = settings
        self.fleet = fleet
        self.telling = Telling(settings)
        self._holder = new_id().hex
        self._spend: list[Look] = []
        self._spend_at = -math.inf
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        self._task = asyncio.create_task(self._go_round())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        with suppress(Exception):  # a database that is away holds up no farewell: another takes over some rounds later
            async with asyncio.timeout(GOODBYE):
                await Duty.leave(DUTY, self._holder)

    async def _go_round(self) -> None:
        every = self.settings.alert_every_seconds
        while True:
            # Jittered, so that a fleet that was started at once does not ask at once.
            await asyncio.sleep(every * random.uniform(0.7, 1.3))  # noqa: S311  not a secret
            try:
                if await Duty.take(DUTY, self._holder, seconds=MISSED * every):
                    await self._look()
                    await self.telling.tell()
            except Exception as error:
                if models.is_away(error):
                    logger.warning("nobody can watch over the site: %s", error)
                else:
                    logger.exception("watching over the site failed")

    async def _look(self) -> None:
        known = await self.fleet.read()
        if known.up["redis"] and await Reading.due(every=self.settings.reading_seconds):
            await Reading.keep(known.figures, every=self.settings.reading_seconds)
            await Reading.sweep()
            await Incident.sweep()
        suspected = await Incident.suspected()
        if time.monotonic() - self._spend_at >= self.settings.reading_seconds:
            self._spend, self._spend_at = await looks_at_spend(self.settings, known), time.monotonic()
        for look in [*await looks(self.settings, known), *self._spend]:
            if look.bad:
                await self._note_bad(look)
            elif look.bad is False and look.condition in suspected:
                await self._note_well(look)

    async def _note_bad(self, look: Look) -> None:
        # Who is to be told is stored with the incident or not at all: nobody misses one, and nobody is told twice.
        async with Incident._meta.db.transaction():
            opened = await Incident.note_bad(look.condition, look.says, hold=self.settings.alert_hold_seconds)
            if opened is not None:
                await Notice.add(opened, "opened", it_is_bad(opened), self.telling.channels)
        if opened is not None:
            logger.error("not well: %s", it_is_bad(opened), extra={"condition": look.condition})

    async def _note_well(self, look: Look) -> None:
        async with Incident._meta.db.transaction():
            closed = await Incident.note_well(look.condition, hold=self.settings.alert_hold_seconds)
            if closed is not None:
                await Notice.add(closed, "recovered", it_is_well(closed), self.telling.channels)
        if closed is not None:
            logger.warning("well again: %s", look.condition, extra={"condition": look.condition})
