"""How far a rate is used up, as headers say it (draft-ietf-httpapi-ratelimit-headers-10)."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from genapp.quotas import Standing

POLICY = "RateLimit-Policy"
STANDING = "RateLimit"


def rate_headers(standings: Sequence[Standing]) -> dict[str, str]:
    """`RateLimit-Policy: "user";q=60;w=60` and `RateLimit: "user";r=59;t=1`; none where nothing is limited."""
    if not standings:
        return {}
    return {
        POLICY: ", ".join(f'"{one.name}";q={one.rate.count};w={one.rate.seconds}' for one in standings),
        STANDING: ", ".join(f'"{one.name}";r={one.left};t={one.seconds}' for one in standings),
    }
