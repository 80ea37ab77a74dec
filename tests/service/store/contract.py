"""What every store does; each store's test module inherits from `StoreContract`."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from service.domain.change import ChangeKind, changes_between
from service.domain.exchange import KeptRates
from service.domain.model_price import ModelPrice, ModelPriceBook
from service.domain.offer import Availability, AvailabilityState, ExchangeRate, Offer
from service.domain.provider import ProviderSnapshot, ProviderState, RejectCount
from service.domain.quarantine import QUARANTINE_KEPT_FOR, QuarantineState, Review
from service.domain.run import CollectionRun, RunState
from service.store.ports import CHANGES_PER_ENTRY, Lease, LogBounds, PublishOutcome, Store
from tests.builders import NOW, a_quarantined, a_snapshot, a_status, an_offer

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


def a_book(source: str, usd: str) -> ModelPriceBook:
    price = ModelPrice(
        provider="acme",
        model="prose-7b",
        source=source,
        source_uri="https://prices.example",
        observe_time=NOW,
        input=Decimal(usd),
    )
    return ModelPriceBook(source=source, publish_time=NOW, prices=(price,))


def some_rates(dollars: str) -> KeptRates:
    rate = ExchangeRate(
        currency_code="EUR", rate=Decimal(dollars), source="a bank", date="2026-10-08"
    )
    held = ExchangeRate(currency_code="TRY", rate=Decimal(2), source="a bank", date="2026-10-08")
    return KeptRates(rates=(rate,), held=(held,), check_time=NOW)


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
        assert store.log_bounds() == LogBounds(dropped=(0, 0), end=(0, 0))
        assert store.log_entries(since=(0, 0), limit=9) == ()

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
        assert len(store.log_entries(since=(0, 0), limit=9)) == 1

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

    def test_what_publications_changed_is_logged_in_their_order(self, store: Store) -> None:
        offer = an_offer()
        listed = changes_between((), (offer,), now=NOW)
        first = a_snapshot(offer)
        store.publish(first, previous_id="", changes=listed, fence=1)
        moved = an_offer(price="3")
        second = a_snapshot(moved, snapshot_id="s2")
        repriced = changes_between((offer,), (moved,), now=NOW + timedelta(hours=1))
        store.publish(second, previous_id="s1", changes=repriced, fence=1)
        entries = store.log_entries(since=(0, 0), limit=9)
        assert [entry.changes for entry in entries] == [listed, repriced]
        before, after = (entry.position for entry in entries)
        assert (0, 0) < before < after
        assert store.log_bounds() == LogBounds(dropped=(0, 0), end=after)
        assert store.log_entries(since=(before[0], before[1] + 1), limit=9) == entries[1:]
        assert store.log_entries(since=(0, 0), limit=1) == entries[:1]
        assert store.log_entries(since=(0, 0), limit=9, enough=1) == entries[:1]
        assert store.log_entries(since=(0, 0), limit=9, enough=2) == entries

    def test_a_publication_that_changed_nothing_is_not_logged(self, store: Store) -> None:
        store.publish(a_snapshot(), previous_id="", changes=(), fence=1)
        assert store.log_entries(since=(0, 0), limit=9) == ()

    def test_a_large_publication_is_logged_in_parts(self, store: Store) -> None:
        offers = tuple(an_offer(offer_id=f"o{at:03}") for at in range(CHANGES_PER_ENTRY * 2 + 1))
        publish(store, a_snapshot(*offers))
        entries = store.log_entries(since=(0, 0), limit=9)
        sizes = [len(entry.changes) for entry in entries]
        assert sizes == [CHANGES_PER_ENTRY, CHANGES_PER_ENTRY, 1]
        ids = [change.offer_id for entry in entries for change in entry.changes]
        assert ids == [offer.offer_id for offer in offers]
        assert store.log_bounds().end == entries[-1].position

    def test_a_reader_of_the_log_is_woken(self, store: Store) -> None:
        publish(store, a_snapshot(an_offer()))
        end = store.log_bounds().end
        assert store.wait_for_log_entries(after=end, limit=9, timeout_seconds=0.01) == ()
        moved = a_snapshot(an_offer(price="3"), snapshot_id="s2")
        with ThreadPoolExecutor(1) as pool:
            waiting = pool.submit(
                store.wait_for_log_entries, after=end, limit=9, timeout_seconds=10
            )
            publish(store, moved, previous=a_snapshot(an_offer()))
            (entry,) = waiting.result(timeout=10)
        assert entry.position > end
        assert [change.kind for change in entry.changes] == [ChangeKind.PRICE_CHANGED]

    def test_history_has_one_point_per_change(self, store: Store) -> None:
        def at(
            minutes: int, offer: Offer | None, previous: ProviderSnapshot | None
        ) -> ProviderSnapshot:
            offers = (offer,) if offer else ()
            snapshot = a_snapshot(*offers, snapshot_id=f"s{minutes}")
            moment = NOW + timedelta(minutes=minutes, seconds=1)
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
        assert [(point.price_nanos, point.state) for point in points] == [
            (2_490_000_000, "NOT_STATED"),
            (2_500_000_000, "NOT_STATED"),
            (2_500_000_000, "SOLD_OUT"),
            (2_500_000_000, "NOT_OFFERED"),
            (500_000_000, "LIMITED"),
        ]
        minute = timedelta(minutes=1)
        assert [(point.change_time - NOW) // minute for point in points] == [1, 3, 4, 5, 6]
        assert points[0].change_time == NOW + timedelta(minutes=1, seconds=1)

    def test_price_and_stock_that_move_together_are_one_point(self, store: Store) -> None:
        first = a_snapshot(an_offer())
        publish(store, first)
        stock = a_stock(AvailabilityState.AVAILABLE)
        second = a_snapshot(an_offer(price="3", availability=stock), snapshot_id="s2")
        publish(store, second, previous=first)
        points = store.price_points(an_offer().offer_id)
        assert [(point.price_nanos, point.state) for point in points] == [
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
        assert [each.change_time for each in store.price_points(an_offer().offer_id)] == [NOW]

    def test_a_price_is_of_the_whole_offer_to_the_nano_dollar(self, store: Store) -> None:
        offer = an_offer(price="0.123456789", gpu_count="8")
        publish(store, a_snapshot(offer))
        (point,) = store.price_points(offer.offer_id)
        assert point.price_nanos == 987_654_312

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

    def test_a_book_of_token_prices_replaces_the_one_of_its_source(self, store: Store) -> None:
        assert store.model_price_books() == ()
        for book in (a_book("b", "0.4"), a_book("a", "2"), a_book("b", "0.3")):
            assert store.save_model_prices(book, fence=3) is PublishOutcome.PUBLISHED

        assert store.model_price_books() == (a_book("a", "2"), a_book("b", "0.3"))

    def test_a_leader_that_was_followed_saves_no_token_prices(self, store: Store) -> None:
        store.save_model_prices(a_book("a", "2"), fence=3)

        assert store.save_model_prices(a_book("a", "9"), fence=2) is PublishOutcome.FENCED
        assert publish(store, a_snapshot(an_offer()), fence=2) is PublishOutcome.FENCED
        assert store.model_price_books() == (a_book("a", "2"),)

    def test_exchange_rates_are_replaced_as_a_whole(self, store: Store) -> None:
        assert store.rates() is None
        for rate in ("1.1", "1.2"):
            assert store.save_rates(some_rates(rate), fence=3) is PublishOutcome.PUBLISHED

        assert store.rates() == some_rates("1.2")

    def test_a_leader_that_was_followed_saves_no_exchange_rates(self, store: Store) -> None:
        store.save_rates(some_rates("1.1"), fence=3)

        assert store.save_rates(some_rates("9"), fence=2) is PublishOutcome.FENCED
        assert publish(store, a_snapshot(an_offer()), fence=2) is PublishOutcome.FENCED
        assert store.rates() == some_rates("1.1")

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

    # Quarantine

    def test_an_empty_quarantine(self, store: Store) -> None:
        assert store.quarantine(provider="") == ()
        assert store.quarantine(provider="nimbus") == ()

    def test_what_is_held_is_read_back_equal_and_newest_first(self, store: Store) -> None:
        first, second = a_quarantined("0001-a"), a_quarantined("0002-a", offer_id="", ratio=None)
        other = a_quarantined("0003-a", provider="cumulus")
        kept = store.save_quarantine("nimbus", (first, second), fence=1)
        store.save_quarantine("cumulus", (other,), fence=1)

        assert kept is PublishOutcome.PUBLISHED
        assert store.quarantine(provider="nimbus") == (second, first)
        assert store.quarantine(provider="") == (other, second, first)

    def test_a_decision_stands_whatever_the_collector_writes_later(self, store: Store) -> None:
        held = a_quarantined()
        review = Review(
            state=QuarantineState.ACCEPTED, reviewer="dana", note="checked", review_time=NOW
        )
        store.save_quarantine("nimbus", (held,), fence=1)
        assert store.review(held.quarantine_id, review)
        store.save_quarantine("nimbus", (replace(held, times_seen=2),), fence=1)

        (read,) = store.quarantine(provider="nimbus")
        assert (read.state, read.reviewer, read.review_note) == (review.state, "dana", "checked")
        assert read.times_seen == 2

    def test_of_two_decisions_the_first_stands(self, store: Store) -> None:
        held = a_quarantined()
        store.save_quarantine("nimbus", (held,), fence=1)
        said = [
            store.review(
                held.quarantine_id,
                Review(state=state, reviewer="dana", note="checked", review_time=NOW),
            )
            for state in (QuarantineState.REJECTED, QuarantineState.ACCEPTED)
        ]

        assert said == [True, False]
        assert store.quarantine(provider="nimbus")[0].state is QuarantineState.REJECTED

    def test_a_decision_goes_with_what_it_was_about(self, store: Store) -> None:
        held = a_quarantined()
        review = Review(
            state=QuarantineState.ACCEPTED, reviewer="dana", note="checked", review_time=NOW
        )
        store.save_quarantine("nimbus", (held,), fence=1)
        store.review(held.quarantine_id, review)
        store.save_quarantine("nimbus", (), fence=1)
        store.save_quarantine("nimbus", (held,), fence=1)

        assert store.quarantine(provider="nimbus") == (held,)

    def test_what_was_not_seen_for_a_month_is_gone(self, store: Store, clock: Clock) -> None:
        store.save_quarantine("nimbus", (a_quarantined(),), fence=1)
        clock.advance(QUARANTINE_KEPT_FOR)
        assert len(store.quarantine(provider="nimbus")) == 1
        clock.advance(timedelta(seconds=1))
        assert store.quarantine(provider="nimbus") == ()
        assert store.quarantine(provider="") == ()

    def test_a_decision_replaces_only_the_one_that_was_seen(self, store: Store) -> None:
        held = a_quarantined()
        store.save_quarantine("nimbus", (held,), fence=1)
        refused = Review(
            state=QuarantineState.REJECTED, reviewer="dana", note="odd", review_time=NOW
        )
        accepted = replace(refused, state=QuarantineState.ACCEPTED, reviewer="eve")
        assert not store.review(held.quarantine_id, accepted, instead_of=refused)
        assert store.review(held.quarantine_id, refused)
        (read,) = store.quarantine(provider="nimbus")
        assert read.review == refused

        assert store.review(held.quarantine_id, accepted, instead_of=read.review)
        assert not store.review(held.quarantine_id, refused, instead_of=read.review)
        assert store.quarantine(provider="nimbus")[0].review == accepted

    def test_a_collector_that_lost_the_lead_quarantines_nothing(self, store: Store) -> None:
        publish(store, a_snapshot(an_offer()), fence=7)
        outcome = store.save_quarantine("nimbus", (a_quarantined(),), fence=6)

        assert outcome is PublishOutcome.FENCED
        assert store.quarantine(provider="nimbus") == ()
