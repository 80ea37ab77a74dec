"""GPU models by price and performance, for a workload and without one."""

from decimal import Decimal
from typing import Any

import pytest

from service.compare.answers import ComparedGpuModel, GpuModelsAnswer
from service.compare.gpu_models import GpuModelComparison
from service.compare.questions import GpuModelsQuestion, HourlyQuestion
from service.domain.caveat import CaveatCode
from service.domain.constraints import Adjustment, OfferConstraints
from service.domain.money import Money
from service.domain.offer import Availability, AvailabilityState, Fabric, Offer, PurchaseModel
from service.domain.precision import Precision
from service.domain.workload import LatencyLimit
from service.estimate.plan import Misfit, NoPlan
from service.facts.tables import load_gpu_registry
from tests.builders import NOW
from tests.fakes import RATES, a_catalog
from tests.service.compare.comparing import (
    FakePlans,
    a_load,
    a_run,
    constrained,
    gpu_models,
    planners,
    rejected,
)
from tests.service.market.joining import A100, H100, an_a100_node, an_h100_node

IN_STOCK = Availability(state=AvailabilityState.AVAILABLE, observe_time=NOW)
LIMITS = LatencyLimit(min_tokens_per_second_per_user=30.0)


def for_workload(
    offers: list[Offer], workload: Any = None, *, plans: FakePlans | None = None
) -> GpuModelsAnswer:
    question = GpuModelsQuestion(workload=workload or a_run())
    return gpu_models(plans).for_workload(question, snapshot=a_catalog(*offers), now=NOW)


def by_hour(offers: list[Offer], **question: Any) -> GpuModelsAnswer:
    usual = {"constraints": OfferConstraints()}
    comparison = GpuModelComparison(
        planners=planners(),
        gpus=load_gpu_registry(),
        measured_families=frozenset({"H100"}),
        rates=lambda: RATES,
    )
    asked = HourlyQuestion(**(usual | question))
    return comparison.by_hour(asked, snapshot=a_catalog(*offers), now=NOW)


def names(answer: GpuModelsAnswer) -> list[str]:
    return [one.gpu_model for one in answer.gpu_models]


def one(answer: GpuModelsAnswer, gpu_model: str = H100) -> ComparedGpuModel:
    (found,) = [each for each in answer.gpu_models if each.gpu_model == gpu_model]
    return found


def test_gpu_models_are_ordered_by_their_cheapest_placement() -> None:
    offers = [
        an_h100_node("h-dear", "9.00"),
        an_h100_node("h", "3.00"),
        an_a100_node("a", "1.00"),
    ]
    answer = for_workload(offers)
    assert names(answer) == [A100, H100]
    first, second = answer.gpu_models
    assert (first.offer_id, second.offer_id) == ("a", "h")
    assert (first.cost.p50, second.cost.p50) == (1600.0, 2400.0)  # type: ignore[union-attr]
    assert first.wall_hours is not None
    assert first.wall_hours.p50 == 200.0
    assert (first.gpu_count, first.fits, first.reason) == (8, True, "")


def test_what_does_not_fit_comes_last_with_the_smallest_change() -> None:
    refusal = NoPlan(misfit=Misfit.MEMORY, message="too big", smallest_change="gpuCount=16")
    plans = FakePlans(refused={A100: refusal})
    answer = for_workload([an_h100_node("h"), an_a100_node("a", "0.10")], plans=plans)
    assert names(answer) == [H100, A100]
    refused = answer.gpu_models[1]
    assert not refused.fits
    assert refused.reason == "too big; the smallest change that fits: gpuCount=16"
    assert (refused.cost, refused.offer_id, refused.gpu_count) == (None, "", 0)
    assert refused.hourly.lowest == Decimal("0.10")


def test_what_fits_without_an_offer_left_says_so() -> None:
    run = constrained(a_run(), budget=Money(amount=Decimal(3000)))
    answer = for_workload([an_h100_node("h", "9.00"), an_a100_node("a", "1.00")], run)
    assert one(answer).reason == "it fits, but the constraints leave no offer"
    assert one(answer).fits
    assert rejected(answer) == {"BUDGET": 1}


def test_a_proven_placement_goes_before_cheaper_ones_that_are_not() -> None:
    joined = {"fabric": Fabric.INFINIBAND, "available_gpu_count": 64}
    offers = [
        an_h100_node("hoped", "1.00"),
        an_h100_node("sure", "5.00", **joined),
        an_a100_node("a", "0.10"),
    ]
    answer = for_workload(offers, plans=FakePlans(gpu_count=16))
    assert names(answer) == [H100, A100]
    assert [(each.offer_id, each.is_proven) for each in answer.gpu_models] == [
        ("sure", True),
        ("a", False),
    ]
    assert CaveatCode.UNPROVEN_CAPACITY in {each.code for each in answer.caveats}


def test_what_relaxing_latency_saves_is_told_by_gpu_and_over_all() -> None:
    offers = [an_h100_node("h", "3.00"), an_a100_node("a", "1.00")]
    answer = for_workload(offers, a_load(latency=LIMITS))
    # 24 GPUs with limits and 8 without: a third of the money, as the article's "3-4x".
    assert one(answer).relaxed_latency_saving == pytest.approx(2 / 3)
    assert answer.relaxed_latency_saving == pytest.approx(2 / 3)
    assert for_workload(offers, a_load()).relaxed_latency_saving is None
    assert one(for_workload(offers)).relaxed_latency_saving is None


