"""What holds of every answer, at the edges of what may be asked."""

import dataclasses
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from service.build_vs_buy.analysis import Analysis, analyze
from service.build_vs_buy.checks import BadInput
from service.build_vs_buy.inputs import (
    Commit,
    ConstantLoad,
    Demand,
    Inputs,
    Loan,
    OptionKind,
    Overrides,
    WeeklyLoad,
)
from service.build_vs_buy.outcomes import outcomes
from service.build_vs_buy.summary import summarize
from service.build_vs_buy.uncertainty import draw
from tests.service.build_vs_buy.questions import (
    a_building,
    a_hosted_api,
    a_spot,
    figure,
    given,
    plain_own,
    ranged,
    ranged_own,
    ranged_rent,
)

SMALL_BUILDING = a_building(minimum_annual_spend=0.0)
AIR_GAP = Overrides(air_gap=True)


def full(**changes: object) -> Inputs:
    """All five options, taxed."""
    inputs = ranged(
        building=SMALL_BUILDING,
        spot=a_spot(),
        hosted_api=a_hosted_api(),
        tax_rate=0.25,
        draws=200,
    )
    return replace(inputs, **changes)  # type: ignore[arg-type]


def wanted(
    gpus: float = 64,
    *,
    growth: tuple[float, float, float] = (0, 0, 0),
    use: tuple[float, float, float] = (0.7, 0.85, 0.95),
    existing: int = 0,
) -> Demand:
    return Demand(
        load=ConstantLoad(gpus=gpus),
        monthly_growth=figure("demand.monthly_growth", *growth),
        utilization=figure("demand.utilization", *use),
        existing_gpu_count=existing,
    )


LEAD = figure("own.lead_time", 10, 40, 70)
LATE = figure("own.lead_time", 50, 60, 70)
ONE_HOUR_A_WEEK = WeeklyLoad(gpus=(0.0,) * 167 + (1.0,))
WHOLE_TERM = Commit(term_months=600, discount=given("commit.discount", 0.9))

ANSWERED: Mapping[str, Inputs] = {
    "one month": full(horizon_months=1, building=None),
    "one month of building": full(
        horizon_months=1, building=a_building(build_months=1, minimum_annual_spend=0.0)
    ),
    "a quarter": full(horizon_months=3, building=None),
    "ten years": full(horizon_months=120),
    "a third of a GPU": full(demand=wanted(0.3)),
    "the most GPUs": full(demand=wanted(100_000)),
    "demand halves each month": full(demand=wanted(growth=(-0.5, -0.5, -0.5))),
    "demand may end at once": full(demand=wanted(growth=(-1, -0.5, 0))),
    "an hour a week": full(demand=replace(wanted(), load=ONE_HOUR_A_WEEK)),
    "no discount": full(discount_rate=given("discount_rate", 0.0)),
    "always at work": full(demand=wanted(use=(1, 1, 1))),
    "hardly at work": full(demand=wanted(use=(1e-6, 1e-6, 1e-6))),
    "use known to one side": full(demand=wanted(use=(0.85, 0.85, 0.95))),
    "rent known to one side": full(
        rent=replace(ranged_rent(), price_per_gpu_hour=figure("rent.price", 2.0, 2.0, 3.6))
    ),
    "some GPUs are there": full(demand=wanted(existing=60)),
    "GPUs suffice in some draws": full(demand=wanted(growth=(0, 0.005, 0.01), existing=78)),
    "servers after the horizon": full(own=ranged_own(lead_time_months=LATE)),
    "servers perhaps after it": full(own=ranged_own(lead_time_months=LEAD)),
    "servers perhaps too late for the work": full(
        own=ranged_own(lead_time_months=LEAD), overrides=AIR_GAP
    ),
    "a building at the horizon": full(building=a_building(build_months=48, minimum_annual_spend=0)),
    "refresh at the horizon": full(own=ranged_own(refresh_months=48)),
    "refresh after it": full(own=ranged_own(refresh_months=60)),
    "commitments beyond the horizon": full(commits=(WHOLE_TERM,)),
    "an all but free commitment": full(
        commits=(Commit(term_months=12, discount=given("commit.discount", 0.999)),)
    ),
    "no residual": full(own=ranged_own(residual_fraction=given("own.residual", 0.0))),
    "all of the residual": full(
        own=ranged_own(
            residual_fraction=given("own.residual", 1.0),
            resale_at_once=given("own.resale_at_once", 1.0),
        )
    ),
    "all on credit": full(own=ranged_own(loan=Loan(share=1.0, annual_rate=0.0, months=120))),
    "servers for nothing": full(
        own=plain_own(capex=given("own.capex", 0), opex_per_month=given("own.opex", 0)),
        building=None,
    ),
    "no stock": full(rent=replace(ranged_rent(), stock_gpus=0)),
    "all interruptible": full(spot=a_spot(share=1.0)),
    "no tokens": full(
        hosted_api=a_hosted_api(input_tokens_per_month=0.0, output_tokens_per_month=0.0)
    ),
    "a wild drift": full(rent=replace(ranged_rent(), drift=figure("rent.drift", -0.9, 0, 5))),
    "nothing may be owned": full(overrides=Overrides(export_control=True)),
    "nothing may be rented": full(overrides=AIR_GAP),
    "servers smaller than instances": full(
        rent=replace(ranged_rent(), gpus_per_instance=8), own=ranged_own(gpus_per_server=4)
    ),
}


