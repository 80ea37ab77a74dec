"""The replica follows its store, whatever happens to the store."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import pytest

from service.catalog.lasting import Encoded
from service.catalog.query import OfferQuery, list_offers
from service.catalog.replica import Pace, ReadyReason, ReadyStatus, Replica
from service.domain.offer import Freshness, Offer, Standing
from service.domain.provider import ProviderSnapshot, ProviderState, ProviderStatus
from service.store.memory_store import MemoryStore
from service.store.ports import PublishOutcome, StoreUnreachable
from tests.builders import NOW, a_snapshot, a_status, an_offer
from tests.service.catalog.samples import RATES, SIGNER, Readable, encode

HOUR = timedelta(hours=1)
PACE = Pace(first_retry=0.01, last_retry=0.02, wait=0.05, recheck=0.1, between_ageing=0.0)


class Clock:
    def __init__(self) -> None:
        self.time = NOW

    def __call__(self) -> datetime:
        return self.time


class FlakyStore(MemoryStore):
    """A memory store that can be taken away, can spoil one provider, and can hold its events."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(clock=clock)
        self.is_gone = False
        self.spoilt = ""
        self.is_mute = False
        self.read_count = 0

    def position(self) -> str:
        self._refuse_if_gone()
        return super().position()

    def pointers(self) -> Mapping[str, str]:
        self._refuse_if_gone()
        return super().pointers()

    def statuses(self) -> Mapping[str, ProviderStatus]:
        self._refuse_if_gone()
        return super().statuses()

    def snapshot(self, provider: str) -> ProviderSnapshot | None:
        self._refuse_if_gone()
        self.read_count += 1
        if provider == self.spoilt:
            raise ValueError("not a snapshot")
        return super().snapshot(provider)

    def wait_for_event(self, *, after: str, timeout_seconds: float) -> str:
        self._refuse_if_gone()
        end = super().wait_for_event(after=after, timeout_seconds=timeout_seconds)
        self._refuse_if_gone()
        if self.is_mute:
            time.sleep(0.01)
            return after
        return end

    def _refuse_if_gone(self) -> None:
        if self.is_gone:
            raise StoreUnreachable("memory: taken away")