def test_serving_has_the_price_of_a_million_tokens() -> None:
    found = one(for_workload([an_h100_node("h", "2.00")], a_load()))
    # 2,400 output tokens a second of requests with 1,000 in and 500 out: 25.92 M an hour.
    assert found.cost_per_million_tokens is not None
    assert found.cost_per_million_tokens.p50 == pytest.approx(16 / 25.92)


def test_committed_offers_have_no_place_and_are_counted() -> None:
    year = an_h100_node("year", "0.10", purchase_model=PurchaseModel.RESERVED_1Y)
    ways = frozenset({PurchaseModel.ON_DEMAND, PurchaseModel.RESERVED_1Y})
    spotty = an_h100_node("spotty", purchase_model=PurchaseModel.SPOT)
    offers = [an_h100_node("h"), year, spotty]
    answer = for_workload(offers, constrained(a_run(), purchase_models=ways))
    assert one(answer).hourly.provider_count == 1
    assert rejected(answer) == {"PURCHASE_MODEL": 2}


def test_nothing_on_offer_is_an_empty_answer_that_says_so() -> None:
    assert [each.code for each in for_workload([]).caveats] == [CaveatCode.NO_MATCHING_OFFERS]
    assert [each.code for each in by_hour([]).caveats] == [CaveatCode.NO_MATCHING_OFFERS]


# Without a workload.


def test_hours_are_compared_by_the_lowest_and_by_the_middle_of_the_providers() -> None:
    offers = [
        an_h100_node("cheap", "2.00"),
        an_h100_node("cheap-too", "9.00", provider="cheap"),
        an_h100_node("middle", "3.00"),
        an_h100_node("dear", "8.00"),
        an_h100_node("dearest", "10.00"),
        an_a100_node("a", "1.00"),
    ]
    answer = by_hour(offers)
    assert names(answer) == [A100, H100]
    hourly = one(answer).hourly
    assert (hourly.lowest, hourly.median, hourly.provider_count) == (
        Decimal("2.00"),
        Decimal("5.50"),
        4,
    )
    assert one(answer).fits
    assert one(answer).cost is None


def test_the_lowest_price_is_put_over_peak_memory_and_bandwidth() -> None:
    found = one(by_hour([an_h100_node("h", "2.00")]))
    # H100 SXM: 989 dense bf16 TFLOPS, 80 GB, 3,350 GB/s, 700 W.
    assert found.units.per_pflop_hour == Decimal("2.022245")
    assert found.units.per_gb_vram_hour == Decimal("0.025")
    assert found.units.per_gbps_hour == Decimal("0.000597")
    assert found.watts == 700
    fp8 = one(by_hour([an_h100_node("h", "2.00")], precision=Precision.FP8))
    assert fp8.units.per_pflop_hour == Decimal("1.010611")


def test_a_gpu_without_the_format_has_no_price_of_its_peak() -> None:
    offer = an_h100_node("v", gpu_model="v100-sxm-16gb", gpu_family="V100")
    units = one(by_hour([offer]), "v100-sxm-16gb").units
    assert units.per_pflop_hour is None
    assert units.per_gb_vram_hour is not None


def test_who_states_stock_is_named_and_who_does_not_is_not() -> None:
    offers = [
        an_h100_node("b", availability=IN_STOCK),
        an_h100_node("a", availability=IN_STOCK),
        an_h100_node("silent"),
    ]
    assert one(by_hour(offers)).in_stock_providers == ("a", "b")


def test_bundled_prices_count_only_where_no_live_one_does() -> None:
    offers = [an_h100_node("live", "3.00"), an_h100_node("bundled"), an_a100_node("bundled-a")]
    snapshot = a_catalog(*offers, baseline=frozenset({"bundled", "bundled-a"}))
    question = HourlyQuestion(constraints=OfferConstraints())
    answer = gpu_models().by_hour(question, snapshot=snapshot, now=NOW)
    assert one(answer).hourly.lowest == Decimal("3.00")
    assert names(answer) == [A100, H100]
    assert rejected(answer) == {"BASELINE": 1}
    assert CaveatCode.BASELINE_PRICES in {each.code for each in answer.caveats}


def test_a_discount_of_our_own_is_in_the_price_of_the_hour() -> None:
    ours = Adjustment(provider="h", discount=Decimal("0.25"))
    answer = for_workload([an_h100_node("h", "2.00")], a_run(adjustments=(ours,)))
    assert one(answer).hourly.lowest == Decimal("1.50")
    offers = [an_h100_node("h", "2.00"), an_h100_node("other", "1.90")]
    hourly = one(by_hour(offers, adjustments=(ours,))).hourly
    assert (hourly.lowest, hourly.median) == (Decimal("1.50"), Decimal("1.70"))


def test_what_a_bundled_price_says_of_stock_is_not_stock_now() -> None:
    offers = [
        an_h100_node("bundled", availability=IN_STOCK),
        an_a100_node("live", availability=IN_STOCK),
    ]
    snapshot = a_catalog(*offers, baseline=frozenset({"bundled"}))
    question = HourlyQuestion(constraints=OfferConstraints())
    answer = gpu_models().by_hour(question, snapshot=snapshot, now=NOW)
    assert one(answer).in_stock_providers == ()
    assert one(answer, A100).in_stock_providers == ("live",)


def test_the_note_says_what_was_measured_of_the_vendor() -> None:
    assert one(by_hour([an_h100_node("h")])).note.startswith("measured rows of NVIDIA: serving")
    amd = an_h100_node("m", gpu_model="mi300x-192gb", gpu_family="MI300X")
    found = one(by_hour([amd]), "mi300x-192gb")
    assert found.note.startswith("no measured rows of AMD")
    assert not found.is_measured
