"""Answers to messages: sums in every currency, and what is left out."""

from decimal import Decimal

import pytest
from gpuquote.v1 import offer_pb2, workload_pb2
from hypothesis import given
from hypothesis import strategies as st

from service.domain.offer import ExchangeRate
from service.estimate.band import Band
from service.market.answers import LineItem
from service.rpc.estimates import inference_to_proto, training_to_proto
from service.rpc.figures import Currency
from tests.builders import NOW, an_offer
from tests.estimates import (
    a_band,
    a_market,
    a_serving_plan,
    a_training_answer,
    a_training_plan,
    an_inference_answer,
)
from tests.fakes import EXCHANGE_RATES, a_catalog

SNAPSHOT = a_catalog(an_offer(region_code="us-1", country_code="US"))
ROW = SNAPSHOT.rows[0]
DOLLARS = Currency()
EUROS = Currency(rate=EXCHANGE_RATES["EUR"])
# One yen is 0.0067 dollars: a cent of a dollar is more than a hundredth of a yen.
YEN = Currency(
    rate=ExchangeRate(currency_code="JPY", rate=Decimal("0.0067"), source="ECB", date="2026-10-07")
)


@pytest.mark.no_cover  # Many cases of what other tests cover.
@pytest.mark.parametrize("currency", [DOLLARS, EUROS, YEN])
@given(amounts=st.lists(st.decimals(0, 10**12, places=2), min_size=1, max_size=5))
def test_line_items_sum_to_the_cost_in_every_currency(
    currency: Currency, amounts: list[Decimal]
) -> None:
    items = tuple(LineItem(label="compute", dollars=one, basis="x") for one in amounts)
    market = a_market(
        ROW,
        a_training_plan(),
        cost=Band.exact(float(sum(amounts))),
        line_items=items,
        placements=(),
    )
    answer = a_training_answer(ROW, market=market)
    message = training_to_proto(answer, currency=currency, snapshot=SNAPSHOT)
    shown = sum(Decimal(item.amount.amount) for item in message.line_items)
    assert shown == Decimal(message.cost.p50.amount)
    assert {item.amount.currency_code for item in message.line_items} == {currency.code}


def test_a_training_answer_is_written_whole() -> None:
    message = training_to_proto(a_training_answer(ROW), currency=DOLLARS, snapshot=SNAPSHOT)
    assert (message.flops, message.flops_rule_of_thumb) == ("3.19e+23", "3.15e+23")
    assert message.ideal_gpu_hours == 89_736.1
    assert (message.gpu_hours.p10, message.gpu_hours.p50) == (184_751.0, 263_930.0)
    assert not message.HasField("energy_kwh")
    assert (message.memory_per_gpu_gb, message.memory.total_gb, message.memory.limit_gb) == (
        46.0,
        46.0,
        72.0,
    )
    assert message.checkpoint_gb == 2450.0
    plan = message.plan
    assert (plan.gpu_model, plan.gpu_count, plan.node_count) == (
        "gpuModels/h100-sxm-80gb",
        1020,
        128,
    )
    assert (plan.tensor, plan.pipeline, plan.data, plan.zero_stage) == (4, 3, 85, 1)
    assert plan.recompute == workload_pb2.RECOMPUTE_SELECTIVE
    assert (message.cost.p10.amount, message.cost.p50.amount) == ("70.00", "100.00")
    assert message.ideal_cost.amount == "223456.78"
    assert [item.amount.amount for item in message.line_items] == ["33.34", "33.33", "33.33"]
    (use,) = message.offers_used
    assert (use.offer, use.role, use.cost.amount) == (f"offers/{ROW.offer_id}", "p50", "100.00")
    assert use.freshness == offer_pb2.FRESHNESS_FRESH
    (commitment,) = message.commitments
    assert (commitment.term.ToSeconds(), commitment.cost.amount) == (365 * 86_400, "12345.68")
    assert message.nearest_measured.id == "trn0001"
    assert message.assumptions[0].name == "sequenceLength"
    assert message.caveats[0].code == "BASELINE_PRICES"
    assert (message.rejected[0].reason, message.rejected[0].count) == ("SOLD_OUT", 3)
    assert message.change_versus_baseline.cost_change == -0.1
    assert message.change_versus_baseline.baseline_cost.amount == "111.11"
    assert not message.HasField("exchange_rate")
    assert message.catalog_revision == SNAPSHOT.revision
    assert message.as_of.ToJsonString() == "2026-10-08T12:00:00Z"


