"""What both stores hold about runs: which one blocks another, which one may still be taken."""

from datetime import datetime, timedelta

from service.domain.run import NO_COLLECTOR_AFTER, CollectionRun, RunState

RUNNING_BLOCKS_FOR = timedelta(hours=1)
"""A collector that died leaves its run RUNNING; no run takes as long as this."""


def open_until(run: CollectionRun) -> datetime | None:
    """Return until when a run keeps another of its provider from being asked for, if at all."""
    if run.state is RunState.PENDING:
        return run.create_time + NO_COLLECTOR_AFTER
    if run.state is RunState.RUNNING:
        return (run.start_time or run.create_time) + RUNNING_BLOCKS_FOR
    return None


def is_waiting(run: CollectionRun, *, now: datetime) -> bool:
    """Say whether a collector may still take this run up."""
    return run.state is RunState.PENDING and now < run.create_time + NO_COLLECTOR_AFTER
