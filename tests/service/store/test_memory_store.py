from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from service.domain.change import ChangeKind, changes_between
from service.domain.run import RUNS_KEPT_FOR, RunState
from service.store.memory_store import MemoryStore
from service.store.ports import Lease, PublishOutcome
from tests.builders import NOW, a_snapshot, an_offer
from tests.service.store.contract import TERM, Clock, StoreContract, a_run, publish


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(clock: Clock) -> MemoryStore:
    return MemoryStore(clock=clock)


class TestMemoryStore(StoreContract):
    """The contract, on memory."""


def test_a_lease_ends_by_itself(store: MemoryStore, clock: Clock) -> None:
    first = store.acquire(holder="a", length=TERM)
    assert first is not None
    clock.advance(TERM - timedelta(seconds=1))
    assert store.renew(first, length=TERM)
    clock.advance(TERM)
    assert not store.renew(first, length=TERM)
    second = store.acquire(holder="b", length=TERM)
    assert second is not None
    assert second.fence > first.fence


def test_changes_are_forgotten_after_a_month(store: MemoryStore, clock: Clock) -> None:
    first = a_snapshot(an_offer())
    publish(store, first)
    gone = store.log_bounds().end
    clock.advance(timedelta(days=31))
    publish(store, a_snapshot(an_offer(price="3"), snapshot_id="s2"), previous=first)
    (entry,) = store.log_entries(since=(0, 0), limit=9)
    assert entry.changes[0].kind is ChangeKind.PRICE_CHANGED
    assert store.log_bounds().dropped == gone


def test_runs_are_forgotten_after_two_weeks(store: MemoryStore, clock: Clock) -> None:
    store.save_run(a_run("r1", state=RunState.SUCCEEDED))
    clock.advance(RUNS_KEPT_FOR + timedelta(seconds=1))
    store.save_run(a_run("r2", state=RunState.SUCCEEDED, create_time=clock()))
    assert [run.run_id for run in store.runs(provider="", before="", limit=9)] == ["r2"]


PRICES = st.sampled_from(["1.00", "2.00", "3.00"])
HOLDERS = st.sampled_from(["a", "b"])


class Publishing(RuleBasedStateMachine):
    """Two collectors that take turns, sleep and publish late, against a plain model."""

    @initialize()
    def start(self) -> None:
        self.clock = Clock()
        self.store = MemoryStore(clock=self.clock)
        self.leases: dict[str, Lease] = {}
        self.highest = 0
        self.current: tuple[str, str] | None = None
        self.prices: list[str] = []
        self.count = 0

    @rule(holder=HOLDERS, seconds=st.integers(min_value=1, max_value=60))
    def acquire(self, holder: str, seconds: int) -> None:
        lease = self.store.acquire(holder=holder, length=timedelta(seconds=seconds))
        if lease is None:
            return
        if lease != self.leases.get(holder):
            assert lease.fence > self.highest
        self.highest = max(self.highest, lease.fence)
        self.leases[holder] = lease

    @rule(seconds=st.integers(min_value=-30, max_value=60))
    def sleep(self, seconds: int) -> None:
        self.clock.advance(timedelta(seconds=seconds))

    @rule(holder=HOLDERS)
    def release(self, holder: str) -> None:
        if holder in self.leases:
            self.store.release(self.leases[holder])

    @rule(holder=HOLDERS, price=PRICES, knows_current=st.booleans())
    def publish(self, holder: str, price: str, *, knows_current: bool) -> None:
        lease = self.leases.get(holder)
        if lease is None:
            return
        self.count += 1
        snapshot = a_snapshot(an_offer(price=price), snapshot_id=f"s{self.count}")
        current = self.store.snapshot("nimbus")
        known = current.offers if current else ()
        previous = (self.current[0] if self.current else "") if knows_current else "other"
        outcome = self.store.publish(
            snapshot,
            previous_id=previous,
            changes=changes_between(known, snapshot.offers, now=NOW),
            fence=lease.fence,
        )
        if lease.fence < self.highest:
            assert outcome is PublishOutcome.FENCED
        elif not knows_current:
            assert outcome is PublishOutcome.OUTDATED
        else:
            assert outcome is PublishOutcome.PUBLISHED
            self.current = (snapshot.snapshot_id, price)
            if self.prices[-1:] != [price]:
                self.prices.append(price)

    @invariant()
    def what_is_read_is_what_was_published_last(self) -> None:
        snapshot = self.store.snapshot("nimbus")
        seen: Any = None
        if snapshot is not None:
            seen = (snapshot.snapshot_id, f"{snapshot.offers[0].price_per_hour}")
        assert seen == self.current

    @invariant()
    def history_is_the_sequence_of_prices(self) -> None:
        points = self.store.price_points(an_offer().offer_id)
        assert [f"{point.price_nanos / 1e9:.2f}" for point in points] == self.prices


TestPublishing = Publishing.TestCase
TestPublishing.settings = settings(max_examples=50, stateful_step_count=30, deadline=None)