def test_a_placement_has_its_own_nodes_price_and_capacity() -> None:
    message = training_to_proto(a_training_answer(ROW), currency=DOLLARS, snapshot=SNAPSHOT)
    (placement,) = message.placements
    assert (placement.offer, placement.provider) == (f"offers/{ROW.offer_id}", "providers/nimbus")
    assert (placement.region_code, placement.country_code) == ("us-1", "US")
    assert placement.purchase_model == offer_pb2.PURCHASE_MODEL_ON_DEMAND
    assert placement.plan.node_count == 3
    assert placement.cost_p75.amount == "123.79"
    assert placement.price_per_gpu_hour.amount == "2.491235"
    assert placement.capacity == 2
    assert placement.measured
    assert placement.HasField("wall_hours")
    assert placement.observe_time.ToDatetime(tzinfo=NOW.tzinfo) == NOW
    serving = inference_to_proto(an_inference_answer(ROW), currency=DOLLARS, snapshot=SNAPSHOT)
    assert not serving.placements[0].HasField("wall_hours")
    assert serving.placements[0].plan.replica_count == 2


def test_an_answer_in_another_currency_tells_its_rate() -> None:
    message = training_to_proto(a_training_answer(ROW), currency=EUROS, snapshot=SNAPSHOT)
    assert message.cost.p50.amount == "80.00"
    assert message.cost.p50.currency_code == "EUR"
    assert message.placements[0].price_per_gpu_hour.amount == "1.992988"
    assert message.exchange_rate.date == "2026-10-07"
    assert message.exchange_rate.rate == "1.25"


def test_a_serving_answer_is_written_whole() -> None:
    answer = an_inference_answer(ROW)
    message = inference_to_proto(answer, currency=DOLLARS, snapshot=SNAPSHOT)
    assert message.output_tokens_per_second.p50 == 4000.0
    assert message.time_to_first_token_ms.p50 == 210.0
    assert (message.flops_per_request, message.flops_rule_of_thumb) == ("1.93e+13", "1.90e+13")
    assert (message.max_batch, message.memory.kv_cache_gb) == (256, 20.0)
    plan = message.plan
    assert (plan.gpu_count, plan.node_count, plan.data, plan.recompute) == (4, 1, 1, 0)
    assert (plan.gpus_per_replica, plan.replica_count, plan.spare_replica_count) == (2, 2, 1)
    assert message.cost_per_million_tokens.input.p50.amount == "0.123457"
    assert not message.HasField("cost_per_thousand_images")
    assert message.monthly_cost.p50.amount == "100.00"
    assert message.monthly_requests == 1_234_570.0
    assert message.monthly_energy_kwh == 2044.0
    assert [(one.lever, one.cost_change) for one in message.levers] == [("FP8", -0.41)]
    assert not message.HasField("nearest_measured")
    assert not message.HasField("change_versus_baseline")


def test_what_is_not_known_is_left_out() -> None:
    plan = a_serving_plan(time_to_first_token_ms=None, time_per_output_token_ms=None)
    market = a_market(
        ROW, plan, cost=None, line_items=(), offers_used=(), placements=(), commitments=()
    )
    answer = an_inference_answer(
        ROW,
        plan=plan,
        market=market,
        token_costs=None,
        per_thousand_images=a_band(0.0123456),
        monthly_requests=None,
        monthly_energy_kwh=None,
    )
    message = inference_to_proto(answer, currency=DOLLARS, snapshot=SNAPSHOT)
    for name in (
        *("time_to_first_token_ms", "time_per_output_token_ms", "monthly_requests"),
        *("monthly_cost", "cost_per_million_tokens", "monthly_energy_kwh"),
    ):
        assert not message.HasField(name), name
    assert message.cost_per_thousand_images.p50.amount == "0.012346"
    assert len(message.line_items) == 0
