import math
from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest

from service.build_vs_buy.analysis import Analysis, analyze
from service.build_vs_buy.answer import Option
from service.build_vs_buy.break_even import break_even_month, break_even_rent
from service.build_vs_buy.cash_flow import Category
from service.build_vs_buy.inputs import (
    OWNING,
    Commit,
    ConstantLoad,
    Inputs,
    Loan,
    OptionKind,
    Overrides,
    PeakedLoad,
)
from service.build_vs_buy.outcomes import outcomes
from service.build_vs_buy.overrides import building_floor
from service.build_vs_buy.sample import BASE
from service.build_vs_buy.sensitivity import advantage
from service.build_vs_buy.summary import summarize
from service.build_vs_buy.uncertainty import draw
from tests.service.build_vs_buy.questions import (
    a_building,
    a_demand,
    a_hosted_api,
    a_spot,
    given,
    plain,
    plain_own,
    plain_rent,
    ranged,
    ranged_own,
    ranged_rent,
    ranged_running,
)


def answer_to(inputs: Inputs) -> Analysis:
    answer = analyze(inputs)
    assert isinstance(answer, Analysis)
    return answer


def option(answer: Analysis, kind: OptionKind) -> Option:
    return next(option for option in answer.options if option.kind is kind)


EVERYTHING = ranged(
    building=a_building(), spot=a_spot(), hosted_api=a_hosted_api(), tax_rate=0.25, draws=400
)
ANSWER = answer_to(EVERYTHING)


def test_five_options_are_compared_and_their_probabilities_add_up_to_one() -> None:
    assert [option.kind.value for option in ANSWER.options] == [
        "HOSTED_API",
        "RENT",
        "COMMIT",
        "OWN_COLOCATION",
        "OWN_BUILDING",
    ]
    assert sum(option.probability_cheapest for option in ANSWER.options) == pytest.approx(1)
    assert option(ANSWER, OptionKind.OWN_BUILDING).probability_cheapest == 0


def test_equal_questions_have_equal_answers() -> None:
    assert answer_to(replace(EVERYTHING)) == ANSWER
    assert answer_to(replace(EVERYTHING, seed=2)) != ANSWER


def test_every_option_lies_within_its_own_bands() -> None:
    assert ANSWER.mix is not None
    for found in (*ANSWER.options, ANSWER.mix[1]):
        assert found.npv_band.p5 <= found.npv <= found.npv_band.p95
        band = found.levelized_cost_band
        assert band.p5 <= found.levelized_cost <= band.p95
        assert found.regret >= 0


def test_cash_flows_add_up_to_the_value() -> None:
    for found in ANSWER.options:
        moving = [flow for flow in found.cash_flows if flow.is_cash]
        assert sum(flow.discounted for flow in moving) == pytest.approx(found.npv)
        still = [flow for flow in found.cash_flows if not flow.is_cash]
        assert {flow.category for flow in still} <= {Category.DEPRECIATION}


def test_the_levelised_cost_is_by_useful_gpu_hour() -> None:
    answer = answer_to(plain())
    rent = option(answer, OptionKind.RENT)
    assert rent.levelized_cost == pytest.approx(3.80)
    assert rent.useful_gpu_hours == pytest.approx(8 * 0.7 * 730 * 48)
    assert answer.useful_gpu_hours == pytest.approx(8 * 0.7 * 730 * 48)
    discounted = answer_to(plain(discount_rate=given("discount_rate", 0.1)))
    assert option(discounted, OptionKind.RENT).levelized_cost == pytest.approx(3.80)


def test_billed_costs_are_the_cash_of_each_month() -> None:
    for found in ANSWER.options:
        billed: defaultdict[int, float] = defaultdict(float)
        for line in found.cost_lines:
            billed[line.month] += line.billed_cost
        paid: defaultdict[int, float] = defaultdict(float)
        for flow in found.cash_flows:
            paid[flow.month] -= flow.nominal if flow.is_cash else 0.0
        assert {month for month, cost in billed.items() if abs(cost) > 1e-6} <= set(paid)
        for month, cost in paid.items():
            assert billed[month] == pytest.approx(cost, abs=1e-6)


