"""HistoryService through the chain, over a store in memory."""

import struct
from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from google.rpc import error_details_pb2
from google.rpc.code_pb2 import Code
from google.rpc.status_pb2 import Status
from gpuquote.v1 import history_pb2, money_pb2, offer_pb2
from gpuquote.v1 import history_service_pb2 as pb

from service.domain.change import changes_between
from service.domain.errors import InvalidRequest
from service.domain.gpu import GpuRegistry
from service.domain.history import ModelHistory
from service.domain.offer import Availability, AvailabilityState, Offer, PurchaseModel
from service.rpc.dispatch import Call, RpcError
from service.rpc.history_requests import MAX_INDEXED, read_summarize_price_index
from service.rpc.servicers.history import KEPT_FOR
from service.store.memory_store import MemoryStore
from service.store.ports import PublishOutcome, StoreUnreachable
from tests.builders import NOW, a_snapshot, a_status, an_offer
from tests.fakes import FakeClock, FakeSource, a_catalog, a_dispatcher, a_gpu, detail

HOUR = timedelta(hours=1)
H100 = "gpuModels/h100-sxm-80gb"
NIMBUS = an_offer(offer_id="nimbus-8x", gpu_count="8", region_code="us-1", country_code="US")


class CountingStore(MemoryStore):
    """Counts how often a history is read; `is_away` makes it unreachable."""

    reads = 0
    is_away = False

    def model_history(self, gpu_model: str) -> ModelHistory:
        self.reads += 1
        self._answer()
        return super().model_history(gpu_model)

    def offer_histories(self, offer_ids: Any) -> Any:
        self._answer()
        return super().offer_histories(offer_ids)

    def save_report(self, report: Any) -> None:
        self._answer()
        super().save_report(report)

    def reports(self, *names: Any, **rest: Any) -> Any:
        self._answer()
        return super().reports(*names, **rest)

    def _answer(self) -> None:
        if self.is_away:
            raise StoreUnreachable("unix:///s: gone")


