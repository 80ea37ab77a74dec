"""BuildVsBuyService through the chain: what it answers, refuses and shows."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from google.protobuf import json_format
from google.rpc import error_details_pb2
from google.rpc.code_pb2 import Code
from gpuquote.v1 import build_vs_buy_service_pb2 as pb

from service.domain.model_price import ModelPrice, ModelPriceBook
from service.domain.offer import (
    Availability,
    AvailabilityState,
    PurchaseModel,
    Trust,
)
from service.rpc.dispatch import Call, RpcError
from service.store.memory_store import MemoryStore
from tests.builders import NOW, an_offer
from tests.fakes import FakeClock, FakeSource, a_catalog, a_dispatcher, detail
from tests.service.rpc.build_vs_buy.asking import (
    BARE_OWN,
    BARE_RENT,
    DEMAND,
    METHOD,
    ask,
    assumptions,
    market,
    option,
    request_of,
    usd,
    violations,
)

RENT, COMMIT, OWN = (
    pb.OPTION_KIND_RENT,
    pb.OPTION_KIND_COMMIT,
    pb.OPTION_KIND_OWN_COLOCATION,
)
PRICES = ("2.00", "3.00", "4.00", "5.00", "9.00")


def codes(answer: pb.AnalyzeBuildVsBuyResponse) -> set[str]:
    return {one.code for one in answer.caveats}


def a_price(model: str = "prose-7b", provider: str = "acme", **amounts: Any) -> ModelPrice:
    return ModelPrice(
        provider=provider,
        model=model,
        source="openrouter",
        source_uri="https://prices.example/models",
        observe_time=NOW - timedelta(hours=1),
        **({"input": Decimal("0.4"), "output": Decimal("1.25")} | amounts),
    )


def with_models(*prices: ModelPrice) -> Any:
    store = MemoryStore(clock=lambda: NOW)
    store.save_model_prices(
        ModelPriceBook(source="openrouter", publish_time=NOW, prices=prices), fence=1
    )
    return a_dispatcher(FakeSource(a_catalog(an_offer())), runs=store)


def test_the_smallest_question_is_answered_with_every_part() -> None:
    answer = ask(market(*PRICES))
    assert answer.verdict in {RENT, COMMIT, OWN, pb.OPTION_KIND_MIXED}
    assert [one.kind for one in answer.options] == [RENT, COMMIT, OWN, pb.OPTION_KIND_MIXED]
    singles = [one for one in answer.options if one.kind != pb.OPTION_KIND_MIXED]
    assert sum(one.probability_cheapest for one in singles) == pytest.approx(1, abs=1e-5)
    for one in answer.options:
        low, high = Decimal(one.npv_band.p5.amount), Decimal(one.npv_band.p95.amount)
        assert low <= Decimal(one.npv.amount) <= high
    assert len(answer.flips) == 2
    assert [one.drift for one in answer.drifts] == [-0.2, 0, 0.2]
    assert answer.site.gpu_count == 64
    assert answer.useful_gpu_hours == pytest.approx(64 * 0.8 * 730 * 48, rel=1e-5)
    for text in (answer.summary.cfo, answer.summary.procurement, answer.summary.infrastructure):
        assert text
    assert answer.catalog_revision


def test_the_rent_is_the_median_over_providers_each_with_its_cheapest() -> None:
    offers = [
        an_offer(price=price, provider=provider, offer_id=f"{provider}-{price}")
        for provider, price in (("a", "2.00"), ("a", "7.00"), ("b", "3.00"), ("c", "10.00"))
    ]
    answer = ask(a_dispatcher(FakeSource(a_catalog(*offers))))
    price = assumptions(answer)["rent.pricePerGpuHour"]
    assert price.base == 3
    assert [price.low, price.high] == pytest.approx([2.2, 8.6])
    assert "3 providers" in price.source
    assert price.date == "2026-10-08"
    used = [(one.offer, one.role) for one in answer.offers_used]
    assert used == [
        ("offers/a-2.00", "rent"),
        ("offers/b-3.00", "rent"),
        ("offers/c-10.00", "rent"),
    ]
    assert answer.offers_used[0].price_per_gpu_hour.amount == "2.00"
    assert answer.offers_used[0].source_uri


def test_offers_that_a_calculator_may_not_use_are_not_used() -> None:
    offers = (
        an_offer(price="3.00", provider="a", offer_id="a-h100"),
        an_offer(price="0.10", provider="b", offer_id="b-host", trust=Trust.HOST),
        an_offer(price="0.20", provider="c", offer_id="c-slice", gpu_count="0.5"),
    )
    answer = ask(a_dispatcher(FakeSource(a_catalog(*offers))))
    assert [one.offer for one in answer.offers_used] == ["offers/a-h100"]


def test_a_given_price_is_exact_and_needs_no_offers() -> None:
    answer = ask(market(), rent={"pricePerGpuHour": usd("3.80")})
    price = assumptions(answer)["rent.pricePerGpuHour"]
    assert (price.low, price.base, price.high) == (3.8, 3.8, 3.8)
    assert price.source == "given"
    assert not answer.offers_used


def test_a_gpu_that_nobody_rents_out_needs_a_price() -> None:
    with pytest.raises(RpcError) as raised:
        ask(market())
    assert raised.value.status.code == Code.FAILED_PRECONDITION
    info = detail(raised.value.status, error_details_pb2.ErrorInfo)
    assert info.reason == "NO_MATCHING_OFFERS"
    assert info.metadata["field"] == "rent.price_per_gpu_hour"


@pytest.mark.parametrize(
    "demand",
    [{"constantGpus": 0}, {"weeklyProfile": [0] * 168}, {"meanGpus": 0}],
    ids=["constant", "profile", "mean"],
)
def test_a_demand_of_nothing_is_answered_so_even_where_nobody_sells(demand: Any) -> None:
    answer = ask(market(), demand={"gpuModel": "h100-sxm-80gb"} | demand)
    assert answer.verdict == pb.OPTION_KIND_UNSPECIFIED
    assert answer.reason.startswith("nothing to buy")
    assert not answer.options


def test_gpus_that_are_there_already_may_leave_nothing_to_buy() -> None:
    answer = ask(market(*PRICES), own={"existingGpuCount": 64})
    assert answer.verdict == pb.OPTION_KIND_UNSPECIFIED
    assert answer.reason == "nothing to buy: the 64 GPUs that are there hold every hour's demand"


def test_everything_that_is_wrong_is_told_at_once_by_its_path() -> None:
    found = violations(
        market(*PRICES),
        demand={
            "gpuModel": "h100-sxm-80gb",
            "weeklyProfile": [1] * 167,
            "monthlyGrowth": -1.5,
            "utilization": 1.5,
        },
        horizonMonths=10_000,
        discountRate=1.0,
        taxRate=1.0,
        draws=20_000,
        startMonth="2026-13",
        regionCode="US-Texas",
        currencyCode="XXX",
        own={"capex": usd("1"), "serverPrice": usd("1"), "pue": 0.5, "goodput": "NaN"},
        rent={"driftSd": 1, "pricePerGpuHour": usd("-1"), "constraints": {"countryCode": ["US"]}},
        commit=[{"termMonths": 12, "discountPercent": 100}, {"termMonths": 12}],
        spot={"share": 2},
        overrides={"airGap": True, "powerAvailable": False},
        model="prose-7b",
        adjustments=[{"provider": "provider-0", "creditRemaining": usd("5")}],
    )
    assert set(found) == {
        "demand.weekly_profile",
        "demand.monthly_growth",
        "demand.utilization",
        "horizon_months",
        "discount_rate",
        "tax_rate",
        "draws",
        "start_month",
        "region_code",
        "currency_code",
        "own.pue",
        "own.goodput",
        "own.server_price",
        "rent.drift_sd",
        "rent.price_per_gpu_hour.amount",
        "rent.constraints.country_code",
        "commit[0].discount_percent",
        "commit[1].price_per_gpu_hour",
        "spot.share",
        "overrides",
        "model",
        "tokens_per_month",
        "adjustments",
        "adjustments[0].credit_remaining",
    }
    assert found["demand.weekly_profile"] == "167 values are not the 168 hours of a week"


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"horizonMonths": 0}, "horizon_months"),
        ({"demand": DEMAND | {"utilization": 0}}, "demand.utilization"),
        ({"demand": DEMAND | {"constantGpus": 1e9}}, "demand.constant_gpus"),
        ({"demand": DEMAND | {"monthlyGrowth": 0.5}}, "demand.monthly_growth"),
        ({"demand": DEMAND | {"meanGpus": 5}}, "demand.mean_gpus"),
        ({"demand": {"gpuModel": "h100-sxm-80gb"}}, "demand.constant_gpus"),
        ({"demand": DEMAND | {"peakFactor": 2}}, "demand.peak_factor"),
        (
            {"demand": {"gpuModel": "l4-24gb", "meanGpus": 5, "peakFactor": 2}},
            "demand.peak_hours_per_day",
        ),
        (
            {
                "demand": {
                    "gpuModel": "l4-24gb",
                    "meanGpus": 5,
                    "peakFactor": 9,
                    "peakHoursPerDay": 3,
                }
            },
            "demand.peak_factor",
        ),
        ({"demand": DEMAND | {"gpuModel": "h101"}}, "demand.gpu_model"),
        ({"own": {"residualFraction": 0.9}}, "own.residual_fraction"),
        ({"own": {"opexPerMonth": usd("1"), "fte": 1}}, "own.fte"),
        ({"own": {"opexPerMonth": usd("1")}, "building": {}}, "own.opex_per_month"),
        ({"own": {"underWarranty": True, "failureRate": 0.1}}, "own.failure_rate"),
        ({"own": {"colocationIncludesPower": True}}, "own.colocation_includes_power"),
        ({"own": {"loan": {"share": 0.5, "rate": 1.0, "months": 36}}}, "own.loan.rate"),
        ({"building": {"buildMonths": 60}}, "building.build_months"),
        ({"rent": {"uplift": 0.2, "dataCostPerMonth": usd("5")}}, "rent.uplift"),
        (
            {"rent": {"constraints": {"purchaseModel": ["PURCHASE_MODEL_SPOT"]}}},
            "rent.constraints.purchase_model",
        ),
        (
            {"rent": {"constraints": {"gpuModel": ["l4-24gb"]}}},
            "rent.constraints.gpu_model",
        ),
        ({"overrides": {"residency": True}}, "overrides.residency"),
        (
            {
                "overrides": {"residency": True},
                "countryCode": "DE",
                "rent": {"constraints": {"countryCode": ["US"]}},
            },
            "rent.constraints.country_code",
        ),
        ({"countryCode": "DE", "regionCode": "US-TX"}, "region_code"),
        ({"startMonth": "2026-09"}, "start_month"),
        ({"modelProvider": "acme"}, "model_provider"),
        ({"tokensPerMonth": {"input": "5"}}, "model"),
        ({"commit": [{"termMonths": 6, "discountPercent": 5}] * 13}, "commit"),
        ({"overrides": {"airGap": True}, "horizonMonths": 2}, "overrides"),
    ],
)
def test_one_thing_that_is_wrong_is_named(fields: dict[str, Any], path: str) -> None:
    assert list(violations(market(*PRICES), **fields)) == [path]


def test_what_only_the_defaults_make_wrong_is_told_by_the_request_s_path() -> None:
    # A server is 85 % worth on its first day; a residual after one month of 0.84 is given exactly.
    answer = ask(market(*PRICES), own={"residualFraction": 0.84, "residualAgeMonths": 1})
    assert assumptions(answer)["own.residualFraction"].base == 0.84


def test_the_answer_is_in_the_currency_of_the_request_at_the_dated_rate() -> None:
    dollars, euros = ask(market(*PRICES)), ask(market(*PRICES), currencyCode="EUR")
    assert euros.exchange_rate.date == "2026-10-07"
    assert not dollars.HasField("exchange_rate")
    for one, other in zip(dollars.options, euros.options, strict=True):
        assert other.npv.currency_code == "EUR"
        assert float(one.npv.amount) == pytest.approx(float(other.npv.amount) * 1.25, abs=0.02)
        assert one.probability_cheapest == other.probability_cheapest
    assert "EUR" in euros.summary.cfo
    assert "USD" not in euros.summary.cfo
    price = assumptions(euros)["own.serverPrice"]
    assert price.unit == "EUR/server"
    assert price.base == pytest.approx(assumptions(dollars)["own.serverPrice"].base / 1.25)
    rate = euros.offers_used[0].price_per_gpu_hour
    assert (rate.currency_code, rate.amount) == ("EUR", "1.60")


def test_money_given_in_another_currency_is_converted() -> None:
    euros = {"currencyCode": "EUR", "amount": "2.00"}
    price = assumptions(ask(market(), rent={"pricePerGpuHour": euros}))["rent.pricePerGpuHour"]
    assert price.base == 2.5
    same = ask(market(), rent={"pricePerGpuHour": euros}, currencyCode="EUR")
    assert assumptions(same)["rent.pricePerGpuHour"].base == 2


def test_every_amount_has_cents_and_every_price_of_an_hour_six_digits() -> None:
    def digits(amount: str) -> int:
        return len(amount.partition(".")[2])

    for one in ask(market("1.333333", "2.777777")).options:
        assert digits(one.npv.amount) == digits(one.cash_peak.amount) == 2
        assert digits(one.levelized_cost_per_gpu_hour.amount) <= 6
        for flow in one.cash_flows:
            assert digits(flow.nominal.amount) == digits(flow.discounted.amount) == 2
            assert flow.nominal.amount != "-0.00"


def test_the_cash_flows_come_to_the_net_present_value() -> None:
    for one in ask(market(*PRICES)).options:
        paid = sum(Decimal(flow.discounted.amount) for flow in one.cash_flows if flow.is_cash)
        assert paid == pytest.approx(
            Decimal(one.npv.amount), abs=Decimal(len(one.cash_flows)) / 100
        )


def test_months_stand_on_the_calendar_from_the_first_one_on() -> None:
    answer = ask(market(*PRICES), startMonth="2027-01", horizonMonths=14)
    months = {flow.month: flow.calendar_month for flow in option(answer, OWN).cash_flows}
    assert months[0] == "2026-12"
    assert months[1] == "2027-01"
    assert months[14] == "2028-02"
    assert "STARTS_LATER" in codes(answer)
    assert "STARTS_LATER" not in codes(ask(market(*PRICES)))


def test_equal_requests_have_byte_equal_answers_and_another_seed_another_one() -> None:
    dispatcher = market(*PRICES)
    first, again = (dispatcher.call(METHOD, request_of(), Call()) for _ in range(2))
    assert first.to_proto_bytes() == again.to_proto_bytes()
    other = dispatcher.call(METHOD, request_of(seed=2), Call())
    assert other.to_proto_bytes() != first.to_proto_bytes()


def test_a_revision_that_was_answered_from_can_be_named_again() -> None:
    source = FakeSource(a_catalog(an_offer()))
    dispatcher = a_dispatcher(source, clock=FakeClock())
    first = ask(dispatcher)
    source.snapshot = a_catalog(an_offer(price="9.99"), snapshot_id="s2")
    assert ask(dispatcher) != first
    assert ask(dispatcher, catalogRevision=first.catalog_revision) == first


def test_a_negotiated_price_below_the_market_is_what_we_rent_at() -> None:
    fields = {"adjustments": [{"provider": "provider-1", "discountPercent": 50}]}
    answer = ask(market(*PRICES), **fields)
    price = assumptions(answer)["rent.pricePerGpuHour"]
    assert (price.low, price.base, price.high) == (1.5, 1.5, 1.5)
    line = next(one for one in option(answer, RENT).focus_lines if one.category == "ON_DEMAND")
    assert float(line.list_cost.amount) == pytest.approx(2 * float(line.contracted_cost.amount))
    # A commitment's discount is off the list price of 3, not off our own of 1.50.
    ladder = {one.term_months: float(one.price_per_gpu_hour.amount) for one in answer.commit_ladder}
    assert ladder[12] == pytest.approx(3 * 0.75)


def test_a_discount_that_has_ended_by_the_first_month_does_not_count() -> None:
    fields: dict[str, Any] = {
        "adjustments": [{"provider": "provider-1", "discountPercent": 50, "until": "2026-12-31"}]
    }
    assert assumptions(ask(market(*PRICES), **fields))["rent.pricePerGpuHour"].base == 1.5
    later = ask(market(*PRICES), **fields, startMonth="2027-01")
    assert assumptions(later)["rent.pricePerGpuHour"].base == 4


def test_live_terms_make_the_ladder_where_they_are_below_the_rent() -> None:
    reserved = an_offer(
        price="2.20",
        provider="a",
        offer_id="a-1y",
        purchase_model=PurchaseModel.RESERVED_1Y,
        gpu_count="8",
    )
    dear = an_offer(
        price="9.00",
        provider="a",
        offer_id="a-3y",
        purchase_model=PurchaseModel.RESERVED_3Y,
        gpu_count="8",
    )
    on_demand = an_offer(price="3.00", provider="a", offer_id="a-h100", gpu_count="8")
    answer = ask(a_dispatcher(FakeSource(a_catalog(on_demand, reserved, dear))))
    assert [(one.offer, one.role) for one in answer.offers_used] == [
        ("offers/a-h100", "rent"),
        ("offers/a-1y", "commit"),
    ]
    terms = assumptions(answer)
    assert terms["commit[12 months]"].base == 2.2
    assert terms["commit[36 months]"].base == 0.45
    assert "dearer than on demand" in terms["commit[36 months]"].source
    rungs = [(one.term_months, one.until_month) for one in answer.commit_ladder]
    assert rungs == [(12, 48), (36, 36), (36, 72)]


def test_peaks_above_the_stated_stock_are_committed() -> None:
    def offer(provider: str, **fields: Any) -> Any:
        return an_offer(price="3.00", provider=provider, offer_id=f"{provider}-h100", **fields)

    stated = Availability(state=AvailabilityState.AVAILABLE, observe_time=NOW)
    some = offer("a", available_gpu_count=24, availability=stated)
    answer = ask(a_dispatcher(FakeSource(a_catalog(some, offer("b")))))
    assert assumptions(answer)["rent.stockGpus"].base == 24
    assert {"STOCK_PARTLY_STATED", "STOCK_NOT_STATED"} <= codes(answer)
    lines = {flow.category for flow in option(answer, RENT).cash_flows}
    assert "COMMITMENT_BEYOND_STOCK" in lines
    silent = ask(a_dispatcher(FakeSource(a_catalog(offer("b")))))
    assert "rent.stockGpus" not in assumptions(silent)
    bundled = ask(a_dispatcher(FakeSource(a_catalog(some, baseline=frozenset({"a"})))))
    assert "rent.stockGpus" not in assumptions(bundled)
    given = ask(a_dispatcher(FakeSource(a_catalog(some))), rent={"stockGpus": 64})
    assert assumptions(given)["rent.stockGpus"].source == "given"


def test_a_gpu_without_a_server_price_is_rented_or_priced_by_the_caller() -> None:
    offer = an_offer(gpu_model="l4-24gb", gpu_family="L4", offer_id="nimbus-l4")
    demand = {"gpuModel": "l4-24gb", "constantGpus": 8}
    dispatcher = a_dispatcher(FakeSource(a_catalog(offer)))
    answer = ask(dispatcher, demand=demand)
    assert [one.kind for one in answer.options] == [RENT, COMMIT, pb.OPTION_KIND_MIXED]
    message = next(one.message for one in answer.caveats if one.code == "OWN_NOT_PRICED")
    assert "own.server_price" in message
    own = {"serverPrice": usd("40000"), "powerKwPerServer": 1.5}
    assert OWN in {one.kind for one in ask(dispatcher, demand=demand, own=own).options}


def test_a_building_is_told_its_floor_and_that_land_is_not_counted() -> None:
    answer = ask(market(*PRICES), building={})
    found = option(answer, pb.OPTION_KIND_OWN_BUILDING)
    assert found.excluded_by[0].startswith("minimum_annual_spend: renting this would cost")
    assert found.probability_cheapest == 0
    assert "LAND_NOT_PRICED" in codes(answer)
    land = ask(market(*PRICES), building={"land": usd("1000000"), "minimumAnnualSpend": usd("0")})
    assert not option(land, pb.OPTION_KIND_OWN_BUILDING).excluded_by
    assert "LAND_NOT_PRICED" not in codes(land)


def test_a_place_decides_on_electricity_and_colocation() -> None:
    texas = ask(market(*PRICES), regionCode="US-TX")
    germany = ask(market(*PRICES), countryCode="DE")
    price = assumptions(texas)["own.electricityPerKwh"]
    assert "Texas" in price.source
    assert price.base != assumptions(germany)["own.electricityPerKwh"].base
    assert "COLOCATION_NOT_LOCAL" in codes(germany)
    assert "COLOCATION_NOT_LOCAL" not in codes(texas)


def test_data_that_may_not_leave_the_country_are_rented_for_there_only() -> None:
    offers = (
        an_offer(price="3.00", provider="a", offer_id="a-us", country_code="US"),
        an_offer(price="1.00", provider="b", offer_id="b-de", country_code="DE"),
    )
    dispatcher = a_dispatcher(FakeSource(a_catalog(*offers)))
    answer = ask(dispatcher, overrides={"residency": True}, countryCode="US")
    assert [one.offer for one in answer.offers_used] == ["offers/a-us"]


def test_overrides_exclude_options_and_say_why() -> None:
    answer = ask(market(*PRICES), overrides={"exportControl": True})
    assert option(answer, OWN).excluded_by[0].startswith("export_control: ")
    assert option(answer, OWN).probability_cheapest == 0
    assert answer.probability_own_wins == 0


def test_tokens_are_bought_at_the_cheapest_provider_of_the_model() -> None:
    dispatcher = with_models(
        a_price(provider="dear", output=Decimal(9)),
        a_price(provider="acme"),
        a_price(provider="old", output=Decimal("0.01"), retired=True),
    )
    tokens = {"input": "8000000000", "output": "2000000000"}
    answer = ask(dispatcher, model="prose-7b", tokensPerMonth=tokens)
    found = option(answer, pb.OPTION_KIND_HOSTED_API)
    first = next(flow for flow in found.cash_flows if flow.month == 1)
    assert first.category == "TOKENS"
    assert first.nominal.amount == "-5700.00"  # 8,000 x 0.40 + 2,000 x 1.25
    assert assumptions(answer)["model.input"].source.startswith("acme, openrouter: https://")
    assert "TOKENS_NOT_JOINED" in codes(answer)
    named = ask(dispatcher, model="prose-7b", modelProvider="dear", tokensPerMonth=tokens)
    assert assumptions(named)["model.output"].base == 9


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"model": "prose-8b"}, "model"),
        ({"modelProvider": "acne"}, "model_provider"),
        ({"tokensPerMonth": {}}, "tokens_per_month.input"),
        ({"tokensPerMonth": {"input": "5", "batchShare": 0.5}}, "tokens_per_month.batch_share"),
        ({"tokensPerMonth": {"input": "5", "cachedShare": 0.5}}, "tokens_per_month.cached_share"),
        (
            {"tokensPerMonth": {"input": "5", "promptTokens": 9001}},
            "tokens_per_month.prompt_tokens",
        ),
    ],
)
def test_tokens_without_a_price_are_refused_by_field(fields: dict[str, Any], path: str) -> None:
    usual = {"model": "prose-7b", "tokensPerMonth": {"input": "5"}}
    dispatcher = with_models(a_price(context_max=9000))
    assert list(violations(dispatcher, **(usual | fields))) == [path]


def test_spot_takes_its_discount_from_live_offers_else_from_the_table() -> None:
    on_demand = an_offer(price="4.00", provider="a", offer_id="a-h100")
    spot = an_offer(
        price="1.00", provider="a", offer_id="a-spot", purchase_model=PurchaseModel.SPOT
    )
    answer = ask(a_dispatcher(FakeSource(a_catalog(on_demand, spot))), spot={"share": 0.5})
    assert assumptions(answer)["spot.discount"].base == 0.75
    assert ("offers/a-spot", "spot") in [(one.offer, one.role) for one in answer.offers_used]
    silent = ask(a_dispatcher(FakeSource(a_catalog(on_demand))), spot={"share": 0.5})
    assert "SPOT_NOT_PRICED" in codes(silent)
    assert "spot.discount" not in assumptions(silent)


def test_every_assumption_has_a_source_and_those_of_the_request_say_given() -> None:
    answer = ask(market(*PRICES), own={"pue": 1.2}, rent={"drift": -0.1})
    found = assumptions(answer)
    assert len(found) == len(answer.assumptions)
    assert all(one.source and one.low <= one.base <= one.high for one in found.values())
    assert (found["own.pue"].source, found["own.pue"].low) == ("given", 1.2)
    assert found["rent.drift"].source.startswith("given; its standard deviation is")
    assert found["rent.drift"].low == pytest.approx(-0.3)
    names = {bar.input for bar in answer.sensitivity} | {flip.input for flip in answer.flips}
    assert names <= set(found)


def test_the_drift_moves_the_answer_in_the_tornado_as_in_its_own_cases() -> None:
    answer = ask(market(*PRICES))
    bar = next(one for one in answer.sensitivity if one.input == "rent.drift")
    assert [bar.low.amount, bar.high.amount] == [
        answer.drifts[0].own_advantage.amount,
        answer.drifts[2].own_advantage.amount,
    ]


def test_a_dearer_rent_never_makes_owning_unlikelier() -> None:
    shares = [
        ask(market(), rent={"pricePerGpuHour": usd(price)}).probability_own_wins
        for price in ("1.00", "2.00", "4.00", "8.00")
    ]
    assert shares == sorted(shares)
    assert shares[0] < 0.1
    assert shares[-1] > 0.9


def test_subtotals_stand_for_their_parts() -> None:
    answer = ask(
        market(),
        demand=DEMAND | {"constantGpus": 8, "utilization": 1},
        rent=BARE_RENT | {"pricePerGpuHour": usd("2")},
        own=BARE_OWN | {"capex": usd("100000"), "opexPerMonth": usd("1000")},
        discountRate=0,
        horizonMonths=10,
    )
    flows = option(answer, OWN).cash_flows
    paid = {one.category for one in flows if one.is_cash}
    assert paid == {"SERVERS", "OPEX"}
    assert option(answer, OWN).npv.amount == "-110000.00"
    assert option(answer, RENT).npv.amount == "-116800.00"
    assert option(answer, OWN).npv_band.p5.amount == "-110000.00"


def test_a_revision_that_nobody_was_answered_from_is_refused() -> None:
    with pytest.raises(RpcError) as raised:
        a_dispatcher(FakeSource(a_catalog(an_offer()))).call(
            METHOD, request_of(catalogRevision="0123456789abcdef"), Call()
        )
    assert detail(raised.value.status, error_details_pb2.ErrorInfo).reason == "REVISION_NOT_KEPT"


def test_an_answer_survives_the_way_to_json_and_back() -> None:
    answer = ask(market(*PRICES))
    text = json_format.MessageToJson(answer)
    assert json_format.Parse(text, pb.AnalyzeBuildVsBuyResponse()) == answer
