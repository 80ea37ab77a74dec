"""What every store does; each store's test module inherits from `StoreContract`."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta

from service.domain.change import changes_between
from service.domain.offer import Availability, AvailabilityState, Offer
from service.domain.provider import ProviderSnapshot, ProviderState, RejectCount
from service.domain.run import CollectionRun, RunState
from service.store.ports import Lease, PublishOutcome, Store
from tests.builders import NOW, a_snapshot, a_status, an_offer

TERM = timedelta(seconds=30)


class Clock:
    """A time that only tests move."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> datetime:
        return self.now

    def advance(self, by: timedelta) -> None:
        self.now += by


def a_run(run_id: str = "r1", **overrides: object) -> CollectionRun:
    values: dict[str, object] = {
        "run_id": run_id,
        "provider": "nimbus",
        "state": RunState.PENDING,
        "create_time": NOW,
    }
    return CollectionRun(**(values | overrides))  # type: ignore[arg-type]


def a_stock(state: AvailabilityState) -> Availability:
    return Availability(state=state, evidence="a badge", raw_value="x", observe_time=NOW)


def publish(
    store: Store,
    snapshot: ProviderSnapshot,
    *,
    previous: ProviderSnapshot | None = None,
    fence: int = 1,
    now: datetime = NOW,
) -> PublishOutcome:
    before = previous.offers if previous else ()
    return store.publish(
        snapshot,
        previous_id=previous.snapshot_id if previous else "",
        changes=changes_between(before, snapshot.offers, now=now),
        fence=fence,
    )


