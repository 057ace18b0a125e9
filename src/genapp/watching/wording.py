"""How incidents are put into words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from genapp.errors import duration

if TYPE_CHECKING:
    from genapp.models import Incident

TITLES = {
    "no_worker": "No worker lives",
    "redis": "Redis does not answer",
    "failing": "Answers fail",
    "slow": "Pages are slow",
    "queue_depth": "Many prompts wait",
    "queue_wait": "Prompts wait long",
    "spend_hour": "An hour costs more than expected",
    "spend_day": "A day costs more than expected",
    "test": "A test",
}


def title(condition: str) -> str:
    """A condition's name for people. Another release may know others."""
    return TITLES.get(condition, condition)


def it_is_bad(incident: Incident) -> str:
    """What is told when an incident is opened."""
    return f"{title(incident.condition)}. {incident.says}"


def it_is_well(incident: Incident) -> str:
    """What is told when it is closed."""
    lasted = duration(max(1, round(incident.lasted.total_seconds())))
    return f"Well again after {lasted}: {title(incident.condition)}."
