"""Collecting now: alone, or through the collector that leads."""

import threading
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from scrapers import once
from scrapers.collect import Collector
from scrapers.once import collect_now
from scrapers.provider import Provider
from scrapers.schedule import PROVIDER_NOT_ENABLED, Scheduler
from scrapers.selection import choose
from scrapers.timetable import DEADLINE
from service.domain.provider import ProviderState
from service.domain.run import CollectionRun, RunState
from service.store.memory_store import MemoryStore
from service.store.ports import PublishOutcome, StoreUnreachable
from tests.builders import a_snapshot
from tests.scrapers.nimbus import HOST, Answer, a_collector, a_page, a_provider, a_row

LEASE = timedelta(seconds=1)


def utc_now() -> datetime:
    return datetime.now(UTC)


class Bench:
    def __init__(self, store: MemoryStore | None = None) -> None:
        self.store = store or MemoryStore()
        self.steps: list[object] = []
        self.ended: list[CollectionRun] = []
        self.waits: list[bool] = []

    def collector(self, answers: dict[str, Answer]) -> Collector:
        return a_collector(self.store, answers, clock=utc_now)  # type: ignore[arg-type]

    def collect(self, *providers: Provider, price: str = "2.49") -> dict[str, CollectionRun]:
        answers: dict[str, Answer] = {
            f"{HOST}/{provider.id}": a_page(a_row(price=price)) for provider in providers
        }
        runs = collect_now(
            providers,
            store=self.store,
            collector=self.collector(answers),
            lease_length=LEASE,
            on_step=self.steps.append,
            on_end=self.ended.append,
            on_wait=lambda: self.waits.append(True),
        )
        return dict(runs)


def test_alone_it_collects_under_a_lease_of_its_own() -> None:
    bench = Bench()
    providers = [a_provider(f"p{n}") for n in range(12)]
    runs = bench.collect(*providers)
    assert {run.state for run in runs.values()} == {RunState.SUCCEEDED}
    assert len(runs) == len(bench.ended) == 12
    assert bench.steps
    assert bench.store.acquire(holder="next", length=LEASE)


def test_nothing_to_collect_is_no_error() -> None:
    assert Bench().collect() == {}


class GoneAtPublication(MemoryStore):
    def publish(self, *_: object, **__: object) -> PublishOutcome:
        raise StoreUnreachable("gone")


def test_a_store_that_goes_away_is_told() -> None:
    bench = Bench(GoneAtPublication())
    with pytest.raises(StoreUnreachable):
        bench.collect(a_provider())


def test_beside_a_leader_the_leader_collects() -> None:
    bench = Bench()
    provider, shy = a_provider(), a_provider("shy", opt_in=True)
    fresh = a_snapshot(publish_time=utc_now(), offers=())
    bench.store.publish(fresh, previous_id="", changes=(), fence=0)
    leader = Scheduler(
        store=bench.store,
        collector=bench.collector({f"{HOST}/nimbus": a_page(a_row(price="2.55"))}),
        choices=choose({"nimbus": provider, "shy": shy}, enabled=(), keys=frozenset()),
        holder="leader",
        lease_length=LEASE,
        clock=utc_now,
    )
    leader.start()
    try:
        while not leader.is_leading:
            pass
        runs = bench.collect(provider, shy)
    finally:
        leader.stop()
    assert runs["nimbus"].state is RunState.SUCCEEDED
    assert runs["shy"].reason == PROVIDER_NOT_ENABLED
    assert bench.steps == []
    snapshot = bench.store.snapshot("nimbus")
    assert snapshot
    assert [offer.price_per_gpu_hour for offer in snapshot.offers] == [Decimal("2.55")]


def test_a_leader_that_died_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(once, "_TELL_AFTER", timedelta(0))
    bench = Bench()
    assert bench.store.acquire(holder="dead", length=timedelta(seconds=0.3))
    runs = bench.collect(a_provider())
    assert runs["nimbus"].state is RunState.SUCCEEDED
    assert bench.store.take_request(timeout_seconds=0.01) is None
    assert bench.waits == [True]


def test_a_provider_that_hangs_is_given_up_and_holds_up_nobody(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """One thread: the provider behind the hanging one needs another to take its place."""
    monkeypatch.setattr(once, "_THREADS", 1)
    bench = Bench()
    hung = threading.Event()

    def hang() -> str:
        hung.wait(20)
        return a_page(a_row())

    providers = [a_provider("slow"), a_provider("quick")]
    try:
        runs = collect_now(
            providers,
            store=bench.store,
            collector=bench.collector({f"{HOST}/slow": hang, f"{HOST}/quick": a_page(a_row())}),
            lease_length=LEASE,
            on_step=bench.steps.append,
            on_end=bench.ended.append,
            deadline=lambda each: timedelta(seconds=0.3 if each.id == "slow" else 60),
        )
    finally:
        hung.set()
    assert (runs["slow"].state, runs["slow"].reason) == (RunState.FAILED, DEADLINE)
    assert runs["quick"].state is RunState.SUCCEEDED
    assert [run.provider for run in bench.ended] == ["slow", "quick"]
    assert bench.store.snapshot("slow") is None
    assert bench.store.statuses()["slow"].state is ProviderState.FAILED