class StoreContract:
    """Tests with the fixtures `store` and `clock` of the inheriting module."""

    # Snapshots

    def test_an_empty_store_has_nothing(self, store: Store) -> None:
        assert store.pointers() == {}
        assert store.statuses() == {}
        assert store.snapshot("nimbus") is None
        assert store.price_points("none") == ()
        assert store.changes(provider="nimbus", snapshot_id="s1") == ()

    def test_a_published_snapshot_is_read_back_equal(self, store: Store) -> None:
        offers = (an_offer(), an_offer(offer_id="b", price="0.000000001", gpu_count="0.125"))
        snapshot = a_snapshot(*offers)
        assert publish(store, snapshot) is PublishOutcome.PUBLISHED
        assert store.snapshot("nimbus") == snapshot
        assert store.pointers() == {"nimbus": "s1"}

    def test_a_snapshot_without_offers_is_a_snapshot(self, store: Store) -> None:
        publish(store, a_snapshot())
        assert store.snapshot("nimbus") == a_snapshot()

    def test_providers_do_not_touch_each_other(self, store: Store) -> None:
        publish(store, a_snapshot(an_offer()))
        other = a_snapshot(an_offer(provider="cirrus"), provider="cirrus", snapshot_id="s7")
        assert publish(store, other) is PublishOutcome.PUBLISHED
        assert store.pointers() == {"nimbus": "s1", "cirrus": "s7"}
        assert store.snapshot("cirrus") == other

    def test_a_publication_on_another_base_is_outdated_and_writes_nothing(
        self, store: Store
    ) -> None:
        first = a_snapshot(an_offer())
        publish(store, first)
        end = store.position()
        second = a_snapshot(an_offer(price="9.99"), snapshot_id="s2")
        assert publish(store, second) is PublishOutcome.OUTDATED
        outcome = publish(store, second, previous=a_snapshot(snapshot_id="s0"))
        assert outcome is PublishOutcome.OUTDATED
        assert store.snapshot("nimbus") == first
        assert store.position() == end
        assert len(store.price_points(an_offer().offer_id)) == 1
        assert store.changes(provider="nimbus", snapshot_id="s2") == ()

    def test_a_first_publication_onto_a_base_that_is_not_there_is_outdated(
        self, store: Store
    ) -> None:
        outcome = publish(store, a_snapshot(), previous=a_snapshot(snapshot_id="s0"))
        assert outcome is PublishOutcome.OUTDATED
        assert store.pointers() == {}

    def test_of_many_publishers_on_one_base_exactly_one_wins(self, store: Store) -> None:
        contenders = [
            a_snapshot(an_offer(price=f"{i}.5"), snapshot_id=f"s{i}") for i in range(1, 9)
        ]
        with ThreadPoolExecutor(8) as pool:
            outcomes = list(pool.map(lambda each: publish(store, each), contenders))
        assert sorted(outcomes) == [PublishOutcome.OUTDATED] * 7 + [PublishOutcome.PUBLISHED]
        winner = contenders[outcomes.index(PublishOutcome.PUBLISHED)]
        assert store.snapshot("nimbus") == winner

    # Fencing

    def test_a_lower_fence_is_refused_and_writes_nothing(self, store: Store) -> None:
        first = a_snapshot(an_offer())
        publish(store, first, fence=7)
        end = store.position()
        second = a_snapshot(an_offer(price="9.99"), snapshot_id="s2")
        assert publish(store, second, previous=first, fence=6) is PublishOutcome.FENCED
        assert store.snapshot("nimbus") == first
        assert store.position() == end
        assert publish(store, second, previous=first, fence=7) is PublishOutcome.PUBLISHED

    def test_a_fence_counts_for_every_provider(self, store: Store) -> None:
        publish(store, a_snapshot(), fence=7)
        other = a_snapshot(provider="cirrus")
        assert publish(store, other, fence=6) is PublishOutcome.FENCED

    def test_a_leader_that_slept_through_its_lease_is_fenced(self, store: Store) -> None:
        sleeper = store.acquire(holder="sleeper", length=TERM)
        assert sleeper is not None
        first = a_snapshot(an_offer())
        publish(store, first, fence=sleeper.fence)
        store.release(sleeper)  # its term ends while it sleeps
        successor = store.acquire(holder="successor", length=TERM)
        assert successor is not None
        late = a_snapshot(an_offer(price="0.01"), snapshot_id="late")
        # Fenced from the moment of succession, before the successor published anything.
        assert publish(store, late, previous=first, fence=sleeper.fence) is PublishOutcome.FENCED
        assert not store.renew(sleeper, length=TERM)
        store.release(sleeper)
        assert store.renew(successor, length=TERM)
        assert store.snapshot("nimbus") == first

    # Changes and history

    def test_what_a_publication_changed_can_be_read(self, store: Store) -> None:
        offer = an_offer()
        changes = changes_between((), (offer,), now=NOW)
        store.publish(a_snapshot(offer), previous_id="", changes=changes, fence=1)
        assert store.changes(provider="nimbus", snapshot_id="s1") == changes

    def test_history_has_one_point_per_change(self, store: Store) -> None:
        def at(
            minutes: int, offer: Offer | None, previous: ProviderSnapshot | None
        ) -> ProviderSnapshot:
            offers = (offer,) if offer else ()
            snapshot = a_snapshot(*offers, snapshot_id=f"s{minutes}")
            moment = NOW + timedelta(minutes=minutes, microseconds=1)
            outcome = publish(store, snapshot, previous=previous, now=moment)
            assert outcome is PublishOutcome.PUBLISHED
            return snapshot

        listed = at(1, an_offer(price="2.49"), None)
        same = at(2, an_offer(price="2.49"), listed)
        dearer = at(3, an_offer(price="2.50"), same)
        sold_out = an_offer(price="2.50", availability=a_stock(AvailabilityState.SOLD_OUT))
        gone = at(5, None, at(4, sold_out, dearer))
        cheap = an_offer(price="0.50", availability=a_stock(AvailabilityState.LIMITED))
        at(6, cheap, gone)

        points = store.price_points(an_offer().offer_id)
        assert [(price, stock) for _, price, stock in points] == [
            (2_490_000_000, "NOT_STATED"),
            (2_500_000_000, "NOT_STATED"),
            (2_500_000_000, "SOLD_OUT"),
            (2_500_000_000, "NOT_OFFERED"),
            (500_000_000, "LIMITED"),
        ]
        minute = timedelta(minutes=1)
        assert [(at - NOW) // minute for at, _, _ in points] == [1, 3, 4, 5, 6]
        assert points[0][0] == NOW + timedelta(minutes=1, microseconds=1)

    def test_price_and_stock_that_move_together_are_one_point(self, store: Store) -> None:
        first = a_snapshot(an_offer())
        publish(store, first)
        stock = a_stock(AvailabilityState.AVAILABLE)
        second = a_snapshot(an_offer(price="3", availability=stock), snapshot_id="s2")
        publish(store, second, previous=first)
        points = store.price_points(an_offer().offer_id)
        assert [(price, stock) for _, price, stock in points] == [
            (2_490_000_000, "NOT_STATED"),
            (3_000_000_000, "AVAILABLE"),
        ]

    def test_a_change_of_neither_price_nor_stock_is_no_point(self, store: Store) -> None:
        first = a_snapshot(an_offer())
        publish(store, first)
        # Everything is new to a publisher that could not read what stood there.
        again = a_snapshot(an_offer(), snapshot_id="s2")
        listed = changes_between((), again.offers, now=NOW + timedelta(hours=1))
        outcome = store.publish(again, previous_id="s1", changes=listed, fence=1)
        assert outcome is PublishOutcome.PUBLISHED
        assert [at for at, _, _ in store.price_points(an_offer().offer_id)] == [NOW]

    def test_a_price_is_of_the_whole_offer_to_the_nano_dollar(self, store: Store) -> None:
        offer = an_offer(price="0.123456789", gpu_count="8")
        publish(store, a_snapshot(offer))
        ((_, nanos, _),) = store.price_points(offer.offer_id)
        assert nanos == 987_654_312

    # Statuses and events

    def test_a_status_replaces_the_one_before(self, store: Store) -> None:
        rejects = (RejectCount(reason="UNKNOWN_GPU", row_count=2, samples=("B3000", "é")),)
        store.register((a_status(), a_status("cirrus", rejects=rejects)))
        store.register((a_status(state=ProviderState.FAILED, detail="timed out"),))
        assert store.statuses() == {
            "nimbus": a_status(state=ProviderState.FAILED, detail="timed out"),
            "cirrus": a_status("cirrus", rejects=rejects),
        }

    def test_registering_nothing_is_no_event(self, store: Store) -> None:
        end = store.position()
        store.register(())
        assert store.position() == end

    def test_a_publication_and_a_status_are_events(self, store: Store) -> None:
        start = store.position()
        publish(store, a_snapshot())
        published = store.wait_for_event(after=start, timeout_seconds=5)
        assert published != start
        store.register((a_status(),))
        registered = store.wait_for_event(after=published, timeout_seconds=5)
        assert registered not in {start, published}
        assert registered == store.position()

    def test_without_an_event_the_wait_ends_in_time_where_it_began(self, store: Store) -> None:
        publish(store, a_snapshot())
        end = store.position()
        began = time.monotonic()
        assert store.wait_for_event(after=end, timeout_seconds=0.05) == end
        assert 0.04 < time.monotonic() - began < 1

    def test_an_event_ends_a_wait_that_is_under_way(self, store: Store) -> None:
        start = store.position()
        timer = threading.Timer(0.1, lambda: publish(store, a_snapshot()))
        timer.start()
        began = time.monotonic()
        end = store.wait_for_event(after=start, timeout_seconds=10)
        timer.join()
        assert end != start
        assert time.monotonic() - began < 3

    def test_waiting_holds_up_nobody(self, store: Store) -> None:
        start = store.position()
        with ThreadPoolExecutor(8) as pool:
            waits = [
                pool.submit(store.wait_for_event, after=start, timeout_seconds=10) for _ in range(8)
            ]
            for _ in range(20):
                store.pointers()
                assert store.pointers() == {}
            store.register((a_status(),))
            assert {wait.result() for wait in waits} == {store.position()}

    def test_the_page_token_key_is_random_and_stays(self, store: Store) -> None:
        key = store.page_token_key()
        assert len(key) >= 32
        assert len(set(key)) > 8
        assert store.page_token_key() == key

    # Runs

    def test_a_requested_run_is_taken_once_and_in_order(self, store: Store) -> None:
        first, second = a_run("r1"), a_run("r2", provider="cirrus")
        assert store.request_run(first) is None
        assert store.request_run(second) is None
        assert store.find_run("r1") == first
        assert store.take_request(timeout_seconds=1) == first
        assert store.take_request(timeout_seconds=1) == second
        assert store.take_request(timeout_seconds=0.01) is None

    def test_a_request_ends_the_wait_for_one(self, store: Store) -> None:
        timer = threading.Timer(0.1, lambda: store.request_run(a_run()))
        timer.start()
        taken = store.take_request(timeout_seconds=10)
        timer.join()
        assert taken == a_run()

    def test_a_pending_run_stands_for_a_minute_against_another(
        self, store: Store, clock: Clock
    ) -> None:
        store.request_run(a_run("r1"))
        clock.advance(timedelta(seconds=59))
        later = a_run("r2", create_time=clock())
        assert store.request_run(later) == a_run("r1")
        assert store.find_run("r2") is None
        assert store.request_run(a_run("c1", provider="cirrus", create_time=clock())) is None
        clock.advance(timedelta(seconds=2))
        assert store.request_run(later) is None
        # r1 has waited too long: it has been called failed by now.
        assert [store.take_request(timeout_seconds=0.01) for _ in range(3)] == [
            a_run("c1", provider="cirrus", create_time=later.create_time),
            later,
            None,
        ]

    def test_a_running_run_stands_for_an_hour_against_another(
        self, store: Store, clock: Clock
    ) -> None:
        running = a_run("r1", state=RunState.RUNNING, start_time=NOW)
        store.save_run(running)
        clock.advance(timedelta(minutes=59))
        later = a_run("r2", create_time=clock())
        assert store.request_run(later) == running
        clock.advance(timedelta(minutes=2))
        assert store.request_run(later) is None

    def test_an_ended_run_stands_against_nothing(self, store: Store) -> None:
        store.request_run(a_run("r1"))
        ended = a_run("r1", state=RunState.FAILED, reason="NO_COLLECTOR", end_time=NOW)
        store.save_run(ended)
        assert store.request_run(a_run("r2")) is None
        assert store.find_run("r1") == ended
        assert store.take_request(timeout_seconds=0.01) == a_run("r2")

    def test_an_older_run_that_ends_leaves_the_open_one_open(self, store: Store) -> None:
        store.save_run(a_run("r1", state=RunState.RUNNING))
        store.save_run(a_run("r2", state=RunState.RUNNING))
        store.save_run(a_run("r1", state=RunState.SUCCEEDED))
        found = store.request_run(a_run("r3"))
        assert found is not None
        assert found.run_id == "r2"

    def test_of_many_requests_at_once_exactly_one_is_queued(self, store: Store) -> None:
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda i: store.request_run(a_run(f"r{i}")), range(8)))
        (winner,) = (i for i, answer in enumerate(answers) if answer is None)
        assert {answer.run_id for answer in answers if answer} == {f"r{winner}"}
        assert store.take_request(timeout_seconds=1) == a_run(f"r{winner}")
        assert store.take_request(timeout_seconds=0.01) is None

    def test_runs_are_listed_newest_first_in_pages(self, store: Store) -> None:
        for i in (3, 1, 5, 2, 4):
            provider = "nimbus" if i % 2 else "cirrus"
            store.save_run(a_run(f"r{i}", provider=provider, state=RunState.SUCCEEDED))

        def ids(provider: str, before: str, limit: int) -> list[str]:
            found = store.runs(provider=provider, before=before, limit=limit)
            return [run.run_id for run in found]

        assert ids("", "", 10) == ["r5", "r4", "r3", "r2", "r1"]
        assert ids("", "", 2) == ["r5", "r4"]
        assert ids("", "r4", 2) == ["r3", "r2"]
        assert ids("nimbus", "", 10) == ["r5", "r3", "r1"]
        assert ids("nimbus", "r5", 1) == ["r3"]
        assert ids("nimbus", "r1", 10) == []
        assert ids("stratus", "", 10) == []
        assert ids("", "", 0) == []

    def test_a_saved_run_replaces_itself(self, store: Store) -> None:
        store.save_run(a_run(state=RunState.RUNNING))
        done = a_run(
            state=RunState.PARTIAL,
            rejects=(RejectCount(reason="NO_PRICE", row_count=1),),
            missing_parts=("fr-par-3",),
        )
        store.save_run(done)
        assert store.runs(provider="", before="", limit=10) == (done,)

    # The lease

    def test_a_lease_has_one_holder(self, store: Store) -> None:
        lease = store.acquire(holder="a", length=TERM)
        assert lease is not None
        assert store.acquire(holder="b", length=TERM) is None
        assert store.renew(lease, length=TERM)
        assert not store.renew(Lease(holder="b", fence=lease.fence), length=TERM)
        assert not store.renew(Lease(holder="a", fence=lease.fence - 1), length=TERM)

    def test_the_holder_gets_its_lease_again(self, store: Store) -> None:
        lease = store.acquire(holder="a b", length=TERM)
        assert lease is not None
        assert store.acquire(holder="a b", length=TERM) == lease

    def test_only_the_holder_releases(self, store: Store) -> None:
        lease = store.acquire(holder="a", length=TERM)
        assert lease is not None
        store.release(Lease(holder="b", fence=lease.fence))
        assert store.acquire(holder="b", length=TERM) is None
        store.release(lease)
        assert store.acquire(holder="b", length=TERM) is not None

    def test_every_term_has_a_higher_fence(self, store: Store) -> None:
        fences = []
        for _ in range(20):
            lease = store.acquire(holder="a", length=TERM)
            assert lease is not None
            fences.append(lease.fence)
            store.release(lease)
        assert fences == sorted(set(fences))

    def test_a_new_term_is_above_every_fence_that_was_published_with(self, store: Store) -> None:
        far = 10**15
        publish(store, a_snapshot(), fence=far)
        lease = store.acquire(holder="a", length=TERM)
        assert lease is not None
        assert lease.fence > far

    def test_a_fence_is_no_lower_than_the_time(self, store: Store) -> None:
        # A failover that forgets the last token must not give it out again.
        lease = store.acquire(holder="a", length=TERM)
        assert lease is not None
        assert lease.fence > 1_700_000_000_000  # milliseconds, November 2023

    def test_of_many_acquirers_exactly_one_wins(self, store: Store) -> None:
        with ThreadPoolExecutor(8) as pool:
            leases = list(pool.map(lambda i: store.acquire(holder=f"h{i}", length=TERM), range(8)))
        assert sum(lease is not None for lease in leases) == 1
