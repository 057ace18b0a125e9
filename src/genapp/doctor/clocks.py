"""Whether clocks agree. Signed links, embed tokens and how long a frame is under way are compared across hosts."""

from __future__ import annotations

from genapp.doctor.findings import Finding, fail, ok, warn

# Seconds.
NOTICED = 1.0
HARMFUL = 5.0


def compare(check: str, theirs: float, before: float, after: float) -> Finding:
    """Compare a server's clock with ours, read `before` and `after` it was asked. All in seconds since 1970."""
    uncertain = (after - before) / 2
    apart = theirs - (before + uncertain)
    surely = abs(apart) - uncertain
    says = f"this machine's clock is {abs(apart):.1f} s {'behind' if apart > 0 else 'ahead of'} the server's"
    fix = "Have both set by NTP (timedatectl set-ntp true, chrony): links expire early or late, and delays look wrong."
    if surely > HARMFUL:
        return fail(check, says, fix)
    if surely > NOTICED:
        return warn(check, says, fix)
    return ok(check, f"within {max(abs(apart), uncertain) * 1000:.0f} ms of this machine's")
