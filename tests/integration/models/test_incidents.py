"""Incidents: opened and closed once, however many look; and the outbox of what is told of them."""

from __future__ import annotations

import asyncio

import pytest

from genapp.models import Duty, Incident, Notice, new_id
from genapp.models.notice import WAITS

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def condition() -> str:
    """One that no other test knows."""
    return new_id().hex


async def until_bad_for(condition: str, seconds: float) -> None:
    await Incident.raw(
        "UPDATE incidents SET began_at = began_at - {} * interval '1 second' WHERE condition = {}", seconds, condition
    )


async def until_well_for(condition: str, seconds: float) -> None:
    await Incident.raw(
        "UPDATE incidents SET well_since = well_since - {} * interval '1 second' WHERE condition = {}",
        *(seconds, condition),
    )


async def opened(condition: str) -> Incident:
    await Incident.note_bad(condition, "It is bad.", hold=120)
    await until_bad_for(condition, 120)
    incident = await Incident.note_bad(condition, "It is worse.", hold=120)
    assert incident is not None
    return incident


async def test_what_is_bad_for_a_moment_is_no_incident_and_nobody_sees_it(condition: str) -> None:
    assert await Incident.note_bad(condition, "It is bad.", hold=120) is None
    assert await Incident.note_bad(condition, "It is bad.", hold=120) is None
    assert condition in await Incident.suspected()
    assert condition not in [one.condition for one in await Incident.recent(1000)]
    assert await Incident.note_well(condition, hold=120) is None
    assert condition not in await Incident.suspected()
    await Incident.note_bad(condition, "It is bad.", hold=120)
    assert await Incident.note_bad(condition, "It is bad again, from the beginning.", hold=120) is None


async def test_of_twenty_who_look_at_once_one_opens_it_and_one_closes_it(condition: str) -> None:
    await Incident.note_bad(condition, "It is bad.", hold=120)
    await until_bad_for(condition, 120)
    noted = await asyncio.gather(*(Incident.note_bad(condition, "It is worse.", hold=120) for _ in range(20)))
    (incident,) = [one for one in noted if one is not None]
    assert incident.id in [one.id for one in await Incident.open()]
    assert incident.says == "It is worse."

    assert await Incident.note_well(condition, hold=120) is None
    await until_well_for(condition, 120)
    noted = await asyncio.gather(*(Incident.note_well(condition, hold=120) for _ in range(20)))
    (closed,) = [one for one in noted if one is not None]
    assert closed.id == incident.id
    assert closed.id not in [one.id for one in await Incident.open()]
    assert closed.id in [one.id for one in await Incident.recent(1000)]


async def test_what_goes_bad_again_before_it_was_well_for_long_stays_the_same_incident(condition: str) -> None:
    incident = await opened(condition)
    await Incident.note_well(condition, hold=120)
    await until_well_for(condition, 119)
    assert await Incident.note_bad(condition, "It is bad.", hold=120) is None
    assert await Incident.note_well(condition, hold=120) is None
    assert incident.id in [one.id for one in await Incident.open()]


async def test_a_suspicion_from_before_a_time_without_anybody_to_look_begins_anew(condition: str) -> None:
    await Incident.note_bad(condition, "It is bad.", hold=120)
    await Incident.raw(
        """
        UPDATE incidents SET began_at = now() - interval '1 hour', seen_at = now() - interval '1 hour'
        WHERE condition = {}
        """,
        condition,
    )
    assert await Incident.note_bad(condition, "It is bad.", hold=120) is None
    assert await Incident.note_bad(condition, "It is bad.", hold=120) is None


async def test_a_message_is_tried_again_and_again_and_its_recovery_waits_behind_it(condition: str) -> None:
    await Notice.raw("DELETE FROM notices")
    incident = await opened(condition)
    await Notice.add(incident, "opened", "It is bad.", ("webhook", "email"))
    await Notice.add(incident, "recovered", "It is well.", ("webhook",))
    claims = await asyncio.gather(*(Notice.claim("webhook") for _ in range(5)))
    (due,) = [one for one in claims if one is not None]
    assert (due.event, due.attempts, due.condition) == ("opened", 1, condition)
    for attempt in range(1, len(WAITS) + 1):
        await Notice.refused(due, "It answered 503.")
        assert await Notice.claim("webhook") is None, "it is not due yet, and what comes after it waits"
        await Notice.raw("UPDATE notices SET next_try_at = now() WHERE channel = 'webhook'")
        again = await Notice.claim("webhook")
        assert again is not None
        assert (again.id, again.attempts) == (due.id, attempt + 1)
        due = again
    await Notice.refused(due, "It answered 503.")
    recovered = await Notice.claim("webhook")
    assert recovered is not None
    assert recovered.event == "recovered"
    await Notice.took(recovered)
    assert await Notice.claim("webhook") is None
    assert await Notice.claim("email") is not None
    await Notice.raw("UPDATE notices SET held_until = NULL, created_at = created_at - interval '3 days'")
    assert await Notice.claim("email") is None, "it is no news any more"
    await Notice.add(incident, "recovered", "It is well.", ("email",))
    recovered = await Notice.claim("email")
    assert recovered is not None, "it does not wait for what nobody will send"
    assert recovered.event == "recovered"


async def test_one_is_on_duty_until_they_leave_or_are_silent() -> None:
    took = await asyncio.gather(*(Duty.take("watch", name, seconds=30) for name in "abcdef"))
    assert took.count(True) == 1
    holder = "abcdef"[took.index(True)]
    assert await Duty.take("watch", holder, seconds=30)
    await Duty.leave("watch", "somebody else")
    assert not await Duty.take("watch", "g", seconds=30)
    await Duty.leave("watch", holder)
    assert await Duty.take("watch", "g", seconds=0)
    assert await Duty.take("watch", holder, seconds=30)
    await Duty.leave("watch", holder)