class World:
    """A store, a clock and the replicas that were started on them."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.store = FlakyStore(self.clock)
        self.replicas: list[Replica] = []
        self._ids = (f"s{number}" for number in itertools.count(1))
        self._last: dict[str, str] = {}

    def replica(self, **arguments: Any) -> Replica:
        values: dict[str, Any] = {"encode": encode, "clock": self.clock, "pace": PACE}
        made = Replica(self.store, **(values | arguments))
        self.replicas.append(made)
        return made

    def started(self, **arguments: Any) -> Replica:
        replica = self.replica(**arguments)
        replica.start()
        return replica

    def publish(self, *ids: str, provider: str = "nimbus", **overrides: Any) -> str:
        offers = (
            an_offer(offer_id=one, provider=provider, observe_time=self.clock(), **overrides)
            for one in ids
        )
        snapshot_id = next(self._ids)
        made = a_snapshot(*offers, provider=provider, snapshot_id=snapshot_id)
        previous_id = self._last.get(provider, "")
        outcome = self.store.publish(made, previous_id=previous_id, changes=(), fence=1)
        assert outcome is PublishOutcome.PUBLISHED
        self._last[provider] = snapshot_id
        return snapshot_id


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.store.is_gone = False
    for replica in made.replicas:
        replica.stop()


def eventually(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.002)


def names(replica: Replica) -> list[str]:
    return list(replica.current().names)


def baseline(*ids: str, provider: str = "nimbus") -> ProviderSnapshot:
    rows = (
        an_offer(
            offer_id=one,
            provider=provider,
            standing=Standing.BASELINE,
            observe_time=NOW - 900 * HOUR,
        )
        for one in ids
    )
    return a_snapshot(*rows, provider=provider)


def test_before_any_data_the_baseline_answers(world: World) -> None:
    statuses = (a_status("nimbus", state=ProviderState.PENDING),)
    replica = world.replica(baseline=(baseline("b1"),), baseline_statuses=statuses)
    snapshot = replica.current()
    assert list(snapshot.names) == ["b1"]
    assert snapshot.rows[0].freshness is Freshness.BASELINE
    assert snapshot.statuses["nimbus"].state is ProviderState.PENDING
    readiness = replica.readiness()
    assert readiness.status is ReadyStatus.UNAVAILABLE
    assert readiness.reasons == (ReadyReason.STARTING,)


def test_a_store_with_nothing_in_it_leaves_the_baseline_degraded(world: World) -> None:
    replica = world.started(baseline=(baseline("b1"),))
    eventually(lambda: replica.readiness().status is ReadyStatus.DEGRADED)
    assert replica.readiness().reasons == (ReadyReason.BASELINE_PRICES,)


def test_nothing_at_all_is_unavailable(world: World) -> None:
    replica = world.started()
    eventually(lambda: replica.readiness().reasons == (ReadyReason.NO_PRICES,))
    assert replica.readiness().status is ReadyStatus.UNAVAILABLE


def test_a_publication_is_seen_and_replaces_only_its_own_baseline(world: World) -> None:
    replica = world.started(baseline=(baseline("b1"), baseline("c1", provider="corona")))
    eventually(lambda: replica.readiness().status is ReadyStatus.DEGRADED)
    world.publish("n1", "n2")
    eventually(lambda: names(replica) == ["c1", "n1", "n2"])
    assert replica.current().baseline_providers == {"corona"}
    assert replica.readiness().status is ReadyStatus.OK
    assert replica.readiness().reasons == ()
    world.publish("n2")
    eventually(lambda: names(replica) == ["c1", "n2"])


def test_a_registered_state_is_seen(world: World) -> None:
    replica = world.started(baseline_statuses=(a_status("corona"),))
    world.store.register((a_status("nimbus", state=ProviderState.HELD),))
    eventually(lambda: "nimbus" in replica.current().statuses)
    assert replica.current().statuses["nimbus"].state is ProviderState.HELD
    assert "corona" in replica.current().statuses


def test_only_what_is_new_is_read_again(world: World) -> None:
    for provider in ("a", "b", "c"):
        world.publish(f"{provider}1", provider=provider)
    replica = world.started()
    eventually(lambda: names(replica) == ["a1", "b1", "c1"])
    held = replica.current().segments["a"]
    world.publish("b2", provider="b")
    eventually(lambda: names(replica) == ["a1", "b2", "c1"])
    assert world.store.read_count == 4
    assert replica.current().segments["a"] is held


def test_a_store_that_is_down_at_the_start_is_waited_for(world: World) -> None:
    world.publish("n1")
    world.store.is_gone = True
    replica = world.started(baseline=(baseline("b1"),))
    eventually(lambda: ReadyReason.STORE_UNREACHABLE in replica.readiness().reasons)
    assert replica.readiness().status is ReadyStatus.UNAVAILABLE
    assert names(replica) == ["b1"]
    world.store.is_gone = False
    eventually(lambda: replica.readiness().status is ReadyStatus.OK)
    assert names(replica) == ["n1"]
    assert not replica.current().degraded


def test_a_store_that_is_lost_leaves_the_last_prices_degraded(world: World) -> None:
    world.publish("n1")
    replica = world.started()
    eventually(lambda: replica.readiness().status is ReadyStatus.OK)
    before = replica.current()
    world.store.is_gone = True
    eventually(lambda: replica.current().degraded)
    assert names(replica) == ["n1"]
    assert replica.current().revision != before.revision
    readiness = replica.readiness()
    assert readiness.status is ReadyStatus.DEGRADED
    assert readiness.reasons == (ReadyReason.STORE_UNREACHABLE,)
    world.publish("n2")
    world.store.is_gone = False
    eventually(lambda: names(replica) == ["n2"])
    assert replica.readiness().status is ReadyStatus.OK
    assert not replica.current().degraded


def test_a_store_lost_for_longer_than_max_stale_is_unavailable(world: World) -> None:
    world.publish("n1")
    replica = world.started(max_stale=HOUR)
    eventually(lambda: replica.readiness().status is ReadyStatus.OK)
    world.store.is_gone = True
    eventually(lambda: replica.current().degraded)
    world.clock.time = NOW + HOUR
    assert replica.readiness().status is ReadyStatus.DEGRADED
    world.clock.time = NOW + HOUR + timedelta(seconds=1)
    assert replica.readiness().status is ReadyStatus.UNAVAILABLE
    assert names(replica) == ["n1"]


def test_rows_grow_older_while_nothing_is_published(world: World) -> None:
    world.publish("n1")
    replica = world.started()
    eventually(lambda: replica.readiness().status is ReadyStatus.OK)
    world.clock.time = NOW + 3 * HOUR
    eventually(lambda: replica.current().rows[0].freshness is Freshness.STALE)
    assert replica.current().rows[0].proto == b"n1 STALE"
    assert replica.readiness().status is ReadyStatus.DEGRADED
    assert replica.readiness().reasons == (ReadyReason.STALE_PRICES,)
    world.clock.time = NOW + 73 * HOUR
    eventually(lambda: replica.current().rows[0].freshness is Freshness.EXPIRED)
    assert replica.readiness().status is ReadyStatus.UNAVAILABLE
    assert replica.readiness().reasons == (ReadyReason.ALL_PRICES_EXPIRED,)


def test_rows_grow_older_while_the_store_is_lost(world: World) -> None:
    world.publish("n1")
    replica = world.started()
    eventually(lambda: replica.readiness().status is ReadyStatus.OK)
    world.store.is_gone = True
    eventually(lambda: replica.current().degraded)
    world.clock.time = NOW + 3 * HOUR
    eventually(lambda: replica.current().rows[0].freshness is Freshness.STALE)


def test_a_broken_snapshot_harms_only_its_provider(world: World) -> None:
    world.publish("a1", provider="a")
    world.publish("b1", provider="b")
    replica = world.started()
    eventually(lambda: names(replica) == ["a1", "b1"])
    world.store.spoilt = "a"
    world.publish("a2", provider="a")
    world.publish("b2", provider="b")
    eventually(lambda: names(replica) == ["a1", "b2"])
    assert replica.readiness().status is ReadyStatus.DEGRADED
    assert replica.readiness().reasons == (ReadyReason.UNREADABLE_SNAPSHOT,)
    world.store.spoilt = ""
    eventually(lambda: names(replica) == ["a2", "b2"])
    assert replica.readiness().status is ReadyStatus.OK


def test_an_offer_that_cannot_be_encoded_harms_only_its_provider(world: World) -> None:
    class Fussy(Readable):
        def lasting(self, offer: Offer) -> Encoded:
            if offer.provider == "a":
                raise OverflowError("too large for the wire")
            return super().lasting(offer)

    world.publish("a1", provider="a")
    world.publish("b1", provider="b")
    replica = world.started(encode=Fussy())
    eventually(lambda: names(replica) == ["b1"])
    assert replica.readiness().reasons == (ReadyReason.UNREADABLE_SNAPSHOT,)


def test_a_store_that_sends_no_events_is_compared_from_time_to_time(world: World) -> None:
    replica = world.started()
    eventually(lambda: replica.readiness().reasons == (ReadyReason.NO_PRICES,))
    world.store.is_mute = True
    world.publish("n1")
    eventually(lambda: names(replica) == ["n1"])


def test_a_pointer_to_nothing_is_unreadable(world: World) -> None:
    world.publish("n1")
    world.store.pointers = lambda: {"nimbus": "s1", "ghost": "s9"}  # type: ignore[method-assign]
    replica = world.started()
    eventually(lambda: names(replica) == ["n1"])
    assert replica.readiness().reasons == (ReadyReason.UNREADABLE_SNAPSHOT,)


def test_a_store_that_is_lost_while_it_is_read_is_a_lost_store(world: World) -> None:
    world.publish("n1")
    world.store.pointers = lambda: {"nimbus": "s1"}  # type: ignore[method-assign]
    truth = world.store.snapshot

    def snapshot(provider: str) -> ProviderSnapshot | None:
        world.store.is_gone = True
        return truth(provider)

    world.store.snapshot = snapshot  # type: ignore[method-assign]
    replica = world.started()
    eventually(lambda: ReadyReason.STORE_UNREACHABLE in replica.readiness().reasons)
    assert replica.readiness().status is ReadyStatus.UNAVAILABLE


def test_a_replica_that_never_started_can_be_stopped(world: World) -> None:
    world.replica().stop()


def test_an_unforeseen_fault_of_the_store_is_survived(world: World) -> None:
    calls = iter([RuntimeError("once")])
    truth = world.store.pointers

    def pointers() -> Mapping[str, str]:
        for error in calls:
            raise error
        return truth()

    world.store.pointers = pointers  # type: ignore[method-assign]
    world.publish("n1")
    replica = world.started()
    eventually(lambda: names(replica) == ["n1"])


def test_a_store_that_lost_its_data_does_not_empty_the_catalogue(world: World) -> None:
    world.publish("n1")
    replica = world.started()
    eventually(lambda: names(replica) == ["n1"])
    world.store._snapshots.clear()
    world.store.register((a_status("other"),))
    eventually(lambda: "other" in replica.current().statuses)
    assert names(replica) == ["n1"]


def test_a_stopped_replica_ends_its_thread_and_can_be_read(world: World) -> None:
    world.publish("n1")
    replica = world.started()
    eventually(lambda: names(replica) == ["n1"])
    replica.stop()
    assert not any(thread.name == "replica" for thread in threading.enumerate())
    assert names(replica) == ["n1"]


def test_readers_page_through_swaps_without_losing_or_repeating_rows(world: World) -> None:
    steady = [f"m{at:02}" for at in range(20)]
    world.publish(*steady, provider="steady")
    replica = world.started()
    eventually(lambda: names(replica) == steady)
    stopping = threading.Event()

    def churn() -> None:
        while not stopping.is_set():
            for some in (("a1", "z1"), ("a1", "a2"), ("n9",)):
                world.publish(*some, provider="moving", price="1")

    publisher = threading.Thread(target=churn)
    publisher.start()
    try:
        for _ in range(20):
            seen: list[str] = []
            token = ""
            while True:
                query = OfferQuery(page_size=3, page_token=token)
                page = list_offers(
                    replica.current(), query, signer=SIGNER, rates=RATES, now=world.clock()
                )
                seen += [row.offer.offer_id for row in page.rows]
                token = page.next_page_token
                if not token:
                    break
            assert [one for one in seen if one in steady] == steady
    finally:
        stopping.set()
        publisher.join()
