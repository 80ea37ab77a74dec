"""The scheduler: who leads, what runs when, and what one provider cannot do to another."""

import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import BytesIO
from itertools import pairwise

from prometheus_client import REGISTRY

from scrapers.collect import Collector
from scrapers.errors import Unreachable
from scrapers.parsing import Done, InProcess, InWorkers, Parsing, write_frame
from scrapers.provider import Provider, Request
from scrapers.schedule import (
    COLLECTOR_LOST,
    PROVIDER_NOT_ENABLED,
    STOPPED,
    Scheduler,
)
from scrapers.selection import choose
from scrapers.timetable import DEADLINE
from service.domain.provider import ProviderSnapshot, ProviderState
from service.domain.run import CollectionRun, RunState
from service.store.memory_store import MemoryStore
from service.store.ports import PublishOutcome, Store, StoreUnreachable, UnreadableSnapshot
from tests.builders import a_snapshot, a_status
from tests.scrapers.nimbus import (
    HOST,
    NOW,
    Answer,
    FakeFetcher,
    a_collector,
    a_keyed_provider,
    a_page,
    a_provider,
    a_row,
)

LEASE = timedelta(seconds=10)
SHORT_LEASE = timedelta(seconds=1)
LONG = timedelta(hours=1)


def utc_now() -> datetime:
    return datetime.now(UTC)


def collector_for(
    store: Store, answers: dict[str, Answer], *, parsing: Parsing | None = None
) -> Collector:
    return a_collector(store, answers, clock=utc_now, parsing=parsing)  # type: ignore[arg-type]


def a_scheduler(
    store: Store,
    *providers: Provider,
    answers: dict[str, Answer] | None = None,
    holder: str = "one",
    deadline: timedelta = LONG,
    lease: timedelta = LEASE,
    enabled: tuple[str, ...] = (),
    keys: frozenset[str] = frozenset(),
    parsing: Parsing | None = None,
) -> Scheduler:
    if answers is None:
        answers = {f"{HOST}/{provider.id}": a_page(a_row()) for provider in providers}
    return Scheduler(
        store=store,
        collector=collector_for(store, answers, parsing=parsing),
        choices=choose({p.id: p for p in providers}, enabled=enabled, keys=keys),
        holder=holder,
        lease_length=lease,
        clock=utc_now,
        deadline=lambda _: deadline,
        first_runs_within=timedelta(milliseconds=50),
    )


@contextmanager
def running(*schedulers: Scheduler) -> Iterator[None]:
    for scheduler in schedulers:
        scheduler.start()
    try:
        yield
    finally:
        for scheduler in schedulers:
            scheduler.stop()


def wait_for(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 15
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)


def last_run(store: Store, provider: str) -> CollectionRun | None:
    return next(iter(store.runs(provider=provider, before="", limit=1)), None)


def has_ended(store: Store, provider: str) -> bool:
    run = last_run(store, provider)
    return bool(run and run.state.is_final)


def skipped(reason: str) -> float:
    return REGISTRY.get_sample_value("gpuquote_scheduler_skipped_total", {"reason": reason}) or 0


class Hang:
    """A page that does not come before the test lets it."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.released = threading.Event()

    def __call__(self) -> str:
        self.asked.set()
        self.released.wait(20)
        return a_page(a_row())


def test_a_provider_without_prices_is_collected_at_once() -> None:
    store = MemoryStore()
    with running(a_scheduler(store, a_provider())):
        wait_for(lambda: store.snapshot("nimbus"))
        wait_for(lambda: store.statuses()["nimbus"].state is ProviderState.OK)
    next_time = store.statuses()["nimbus"].next_attempt_time
    assert next_time
    assert timedelta(minutes=53) < next_time - utc_now() < timedelta(minutes=67)


def test_a_provider_with_fresh_prices_waits_for_its_turn() -> None:
    store = MemoryStore()
    provider = a_provider()
    snapshot = a_snapshot(publish_time=utc_now())
    store.publish(snapshot, previous_id="", changes=(), fence=0)
    scheduler = a_scheduler(store, provider)
    with running(scheduler):
        wait_for(lambda: scheduler.is_leading)
        wait_for(lambda: "nimbus" in store.statuses())
        time.sleep(0.2)
    assert last_run(store, "nimbus") is None


def test_a_short_interval_runs_again_and_again() -> None:
    store = MemoryStore()
    with running(a_scheduler(store, a_provider(every=timedelta(seconds=0.2)))):
        wait_for(lambda: len(store.runs(provider="nimbus", before="", limit=9)) >= 3)


def test_hanging_providers_do_not_delay_a_healthy_one() -> None:
    store = MemoryStore()
    hang = Hang()
    hanging = [a_provider(f"hang-{n}", every=timedelta(seconds=0.3)) for n in range(30)]
    healthy = a_provider("healthy", every=timedelta(seconds=0.3))
    answers: dict[str, Answer] = {f"{HOST}/{provider.id}": hang for provider in hanging}
    answers[f"{HOST}/healthy"] = a_page(a_row())
    with running(a_scheduler(store, *hanging, healthy, answers=answers)):
        wait_for(lambda: len(store.runs(provider="healthy", before="", limit=9)) >= 3)
        hang.released.set()


# A worker whose parser hangs for the providers that are called so, and else gives prepared rows.
# It starts in hundredths of a second, as it imports nothing of ours.
_WORKER = """
import struct, sys, time
while True:
    task = sys.stdin.buffer.read(struct.unpack(">Q", sys.stdin.buffer.read(8))[0])
    while b"hang-" in task:
        time.sleep(1)
    sys.stdout.buffer.write(bytes.fromhex(sys.argv[1]))
    sys.stdout.buffer.flush()
