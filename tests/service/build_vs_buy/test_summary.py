import re
from dataclasses import replace

import pytest

from service.build_vs_buy.analysis import Analysis, analyze
from service.build_vs_buy.inputs import Commit, Inputs, OptionKind, Overrides, PeakedLoad
from service.build_vs_buy.summary import Summary, summarize
from tests.service.build_vs_buy.questions import (
    a_demand,
    figure,
    given,
    plain,
    plain_own,
    plain_rent,
    ranged,
)


def said_of(inputs: Inputs) -> tuple[Analysis, Summary]:
    answer = analyze(inputs)
    assert isinstance(answer, Analysis)
    return answer, summarize(inputs, answer)


def owned() -> Inputs:
    """Owning costs 378,000 + 48 x 8,300 - 75,600 = 700,800, half of renting at full use."""
    return plain(
        rent=plain_rent(5.0),
        own=plain_own(residual_fraction=given("own.residual", 0.2)),
        commits=(Commit(term_months=12, discount=given("commit.discount", 0.1)),),
    )


def test_the_words_for_who_pays_have_the_figures_of_the_option_that_is_taken() -> None:
    _, words = said_of(owned())
    # The last month is paid when the servers are sold: 776,400 less 8,300 before it.
    assert words.cfo == (
        "Take own servers in colocation: owning is the cheapest in 100% of the draws."
        " It costs 700,800 USD in present value over 4 years (90 % of the draws: 700,800 to"
        " 700,800), at most 768,100 out of pocket, 3.57 a useful GPU-hour."
        " Next is renting on demand: 981,120, on average 280,320 dearer than the cheapest."
    )


def test_a_range_of_costs_begins_with_the_lower() -> None:
    inputs = owned()
    assert inputs.own is not None
    opex = figure("own.opex", 7_000, 8_300, 9_600)
    answer, words = said_of(replace(inputs, own=replace(inputs.own, opex_per_month=opex)))
    found = re.search(r"90 % of the draws: ([\d,]+) to ([\d,]+)", words.cfo)
    assert found is not None
    low, high = (float(text.replace(",", "")) for text in found.groups())
    own = next(option for option in answer.options if option.kind is OptionKind.OWN_COLOCATION)
    assert low < 700_800 < high
    assert (-high, -low) == pytest.approx((own.npv_band.p5, own.npv_band.p95), abs=1)


def test_the_words_for_who_buys_have_the_price_to_walk_away_at() -> None:
    _, words = said_of(owned())
    # 700,800 over 8 GPUs x 730 h x 48 at 70 %.
    assert "Renting pays below 3.57 USD a GPU-hour (today 5.00) against own" in words.procurement
    assert "A term of 12 months costs 4.50 USD a GPU-hour, 10% below on demand." in (
        words.procurement
    )


def test_the_words_for_who_runs_it_have_use_and_months() -> None:
    answer, words = said_of(owned())
    assert answer.break_evens is not None
    month = answer.break_evens.month.value
    assert month is not None
    assert "Use at which owning costs what renting does: 50% of the demanded hours" in (
        words.infrastructure
    )
    assert "now it is 70%" in words.infrastructure
    assert f"When owning has paid: after {month:.1f} months." in words.infrastructure


def test_the_words_of_a_site_and_of_a_combination_are_in_kilowatts_and_gpus() -> None:
    load = PeakedLoad(mean_gpus=60, peak_factor=2.0, peak_hours_per_day=4)
    inputs = ranged(
        demand=a_demand(load, utilization=0.9), rent=plain_rent(9.0), commits=(), draws=100
    )
    answer, words = said_of(inputs)
    assert answer.site is not None
    assert answer.mix is not None
    plan = answer.mix[0]
    assert plan.unit_gpus == 8
    assert plan.owned_units > 1
    # 15 servers of 10.2 kW at a PUE of 1.4.
    assert "15 servers with 120 GPUs: 153.0 kW, 214.2 kW with cooling" in words.infrastructure
    assert f"{8 * plan.owned_units} GPUs owned, 0 committed" in words.infrastructure
    assert f"at most {120 - 8 * plan.owned_units} rented" in words.infrastructure


def committing(*, is_assumed: bool) -> Inputs:
    """Owning never pays; a third of the rent is off for three years, a tenth for one."""
    return plain(
        rent=plain_rent(2.0),
        own=plain_own(),
        commits=(
            Commit(term_months=12, discount=given("one", 0.1)),
            Commit(term_months=36, discount=given("three", 0.4), is_assumed=is_assumed),
        ),
        horizon_months=36,
        demand=a_demand(utilization=1.0),
    )


def test_a_commitment_at_nobodys_price_is_said_to_be_so_and_implies_no_drift() -> None:
    answer, words = said_of(committing(is_assumed=True))
    assert answer.verdict.kind is OptionKind.COMMIT
    assert "our judgement, nobody's offer: ask for a quote first" in words.cfo
    assert "A term of 36 months is assumed, by nobody's offer, to cost 1.20" in words.procurement
    assert "A term of 12 months costs 1.80" in words.procurement
    assert answer.implied_drift is None


def test_a_commitment_that_is_offered_is_no_judgement_and_implies_a_drift() -> None:
    answer, words = said_of(committing(is_assumed=False))
    assert answer.verdict.kind is OptionKind.COMMIT
    assert "judgement" not in words.cfo
    assert answer.implied_drift is not None
    assert "together expect rents to change" in words.procurement


def test_what_is_dearer_than_on_demand_is_above_it() -> None:
    dear = Commit(term_months=12, price_per_gpu_hour=given("dear", 2.2))
    _, words = said_of(replace(committing(is_assumed=False), commits=(dear,)))
    assert "A term of 12 months costs 2.20 USD a GPU-hour, 10% above on demand." in (
        words.procurement
    )


@pytest.mark.parametrize(
    ("months", "text"), [(36, "over 3 years ("), (12, "over 1 year ("), (14, "over 14 months (")]
)
def test_a_horizon_is_told_in_whole_years_or_in_months(months: int, text: str) -> None:
    _, words = said_of(replace(owned(), horizon_months=months))
    assert text in words.cfo


@pytest.mark.parametrize(
    ("overrides", "meanwhile"),
    [(Overrides(), "GPUs are rented"), (Overrides(air_gap=True), "nothing runs")],
)
def test_nobody_is_told_to_rent_under_an_air_gap(overrides: Overrides, meanwhile: str) -> None:
    own = plain_own(lead_time_months=given("own.leadTimeMonths", 2.0))
    _, words = said_of(replace(owned(), own=own, overrides=overrides))
    assert f"Servers come after 2.0 months; until then {meanwhile}." in words.infrastructure
