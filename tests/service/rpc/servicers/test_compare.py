"""CompareService through the chain, on real plans and a small catalogue."""

from datetime import timedelta
from typing import Any

import pytest
from google.protobuf import json_format
from google.rpc import error_details_pb2
from google.rpc.code_pb2 import Code
from google.rpc.status_pb2 import Status
from gpuquote.v1 import compare_service_pb2 as pb

from service.catalog.replica import Readiness, ReadyReason, ReadyStatus
from service.domain.errors import Reason
from service.domain.offer import PurchaseModel
from service.rpc.dispatch import Call, Dispatcher, RpcError
from tests.builders import NOW, an_offer
from tests.fakes import FakeClock, FakeSource, a_catalog, a_dispatcher, detail
from tests.service.market.joining import an_a100_node, an_h100_node

SERVICE = "/gpuquote.v1.CompareService"
RUN: dict[str, Any] = {"training": {"model": "llama-3.1-8b", "tokens": str(10**10)}}
SOURCE = FakeSource(
    a_catalog(
        an_h100_node("h", "3.00"),
        an_h100_node("h-dear", "6.00"),
        an_a100_node("a", "1.00"),
        an_offer(offer_id="one", provider="one"),
        an_h100_node("year", "1.00", purchase_model=PurchaseModel.RESERVED_1Y),
    )
)


def ask(kind: str, body: Any, *, dispatcher: Dispatcher | None = None) -> Any:
    request = json_format.ParseDict(body, getattr(pb, f"{kind}Request")())
    chain = dispatcher or a_dispatcher(SOURCE)
    return chain.call(f"{SERVICE}/{kind}", request, Call()).message


def refused(kind: str, body: Any, *, dispatcher: Dispatcher | None = None) -> Status:
    with pytest.raises(RpcError) as raised:
        ask(kind, body, dispatcher=dispatcher)
    return raised.value.status


def test_offers_come_back_in_their_order_with_amounts_rounded() -> None:
    answer = ask("CompareOffers", {"workload": RUN, "maxPlacements": 2})
    assert answer.feasible_count == 3  # a single H100 does not hold it
    # The year was not asked for, so it is left out and no commitment is counted.
    assert answer.committed_count == 0
    assert len(answer.placements) == 2
    first, second = answer.placements
    assert (first.why_not, first.cost_over_best) == ("", 0.0)
    assert second.why_not
    cents = first.placement.cost.p50.amount.partition(".")[2]
    assert len(cents) == 2
    assert first.placement.line_items[0].label == "compute"
    assert answer.catalog_revision == SOURCE.snapshot.revision
    names = {one.name for one in answer.assumptions}
    assert {"objective", "sequenceLength", "memory"} <= names


def test_amounts_are_in_the_currency_of_the_workload() -> None:
    dollars = ask("CompareOffers", {"workload": RUN})
    run = {"training": RUN["training"] | {"currencyCode": "EUR"}}
    euros = ask("CompareOffers", {"workload": run})
    per_hour = [one.placements[0].placement.price_per_gpu_hour for one in (dollars, euros)]
    assert [one.currency_code for one in per_hour] == ["USD", "EUR"]
    assert float(per_hour[0].amount) == pytest.approx(1.25 * float(per_hour[1].amount))
    assert (dollars.exchange_rate.rate, euros.exchange_rate.rate) == ("", "1.25")
    gpus = ask("CompareGpuModels", {"workload": run}).gpus
    assert gpus[0].price_per_gpu_hour.min.currency_code == "EUR"


def test_a_commitment_shows_its_term_and_when_it_pays_off() -> None:
    ways = ["PURCHASE_MODEL_ON_DEMAND", "PURCHASE_MODEL_RESERVED_1Y"]
    constraints = {"purchaseModel": ways, "gpuModel": ["h100-sxm-80gb"]}
    run = {"training": RUN["training"] | {"constraints": constraints}}
    (option,) = ask("CompareOffers", {"workload": run}).commitments
    assert option.commitment.offer == "offers/year"
    assert option.gpu_model == "gpuModels/h100-sxm-80gb"
    assert option.HasField("pays_off_after")
    assert ask("CompareOffers", {"workload": run}).committed_count == 1
    assert option.pays_off_after.ToTimedelta() < timedelta(days=365)


