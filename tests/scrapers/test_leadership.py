"""The lease that lets one collector lead."""

from datetime import timedelta

from scrapers.leadership import Leadership, new_holder
from service.store.memory_store import MemoryStore
from service.store.ports import Lease, StoreUnreachable
from tests.scrapers.nimbus import Clock

LENGTH = timedelta(seconds=30)


class Wandering(MemoryStore):
    """A store that can be switched off."""

    is_gone = False

    def renew(self, lease: Lease, *, length: timedelta) -> bool:
        if self.is_gone:
            raise StoreUnreachable("gone")
        return super().renew(lease, length=length)


class Bench:
    """Two collectors' leaderships on one store, with clocks that tests move."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.store = Wandering(clock=self.clock)
        self.events: list[str] = []
        self.one = self.leadership("one")
        self.other = self.leadership("other")

    def leadership(self, holder: str) -> Leadership:
        return Leadership(
            store=self.store,
            holder=holder,
            length=LENGTH,
            on_elected=lambda: self.events.append(f"{holder} elected"),
            on_lost=lambda: self.events.append(f"{holder} lost"),
            monotonic=self.monotonic,
        )

    def monotonic(self) -> float:
        return self.clock.now.timestamp()

    def pass_by(self, seconds: float) -> None:
        self.clock.pass_by(timedelta(seconds=seconds))


def test_one_leads_and_the_other_stands_by() -> None:
    bench = Bench()
    bench.one.step()
    bench.other.step()
    assert bench.one.find_lease()
    assert bench.other.find_lease() is None
    assert bench.events == ["one elected"]


def test_a_lease_that_is_renewed_goes_on() -> None:
    bench = Bench()
    bench.one.step()
    first = bench.one.find_lease()
    for _ in range(9):
        bench.pass_by(10)
        bench.one.step()
        bench.other.step()
    assert bench.one.find_lease() == first


def test_a_collector_that_was_suspended_notices_by_its_own_clock() -> None:
    bench = Bench()
    bench.one.step()
    bench.pass_by(31)
    assert bench.one.find_lease() is None


def test_the_next_leader_has_a_higher_fence() -> None:
    bench = Bench()
    bench.one.step()
    first = bench.one.find_lease()
    bench.pass_by(31)
    bench.other.step()
    bench.one.step()
    second = bench.other.find_lease()
    assert first
    assert second
    assert second.fence > first.fence
    assert bench.events == ["one elected", "other elected", "one lost"]


def test_a_store_that_is_gone_for_a_moment_costs_nothing() -> None:
    bench = Bench()
    bench.one.step()
    bench.store.is_gone = True
    bench.pass_by(10)
    bench.one.step()
    assert bench.one.find_lease()
    bench.pass_by(21)
    bench.one.step()
    assert bench.one.find_lease() is None
    assert bench.events == ["one elected", "one lost"]


def test_stopping_gives_the_lease_to_the_next_at_once() -> None:
    bench = Bench()
    bench.one.step()
    bench.one.stop()
    bench.other.step()
    assert bench.other.find_lease()


def test_a_leader_that_cannot_begin_does_not_lead() -> None:
    store = MemoryStore()

    def fail() -> None:
        raise StoreUnreachable("gone")

    leadership = Leadership(store=store, holder="one", length=LENGTH, on_elected=fail)
    leadership.step()
    assert leadership.find_lease() is None


def test_no_two_holders_are_called_the_same() -> None:
    assert len({new_holder() for _ in range(100)}) == 100
