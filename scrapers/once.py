"""Collects now, for a person who waits: alone under a lease of our own, or through the leader.

While a collector leads, a second one may not publish, and two of them asking a provider at once
would not be polite. So a request is queued for the leader, as CreateCollectionRun does, and its
run is watched until it ends. Should the leader turn out to be dead, we take its place.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from queue import Empty, Queue

from scrapers.collect import Collector
from scrapers.leadership import Leadership, new_holder
from scrapers.provider import Provider
from scrapers.reading import OnStep
from scrapers.ticket import Ticket
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
) -> Mapping[str, CollectionRun]:
    """Collect providers and return their runs by provider id.

    `on_wait` is called once when a leader takes its time. Raises StoreUnreachable.
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
            patience={provider.id: deadline_of(provider) for provider in providers},
            leadership=leadership,
            ended=ended,
            on_end=on_end,
            on_wait=on_wait,
        )
    lease = leadership.find_lease()
    if left and lease:
        leadership.start()
        try:
            ended |= _collect_alone(
                [(provider, left[provider.id]) for provider in providers if provider.id in left],
                collector=collector,
                fence=lease.fence,
                on_step=on_step,
                on_end=on_end,
            )
        finally:
            leadership.stop()
    return ended


def _collect_alone(
    runs: Sequence[tuple[Provider, CollectionRun]],
    *,
    collector: Collector,
    fence: int,
    on_step: OnStep,
    on_end: OnEnd,
) -> Mapping[str, CollectionRun]:
    """Collect a few providers at a time.

    In daemon threads, not a pool: Ctrl-C must not wait for a server that answers slowly.
    """
    tickets = {provider.id: Ticket() for provider, _ in runs}
    waiting: Queue[tuple[Provider, CollectionRun]] = Queue()
    results: Queue[CollectionRun | Exception] = Queue()
    for each in runs:
        waiting.put(each)

    def work() -> None:
        with suppress(Empty):
            while True:
                results.put(collect(*waiting.get_nowait()))

    def collect(provider: Provider, run: CollectionRun) -> CollectionRun | Exception:
        try:
            return collector.collect(
                provider,
                run=run,
                fence=fence,
                ticket=tickets[provider.id],
                on_step=on_step,
            )
        except Exception as error:  # noqa: BLE001 - raised again by the thread that waits
            return error

    for number in range(min(_THREADS, len(runs))):
        threading.Thread(target=work, name=f"collect-{number}", daemon=True).start()
    ended: dict[str, CollectionRun] = {}
    try:
        while len(ended) < len(runs):
            result = results.get()
            if isinstance(result, Exception):
                raise result
            ended[result.provider] = result
            on_end(result)
    finally:
        for ticket in tickets.values():
            ticket.abandon()
    return ended


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
