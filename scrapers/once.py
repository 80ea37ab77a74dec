"""Collects now, for a person who waits: alone under a lease of our own, or through the leader.

While a collector leads, a second one may not publish, and two of them asking a provider at once
would not be polite. So a request is queued for the leader, as CreateCollectionRun does, and its
run is watched until it ends. Should the leader turn out to be dead, we take its place.
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from queue import Empty, Queue

from scrapers.collect import Collector
from scrapers.leadership import Leadership, new_holder
from scrapers.provider import Provider
from scrapers.reading import OnStep
from scrapers.ticket import Abandoned, Ticket
from scrapers.timetable import DEADLINE, deadline_of
from service.domain.run import NO_COLLECTOR, NO_COLLECTOR_AFTER, CollectionRun, RunState
from service.store.ports import Store

_THREADS = 8
_LOOK_EVERY_SECONDS = 0.2
_TELL_AFTER = timedelta(seconds=2)

OnEnd = Callable[[CollectionRun], None]
OnWait = Callable[[], None]


def collect_now(
    providers: Sequence[Provider],
    *,
    store: Store,
    collector: Collector,
    lease_length: timedelta,
    on_step: OnStep,
    on_end: OnEnd,
    on_wait: OnWait = lambda: None,
    deadline: Callable[[Provider], timedelta] = deadline_of,
) -> Mapping[str, CollectionRun]:
    """Collect providers and return their runs by provider id.

    A run that takes longer than its `deadline` ends FAILED, with the reason DEADLINE. `on_wait`
    is called once when a leader takes its time. Raises StoreUnreachable.
    """
    leadership = Leadership(store=store, holder=new_holder(), length=lease_length)
    leadership.step()
    ended: dict[str, CollectionRun] = {}
    left: Mapping[str, CollectionRun]
    if leadership.find_lease():
        left = {provider.id: collector.new_run(provider.id) for provider in providers}
    else:
        asked = {provider.id: _ask(provider, store, collector) for provider in providers}
        left = _watch(
            asked,
            store=store,
            patience={provider.id: deadline(provider) for provider in providers},
            leadership=leadership,
            ended=ended,
            on_end=on_end,
            on_wait=on_wait,
        )
    lease = leadership.find_lease()
    if left and lease:
        leadership.start()
        try:
            alone = _Alone(
                [(provider, left[provider.id]) for provider in providers if provider.id in left],
                collector=collector,
                fence=lease.fence,
                on_step=on_step,
                deadline=deadline,
            )
            ended |= alone.collect(on_end=on_end)
        finally:
            leadership.stop()
    return ended


class _Alone:
    """Collects a few providers at a time, and gives up each that does not end in its time.

    In daemon threads, not a pool: neither Ctrl-C nor the others must wait for a server that
    answers slowly. A thread that is given up has another take its place, so that all have ended
    within the longest deadline and, where many hang, the sum of theirs over the threads.
    """

    def __init__(
        self,
        runs: Sequence[tuple[Provider, CollectionRun]],
        *,
        collector: Collector,
        fence: int,
        on_step: OnStep,
        deadline: Callable[[Provider], timedelta],
    ) -> None:
        self._runs = {provider.id: (provider, run) for provider, run in runs}
        self._collector = collector
        self._fence = fence
        self._on_step = on_step
        self._deadline = deadline
        self._tickets = {provider_id: Ticket() for provider_id in self._runs}
        self._ends: dict[str, float] = {}
        self._waiting: Queue[str] = Queue()
        self._results: Queue[CollectionRun | Exception] = Queue()
        for provider_id in self._runs:
            self._waiting.put(provider_id)

    def collect(self, *, on_end: OnEnd) -> Mapping[str, CollectionRun]:
        """Return the runs as they ended. Raises what a run raises: StoreUnreachable."""
        for _ in range(min(_THREADS, len(self._runs))):
            self._start_thread()
        ended: dict[str, CollectionRun] = {}
        try:
            while len(ended) < len(self._runs):
                for run in self._news(ended):
                    ended[run.provider] = run
                    on_end(run)
        finally:
            for ticket in self._tickets.values():
                ticket.abandon()
        return ended

    def _news(self, ended: Mapping[str, CollectionRun]) -> Iterator[CollectionRun]:
        with suppress(Empty):
            result = self._results.get(timeout=_LOOK_EVERY_SECONDS)
            if isinstance(result, Exception):
                raise result
            if result.provider not in ended:
                yield result
        now = time.monotonic()
        for provider_id, ends in list(self._ends.items()):
            is_late = provider_id not in ended and ends <= now
            # One that has begun to publish is let end.
            if is_late and self._tickets[provider_id].abandon():
                self._start_thread()
                yield self._given_up(provider_id)

    def _given_up(self, provider_id: str) -> CollectionRun:
        provider, run = self._runs[provider_id]
        seconds = self._deadline(provider).total_seconds()
        detail = f"given up after {seconds:g} s"
        return self._collector.give_up(provider, run=run, reason=DEADLINE, detail=detail)

    def _start_thread(self) -> None:
        threading.Thread(target=self._work, name="collect", daemon=True).start()

    def _work(self) -> None:
        """Collect what waits; ends early once given up, as another thread has taken its place."""
        with suppress(Empty, Abandoned):
            while True:
                provider, run = self._runs[self._waiting.get_nowait()]
                seconds = self._deadline(provider).total_seconds()
                self._ends[provider.id] = time.monotonic() + seconds
                self._results.put(self._result(provider, run))
                self._tickets[provider.id].check()

    def _result(self, provider: Provider, run: CollectionRun) -> CollectionRun | Exception:
        try:
            return self._collector.collect(
                provider,
                run=run,
                fence=self._fence,
                ticket=self._tickets[provider.id],
                on_step=self._on_step,
            )
        except Exception as error:  # noqa: BLE001 - raised again by the thread that waits
            return error


def _ask(provider: Provider, store: Store, collector: Collector) -> CollectionRun:
    """Queue a run for the leader, or join the one that is in progress."""
    run = collector.new_run(provider.id)
    return store.request_run(run) or run


def _watch(
    asked: Mapping[str, CollectionRun],
    *,
    store: Store,
    patience: Mapping[str, timedelta],
    leadership: Leadership,
    ended: dict[str, CollectionRun],
    on_end: OnEnd,
    on_wait: OnWait,
) -> Mapping[str, CollectionRun]:
    """Wait until the leader has ended the runs, which go to `ended`.

    Returns those that it left behind, once its lease has run out and is ours.
    """
    asked_at = time.monotonic()
    waiting = dict(asked)
    told = False
    while waiting:
        waited = timedelta(seconds=time.monotonic() - asked_at)
        if waited > _TELL_AFTER and not told:
            told = True
            on_wait()
        for provider_id, run in list(waiting.items()):
            found = store.find_run(run.run_id) or run
            if found.state is RunState.PENDING and waited > NO_COLLECTOR_AFTER:
                found = found.failed(
                    reason=NO_COLLECTOR, detail="no collector took the run in time"
                )
            elif not found.state.is_final and waited > NO_COLLECTOR_AFTER + patience[provider_id]:
                found = found.failed(
                    reason=DEADLINE, detail="the collector did not end the run in time"
                )
            if found.state.is_final:
                del waiting[provider_id]
                ended[provider_id] = found
                on_end(found)
        if not waiting:
            break
        leadership.step()
        if leadership.find_lease():
            break
        time.sleep(_LOOK_EVERY_SECONDS)
    return waiting