def test_gpu_models_are_compared_with_and_without_a_workload() -> None:
    for_run = ask("CompareGpuModels", {"workload": RUN})
    assert {one.gpu_model for one in for_run.gpus} == {
        "gpuModels/h100-sxm-80gb",
        "gpuModels/a100-sxm-80gb",
    }
    assert all(one.fits and one.offer for one in for_run.gpus)
    by_hour = ask("CompareGpuModels", {})
    assert [one.price_per_gpu_hour.min.amount for one in by_hour.gpus] == ["1.00", "2.49"]
    assert not by_hour.gpus[0].HasField("cost")
    assert not by_hour.HasField("relaxed_latency_saving")


def test_providers_are_compared_for_one_gpu() -> None:
    answer = ask("CompareProviders", {"gpuModel": "h100-sxm-80gb"})
    assert [one.provider for one in answer.providers] == [
        "providers/one",
        "providers/h",
        "providers/h-dear",
        "providers/year",
    ]
    assert answer.market.median.amount == "3.00"
    assert answer.market.spread_max_over_min == pytest.approx(6 / 2.49, rel=1e-5)
    assert answer.providers[0].prices[0].min.amount == "2.49"
    assert not answer.providers[0].HasField("availability_share_30d")


def test_a_revision_that_was_answered_from_can_be_asked_again() -> None:
    source, clock = FakeSource(SOURCE.snapshot), FakeClock()
    dispatcher = a_dispatcher(source, clock=clock)
    first = ask("CompareOffers", {"workload": RUN}, dispatcher=dispatcher)
    source.snapshot = a_catalog(an_h100_node("h", "9.00"), snapshot_id="s2")
    pinned = {"training": RUN["training"] | {"catalogRevision": first.catalog_revision}}
    clock.advance(timedelta(hours=1))
    again = ask("CompareOffers", {"workload": pinned}, dispatcher=dispatcher)
    assert again.SerializeToString(deterministic=True) == first.SerializeToString(
        deterministic=True
    )
    unknown = {"gpuModel": "l4-24gb", "catalogRevision": "gone"}
    status = refused("CompareProviders", unknown, dispatcher=dispatcher)
    info = detail(status, error_details_pb2.ErrorInfo)
    assert info.reason == Reason.REVISION_NOT_KEPT


def test_a_bad_request_names_every_field() -> None:
    run = {"training": {"model": "llama-3.1-8b", "offer": "offers/h"}}
    body = {"workload": run, "maxPlacements": -1, "minAvailabilityShare": 7}
    status = refused("CompareOffers", body)
    assert status.code == Code.INVALID_ARGUMENT
    bad = detail(status, error_details_pb2.BadRequest)
    assert [one.field for one in bad.field_violations] == [
        "workload.training.offer",
        "workload.training.tokens",
        "max_placements",
        "min_availability_share",
    ]


def test_nothing_is_compared_before_prices_are_loaded() -> None:
    starting = Readiness(status=ReadyStatus.UNAVAILABLE, reasons=(ReadyReason.STARTING,))
    source = FakeSource(a_catalog(), ready=starting)
    for kind, body in (
        ("CompareOffers", {"workload": RUN}),
        ("CompareGpuModels", {}),
        ("CompareProviders", {"gpuModel": "l4-24gb"}),
    ):
        assert refused(kind, body, dispatcher=a_dispatcher(source)).code == Code.UNAVAILABLE


def test_prices_that_are_too_old_are_refused() -> None:
    clock = FakeClock(NOW + timedelta(hours=2))
    status = refused(
        "CompareProviders",
        {"gpuModel": "h100-sxm-80gb", "constraints": {"maxAge": "3600s"}},
        dispatcher=a_dispatcher(SOURCE, clock=clock),
    )
    assert detail(status, error_details_pb2.ErrorInfo).reason == Reason.PRICES_TOO_OLD
