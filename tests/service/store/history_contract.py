"""What every store does with history; each store's test module inherits from `HistoryContract`."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from service.domain.history import Point, Span
from service.domain.money import Money
from service.domain.offer import Availability, AvailabilityState, Offer, PurchaseModel, Standing
from service.domain.outcome import Outcome, OutcomeReport
from service.domain.provider import ProviderSnapshot
from service.store.ports import REPORTS_KEPT, PublishOutcome, Store
from tests.builders import NOW, a_snapshot, an_offer
from tests.service.store.contract import Clock, publish

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
KEPT = timedelta(days=40)
"""How long the stores of these tests keep history."""
AVAILABLE, SOLD_OUT = AvailabilityState.AVAILABLE, AvailabilityState.SOLD_OUT


@dataclass
class Publisher:
    """Publishes the offers of one provider again and again, each time from what stood before."""

    store: Store
    interval: timedelta = HOUR
    before: ProviderSnapshot | None = None
    count: int = 0

    def at(self, hours: float, *offers: Offer) -> None:
        """Publish so many hours after NOW."""
        moment = NOW + hours * HOUR
        self.count += 1
        snapshot = a_snapshot(
            *offers,
            snapshot_id=f"s{self.count}",
            publish_time=moment,
            interval=self.interval,
        )
        outcome = publish(self.store, snapshot, previous=self.before, now=moment)
        assert outcome is PublishOutcome.PUBLISHED
        self.before = snapshot


def stocked(state: AvailabilityState, **more: Any) -> Offer:
    return an_offer(availability=Availability(state=state, observe_time=NOW), **more)


def a_report(offer_id: str = "o1", *, at: datetime = NOW, **more: Any) -> OutcomeReport:
    values: dict[str, Any] = {
        "offer_id": offer_id,
        "provider": "nimbus",
        "gpu_model": "h100-sxm-80gb",
        "outcome": Outcome.BOUGHT,
        "report_time": at,
    }
    return OutcomeReport(**(values | more))


class HistoryContract:
    """Tests with the fixtures `store` (which keeps `KEPT`) and `clock`."""

    def test_an_empty_store_has_no_history(self, store: Store) -> None:
        assert store.offer_histories(("a", "b")) == {}
        assert store.offer_histories(()) == {}
        assert store.model_history("h100-sxm-80gb").series == ()
        assert store.models_with_history() == ()
        assert store.reports("h100-sxm-80gb", since=NOW) == ()

    def test_the_series_of_a_gpu_model_say_what_each_offer_is(self, store: Store) -> None:
        one = an_offer(
            offer_id="a", gpu_count="8", region_code="us-1", country_code="US",
            purchase_model=PurchaseModel.SPOT,
        )  # fmt: skip
        other = an_offer(offer_id="b", gpu_model="l4-24gb", gpu_family="L4", gpu_count="0.125")
        Publisher(store).at(0, one, other)
        assert store.models_with_history() == ("h100-sxm-80gb", "l4-24gb")
        (series,) = store.model_history("h100-sxm-80gb").series
        assert (series.offer_id, series.provider, series.region_code) == ("a", "nimbus", "us-1")
        assert (series.country_code, series.gpu_count) == ("US", Decimal(8))
        assert series.purchase_model is PurchaseModel.SPOT
        state = AvailabilityState.NOT_STATED
        assert series.points == (Point(NOW, 19_920_000_000, state),)
        found = store.offer_histories(("a", "b", "c"))
        assert {i: one.gpu_count for i, one in found.items()} == {"a": 8, "b": Decimal("0.125")}
        assert found["a"].points == series.points

    def test_an_offer_that_was_delisted_long_ago_is_still_in_the_series(self, store: Store) -> None:
        publisher = Publisher(store)
        publisher.at(0, an_offer())
        publisher.at(1)
        publisher.at(24 * 35, an_offer(offer_id="b"))
        series = {one.offer_id: one for one in store.model_history("h100-sxm-80gb").series}
        assert series.keys() == {"b", an_offer().offer_id}
        last = series[an_offer().offer_id].points[-1]
        assert (last.state, last.change_time) == (AvailabilityState.NOT_OFFERED, NOW + HOUR)

    def test_looks_that_follow_each_other_are_one_span(self, store: Store) -> None:
        publisher = Publisher(store)
        for hours in (0, 1, 3, 5.5, 6.5):
            publisher.at(hours, an_offer())
        watched = store.model_history("h100-sxm-80gb").watched
        assert watched == {
            "nimbus": (
                Span(NOW, NOW + 5 * HOUR),
                Span(NOW + 5.5 * HOUR, NOW + 8.5 * HOUR),
            )
        }

    def test_a_price_that_comes_to_be_believed_is_a_point(self, store: Store) -> None:
        publisher = Publisher(store)
        publisher.at(0, an_offer(standing=Standing.PROVISIONAL))
        publisher.at(1, an_offer(standing=Standing.PROVISIONAL))
        publisher.at(2, an_offer())
        publisher.at(3, an_offer())
        points = store.price_points(an_offer().offer_id)
        assert [(p.change_time - NOW, p.is_provisional) for p in points] == [
            (0 * HOUR, True),
            (2 * HOUR, False),
        ]

    def test_an_unconfirmed_price_is_the_believed_one(self, store: Store) -> None:
        publisher = Publisher(store)
        publisher.at(0, an_offer())
        publisher.at(1, an_offer(standing=Standing.UNCONFIRMED))
        assert len(store.price_points(an_offer().offer_id)) == 1

    def test_points_older_than_what_is_kept_are_dropped_but_for_the_one_that_held(
        self, store: Store
    ) -> None:
        publisher = Publisher(store, interval=30 * DAY)
        for day in range(60):
            publisher.at(24 * day, an_offer(price=f"{day + 1}"))
        points = store.price_points(an_offer().offer_id)
        last = NOW + 59 * DAY
        assert points[-1].change_time == last
        assert points[0].change_time >= last - KEPT - 3 * DAY
        assert points[0].change_time <= last - KEPT
        prices = [point.price_nanos for point in points]
        assert prices == sorted(set(prices))

    def test_many_changes_come_back_in_order(self, store: Store) -> None:
        publisher = Publisher(store)
        states = [AVAILABLE, SOLD_OUT, AVAILABLE, AvailabilityState.LIMITED, SOLD_OUT] * 8
        for hour, state in enumerate(states):
            publisher.at(hour, stocked(state, price=f"{2 + hour % 3}"))
        points = store.price_points(an_offer().offer_id)
        assert [(p.state, p.price_nanos // 10**9) for p in points] == [
            (state, 2 + hour % 3) for hour, state in enumerate(states)
        ]

    def test_a_refused_publication_adds_nothing(self, store: Store) -> None:
        publisher = Publisher(store)
        publisher.at(0, an_offer())
        before = store.model_history("h100-sxm-80gb")
        late = a_snapshot(
            an_offer(price="9"),
            an_offer(offer_id="b"),
            snapshot_id="late",
            publish_time=NOW + 9 * HOUR,
        )
        assert publish(store, late) is PublishOutcome.OUTDATED
        assert publish(store, late, previous=publisher.before, fence=0) is PublishOutcome.FENCED
        assert store.model_history("h100-sxm-80gb") == before

    # Reports

    def test_reports_come_back_whole_and_in_order(self, store: Store) -> None:
        price = Money(amount=Decimal("25.5"), currency_code="EUR")
        reports = (
            a_report(at=NOW - HOUR),
            a_report("o2", outcome=Outcome.NO_CAPACITY, provider="cirrus"),
            a_report(at=NOW + HOUR, outcome=Outcome.PRICE_DIFFERED, price_per_hour=price),
        )
        for report in (reports[2], reports[0], reports[1]):
            store.save_report(report)
        assert store.reports("h100-sxm-80gb", since=NOW - DAY) == reports
        assert store.reports("h100-sxm-80gb", since=NOW) == reports[1:]
        assert store.reports("l4-24gb", since=NOW - DAY) == ()

    def test_equal_reports_count_each(self, store: Store) -> None:
        for _ in range(3):
            store.save_report(a_report())
        assert len(store.reports("h100-sxm-80gb", since=NOW)) == 3

    def test_reports_are_forgotten_in_time(self, store: Store, clock: Clock) -> None:
        store.save_report(a_report())
        clock.advance(KEPT + HOUR)
        store.save_report(a_report(at=clock()))
        assert [one.report_time for one in store.reports("h100-sxm-80gb", since=NOW)] == [clock()]

    def test_only_the_newest_reports_of_a_provider_are_kept(self, store: Store) -> None:
        store.save_report(a_report(provider="cirrus", at=NOW - HOUR))
        for second in range(REPORTS_KEPT + 5):
            store.save_report(a_report(at=NOW + timedelta(seconds=second)))
        found = store.reports("h100-sxm-80gb", since=NOW - DAY)
        assert len(found) == REPORTS_KEPT + 1
        assert found[0].provider == "cirrus"
        assert found[1].report_time == NOW + timedelta(seconds=5)