class Bench:
    """A store that is published to by the hour, and the chain over it."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.store = CountingStore(clock=self.clock)
        self.published: dict[str, tuple[str, tuple[Offer, ...]]] = {}
        statuses = [a_status(), a_status("cirrus")]
        self.source = FakeSource(a_catalog(NIMBUS, statuses=statuses))
        self.chain = a_dispatcher(self.source, runs=self.store, clock=self.clock)

    def publish(self, *offers: Offer, provider: str = "nimbus") -> None:
        previous_id, before = self.published.get(provider, ("", ()))
        snapshot_id = f"{provider}{self.clock.now:%d%H%M}"
        outcome = self.store.publish(
            a_snapshot(
                *offers,
                provider=provider,
                snapshot_id=snapshot_id,
                publish_time=self.clock.now,
            ),
            previous_id=previous_id,
            changes=changes_between(before, offers, now=self.clock.now),
            fence=1,
        )
        assert outcome is PublishOutcome.PUBLISHED
        self.published[provider] = (snapshot_id, offers)

    def hours(self, *published: tuple[Offer, ...], provider: str = "nimbus") -> None:
        """Publish one set of offers an hour, and let the last hour pass."""
        for offers in published:
            self.publish(*offers, provider=provider)
            self.clock.advance(HOUR)

    def ask(self, request: Any) -> Any:
        rpc = request.DESCRIPTOR.name.removesuffix("Request")
        return self.chain.call(f"/gpuquote.v1.HistoryService/{rpc}", request, Call()).message

    def refused(self, request: Any) -> Status:
        with pytest.raises(RpcError) as raised:
            self.ask(request)
        return raised.value.status

    def violations(self, request: Any) -> dict[str, str]:
        status = self.refused(request)
        assert status.code == Code.INVALID_ARGUMENT
        found = detail(status, error_details_pb2.BadRequest).field_violations
        return {violation.field: violation.description for violation in found}


@pytest.fixture
def bench() -> Bench:
    return Bench()


def at(price: str, state: str = "AVAILABLE", **more: Any) -> Offer:
    """Build NIMBUS at a price per GPU-hour and with a stock."""
    stock = Availability(state=AvailabilityState(state), observe_time=NOW)
    values: dict[str, Any] = {
        "offer_id": "nimbus-8x",
        "gpu_count": "8",
        "region_code": "us-1",
        "country_code": "US",
        "availability": stock,
    }
    return an_offer(price=price, **(values | more))


# Points


def test_points_come_newest_first_with_both_prices(bench: Bench) -> None:
    bench.hours((at("2.00"),), (at("3.00", "SOLD_OUT"),), ())
    found = bench.ask(pb.ListPricePointsRequest(parent="offers/nimbus-8x"))
    assert [
        (p.price_per_hour.amount, p.price_per_gpu_hour.amount, p.availability)
        for p in found.price_points
    ] == [
        ("24.00", "3.00", offer_pb2.AVAILABILITY_STATE_NOT_OFFERED),
        ("24.00", "3.00", offer_pb2.AVAILABILITY_STATE_SOLD_OUT),
        ("16.00", "2.00", offer_pb2.AVAILABILITY_STATE_AVAILABLE),
    ]
    last = found.price_points[-1]
    assert last.change_time.ToDatetime() == NOW.replace(tzinfo=None)
    assert last.name == f"offers/nimbus-8x/pricePoints/{int(NOW.timestamp())}"
    assert found.next_page_token == ""


def test_pages_of_points_join_to_the_whole_though_new_ones_come(bench: Bench) -> None:
    bench.hours(*((at(f"{hour + 1}"),) for hour in range(10)))
    seen: list[str] = []
    token, page = "", 0
    while page == 0 or token:
        request = pb.ListPricePointsRequest(
            parent="offers/nimbus-8x", page_size=3, page_token=token
        )
        found = bench.ask(request)
        seen.extend(point.price_per_gpu_hour.amount for point in found.price_points)
        token, page = found.next_page_token, page + 1
        bench.hours((at(f"{page}.5"),))
    assert seen == [f"{hour}.00" for hour in range(10, 0, -1)]
    assert page == 4


def test_points_of_a_time_range(bench: Bench) -> None:
    bench.hours(*((at(f"{hour + 1}"),) for hour in range(6)))
    start, end = Timestamp(), Timestamp()
    start.FromDatetime(NOW + 2 * HOUR)
    end.FromDatetime(NOW + 4 * HOUR)
    request = pb.ListPricePointsRequest(parent="offers/nimbus-8x", start_time=start, end_time=end)
    found = bench.ask(request)
    assert [point.price_per_gpu_hour.amount for point in found.price_points] == ["4.00", "3.00"]


def test_an_offer_without_history_has_no_points_and_an_unknown_one_is_not_found(
    bench: Bench,
) -> None:
    assert not bench.ask(pb.ListPricePointsRequest(parent="offers/nimbus-8x")).price_points
    status = bench.refused(pb.ListPricePointsRequest(parent="offers/nope"))
    assert status.code == Code.NOT_FOUND
    assert detail(status, error_details_pb2.ErrorInfo).reason == "OFFER_NOT_FOUND"


def test_an_offer_that_left_the_catalogue_long_ago_keeps_its_points(bench: Bench) -> None:
    bench.hours((at("2.00", offer_id="gone"),), ())
    found = bench.ask(pb.ListPricePointsRequest(parent="offers/gone"))
    assert [point.price_per_gpu_hour.amount for point in found.price_points] == ["2.00", "2.00"]


def test_every_fault_of_a_question_for_points_is_told(bench: Bench) -> None:
    moment = Timestamp(seconds=5)
    request = pb.ListPricePointsRequest(
        parent="nimbus", page_size=-1, page_token="x", start_time=moment, end_time=moment
    )
    assert bench.violations(request).keys() == {"parent", "page_size", "page_token", "start_time"}
    late = pb.ListPricePointsRequest(
        parent="offers/nimbus-8x", end_time=Timestamp(seconds=400_000_000_000)
    )
    assert bench.violations(late).keys() == {"end_time"}


def test_an_older_history_takes_its_gpu_count_from_the_catalogue(bench: Bench) -> None:
    micros = int(NOW.timestamp()) * 10**6
    bench.store._histories["nimbus-8x"] = struct.pack(">qqB", micros, 16 * 10**9, 1)
    (point,) = bench.ask(pb.ListPricePointsRequest(parent="offers/nimbus-8x")).price_points
    assert point.price_per_gpu_hour.amount == "2.00"
    bench.source.snapshot = a_catalog(an_offer(offer_id="other"))
    (point,) = bench.ask(pb.ListPricePointsRequest(parent="offers/nimbus-8x")).price_points
    assert point.price_per_hour.amount == "16.00"
    assert not point.HasField("price_per_gpu_hour")


def test_points_of_one_second_have_names_of_their_own(bench: Bench) -> None:
    bench.publish(at("2.00"))
    bench.clock.advance(timedelta(milliseconds=200))
    bench.published["nimbus"] = (bench.published["nimbus"][0], ())
    changes = changes_between((), (at("3.00"),), now=bench.clock.now)
    second = a_snapshot(at("3.00"), snapshot_id="again", publish_time=bench.clock.now)
    bench.store.publish(second, previous_id=bench.published["nimbus"][0], changes=changes, fence=1)
    request = pb.ListPricePointsRequest(parent="offers/nimbus-8x", page_size=1)
    first = bench.ask(request)
    request.page_token = first.next_page_token
    names = [first.price_points[0].name, bench.ask(request).price_points[0].name]
    point = f"offers/nimbus-8x/pricePoints/{int(NOW.timestamp())}"
    assert names == [f"{point}-1", point]


# Prices


def test_prices_are_weighted_by_the_time_they_were_asked(bench: Bench) -> None:
    bench.hours((at("2.00"),), (at("2.00"),), (at("2.00"),), (at("5.00"),))
    found = bench.ask(pb.SummarizePricesRequest(name=H100, window="4h"))
    assert found.gpu_model == H100
    prices = [getattr(found, name).amount for name in ("min", "p10", "p50", "p75", "p90", "max")]
    assert prices == ["2.00", "2.00", "2.00", "2.00", "5.00", "5.00"]
    assert (found.offer_count, found.provider_count) == (1, 1)
    assert found.end_time.ToDatetime() - found.start_time.ToDatetime() == 4 * HOUR


def test_prices_may_be_of_some_providers_countries_and_purchase_models(bench: Bench) -> None:
    spot = at("1.00", offer_id="spot", purchase_model=PurchaseModel.SPOT)
    german = at("3.00", offer_id="german", country_code="DE")
    bench.hours((at("2.00"), spot, german))
    bench.clock.advance(-HOUR)
    bench.hours((at("4.00", offer_id="cirrus-8x", provider="cirrus"),), provider="cirrus")

    def prices(**fields: Any) -> tuple[str, str]:
        found = bench.ask(pb.SummarizePricesRequest(name=H100, window="1h", **fields))
        return found.min.amount, found.max.amount

    assert prices() == ("2.00", "4.00")
    assert prices(country_code=["de"]) == ("3.00", "3.00")
    assert prices(provider=["providers/cirrus"]) == ("4.00", "4.00")
    both = [offer_pb2.PURCHASE_MODEL_SPOT, offer_pb2.PURCHASE_MODEL_ON_DEMAND]
    assert prices(purchase_model=both, provider=["nimbus"]) == ("1.00", "3.00")


def test_without_offers_prices_are_absent_rather_than_zero(bench: Bench) -> None:
    found = bench.ask(pb.SummarizePricesRequest(name=H100))
    assert not found.HasField("min")
    assert not found.HasField("p50")
    assert found.offer_count == 0


@pytest.mark.parametrize("window", ["0d", "-1d", "999d", "1x", "1.5d"])
@pytest.mark.parametrize("kind", [pb.SummarizePricesRequest, pb.SummarizeAvailabilityRequest])
def test_a_window_that_is_none_is_refused_with_what_is_allowed(
    bench: Bench, kind: Any, window: str
) -> None:
    description = bench.violations(kind(name=H100, window=window))["window"]
    assert "1h to 400d" in description
    assert window in description


def test_every_fault_of_a_summary_is_told_at_once(bench: Bench) -> None:
    request = pb.SummarizePricesRequest(
        name="h100",
        window="0d",
        provider=["nimbsu"],
        country_code=["XX"],
        purchase_model=[99],  # type: ignore[list-item]
    )
    found = bench.violations(request)
    assert found.keys() == {"name", "window", "provider", "country_code", "purchase_model"}
    assert "nimbus" in found["provider"]


@pytest.mark.parametrize("kind", [pb.SummarizePricesRequest, pb.SummarizeAvailabilityRequest])
def test_an_unknown_gpu_model_is_not_found_and_the_nearest_are_named(
    bench: Bench, kind: Any
) -> None:
    status = bench.refused(kind(name="gpuModels/h100-sxm-8gb"))
    assert status.code == Code.NOT_FOUND
    info = detail(status, error_details_pb2.ErrorInfo)
    assert info.reason == "GPU_MODEL_NOT_FOUND"
    assert "h100-sxm-80gb" in info.metadata["nearest"]


# Index


def test_the_index_has_a_point_for_each_model_and_day(bench: Bench) -> None:
    l4 = at("0.80", offer_id="l4", gpu_model="l4-24gb", gpu_family="L4", gpu_count="1")
    bench.hours(*(((at("2.00"), l4),) * 12))
    bench.hours(*(((at("3.00"), l4),) * 12), provider="nimbus")
    request = pb.SummarizePriceIndexRequest(gpu_model=["l4-24gb", H100], window="7d")
    found = bench.ask(request).points
    assert [(p.gpu_model, p.date, p.median.amount) for p in found] == [
        ("gpuModels/l4-24gb", "2026-10-08", "0.80"),
        ("gpuModels/l4-24gb", "2026-10-09", "0.80"),
        (H100, "2026-10-08", "2.00"),
        (H100, "2026-10-09", "3.00"),
    ]
    assert (found[3].provider_count, found[3].offer_count, found[3].spread) == (1, 1, 1.0)


def test_the_window_of_the_index_ends_today(bench: Bench) -> None:
    bench.hours(*(((at("2.00"),),) * 30))
    request = pb.SummarizePriceIndexRequest(gpu_model=["h100-sxm-80gb"], window="1d")
    assert [point.date for point in bench.ask(request).points] == ["2026-10-09"]


def test_the_faults_of_an_index_are_told_at_once(bench: Bench) -> None:
    request = pb.SummarizePriceIndexRequest(gpu_model=["h200"], window="12h", purchase_model=77)  # type: ignore[arg-type]
    found = bench.violations(request)
    assert found.keys() == {"gpu_model", "window", "purchase_model"}
    assert "1d to 400d" in found["window"]
    assert bench.violations(pb.SummarizePriceIndexRequest()).keys() == {"gpu_model"}


def test_an_index_is_of_twenty_gpu_models_at_most() -> None:
    models = [f"l4-{size}gb" for size in range(MAX_INDEXED + 1)]
    gpus = GpuRegistry(a_gpu(model, "L4", 24) for model in models)
    few = pb.SummarizePriceIndexRequest(gpu_model=models[1:])
    assert len(read_summarize_price_index(few, gpus=gpus).gpu_models) == MAX_INDEXED
    with pytest.raises(InvalidRequest, match="at most 20"):
        read_summarize_price_index(pb.SummarizePriceIndexRequest(gpu_model=models), gpus=gpus)


# Availability and outcomes


def test_availability_is_by_provider_and_region(bench: Bench) -> None:
    east = at("2.00", "SOLD_OUT", offer_id="east", region_code="us-2")
    bench.hours((at("2.00"), east), (at("2.00"), east), (at("2.00", "SOLD_OUT"), east))
    found = bench.ask(pb.SummarizeAvailabilityRequest(name=H100, window="3h"))
    west, other = found.summaries
    assert (west.provider, west.region_code) == ("providers/nimbus", "us-1")
    assert round(west.share_available, 6) == round(2 / 3, 6)
    assert west.current_state == offer_pb2.AVAILABILITY_STATE_SOLD_OUT
    assert west.streak.ToTimedelta() == HOUR
    assert west.last_available_time.ToDatetime() == (NOW + 2 * HOUR).replace(tzinfo=None)
    assert (west.observation_count, west.offer_count) == (2, 1)
    assert west.watched.ToTimedelta() == 3 * HOUR
    assert (other.region_code, other.share_available) == ("us-2", 0.0)
    assert not other.HasField("last_available_time")


def test_a_reported_outcome_shows_at_once_though_summaries_are_kept(bench: Bench) -> None:
    bench.hours((at("2.00"),))
    asking = pb.SummarizeAvailabilityRequest(name=H100)
    assert bench.ask(asking).summaries[0].bought_count == 0
    price = money_pb2.Money(currency_code="USD", amount="17.20")
    outcomes = [history_pb2.OUTCOME_NO_CAPACITY, history_pb2.OUTCOME_BOUGHT]
    for outcome in outcomes:
        bench.ask(pb.ReportOutcomeRequest(name="offers/nimbus-8x", outcome=outcome))
    told = bench.ask(
        pb.ReportOutcomeRequest(
            name="offers/nimbus-8x",
            outcome=history_pb2.OUTCOME_PRICE_DIFFERED,
            price_per_hour=price,
        )
    ).report
    assert (told.offer, told.price_per_hour.amount) == ("offers/nimbus-8x", "17.20")
    (found,) = bench.ask(asking).summaries
    counts = (found.bought_count, found.no_capacity_count, found.price_differed_count)
    assert counts == (1, 1, 1)
    assert found.last_report.offer == "offers/nimbus-8x"


def test_a_report_counts_in_windows_that_reach_back_to_it(bench: Bench) -> None:
    bench.hours((at("2.00"),))
    bench.ask(pb.ReportOutcomeRequest(name="offers/nimbus-8x", outcome=history_pb2.OUTCOME_BOUGHT))
    bench.hours((at("2.00"),), (at("2.00"),))
    for window, count in (("1h", 0), ("3h", 1)):
        (found,) = bench.ask(pb.SummarizeAvailabilityRequest(name=H100, window=window)).summaries
        assert found.bought_count == count


def test_a_report_of_an_unknown_offer_is_not_found(bench: Bench) -> None:
    request = pb.ReportOutcomeRequest(name="offers/nope", outcome=history_pb2.OUTCOME_BOUGHT)
    assert bench.refused(request).code == Code.NOT_FOUND


def test_nothing_can_be_reported_of_an_offer_that_is_no_longer_sold(bench: Bench) -> None:
    bench.source.snapshot = a_catalog(at("2.00", offer_id="gone", delist_time=NOW))
    request = pb.ReportOutcomeRequest(name="offers/gone", outcome=history_pb2.OUTCOME_BOUGHT)
    status = bench.refused(request)
    assert status.code == Code.FAILED_PRECONDITION
    info = detail(status, error_details_pb2.ErrorInfo)
    assert (info.reason, info.metadata["delistTime"]) == ("OFFER_DELISTED", "2026-10-08T12:00:00Z")


@pytest.mark.parametrize(
    ("amount", "currency", "field"),
    [
        ("0", "USD", "price_per_hour"),
        ("-1", "USD", "price_per_hour"),
        ("1e3", "USD", "price_per_hour"),
        ("2.49", "dollars", "price_per_hour"),
        ("2.49", "", "price_per_hour.currency_code"),
    ],
)
def test_a_price_that_is_none_is_refused(
    bench: Bench, amount: str, currency: str, field: str
) -> None:
    request = pb.ReportOutcomeRequest(
        name="offers/nimbus-8x",
        outcome=history_pb2.OUTCOME_PRICE_DIFFERED,
        price_per_hour=money_pb2.Money(currency_code=currency, amount=amount),
    )
    assert field in bench.violations(request)


def test_another_price_belongs_to_no_other_outcome(bench: Bench) -> None:
    price = money_pb2.Money(currency_code="USD", amount="1.00")
    bought = history_pb2.OUTCOME_BOUGHT
    request = pb.ReportOutcomeRequest(name="x", outcome=bought, price_per_hour=price)
    assert bench.violations(request).keys() == {"name", "price_per_hour"}
    unknown = pb.ReportOutcomeRequest(name="offers/nimbus-8x", outcome=42)  # type: ignore[arg-type]
    assert "BOUGHT, NO_CAPACITY, PRICE_DIFFERED" in bench.violations(unknown)["outcome"]


# The store behind


def test_equal_questions_within_seconds_read_the_store_once(bench: Bench) -> None:
    bench.hours((at("2.00"),))
    asking = pb.SummarizePricesRequest(name=H100)
    first = bench.ask(asking)
    bench.clock.advance(KEPT_FOR - timedelta(seconds=1))
    assert bench.ask(asking) == first
    assert bench.store.reads == 1
    bench.ask(pb.SummarizePricesRequest(name=H100, window="1d"))
    assert bench.store.reads == 2
    bench.clock.advance(timedelta(seconds=1))
    assert bench.ask(asking).end_time != first.end_time
    assert bench.store.reads == 3


def test_a_new_revision_of_the_catalogue_has_the_history_read_again(bench: Bench) -> None:
    bench.hours((at("2.00"),))
    asking = pb.SummarizePricesRequest(name=H100)
    bench.ask(asking)
    bench.source.snapshot = a_catalog(NIMBUS, an_offer(offer_id="nimbus-1x"))
    bench.ask(asking)
    assert bench.store.reads == 2


def test_while_the_store_is_away_history_is_unavailable(bench: Bench) -> None:
    bench.store.is_away = True
    for request in (
        pb.ListPricePointsRequest(parent="offers/nimbus-8x"),
        pb.SummarizePricesRequest(name=H100),
        pb.SummarizePriceIndexRequest(gpu_model=["h100-sxm-80gb"]),
        pb.SummarizeAvailabilityRequest(name=H100),
        pb.ReportOutcomeRequest(name="offers/nimbus-8x", outcome=history_pb2.OUTCOME_BOUGHT),
    ):
        status = bench.refused(request)
        assert status.code == Code.UNAVAILABLE
        assert detail(status, error_details_pb2.ErrorInfo).reason == "STORE_UNREACHABLE"