def test_list_contracted_effective_and_billed_costs_differ_as_focus_says() -> None:
    commit = Commit(term_months=12, discount=given("c", 0.25), upfront_fraction=1.0)
    rent = plain_rent(4.0, list_price_per_gpu_hour=5.0, drift=given("rent.drift", -0.2))
    answer = answer_to(plain(rent=rent, commits=(commit,), spot=a_spot()))
    lines = option(answer, OptionKind.COMMIT).cost_lines
    hours = 8 * 730
    first, second = (next(line for line in lines if line.month == month) for month in (0, 1))
    assert first.billed_cost == pytest.approx(hours * 3.0 * 12)
    assert first.effective_cost == 0
    assert second.billed_cost == 0
    assert second.effective_cost == pytest.approx(hours * 3.0)
    assert second.contracted_cost == pytest.approx(hours * 4.0)
    assert second.list_cost == pytest.approx(hours * 5.0)
    assert (second.pricing_category, second.commitment_discount_type) == ("Committed", "12 months")
    billed, effective = (
        sum(getattr(line, name) for line in lines) for name in ("billed_cost", "effective_cost")
    )
    assert billed == pytest.approx(effective)
    late, later = (
        next(line for line in lines if line.month == month and line.effective_cost)
        for month in (12, 13)
    )
    assert late.effective_cost == pytest.approx(hours * 3.0)
    assert late.contracted_cost == pytest.approx(hours * 4.0 * 0.8 ** (11 / 12))
    assert later.effective_cost == pytest.approx(hours * 3.0 * 0.8)
    assert later.contracted_cost == pytest.approx(hours * 4.0 * 0.8)
    rented = option(answer, OptionKind.RENT).cost_lines
    categories = {line.category: line.pricing_category for line in rented}
    assert categories == {Category.ON_DEMAND: "Standard", Category.SPOT: "Dynamic"}
    on_demand = next(line for line in rented if line.category is Category.ON_DEMAND)
    assert on_demand.list_cost / on_demand.billed_cost == pytest.approx(5 / 4)
    spot = next(line for line in rented if line.category is Category.SPOT)
    assert spot.list_cost == spot.contracted_cost
    owned = option(answer, OptionKind.OWN_COLOCATION).cost_lines
    assert {line.pricing_category for line in owned} == {"Other"}


def test_what_the_market_lacks_is_a_commitment_on_the_bill() -> None:
    commit = Commit(term_months=12, discount=given("c", 0.25))
    answer = answer_to(plain(rent=plain_rent(4.0, stock_gpus=4), commits=(commit,)))
    lines = option(answer, OptionKind.RENT).cost_lines
    found = next(line for line in lines if line.category is Category.COMMITMENT_BEYOND_STOCK)
    assert found.contracted_cost == pytest.approx(4 * 730 * 4.0)
    assert found.effective_cost == pytest.approx(4 * 730 * 3.0)
    assert found.commitment_discount_type == "12 months"


def test_the_break_evens_turn_the_comparison() -> None:
    inputs = plain()
    found = answer_to(inputs).break_evens
    assert found is not None
    # 378,000 + 48 x 8,300 over 8 GPUs x 730 h x 48.
    assert found.rent.value == pytest.approx(776_400 / (8 * 730 * 48 * 0.7), rel=1e-6)
    assert found.utilization.value == pytest.approx(776_400 / (8 * 730 * 48 * 3.80), rel=1e-6)
    assert found.month.value is None
    assert "never" in found.month.reason
    dearer = answer_to(plain(rent=plain_rent(5.0))).break_evens
    assert dearer is not None
    assert dearer.month.value == pytest.approx(378_000 / (8 * 0.7 * 730 * 5.0 - 8_300), rel=1e-6)


def test_never_and_always_are_answers() -> None:
    cheap = answer_to(plain(rent=plain_rent(0.5))).break_evens
    assert cheap is not None
    assert cheap.utilization.reason == "never: renting is cheaper even at full use"
    free = plain_own(capex=given("own.capex", 0.0), opex_per_month=given("own.opex", 0.0))
    found = answer_to(plain(own=free)).break_evens
    assert found is not None
    assert found.utilization.reason == "always: owning is cheaper at any use"
    assert found.rent.reason == "always: owning is cheaper at any rent"
    assert found.month.value == 0
    # Half of the work is done by rented GPUs that cost ten times as much.
    down = plain_own(goodput=given("own.goodput", 0.01))
    hopeless = plain(
        own=down, rent=plain_rent(3.8, idle_share=given("rent.idle_share", 0.0)), horizon_months=1
    )
    never = answer_to(replace(hopeless, rent=plain_rent(1e-6))).break_evens
    assert never is not None
    assert never.rent.reason == "never: owning does not get cheaper at any rent"


