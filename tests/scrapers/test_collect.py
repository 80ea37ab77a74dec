"""One collection run, from pages to a publication."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest

from scrapers.collect import FENCED, INTERNAL, OUTDATED, content_revision_of
from scrapers.errors import Blocked, Retry, Unreachable
from scrapers.page import Page
from scrapers.provider import Provider, RawOffer
from scrapers.ticket import Ticket
from service.domain.change import ChangeKind
from service.domain.offer import Availability, AvailabilityState, Offer, Standing, Trust
from service.domain.provider import ProviderSnapshot, ProviderState, ProviderStatus
from service.domain.quarantine import QuarantinedOffer, QuarantineState, Review
from service.domain.run import CollectionRun, RunState
from service.store.memory_store import MemoryStore
from service.store.ports import PublishOutcome, StoreUnreachable, UnreadableSnapshot
from tests.builders import an_offer
from tests.scrapers.nimbus import (
    HOST,
    Answer,
    Clock,
    FakeFetcher,
    a_collector,
    a_page,
    a_provider,
    a_row,
    a_zoned_provider,
)

HOUR = timedelta(hours=1)


class Bench:
    """A store, a clock, and collections against them."""

    def __init__(self, provider: Provider | None = None) -> None:
        self.clock = Clock()
        self.store = MemoryStore(clock=self.clock)
        self.provider = provider or a_provider()
        self.fence = 1

    def collect(
        self, answers: dict[str, Answer] | str, *, replayed: bool = False, **options: object
    ) -> CollectionRun:
        if isinstance(answers, str):
            answers = {f"{HOST}/{self.provider.id}": answers}
        collector = a_collector(self.store, answers, clock=self.clock, replayed=replayed)
        run = collector.new_run(self.provider.id)
        return collector.collect(self.provider, run=run, fence=self.fence, **options)  # type: ignore[arg-type]

    def settle(self, answers: dict[str, Answer] | str) -> None:
        """Collect twice an hour apart, so that what is new is accepted."""
        self.collect(answers)
        self.clock.pass_by(HOUR)
        self.collect(answers)

    @property
    def status(self) -> ProviderStatus:
        return self.store.statuses()[self.provider.id]

    @property
    def snapshot(self) -> ProviderSnapshot:
        snapshot = self.store.snapshot(self.provider.id)
        assert snapshot
        return snapshot

    def prices(self) -> dict[str, Decimal]:
        return {o.sku: o.price_per_gpu_hour for o in self.snapshot.offers if o.is_listed}


def test_a_run_publishes_what_the_page_says() -> None:
    bench = Bench()
    run = bench.collect(a_page(a_row("h100"), a_row("h100-1x", count="1", price="2.99")))
    assert run.state is RunState.SUCCEEDED
    assert run.offer_count == 2
    assert run.body_byte_count > 0
    assert bench.store.find_run(run.run_id) == run
    assert bench.prices() == {"h100": Decimal("2.49"), "h100-1x": Decimal("2.99")}


def test_the_status_tells_when_and_how_it_went() -> None:
    bench = Bench()
    bench.settle(a_page(a_row()))
    bench.collect(a_page(a_row()), plan=lambda _: bench.clock.now + HOUR)
    status = bench.status
    assert status.state is ProviderState.OK
    assert status.detail == ""
    assert status.last_attempt_time == status.last_success_time == bench.clock.now
    assert status.next_attempt_time == bench.clock.now + HOUR


def test_rejects_of_every_stage_are_counted_with_their_texts() -> None:
    bench = Bench()
    rows = [a_row(f"h100-{n}", count=str(n)) for n in (1, 2, 4, 8)]
    run = bench.collect(a_page(*rows, a_row("broken", price=""), a_row("odd", gpu="Quantum 9000")))
    assert run.state is RunState.SUCCEEDED
    reasons = {reject.reason: reject.row_count for reject in run.rejects}
    assert reasons == {"NO_PRICE": 1, "UNKNOWN_GPU": 1}
    assert any("Quantum 9000" in text for reject in run.rejects for text in reject.samples)
    assert bench.status.rejects == run.rejects


def test_one_missing_zone_keeps_its_last_good_rows() -> None:
    bench = Bench(a_zoned_provider("paris", "warsaw"))
    paris = a_page(a_row("p", region="paris"))
    bench.collect({f"{HOST}/paris": paris, f"{HOST}/warsaw": a_page(a_row("w", region="warsaw"))})
    bench.clock.pass_by(HOUR)
    run = bench.collect({f"{HOST}/paris": paris, f"{HOST}/warsaw": Unreachable("no answer")})
    assert run.state is RunState.PARTIAL
    assert run.reason == "UNREACHABLE"
    assert run.missing_parts == ("warsaw",)
    assert set(bench.prices()) == {"p", "w"}
    observed = {o.sku: o.observe_time for o in bench.snapshot.offers}
    assert observed["p"] - observed["w"] == HOUR
    assert bench.status.state is ProviderState.PARTIAL
    assert "warsaw" in bench.status.detail


def test_a_zone_without_servers_is_no_failure() -> None:
    bench = Bench(a_zoned_provider("paris", "warsaw"))
    run = bench.collect({f"{HOST}/paris": a_page(a_row("p")), f"{HOST}/warsaw": a_page()})
    assert run.state is RunState.SUCCEEDED


def test_rows_before_a_failed_page_count_but_the_part_is_incomplete() -> None:
    bench = Bench()
    second = f"{HOST}/nimbus?page=2"
    answers: dict[str, Answer] = {
        f"{HOST}/nimbus": a_page(a_row("a"), next=second),
        second: a_page(a_row("b")),
    }
    bench.collect(answers)
    bench.clock.pass_by(HOUR)
    run = bench.collect(answers | {second: Unreachable("no answer")})
    assert run.state is RunState.PARTIAL
    assert set(bench.prices()) == {"a", "b"}


def test_zones_without_a_recording_are_not_asked() -> None:
    bench = Bench(a_zoned_provider("paris", "warsaw"))
    run = bench.collect({f"{HOST}/paris": a_page(a_row("p"))}, replayed=True)
    assert run.state is RunState.PARTIAL
    assert run.missing_parts == ("warsaw",)
    assert run.replayed
    assert bench.status.replayed
    assert bench.snapshot.replayed


def test_no_part_answering_fails_with_the_first_reason_and_keeps_the_last_good_set() -> None:
    bench = Bench()
    bench.collect(a_page(a_row()))
    good, success = bench.snapshot, bench.status.last_success_time
    bench.clock.pass_by(HOUR)
    retries: list[Retry | None] = []

    def plan(retry: Retry | None) -> None:
        retries.append(retry)

    run = bench.collect({f"{HOST}/nimbus": Unreachable("timed out")}, plan=plan)
    assert (run.state, run.reason, run.detail) == (RunState.FAILED, "UNREACHABLE", "timed out")
    assert bench.snapshot == good
    assert bench.status.state is ProviderState.FAILED
    assert bench.status.last_success_time == success
    assert bench.status.last_attempt_time == bench.clock.now
    assert retries == [Retry.SOON]


def test_a_page_never_recorded_does_not_hide_the_cause() -> None:
    bench = Bench(a_zoned_provider("paris", "warsaw"))
    run = bench.collect({f"{HOST}/warsaw": Blocked("403")})
    assert run.reason == "BLOCKED"


def test_pages_without_offers_fail_and_never_empty_the_catalogue() -> None:
    bench = Bench()
    bench.collect(a_page(a_row()))
    run = bench.collect(a_page())
    assert (run.state, run.reason) == (RunState.FAILED, "NOTHING_FOUND")
    assert len(bench.prices()) == 1


def test_rows_that_are_all_refused_are_nothing_found_with_the_reasons() -> None:
    bench = Bench()
    run = bench.collect(a_page(a_row(gpu="Quantum 9000")))
    assert (run.state, run.reason) == (RunState.FAILED, "NOTHING_FOUND")
    assert "UNKNOWN_GPU 1" in run.detail
    assert run.rejects


def test_a_changed_page_drops_its_rows_but_not_those_of_other_pages() -> None:
    bench = Bench(a_zoned_provider("paris", "warsaw"))
    broken = a_page(a_row("w"), {"gpu": "H100"})
    run = bench.collect({f"{HOST}/paris": a_page(a_row("p")), f"{HOST}/warsaw": broken})
    assert (run.state, run.reason) == (RunState.PARTIAL, "PAGE_CHANGED")
    assert set(bench.prices()) == {"p"}


def test_a_bug_in_a_parser_fails_the_run_and_nothing_else(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bench = Bench()

    def parse(page: Page) -> list[RawOffer]:
        raise ZeroDivisionError(page.url)

    bench.provider.parsers[("prices",)] = parse  # type: ignore[assignment]
    run = bench.collect(a_page(a_row()))
    assert (run.state, run.reason) == (RunState.FAILED, INTERNAL)
    assert "nimbus.example" not in run.detail
    assert any(record.exc_info for record in caplog.records)


def test_a_run_in_which_no_row_is_believed_is_held_and_the_old_price_stays() -> None:
    bench = Bench()
    bench.settle(a_page(a_row()))
    bench.clock.pass_by(HOUR)
    run = bench.collect(a_page(a_row(price="9.99")))
    assert (run.state, run.reason) == (RunState.HELD, "NOT_BELIEVABLE")
    assert bench.prices() == {"h100": Decimal("2.49")}
    (offer,) = bench.snapshot.offers
    assert offer.standing is Standing.UNCONFIRMED
    assert bench.status.state is ProviderState.HELD


def test_a_held_run_keeps_the_last_good_set_and_says_why() -> None:
    bench = Bench()
    rows = [a_row(f"h{n}", count=str(n)) for n in (1, 2, 4, 8)]
    bench.settle(a_page(*rows))
    good = bench.snapshot
    bench.clock.pass_by(HOUR)
    run = bench.collect(a_page(rows[0], rows[1], *(row | {"price": "9.99"} for row in rows[2:])))
    assert (run.state, run.reason) == (RunState.HELD, "NOT_BELIEVABLE")
    assert bench.snapshot == good
    assert bench.status.state is ProviderState.HELD
    assert "2 of 4" in bench.status.detail


class Damaged(MemoryStore):
    """A store whose snapshots cannot be read."""

    def snapshot(self, provider: str) -> ProviderSnapshot | None:
        raise UnreadableSnapshot(provider)


def test_a_damaged_snapshot_is_replaced() -> None:
    store = Damaged()
    provider = a_provider()
    collector = a_collector(store, {f"{HOST}/nimbus": a_page(a_row())})
    for _ in range(2):
        run = collector.collect(provider, run=collector.new_run("nimbus"), fence=1)
        assert run.state is RunState.SUCCEEDED


def test_changes_are_published_with_the_snapshot() -> None:
    bench = Bench()
    bench.collect(a_page(a_row()))
    offer_id = bench.snapshot.offers[0].offer_id
    bench.clock.pass_by(HOUR)
    bench.collect(a_page(a_row(price="2.59")))
    prices = [point.price_nanos for point in bench.store.price_points(offer_id)]
    assert prices == [19_920_000_000, 20_720_000_000]
    listed, repriced = bench.store.log_entries(since=(0, 0), limit=9)
    assert [change.kind for change in listed.changes] == [ChangeKind.LISTED]
    assert [change.kind for change in repriced.changes] == [ChangeKind.PRICE_CHANGED]


def test_seeing_the_same_again_is_a_new_snapshot_of_the_same_revision() -> None:
    bench = Bench()
    bench.settle(a_page(a_row()))
    first = bench.snapshot
    bench.clock.pass_by(HOUR)
    bench.collect(a_page(a_row()))
    assert bench.snapshot.snapshot_id > first.snapshot_id
    assert bench.snapshot.content_revision == first.content_revision
    assert bench.snapshot.offers[0].observe_time == bench.clock.now


@pytest.mark.parametrize(
    "change",
    [
        {"price_per_hour": Decimal("2.50")},
        {"price_per_gpu_hour": Decimal("2.50")},
        {"availability": Availability(state=AvailabilityState.SOLD_OUT)},
        {"standing": Standing.UNCONFIRMED},
        {"delist_time": Clock().now},
        {"offer_id": "another"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_content_revision_changes_with(change: dict[str, object]) -> None:
    offer = an_offer()
    changed: Offer = replace(offer, **change)  # type: ignore[arg-type]
    assert content_revision_of([changed]) != content_revision_of([offer])


def test_the_content_revision_is_one_of_values_not_of_their_spelling() -> None:
    one = an_offer(price="2.5")
    same = replace(one, price_per_hour=Decimal("2.50"), price_per_gpu_hour=Decimal("2.500"))
    assert content_revision_of([one]) == content_revision_of([same])


def test_a_collector_that_was_replaced_publishes_nothing_and_leaves_the_status_alone() -> None:
    bench = Bench()
    bench.fence = 7
    bench.collect(a_page(a_row()))
    good, status = bench.snapshot, bench.status
    bench.fence = 6
    run = bench.collect(a_page(a_row(price="2.55")))
    assert (run.state, run.reason) == (RunState.FAILED, FENCED)
    assert (bench.snapshot, bench.status) == (good, status)


class Overtaken(MemoryStore):
    """A store in which somebody else publishes just before us, a number of times."""

    overtakings = 0

    def publish(self, snapshot: ProviderSnapshot, **options: object) -> PublishOutcome:
        if self.overtakings:
            self.overtakings -= 1
            previous = self.snapshot(snapshot.provider)
            other = replace(snapshot, snapshot_id=f"other-{self.overtakings}")
            super().publish(
                other,
                previous_id=previous.snapshot_id if previous else "",
                changes=(),
                fence=1,
            )
        return super().publish(snapshot, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(("overtakings", "reason"), [(1, ""), (2, OUTDATED)], ids=["once", "twice"])
def test_a_publication_in_between_is_judged_against_once(overtakings: int, reason: str) -> None:
    store = Overtaken()
    store.overtakings = overtakings
    collector = a_collector(store, {f"{HOST}/nimbus": a_page(a_row())})
    run = collector.collect(a_provider(), run=collector.new_run("nimbus"), fence=1)
    assert run.reason == reason


class GoneAtPublication(MemoryStore):
    """A store that goes away in the middle of a run."""

    def publish(self, *_: object, **__: object) -> PublishOutcome:
        raise StoreUnreachable("gone")


def test_a_store_that_goes_away_is_no_fault_of_the_provider() -> None:
    store = GoneAtPublication()
    collector = a_collector(store, {f"{HOST}/nimbus": a_page(a_row())})
    with pytest.raises(StoreUnreachable):
        collector.collect(a_provider(), run=collector.new_run("nimbus"), fence=1)
    assert "nimbus" not in store.statuses()


def test_an_abandoned_run_writes_nothing_more() -> None:
    bench = Bench()
    ticket = Ticket()

    def hang_until_given_up() -> str:
        assert ticket.abandon()
        return a_page(a_row())

    run = bench.collect({f"{HOST}/nimbus": hang_until_given_up}, ticket=ticket)
    assert run.state is RunState.RUNNING
    assert bench.store.snapshot("nimbus") is None
    assert "nimbus" not in bench.store.statuses()


def test_a_run_that_is_given_up_is_failed_with_the_reason_and_the_provider_says_so() -> None:
    bench = Bench()
    collector = a_collector(bench.store, {}, clock=bench.clock)
    run = collector.new_run("nimbus")
    collector.give_up(bench.provider, run=run, reason="DEADLINE", detail="not done within 30 s")
    stored = bench.store.find_run(run.run_id)
    assert stored
    assert (stored.state, stored.reason) == (RunState.FAILED, "DEADLINE")
    assert bench.status.detail == "DEADLINE: not done within 30 s"


def test_dated_reading_gives_the_dates_of_the_pages_and_publishes_nothing() -> None:
    bench = Bench()
    recorded = bench.clock.now - timedelta(days=40)
    fetcher = FakeFetcher({f"{HOST}/nimbus": a_page(a_row())}, observe_time=recorded)
    collector = a_collector(bench.store, {}, fetcher=fetcher, replayed=True)
    (offer,) = collector.read_dated(bench.provider)
    assert offer.observe_time == offer.price_change_time == offer.first_seen_time == recorded
    assert not offer.replayed
    assert bench.store.snapshot("nimbus") is None


class Quarantined(Bench):
    """A bench with one offer at 2.49, unless nothing was `settled`, and a person who decides."""

    def __init__(self, provider: Provider | None = None, *, settled: bool = True) -> None:
        super().__init__(provider)
        if settled:
            self.settle(a_page(a_row()))
            self.clock.pass_by(HOUR)

    def entries(self) -> tuple[QuarantinedOffer, ...]:
        return self.store.quarantine(provider="nimbus")

    def held(self) -> list[tuple[str, QuarantineState, int]]:
        return [(entry.reason, entry.state, entry.times_seen) for entry in self.entries()]

    def decide(self, state: QuarantineState, entry: QuarantinedOffer | None = None) -> None:
        """Decide about the newest entry, unless another is named."""
        review = Review(state=state, reviewer="dana", note="looked", review_time=self.clock.now)
        chosen = entry or self.entries()[0]
        assert self.store.review(chosen.quarantine_id, review)


def test_a_jump_is_in_quarantine_with_the_row_as_printed() -> None:
    bench = Quarantined()
    bench.collect(a_page(a_row(price="9.99")))
    bench.clock.pass_by(HOUR)
    bench.collect(a_page(a_row(price="9.99")))

    assert bench.held() == [("PRICE_JUMP", QuarantineState.WAITING, 2)]
    (entry,) = bench.store.quarantine(provider="nimbus")
    assert '"price": "9.99"' in entry.raw_text
    assert entry.page_digest
    assert entry.source_uri == f"{HOST}/nimbus"


def test_an_accepted_jump_is_published_by_the_next_run() -> None:
    bench = Quarantined()
    bench.collect(a_page(a_row(price="9.99")))
    bench.decide(QuarantineState.ACCEPTED)
    run = bench.collect(a_page(a_row(price="9.99")))

    assert run.state is RunState.SUCCEEDED
    assert bench.prices() == {"h100": Decimal("9.99")}
    assert bench.snapshot.offers[0].standing is Standing.ACCEPTED


def test_a_rejected_jump_stays_out_and_the_old_price_comes_back() -> None:
    bench = Quarantined()
    bench.collect(a_page(a_row(price="3.90")))
    bench.decide(QuarantineState.REJECTED)
    for _ in range(4):
        bench.clock.pass_by(3 * HOUR)
        bench.collect(a_page(a_row(price="3.90")))
    assert bench.prices() == {"h100": Decimal("2.49")}
    bench.collect(a_page(a_row()))

    assert bench.snapshot.offers[0].standing is Standing.ACCEPTED
    assert bench.held() == [("PRICE_JUMP", QuarantineState.REJECTED, 5)]


def test_a_price_that_comes_back_clears_its_quarantine() -> None:
    bench = Quarantined()
    bench.collect(a_page(a_row(price="9.99")))
    bench.collect(a_page(a_row()))

    assert bench.held() == [("PRICE_JUMP", QuarantineState.CLEARED, 1)]


def test_a_held_run_is_in_quarantine_and_its_acceptance_publishes_it() -> None:
    bench = Bench()
    rows = [a_row(f"h{number}", price="2.00") for number in range(6)]
    bench.settle(a_page(*rows))
    moved = a_page(*(row | {"price": "2.80"} for row in rows))
    assert bench.collect(moved).state is RunState.HELD
    (entry,) = bench.store.quarantine(provider="nimbus")
    assert (entry.offer_id, entry.rule, entry.ratio) == ("", "R6", Decimal("1.4"))
    review = Review(
        state=QuarantineState.ACCEPTED, reviewer="d", note="n", review_time=bench.clock.now
    )
    bench.store.review(entry.quarantine_id, review)

    assert bench.collect(moved).state is RunState.SUCCEEDED
    assert set(bench.prices().values()) == {Decimal("2.80")}


def test_a_stale_leader_quarantines_nothing() -> None:
    bench = Bench()
    rows = [a_row(f"h{number}", price="2.00") for number in range(6)]
    bench.fence = 5
    bench.settle(a_page(*rows))
    bench.fence = 4
    run = bench.collect(a_page(*(row | {"price": "2.80"} for row in rows)))

    assert (run.state, run.reason) == (RunState.FAILED, FENCED)
    assert bench.store.quarantine(provider="nimbus") == ()


def test_the_structure_of_the_page_is_kept_and_a_change_is_told() -> None:
    bench = Quarantined()
    before = bench.snapshot.page_digest
    run = bench.collect(a_page(a_row(colour="blue")))

    assert before
    assert bench.snapshot.page_digest != before
    assert "structure" in run.detail


def a_baseline(bench: Bench, *, price: str) -> ProviderSnapshot:
    """Build the baseline that a page gave once."""
    bench.collect(a_page(a_row(price=price)))
    offers = tuple(replace(o, standing=Standing.BASELINE) for o in bench.snapshot.offers)
    return replace(bench.snapshot, offers=offers)


@pytest.mark.parametrize(
    ("price", "replayed", "standing"),
    [
        ("2.60", False, Standing.ACCEPTED),
        ("3.90", False, Standing.PROVISIONAL),
        ("3.90", True, Standing.ACCEPTED),  # a replay has no baseline, somebody chose its pages
    ],
)
def test_the_first_live_run_is_judged_against_the_baseline(
    price: str, standing: Standing, *, replayed: bool
) -> None:
    baseline = a_baseline(Bench(), price="2.49")
    store = MemoryStore()
    answers: dict[str, Answer] = {f"{HOST}/nimbus": a_page(a_row(price=price))}
    collector = a_collector(store, answers, baseline=(baseline,), replayed=replayed)
    collector.collect(a_provider(), run=collector.new_run("nimbus"), fence=1)
    snapshot = store.snapshot("nimbus")

    assert snapshot
    assert [offer.standing for offer in snapshot.offers] == [standing]


def test_the_first_publication_lists_every_offer_whatever_the_baseline_knew() -> None:
    baseline = a_baseline(Bench(), price="2.49")
    store = MemoryStore()
    answers: dict[str, Answer] = {f"{HOST}/nimbus": a_page(a_row())}
    collector = a_collector(store, answers, baseline=(baseline,))
    collector.collect(a_provider(), run=collector.new_run("nimbus"), fence=1)

    assert len(store.price_points(baseline.offers[0].offer_id)) == 1


def test_after_an_unreadable_snapshot_the_baseline_is_what_is_trusted() -> None:
    baseline = a_baseline(Bench(), price="2.49")
    store = Damaged(clock=Clock())
    answers: dict[str, Answer] = {f"{HOST}/nimbus": a_page(a_row(price="900"))}
    collector = a_collector(store, answers, baseline=(baseline,))
    run = collector.collect(a_provider(), run=collector.new_run("nimbus"), fence=1)

    assert run.state is RunState.HELD
    assert [entry.reason for entry in store.quarantine(provider="nimbus")] == [
        "PRICE_OUT_OF_BOUNDS"
    ]


def test_what_is_held_of_a_provider_without_any_offer_can_be_found_and_accepted() -> None:
    bench = Quarantined(settled=False)
    odd = a_page(a_row(price="90"))  # above every bound
    run = bench.collect(odd)
    assert run.state is RunState.HELD
    assert bench.held() == [("PRICE_OUT_OF_BOUNDS", QuarantineState.WAITING, 1)]
    assert bench.store.snapshot("nimbus") is None

    bench.decide(QuarantineState.ACCEPTED)
    assert bench.collect(odd).state is RunState.SUCCEEDED
    assert bench.prices() == {"h100": Decimal(90)}


def test_a_refused_offer_on_trial_is_delisted_even_when_it_is_the_only_one() -> None:
    bench = Quarantined(a_provider(trust=Trust.HOST), settled=False)
    bench.settle(a_page(a_row(price="2")))
    bench.collect(a_page(a_row(price="5")))
    assert bench.snapshot.offers[0].standing is Standing.PROVISIONAL
    bench.decide(QuarantineState.REJECTED)
    bench.collect(a_page(a_row(price="5")))
    assert bench.prices() == {}

    bench.collect(a_page(a_row(price="5.1")))
    assert [o.standing for o in bench.snapshot.offers if o.is_listed] == [Standing.PROVISIONAL]


def test_an_accepted_factor_publishes_once_and_the_next_one_needs_a_person_again() -> None:
    bench = Quarantined(settled=False)

    def at(price: str) -> str:
        return a_page(*(a_row(f"h{number}", price=price) for number in range(6)))

    bench.settle(at("2.00"))
    assert bench.collect(at("2.80")).state is RunState.HELD
    bench.decide(QuarantineState.ACCEPTED)
    bench.clock.pass_by(HOUR)
    assert bench.collect(at("2.80")).state is RunState.SUCCEEDED

    bench.clock.pass_by(HOUR)
    assert bench.collect(at("3.92")).state is RunState.HELD
    assert bench.held()[0] == ("COMMON_FACTOR", QuarantineState.WAITING, 1)
    bench.decide(QuarantineState.ACCEPTED)
    assert bench.collect(at("3.92")).state is RunState.SUCCEEDED


def test_a_run_that_is_held_again_after_its_acceptance_ran_out_can_be_accepted_again() -> None:
    bench = Quarantined(settled=False)
    rows = [a_row(f"h{number}", price="2.00") for number in range(4)]
    bench.settle(a_page(*rows))
    broken = a_page(*rows[:2], *(row | {"price": "90"} for row in rows[2:]))
    bench.collect(broken)
    bench.decide(QuarantineState.ACCEPTED)
    assert bench.collect(broken).state is RunState.SUCCEEDED
    bench.clock.pass_by(25 * HOUR)
    assert bench.collect(broken).state is RunState.HELD

    waiting = [entry for entry in bench.held() if entry[1] is QuarantineState.WAITING]
    assert ("TOO_MANY_FAILED", QuarantineState.WAITING, 1) in waiting
    (again,) = [e for e in bench.entries() if e.is_run and e.state is QuarantineState.WAITING]
    bench.decide(QuarantineState.ACCEPTED, again)
    assert bench.collect(broken).state is RunState.SUCCEEDED
