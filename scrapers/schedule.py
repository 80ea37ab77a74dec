"""Collects every provider again and again: one job each, on the collector that leads.

A job runs in a thread that can be given up: one that hangs past its deadline is left behind, may
no longer publish, and keeps only its own provider from running. The pool has more threads than
there are providers, so no provider ever waits for another.
"""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from apscheduler.events import (
    EVENT_JOB_ERROR,
    EVENT_JOB_MAX_INSTANCES,
    EVENT_JOB_MISSED,
    JobExecutionEvent,
)
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.interval import IntervalTrigger

from scrapers import metrics
from scrapers.collect import Collector
from scrapers.errors import Retry
from scrapers.exchange_rates import RateCollector
from scrapers.leadership import Leadership
from scrapers.provider import Provider
from scrapers.selection import Choice
from scrapers.status import status_at_start
from scrapers.ticket import Ticket
from scrapers.timetable import DEADLINE, FIRST_RUNS_WITHIN, deadline_of, first_delay
from service.domain.provider import ProviderState
from service.domain.run import CollectionRun, RunState
from service.store.ports import Lease, NewerSchema, Store, StoreUnreachable, UnreadableSnapshot

log = logging.getLogger(__name__)

COLLECTOR_LOST = "COLLECTOR_LOST"
PROVIDER_NOT_ENABLED = "PROVIDER_NOT_ENABLED"
RUN_IN_PROGRESS = "RUN_IN_PROGRESS"
STOPPED = "STOPPED"

JITTER = 0.1
# An unreachable provider is asked again after a sixth of its interval; twice, then as planned.
_SOON_FRACTION = 6
_SOON_ATTEMPTS = 2
_MIN_SOON = timedelta(seconds=60)
_SPARE_THREADS = 4
_COMMIT_GRACE_SECONDS = 10.0
# Short, because stopping waits for it.
_REQUEST_WAIT_SECONDS = 0.25
_STOP_SECONDS = 2.0
_RECENT_RUNS = 5

_SKIPPED = {
    EVENT_JOB_MISSED: "missed",
    EVENT_JOB_MAX_INSTANCES: "max_instances",
    EVENT_JOB_ERROR: "error",
}


@dataclass(slots=True)
class _Attempt:
    """A run in progress. `ended` is also set when we stop."""

    run: CollectionRun
    ticket: Ticket = field(default_factory=Ticket)
    ended: threading.Event = field(default_factory=threading.Event)


