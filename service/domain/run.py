"""A collection run: one attempt to collect one provider's offers."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from service.domain.provider import ProviderState, RejectCount

NO_COLLECTOR = "NO_COLLECTOR"
NO_COLLECTOR_AFTER = timedelta(seconds=60)
RUNS_KEPT_FOR = timedelta(days=14)


class RunState(StrEnum):
    """How far a collection run is."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    SUCCEEDED = "SUCCEEDED"
    PARTIAL = "PARTIAL"
    HELD = "HELD"
    FAILED = "FAILED"

    @property
    def is_final(self) -> bool:
        """Whether the run has ended."""
        return self not in {RunState.PENDING, RunState.RUNNING}


_PROVIDER_STATES = {
    RunState.SUCCEEDED: ProviderState.OK,
    RunState.PARTIAL: ProviderState.PARTIAL,
    RunState.HELD: ProviderState.HELD,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class CollectionRun:
    """One attempt; `run_id` sorts by `create_time`."""

    run_id: str
    provider: str
    state: RunState
    create_time: datetime
    reason: str = ""
    detail: str = ""
    start_time: datetime | None = None
    end_time: datetime | None = None
    offer_count: int = 0
    rejects: tuple[RejectCount, ...] = ()
    body_byte_count: int = 0
    missing_parts: tuple[str, ...] = ()
    replayed: bool = False

    @property
    def provider_state(self) -> ProviderState:
        """What the run says of its provider; FAILED also for a run that has not ended."""
        return _PROVIDER_STATES.get(self.state, ProviderState.FAILED)

    def failed(
        self, *, reason: str, detail: str, end_time: datetime | None = None
    ) -> "CollectionRun":
        """Return this run as one that ended FAILED; without a time where no one saw it end."""
        return replace(self, state=RunState.FAILED, reason=reason, detail=detail, end_time=end_time)


def run_id_at(create_time: datetime, *, entropy: str) -> str:
    """Make the id of a run: ids sort by `create_time` to the millisecond.

    `entropy` (lower-case hex) keeps runs of the same millisecond apart.
    """
    milliseconds = int(create_time.timestamp() * 1000)
    return f"{milliseconds:012x}-{entropy}"
