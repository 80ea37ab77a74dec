"""When a provider is first asked after a start, and how long a run may take."""

import zlib
from datetime import datetime, timedelta

from scrapers.provider import Provider

FIRST_RUNS_WITHIN = timedelta(seconds=3)
"""First runs of a start are spread over this, so that ten pages are not parsed in one instant."""

SHORTEST_DEADLINE = timedelta(minutes=2)
LONGEST_DEADLINE = timedelta(minutes=30)
DEADLINE = "DEADLINE"
"""The reason of a run that took longer."""


def deadline_of(provider: Provider) -> timedelta:
    """How long a run may take: its interval, but at least two and at most thirty minutes."""
    return min(max(provider.every, SHORTEST_DEADLINE), LONGEST_DEADLINE)


def first_delay(
    provider_id: str,
    *,
    interval: timedelta,
    published: datetime | None,
    now: datetime,
    within: timedelta = FIRST_RUNS_WITHIN,
) -> timedelta:
    """How long after a start a provider is asked first.

    Without a snapshot younger than its interval: at a moment `within`. With one: at a moment of
    the time that it stays young. The provider's id fixes the moment, so that starts and restarts
    never make all providers run at once.
    """
    spread = zlib.crc32(provider_id.encode())
    young_for = published + interval - now if published else timedelta()
    # A snapshot from the future (the clock was set back) is young for one interval at most.
    young_for = min(young_for, interval)
    window = max(young_for, within)
    milliseconds = max(int(min(window, interval).total_seconds() * 1000), 1)
    return timedelta(milliseconds=spread % milliseconds)