class Scheduler:
    """Leads if it can: then runs every provider that is on, and serves requests for runs."""

    def __init__(
        self,
        *,
        store: Store,
        collector: Collector,
        choices: Sequence[Choice],
        holder: str,
        lease_length: timedelta,
        clock: Callable[[], datetime],
        replayed: bool = False,
        rates: RateCollector | None = None,
        deadline: Callable[[Provider], timedelta] = deadline_of,
        first_runs_within: timedelta = FIRST_RUNS_WITHIN,
    ) -> None:
        self._store = store
        self._collector = collector
        self._choices = [_as_recorded(choice, collector) for choice in choices]
        self._clock = clock
        self._replayed = replayed
        self._rates = rates
        self._deadline = deadline
        self._first_runs_within = first_runs_within
        self._on: Mapping[str, Provider] = {
            choice.provider.id: choice.provider for choice in self._choices if choice.is_on
        }
        self._attempts: dict[str, _Attempt] = {}
        self._attempts_lock = threading.Lock()
        self._soon_left: dict[str, int] = {}
        self._stopping = threading.Event()
        self._requests: threading.Thread | None = None
        self._leadership = Leadership(
            store=store,
            holder=holder,
            length=lease_length,
            on_elected=self._begin,
            on_lost=self._pause,
        )
        # APScheduler 3 has no types.
        self._jobs: Any = BackgroundScheduler(
            executors={"default": ThreadPoolExecutor(len(self._on) + _SPARE_THREADS)},
            job_defaults={"coalesce": True, "max_instances": 1},
            timezone=UTC,
            daemon=True,
        )
        self._jobs.add_listener(
            _count_skipped, EVENT_JOB_MISSED | EVENT_JOB_MAX_INSTANCES | EVENT_JOB_ERROR
        )

    @property
    def is_leading(self) -> bool:
        """Whether this collector holds the lease now."""
        return self._leadership.find_lease() is not None

    def start(self) -> None:
        """Start standing by; returns at once, also when the store is out of reach."""
        self._jobs.start()
        self._leadership.start()
        if self._rates:
            self._rates.plan(self._jobs, find_lease=self._leadership.find_lease)
        self._requests = threading.Thread(target=self._serve_requests, name="requests", daemon=True)
        self._requests.start()

    def stop(self) -> None:
        """End everything within a few seconds; runs in progress are given up and end FAILED."""
        self._stopping.set()
        self._jobs.shutdown(wait=False)
        with self._attempts_lock:
            attempts = dict(self._attempts)
        for attempt in attempts.values():
            self._drop(attempt)
        self._leadership.stop()
        if self._requests:
            self._requests.join(_STOP_SECONDS)

    def _begin(self) -> None:
        """Take over: register all providers, end the runs of a collector that died, plan ours."""
        before = self._store.statuses()
        delays: dict[str, timedelta] = {}
        now = self._clock()
        for provider in self._on.values():
            published = self._published_at(provider)
            delays[provider.id] = first_delay(
                provider.id,
                interval=provider.every,
                published=published,
                now=now,
                within=self._first_runs_within,
            )
        self._store.register(
            tuple(
                status_at_start(
                    choice,
                    before=before.get(choice.provider.id),
                    replayed=self._replayed,
                    next_attempt_time=_after(now, delays.get(choice.provider.id)),
                )
                for choice in self._choices
            )
        )
        for provider in self._on.values():
            self._end_lost_runs(provider)
        for provider in self._on.values():
            self._plan(provider, first=datetime.now(UTC) + delays[provider.id])

    def _published_at(self, provider: Provider) -> datetime | None:
        try:
            snapshot = self._store.snapshot(provider.id)
        except UnreadableSnapshot:
            return None
        return snapshot.publish_time if snapshot else None

    def _pause(self) -> None:
        """Stop planning; requests that were taken already run into the lost lead and say so."""
        for provider_id in self._on:
            with suppress(JobLookupError):
                self._jobs.remove_job(provider_id)

    def _plan(self, provider: Provider, *, first: datetime) -> None:
        """Plan a provider's job from `first` on, each time up to 10 % early or late."""
        seconds = provider.every.total_seconds()
        # APScheduler only ever delays: nine tenths of the interval and up to two more.
        make_trigger: Any = IntervalTrigger
        trigger = make_trigger(
            seconds=(1 - JITTER) * seconds, jitter=2 * JITTER * seconds, timezone=UTC
        )
        self._jobs.add_job(
            self._run_planned,
            trigger,
            args=[provider],
            id=provider.id,
            next_run_time=first,
            misfire_grace_time=max(int(seconds / 2), 1),
            replace_existing=True,
        )

    def _run_planned(self, provider: Provider) -> None:
        lease = self._leadership.find_lease()
        if lease is None:
            metrics.skipped("not_leading")
            return
        self._run(provider, run=self._collector.new_run(provider.id), lease=lease)

    def _run(self, provider: Provider, *, run: CollectionRun, lease: Lease) -> bool:
        """Run a provider and wait, up to its deadline; False when it is running already."""
        attempt = _Attempt(run)
        with self._attempts_lock:
            if provider.id in self._attempts or self._stopping.is_set():
                metrics.skipped("still_running")
                return False
            self._attempts[provider.id] = attempt
        threading.Thread(
            target=self._collect,
            args=(provider, attempt, lease),
            name=f"collect-{provider.id}",
            daemon=True,
        ).start()
        limit = self._deadline(provider).total_seconds()
        if not attempt.ended.wait(limit):
            self._give_up(provider, attempt, detail=f"not done within {limit:g} s; given up")
        return True

    def _collect(self, provider: Provider, attempt: _Attempt, lease: Lease) -> None:
        try:
            self._collector.collect(
                provider,
                run=attempt.run,
                fence=lease.fence,
                ticket=attempt.ticket,
                plan=lambda retry: self._next_time(provider, retry),
            )
        except (StoreUnreachable, NewerSchema) as error:
            # Nothing to save it in. The next leader, perhaps this one, runs what has grown stale.
            metrics.not_published("error")
            log.warning("run lost", extra={"provider": provider.id, "detail": str(error)})
            self._next_time(provider, Retry.SOON)
        except Exception:
            log.exception("run failed", extra={"provider": provider.id})
        finally:
            with self._attempts_lock:
                self._attempts.pop(provider.id, None)
            attempt.ended.set()

    def _give_up(self, provider: Provider, attempt: _Attempt, *, detail: str) -> None:
        """End a run that is past its deadline, unless it is already writing its result."""
        if not attempt.ticket.abandon():
            attempt.ended.wait(_COMMIT_GRACE_SECONDS)
            return
        if self._leadership.find_lease() is None:
            return
        try:
            self._collector.give_up(
                provider,
                run=attempt.run,
                reason=DEADLINE,
                detail=detail,
                next_attempt_time=self._next_time(provider, None),
            )
        except (StoreUnreachable, NewerSchema) as error:
            log.warning("run lost", extra={"provider": provider.id, "detail": str(error)})

    def _drop(self, attempt: _Attempt) -> None:
        """End a run because we stop; that says nothing of its provider."""
        try:
            if attempt.ticket.abandon():
                self._refuse(attempt.run, STOPPED, "the collector was stopped")
            else:
                attempt.ended.wait(_STOP_SECONDS)
        except (StoreUnreachable, NewerSchema) as error:
            log.warning("run lost", extra={"run_id": attempt.run.run_id, "detail": str(error)})
        attempt.ended.set()

    def _next_time(self, provider: Provider, retry: Retry | None) -> datetime | None:
        """Say when a provider is asked next; sooner than planned where that may help."""
        try:
            job = self._jobs.get_job(provider.id)
            if job is None:
                return None
            planned: datetime | None = job.next_run_time
            if retry is not Retry.SOON:
                self._soon_left[provider.id] = _SOON_ATTEMPTS
                return planned
            left = self._soon_left.get(provider.id, _SOON_ATTEMPTS)
            soon = datetime.now(UTC) + max(provider.every / _SOON_FRACTION, _MIN_SOON)
            if left and planned and soon < planned:
                self._soon_left[provider.id] = left - 1
                job.modify(next_run_time=soon)
                return soon
            self._soon_left[provider.id] = _SOON_ATTEMPTS
        except JobLookupError:
            return None  # the lead was lost in this moment
        return planned

    def _serve_requests(self) -> None:
        is_told = False  # an outage is one line in the log, however long it lasts
        while not self._stopping.is_set():
            if not self.is_leading:
                self._stopping.wait(_REQUEST_WAIT_SECONDS)
                continue
            try:
                run = self._store.take_request(timeout_seconds=_REQUEST_WAIT_SECONDS)
                is_told = False
                if run:
                    self._jobs.add_job(
                        self._run_requested, args=[run], misfire_grace_time=None, id=run.run_id
                    )
            except (StoreUnreachable, NewerSchema) as error:
                if not is_told:
                    log.warning("no requests", extra={"detail": str(error)})
                is_told = True
                self._stopping.wait(_REQUEST_WAIT_SECONDS)
            except Exception:
                log.exception("a request failed")
                self._stopping.wait(_REQUEST_WAIT_SECONDS)

    def _run_requested(self, run: CollectionRun) -> None:
        lease = self._leadership.find_lease()
        provider = self._on.get(run.provider)
        if lease is None:
            self._refuse(run, COLLECTOR_LOST, "the collector lost the lead")
        elif provider is None:
            detail = "the leading collector does not run it; name it in its GPUQUOTE_PROVIDERS"
            self._refuse(run, PROVIDER_NOT_ENABLED, detail)
        elif not self._run(provider, run=run, lease=lease):
            self._refuse(run, RUN_IN_PROGRESS, "another run of the provider has not ended")

    def _refuse(self, run: CollectionRun, reason: str, detail: str) -> None:
        self._store.save_run(run.failed(reason=reason, detail=detail, end_time=self._clock()))

    def _end_lost_runs(self, provider: Provider) -> None:
        """End runs that a collector left behind when it died; no one else ever would."""
        with self._attempts_lock:
            ours = {attempt.run.run_id for attempt in self._attempts.values()}
        for run in self._store.runs(provider=provider.id, before="", limit=_RECENT_RUNS):
            if run.state is RunState.RUNNING and run.run_id not in ours:
                self._refuse(run, COLLECTOR_LOST, "the collector ended before the run did")


def _as_recorded(choice: Choice, collector: Collector) -> Choice:
    """Turn a provider off that a replay holds nothing of: it would wait for ever."""
    if not choice.is_on or collector.has_recording(choice.provider):
        return choice
    return replace(choice, state=ProviderState.DISABLED, detail="off: nothing of it is recorded")


def _after(now: datetime, delay: timedelta | None) -> datetime | None:
    return None if delay is None else now + delay


def _count_skipped(event: JobExecutionEvent) -> None:
    metrics.skipped(_SKIPPED[event.code])
    log.warning("job skipped", extra={"job": event.job_id, "detail": _SKIPPED[event.code]})