def test_resale_counts_towards_the_month_in_which_owning_has_paid() -> None:
    inputs = plain(rent=plain_rent(5.0))
    kept = plain_own(residual_fraction=given("own.residual", 0.4))
    without, with_resale = (
        answer_to(replace(inputs, own=own)).break_evens for own in (plain_own(), kept)
    )
    assert without is not None
    assert with_resale is not None
    assert without.month.value is not None
    assert with_resale.month.value is not None
    assert with_resale.month.value < without.month.value
    refreshed = replace(kept, refresh_months=30)
    again = answer_to(replace(inputs, own=refreshed)).break_evens
    assert again is not None
    assert again.month.value == pytest.approx(with_resale.month.value)


PAYING = plain(
    rent=plain_rent(6.0),
    own=plain_own(residual_fraction=given("own.residual", 0.2)),
    discount_rate=given("discount_rate", 0.12),
)
LOAN = Loan(share=0.7, annual_rate=0.09, months=36)


def paying(**changes: object) -> Inputs:
    assert PAYING.own is not None
    return replace(PAYING, own=replace(PAYING.own, **changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("inputs", "kind"),
    [
        (paying(), OptionKind.OWN_COLOCATION),
        (paying(loan=LOAN), OptionKind.OWN_COLOCATION),
        (
            replace(paying(loan=LOAN, refresh_months=7), rent=plain_rent(7.0)),
            OptionKind.OWN_COLOCATION,
        ),
        (
            ranged(
                demand=a_demand(ConstantLoad(gpus=640), utilization=0.9),
                rent=plain_rent(8.0),
                own=ranged_own(loan=LOAN, refresh_months=15),
                building=a_building(build_months=5),
            ),
            OptionKind.OWN_BUILDING,
        ),
    ],
)
def test_owning_has_paid_when_a_horizon_that_ended_then_would_favour_it(
    inputs: Inputs, kind: OptionKind
) -> None:
    """At the horizon all is sold and all debt repaid: so it is at the break-even."""
    month = break_even_month(inputs, kind).value
    assert month is not None
    assert month > 2
    before, after = (
        advantage(replace(inputs, horizon_months=end), BASE, ahead=kind, behind=OptionKind.RENT)
        for end in (math.floor(month), math.ceil(month))
    )
    assert before < 0 <= after
    assert month % 1 == pytest.approx(before / (before - after), rel=1e-6)


def test_what_servers_bring_at_the_horizon_counts_once_towards_the_month_of_paying() -> None:
    even = break_even_rent(PAYING, OptionKind.OWN_COLOCATION).value
    assert even is not None
    below, above = (
        break_even_month(replace(PAYING, rent=plain_rent(price)), OptionKind.OWN_COLOCATION)
        for price in (0.999 * even, 1.001 * even)
    )
    assert below.value is None
    assert above.value == pytest.approx(48, abs=1)


def test_a_building_has_not_paid_before_it_is_built() -> None:
    # Until then both ways rent the same GPUs, and land and walls keep their worth.
    inputs = ranged(building=a_building(build_months=18), rent=plain_rent(20.0))
    found = break_even_month(inputs, OptionKind.OWN_BUILDING)
    assert found.value is not None
    assert found.value > 18
    cheap = replace(inputs, rent=plain_rent(0.5))
    assert "never" in break_even_month(cheap, OptionKind.OWN_BUILDING).reason
    nothing = a_building(
        construction_per_mw=given("building.per_mw", 0.0),
        land_price=given("building.land", 0.0),
        build_months=18,
    )
    free = plain_own(capex=given("own.capex", 0.0), opex_per_month=None, running=ranged_running())
    given_away = ranged(building=nothing, own=free, rent=plain_rent(20.0))
    assert break_even_month(given_away, OptionKind.OWN_BUILDING).value == 18


@pytest.mark.parametrize(
    ("overrides", "excluded"),
    [
        (Overrides(residency=True), {"HOSTED_API"}),
        (Overrides(air_gap=True), {"HOSTED_API", "RENT", "COMMIT"}),
        (Overrides(export_control=True), {"OWN_COLOCATION", "OWN_BUILDING"}),
        (Overrides(power_available=False), {"OWN_COLOCATION", "OWN_BUILDING"}),
        (Overrides(sku_available=False), {"OWN_COLOCATION", "OWN_BUILDING"}),
    ],
)
def test_overrides_come_before_money(overrides: Overrides, excluded: set[str]) -> None:
    inputs = replace(EVERYTHING, overrides=overrides, draws=100)
    inputs = replace(inputs, building=a_building(minimum_annual_spend=0.0))
    answer = answer_to(inputs)
    found = {option.kind.value for option in answer.options if option.exclusions}
    assert found == excluded
    assert answer.verdict.kind.value not in excluded
    assert sum(option.probability_cheapest for option in answer.options) == pytest.approx(1)
    if overrides.air_gap:
        assert answer.mix is None
        assert answer.verdict.reason == "every way of renting is ruled out"


def test_nothing_is_owned_or_committed_for_less_than_a_quarter() -> None:
    answer = answer_to(replace(EVERYTHING, horizon_months=2, building=None))
    found = {o.kind.value for o in answer.options if o.exclusions}
    assert found == {"COMMIT", "OWN_COLOCATION"}
    assert answer.mix is not None
    assert answer.mix[0].owned_units == answer.mix[0].committed_units == 0
    quarter = answer_to(replace(EVERYTHING, horizon_months=3, building=None))
    assert not any(found.exclusions for found in quarter.options)


def test_a_building_is_a_choice_from_its_least_spend_on() -> None:
    inputs = ranged(building=a_building(minimum_annual_spend=50e6))
    assert building_floor(inputs, 50e6) is None
    below = building_floor(inputs, 49_999_999)
    assert below is not None
    assert "49,999,999 USD a year" in below.reason


def test_a_tenfold_peak_is_rented_and_its_base_is_not() -> None:
    load = PeakedLoad(mean_gpus=14, peak_factor=80 / 14, peak_hours_per_day=2)
    inputs = ranged(demand=a_demand(load, utilization=0.9))
    answer = answer_to(inputs)
    assert answer.verdict.kind is OptionKind.MIXED
    assert answer.mix is not None
    plan, mixed = answer.mix
    assert plan.is_mixture
    assert mixed.npv > option(answer, OptionKind.RENT).npv
    assert mixed.npv == pytest.approx(plan.npv)
    assert "The cheapest combination" in summarize(inputs, answer).infrastructure


def test_swings_are_sorted_and_contain_the_base_case() -> None:
    comparison = ANSWER.comparison
    assert comparison is not None
    sizes = [abs(swing.at_high - swing.at_low) for swing in comparison.swings]
    assert sizes == sorted(sizes, reverse=True)
    ahead, behind = (option(ANSWER, kind).npv for kind in (comparison.ahead, comparison.behind))
    for swing in comparison.swings:
        for value, found in (
            (swing.figure.low, swing.at_low),
            (swing.figure.high, swing.at_high),
        ):
            at = BASE.fixing(swing.figure, value)
            expected = advantage(EVERYTHING, at, ahead=comparison.ahead, behind=comparison.behind)
            assert found == pytest.approx(expected, rel=1e-9, abs=1e-3)
        low, high = sorted((swing.at_low, swing.at_high))
        assert low - 1 <= ahead - behind <= high + 1
    assert comparison.drifts[1] == pytest.approx(ahead - behind)


def test_two_inputs_that_flip_the_comparison_are_named() -> None:
    answer = answer_to(ranged(draws=100))
    comparison = answer.comparison
    assert comparison is not None
    assert len(comparison.flips) == 2
    assert comparison.flips[0].is_within_range
    exact = answer_to(plain()).comparison
    assert exact is not None
    assert [flip.figure.name for flip in exact.flips] == ["rent.price", "demand.utilization"]
    assert not exact.flips[0].is_within_range


def test_without_a_way_of_owning_the_two_best_options_are_compared() -> None:
    answer = answer_to(ranged(own=None, draws=100))
    assert answer.comparison is not None
    assert {answer.comparison.ahead, answer.comparison.behind} == {
        OptionKind.COMMIT,
        OptionKind.RENT,
    }
    assert answer.break_evens is None
    assert answer.site is None
    alone = answer_to(plain(own=None))
    assert alone.comparison is None
    assert alone.verdict.reason == "owning is no choice, or not priced"


def test_the_ladder_shows_every_rung_and_what_the_market_expects() -> None:
    answer = answer_to(ranged(draws=100))
    assert [(rung.rung.commit.term_months, rung.rung.until) for rung in answer.ladder] == [
        (12, 48),
        (36, 36),
        (36, 72),
    ]
    assert answer.ladder[0].price_per_gpu_hour == pytest.approx(3.8 * 0.75)
    assert answer.implied_drift == pytest.approx(-0.296, abs=0.001)
    one_price = (
        Commit(term_months=12, discount=given("a", 0.1)),
        Commit(term_months=36, discount=given("b", 0.8)),
    )
    assert answer_to(ranged(draws=100, commits=one_price)).implied_drift is None


def test_a_site_is_whole_racks_within_the_cooling_limit() -> None:
    site = answer_to(ranged(draws=100)).site
    assert site is not None
    assert (site.servers, site.gpus, site.servers_per_rack, site.racks) == (8, 64, 3, 3)
    assert site.nameplate_kw == pytest.approx(81.6)
    assert site.facility_kw == pytest.approx(81.6 * 1.4)
    assert site.full_time_posts == pytest.approx(0.5 + 64 / 150)
    hot = ranged_own(running=ranged_running(power_kw_per_server=given("own.power_kw", 132.0)))
    dense = answer_to(ranged(own=hot, draws=100)).site
    assert dense is not None
    assert (dense.needs_liquid_cooling, dense.servers_per_rack, dense.racks) == (True, 1, 8)
    warm = ranged_own(running=ranged_running(power_kw_per_server=given("own.power_kw", 30.0)))
    alone = answer_to(ranged(own=warm, draws=100)).site
    assert alone is not None
    assert (alone.needs_liquid_cooling, alone.servers_per_rack, alone.racks) == (False, 1, 8)


def test_the_summary_speaks_to_three_readers() -> None:
    inputs = replace(EVERYTHING, currency_code="EUR")
    words = summarize(inputs, answer_to(inputs))
    assert words.cfo.startswith("Take a hosted API: ")
    assert "EUR in present value over 4 years" in words.cfo
    assert "a data centre of our own starts to pay from about 50,000,000" in words.cfo
    assert "A term of 12 months costs 2.85 EUR a GPU-hour, 25% below on demand." in (
        words.procurement
    )
    assert "8 servers with 64 GPUs: 81.6 kW" in words.infrastructure


def test_the_summary_of_owning_names_the_wait() -> None:
    inputs = ranged(rent=plain_rent(9.0), commits=(), draws=100)
    answer = answer_to(inputs)
    assert answer.verdict.kind is OptionKind.OWN_COLOCATION
    words = summarize(inputs, answer)
    assert "Servers come after 2.3 months" in words.infrastructure
    free = plain_own(capex=given("own.capex", 0.0), opex_per_month=given("own.opex", 0.0))
    given_away = plain(own=free)
    said = summarize(given_away, answer_to(given_away)).procurement
    assert "Break-even rent: always" in said


def test_assumptions_are_all_figures_with_their_sources() -> None:
    names = {figure.name for figure in ANSWER.assumptions}
    assert {"rent.drift", "own.residual", "building.per_mw", "residual_rent_correlation"} <= names
    assert all(figure.source for figure in ANSWER.assumptions)


def test_what_is_not_done_behind_an_air_gap_is_not_counted() -> None:
    own = plain_own(lead_time_months=given("own.lead_time", 12.0), goodput=given("g", 0.9))
    answer = answer_to(plain(own=own, overrides=Overrides(air_gap=True)))
    done = option(answer, OptionKind.OWN_COLOCATION).useful_gpu_hours
    assert done == pytest.approx(0.9 * 36 / 48 * answer.useful_gpu_hours)


def test_a_site_holds_the_fleet_at_its_largest() -> None:
    demand = a_demand(ConstantLoad(gpus=64), monthly_growth=0.02)
    site = answer_to(ranged(demand=demand, draws=100)).site
    assert site is not None
    assert site.servers == math.ceil(64 * 1.02**47 / 8)


def test_a_mixture_is_as_sure_as_its_draws_against_the_best_single_option_of_each() -> None:
    load = PeakedLoad(mean_gpus=40, peak_factor=1.5, peak_hours_per_day=8)
    inputs = ranged(demand=a_demand(load, utilization=0.9), draws=1000)
    answer = answer_to(inputs)
    assert answer.mix is not None
    found = outcomes(inputs, draw(inputs), answer.mix[0])
    single = [one.npv for kind, one in found.items() if kind is not OptionKind.MIXED]
    share = (found[OptionKind.MIXED].npv > np.max(single, axis=0)).mean()
    assert 0.7 < share < 0.85
    assert f"beats every single option in {share:.0%} of the draws" in answer.verdict.reason
    assert answer.mix[1].probability_cheapest == pytest.approx(share)
    best = np.max([*single, found[OptionKind.MIXED].npv], axis=0)
    missed = (best - found[OptionKind.MIXED].npv).mean()
    assert answer.mix[1].regret == pytest.approx(missed)


def test_a_mixture_that_saves_little_is_still_the_cheapest() -> None:
    # 165 GPUs: the last five are rented for 613,200, where a 21st server would cost 700,800.
    own = plain_own(
        capex=given("own.capex", 21 * 378_000),
        opex_per_month=given("own.opex", 21 * 8_300),
        residual_fraction=given("own.residual", 0.2),
    )
    demand = a_demand(ConstantLoad(gpus=165))
    answer = answer_to(plain(demand=demand, own=own, rent=plain_rent(5.0)))
    assert answer.verdict.kind is OptionKind.MIXED
    assert answer.mix is not None
    saved = answer.mix[1].npv - option(answer, OptionKind.OWN_COLOCATION).npv
    assert saved == pytest.approx(700_800 - 613_200)


def test_what_may_not_be_owned_breaks_even_as_its_cheapest_way_would() -> None:
    inputs = replace(EVERYTHING, overrides=Overrides(export_control=True), draws=100)
    answer = answer_to(inputs)
    values = {kind: option(answer, kind).npv for kind in OWNING}
    assert answer.break_evens is not None
    assert answer.break_evens.own is max(values, key=values.__getitem__)


def test_a_small_fleet_is_eaten_by_its_staff() -> None:
    node = ranged(demand=a_demand(ConstantLoad(gpus=8), utilization=1.0), draws=100)
    flows = option(answer_to(node), OptionKind.OWN_COLOCATION).cash_flows
    staff = next(f for f in flows if f.category is Category.STAFF and f.month == 12)
    # Half a post at 200,000 a year on one server: 1.43 a GPU-hour, and its share besides.
    assert -staff.nominal / (8 * 730) == pytest.approx(1.43 + 200_000 / 150 / 8_760, abs=0.01)


@pytest.mark.parametrize(("discount", "price"), [(0.3, 3.8), (0.4, 4.2)])
def test_a_mixture_that_saves_nothing_is_not_recommended(discount: float, price: float) -> None:
    commit = Commit(term_months=36, discount=given("c", discount))
    rent = replace(
        ranged_rent(),
        price_per_gpu_hour=given("p", price),
        goodput=given("g", 1.0),
        idle_share=given("i", 1 - 0.92 * 0.85),
    )
    answer = answer_to(ranged(commits=(commit,), rent=rent, draws=1000))
    assert 0.35 < answer.probability_own_wins < 0.75
    assert answer.mix is not None
    assert answer.mix[0].is_mixture
    assert answer.verdict.kind is OptionKind.COMMIT


@pytest.mark.parametrize(
    ("max_loss", "kind"),
    [(0.0, OptionKind.RENT), (0.02, OptionKind.RENT), (0.03, OptionKind.OWN_COLOCATION)],
)
def test_owning_must_not_lose_more_than_is_acceptable(max_loss: float, kind: OptionKind) -> None:
    rent = replace(ranged_rent(), price_per_gpu_hour=given("p", 5.0))
    answer = answer_to(ranged(commits=(), rent=rent, draws=1000, max_loss=max_loss))
    assert answer.probability_own_wins > 0.75
    assert answer.verdict.kind is kind


def test_a_flip_may_lie_below_what_is_known() -> None:
    comparison = answer_to(plain(rent=plain_rent(5.0))).comparison
    assert comparison is not None
    assert comparison.flips[0].value == pytest.approx(3.957, abs=0.001)