"""


def test_parsers_that_hang_do_not_delay_a_healthy_one() -> None:
    # Of 20 seconds to parse and 10 minutes between two runs, the 130th part and the 200th.
    every, seconds = timedelta(seconds=3), 0.15
    healthy = a_provider("healthy", every=every)
    hanging = [a_provider(f"hang-{n}", every=every) for n in range(30)]
    for provider in (healthy, *hanging):
        provider.followers.clear()
    answers: dict[str, Answer] = {f"{HOST}/{p.id}": a_page(a_row()) for p in (healthy, *hanging)}
    page = FakeFetcher(answers).fetch(
        Request(url=f"{HOST}/healthy"), provider=healthy, kind="prices", part="prices"
    )
    prepared = BytesIO()
    write_frame(prepared, Done(result=InProcess().parse(healthy, ("prices",), ((page,),))))
    command = (sys.executable, "-S", "-E", "-c", _WORKER, prepared.getvalue().hex())
    store = MemoryStore()

    def ended(provider: str) -> list[CollectionRun]:
        runs = store.runs(provider=provider, before="", limit=9)
        return [run for run in runs if run.state.is_final]

    parsing = InWorkers(seconds=seconds, command=command)
    scheduler = a_scheduler(store, *hanging, healthy, answers=answers, parsing=parsing)
    with parsing, running(scheduler):
        wait_for(lambda: len(ended("healthy")) >= 3)
        wait_for(lambda: ended("hang-29"))
    assert {run.state for run in ended("healthy")} == {RunState.SUCCEEDED}
    times = sorted(run.end_time for run in ended("healthy") if run.end_time)
    assert max(after - before for before, after in pairwise(times)) < 1.5 * every
    assert "UNSAFE_RESPONSE" in {run.reason for run in ended("hang-29")}


def test_a_run_past_its_deadline_is_given_up_and_never_publishes() -> None:
    store = MemoryStore()
    hang = Hang()
    scheduler = a_scheduler(
        store,
        a_provider(),
        answers={f"{HOST}/nimbus": hang},
        deadline=timedelta(milliseconds=100),
    )
    with running(scheduler):
        wait_for(lambda: has_ended(store, "nimbus"))
        hang.released.set()
        wait_for(lambda: not scheduler._attempts)
    run = last_run(store, "nimbus")
    assert run
    assert (run.state, run.reason) == (RunState.FAILED, DEADLINE)
    assert store.snapshot("nimbus") is None
    status = store.statuses()["nimbus"]
    assert status.state is ProviderState.FAILED
    assert DEADLINE in status.detail


def test_a_run_that_hangs_keeps_only_its_own_provider_from_running_again() -> None:
    store = MemoryStore()
    hang = Hang()
    before = skipped("still_running")
    scheduler = a_scheduler(
        store,
        a_provider(every=timedelta(seconds=0.2)),
        answers={f"{HOST}/nimbus": hang},
        deadline=timedelta(milliseconds=50),
    )
    with running(scheduler):
        wait_for(lambda: skipped("still_running") > before)
        hang.released.set()
        wait_for(lambda: store.snapshot("nimbus"))


def test_of_two_schedulers_one_leads_and_the_other_takes_over() -> None:
    store = MemoryStore()
    first = a_scheduler(store, a_provider(), holder="first", lease=SHORT_LEASE)
    second = a_scheduler(store, a_provider(), holder="second", lease=SHORT_LEASE)
    first.start()
    wait_for(lambda: first.is_leading)
    with running(second):
        wait_for(lambda: store.snapshot("nimbus"))
        time.sleep(0.4)
        assert first.is_leading
        assert not second.is_leading
        first.stop()
        wait_for(lambda: second.is_leading)


def test_a_request_is_served_by_the_leader() -> None:
    store = MemoryStore()
    store.publish(a_snapshot(publish_time=utc_now()), previous_id="", changes=(), fence=0)
    scheduler = a_scheduler(store, a_provider())
    with running(scheduler):
        wait_for(lambda: scheduler.is_leading)
        run = collector_for(store, {}).new_run("nimbus")
        assert store.request_run(run) is None
        wait_for(lambda: has_ended(store, "nimbus"))
        found = store.find_run(run.run_id)
    assert found
    assert found.state is RunState.SUCCEEDED


def test_a_request_for_a_provider_that_is_off_fails_with_the_reason() -> None:
    store = MemoryStore()
    with running(a_scheduler(store, a_provider(opt_in=True))):
        run = collector_for(store, {}).new_run("nimbus")
        store.request_run(run)
        wait_for(lambda: has_ended(store, "nimbus"))
        found = store.find_run(run.run_id)
    assert found
    assert (found.state, found.reason) == (RunState.FAILED, PROVIDER_NOT_ENABLED)


def test_every_provider_is_registered_with_why_it_is_off() -> None:
    store = MemoryStore()
    providers = (
        a_provider("on"),
        a_provider("shy", opt_in=True),
        a_keyed_provider("locked", variable="LOCKED_KEY"),
    )
    with running(a_scheduler(store, *providers, answers={f"{HOST}/on": Hang()})):
        wait_for(lambda: len(store.statuses()) == 3)
        statuses = store.statuses()
    assert {name: status.state for name, status in statuses.items()} == {
        "on": ProviderState.PENDING,
        "shy": ProviderState.DISABLED,
        "locked": ProviderState.NEEDS_KEY,
    }
    assert statuses["locked"].missing_variable == "LOCKED_KEY"
    assert statuses["shy"].opt_in


def test_a_restart_keeps_what_is_known_of_a_provider() -> None:
    store = MemoryStore()
    store.register((a_status(state=ProviderState.HELD, detail="a jump", title="Old title"),))
    store.publish(a_snapshot(publish_time=utc_now()), previous_id="", changes=(), fence=0)
    with running(a_scheduler(store, a_provider())):
        wait_for(lambda: store.statuses()["nimbus"].title == "Nimbus")
    status = store.statuses()["nimbus"]
    assert (status.state, status.detail) == (ProviderState.HELD, "a jump")
    assert status.last_success_time == NOW


def test_runs_of_a_collector_that_died_are_ended_by_the_next() -> None:
    store = MemoryStore()
    store.publish(a_snapshot(publish_time=utc_now()), previous_id="", changes=(), fence=0)
    run = collector_for(store, {}).new_run("nimbus")
    store.save_run(
        CollectionRun(
            run_id=run.run_id,
            provider="nimbus",
            state=RunState.RUNNING,
            create_time=run.create_time,
            start_time=run.create_time,
        )
    )
    with running(a_scheduler(store, a_provider())):
        wait_for(lambda: has_ended(store, "nimbus"))
    found = store.find_run(run.run_id)
    assert found
    assert found.reason == COLLECTOR_LOST


def test_stopping_is_quick_and_ends_what_runs() -> None:
    store = MemoryStore()
    hang = Hang()
    scheduler = a_scheduler(store, a_provider(), answers={f"{HOST}/nimbus": hang})
    scheduler.start()
    wait_for(hang.asked.is_set)
    began = time.monotonic()
    scheduler.stop()
    assert time.monotonic() - began < 3
    run = last_run(store, "nimbus")
    assert run
    assert (run.state, run.reason) == (RunState.FAILED, STOPPED)
    assert store.statuses()["nimbus"].state is ProviderState.PENDING
    assert store.acquire(holder="next", length=LEASE) is not None
    hang.released.set()
    wait_for(lambda: not scheduler._attempts)
    assert store.snapshot("nimbus") is None


class ComingAndGoing(MemoryStore):
    """A store that can be switched off."""

    is_gone = True

    def acquire(self, **options: object) -> object:  # type: ignore[override]
        self._check()
        return super().acquire(**options)  # type: ignore[arg-type]

    def renew(self, *lease: object, **options: object) -> bool:
        self._check()
        return super().renew(*lease, **options)  # type: ignore[arg-type]

    def take_request(self, **options: object) -> object:  # type: ignore[override]
        self._check()
        return super().take_request(**options)  # type: ignore[arg-type]

    def save_run(self, run: CollectionRun) -> None:
        self._check()
        super().save_run(run)

    def _check(self) -> None:
        if self.is_gone:
            raise StoreUnreachable("switched off")


def test_a_store_that_is_down_at_the_start_is_waited_for() -> None:
    store = ComingAndGoing()
    scheduler = a_scheduler(store, a_provider(), lease=SHORT_LEASE)  # type: ignore[arg-type]
    with running(scheduler):
        time.sleep(0.2)
        assert not scheduler.is_leading
        store.is_gone = False
        wait_for(lambda: store.snapshot("nimbus"))


def test_a_store_that_goes_away_costs_the_lead_and_gives_it_back() -> None:
    store = ComingAndGoing()
    store.is_gone = False
    scheduler = a_scheduler(store, a_provider(), lease=SHORT_LEASE)  # type: ignore[arg-type]
    with running(scheduler):
        wait_for(lambda: store.snapshot("nimbus"))
        store.is_gone = True
        wait_for(lambda: not scheduler.is_leading)
        store.is_gone = False
        wait_for(lambda: scheduler.is_leading)


class GoneAtPublication(MemoryStore):
    """A store that goes away in the middle of every run."""

    def publish(self, *_: object, **__: object) -> PublishOutcome:
        raise StoreUnreachable("gone")


def test_a_run_that_the_store_lost_is_repeated_and_nothing_dies() -> None:
    store = GoneAtPublication()
    name, labels = "gpuquote_publish_total", {"outcome": "error"}
    before = REGISTRY.get_sample_value(name, labels) or 0.0
    with running(a_scheduler(store, a_provider(every=timedelta(seconds=0.2)))):
        wait_for(lambda: (REGISTRY.get_sample_value(name, labels) or 0.0) >= before + 2)


class Damaged(MemoryStore):
    """A store whose snapshots cannot be read."""

    def snapshot(self, provider: str) -> ProviderSnapshot | None:
        raise UnreadableSnapshot(provider)


def test_a_damaged_snapshot_is_replaced_at_once() -> None:
    store = Damaged()
    with running(a_scheduler(store, a_provider())):
        wait_for(lambda: "nimbus" in store.pointers())


def test_a_lost_lead_does_not_lose_a_request() -> None:
    store = ComingAndGoing()
    store.is_gone = False
    store.publish(a_snapshot(publish_time=utc_now()), previous_id="", changes=(), fence=0)
    scheduler = a_scheduler(store, a_provider(), lease=SHORT_LEASE)  # type: ignore[arg-type]
    with running(scheduler):
        wait_for(lambda: scheduler.is_leading)
        store.is_gone = True
        wait_for(lambda: not scheduler.is_leading)
        store.is_gone = False
        run = collector_for(store, {}).new_run("nimbus")  # type: ignore[arg-type]
        store.request_run(run)
        wait_for(lambda: has_ended(store, "nimbus"))  # type: ignore[arg-type]


def test_an_unreachable_provider_is_asked_again_sooner_twice() -> None:
    store = MemoryStore()
    scheduler = a_scheduler(
        store, a_provider(), answers={f"{HOST}/nimbus": Unreachable("no answer")}
    )
    with running(scheduler):
        wait_for(lambda: has_ended(store, "nimbus"))
        wait_for(lambda: store.statuses()["nimbus"].state is ProviderState.FAILED)
    next_time = store.statuses()["nimbus"].next_attempt_time
    assert next_time
    assert timedelta(minutes=9) < next_time - utc_now() < timedelta(minutes=11)


def test_the_dead_man_gauge_moves_with_every_attempt() -> None:
    store = MemoryStore()
    began = time.time()
    with running(a_scheduler(store, a_provider("gauged"))):
        wait_for(lambda: store.snapshot("gauged"))
    value = REGISTRY.get_sample_value(
        "gpuquote_provider_last_attempt_timestamp_seconds", {"provider": "gauged"}
    )
    assert value
    assert value >= began