def numbers(part: object, path: str = "") -> Iterator[tuple[str, float]]:
    """Walk every number of an answer."""
    if isinstance(part, float):
        yield path, part
    elif isinstance(part, tuple):
        for at, each in enumerate(part):
            yield from numbers(each, f"{path}[{at}]")
    elif dataclasses.is_dataclass(part):
        for field in dataclasses.fields(part):
            yield from numbers(getattr(part, field.name), f"{path}.{field.name}")


@pytest.mark.parametrize("inputs", ANSWERED.values(), ids=ANSWERED)
def test_an_answer_is_finite_adds_up_and_has_its_base_case_in_its_bands(inputs: Inputs) -> None:
    answer = analyze(inputs)
    assert isinstance(answer, Analysis)
    assert [path for path, value in numbers(answer) if not math.isfinite(value)] == []
    assert sum(option.probability_cheapest for option in answer.options) == pytest.approx(1)
    excluded = {option.kind for option in answer.options if option.exclusions}
    assert answer.verdict.kind not in excluded
    assert all(
        option.probability_cheapest == 0 for option in answer.options if option.kind in excluded
    )
    for option in (*answer.options, *(() if answer.mix is None else (answer.mix[1],))):
        assert option.npv_band.p5 <= option.npv <= option.npv_band.p95
        cost, band = option.levelized_cost, option.levelized_cost_band
        assert band.p5 * (1 - 1e-12) <= cost <= band.p95 * (1 + 1e-12)
        moving = math.fsum(flow.discounted for flow in option.cash_flows if flow.is_cash)
        assert moving == pytest.approx(option.npv, rel=1e-9, abs=1e-6)
    words = summarize(inputs, answer)
    said = f"{words.cfo} {words.procurement} {words.infrastructure}"
    assert re.findall(r"\b(nan|inf|None)\b", said) == []


@pytest.mark.parametrize(
    ("inputs", "fields"),
    [
        (
            full(own=ranged_own(lead_time_months=LATE), overrides=AIR_GAP),
            ["own.lead_time_months", "building.build_months"],
        ),
        (
            full(building=a_building(build_months=48, minimum_annual_spend=0), overrides=AIR_GAP),
            ["building.build_months"],
        ),
        (
            full(demand=wanted(growth=(-1, -1, -1)), overrides=AIR_GAP, building=None),
            ["own.lead_time_months"],
        ),
    ],
)
def test_behind_an_air_gap_servers_must_come_while_there_is_work(
    inputs: Inputs, fields: list[str]
) -> None:
    with pytest.raises(BadInput, match="behind an air gap no work would be done") as found:
        analyze(inputs)
    assert [fault.field for fault in found.value.faults] == fields


def test_a_draw_without_work_has_a_value_and_no_levelised_cost() -> None:
    inputs = ANSWERED["GPUs suffice in some draws"]
    found = outcomes(inputs, draw(inputs), None)[OptionKind.RENT]
    assert len(found.npv) == inputs.draws
    assert 0 < len(found.levelized_cost) < inputs.draws
    assert len(found.levelized_cost) == (found.npv < 0).sum()
