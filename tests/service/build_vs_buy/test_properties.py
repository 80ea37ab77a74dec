"""What has to hold for every question, and what no confusion of units would survive."""

from dataclasses import fields, is_dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given as over
from hypothesis import settings
from hypothesis import strategies as st

from service.build_vs_buy.cash_flow import Category
from service.build_vs_buy.inputs import Inputs, OptionKind, figures_by_field
from service.build_vs_buy.options import flows_of, npvs
from service.build_vs_buy.sample import BASE
from service.build_vs_buy.scene import scene_of
from service.build_vs_buy.sensitivity import advantage
from service.domain.figure import Figure
from tests.service.build_vs_buy.questions import (
    a_building,
    a_hosted_api,
    a_spot,
    given,
    plain,
    plain_own,
    plain_rent,
    ranged,
)
from tests.service.build_vs_buy.random_questions import Chance

QUESTION = ranged(building=a_building(), spot=a_spot(), hosted_api=a_hosted_api())
OWNING = st.sampled_from([OptionKind.OWN_COLOCATION, OptionKind.OWN_BUILDING])
NOT_RENTING = st.sampled_from(
    [OptionKind.OWN_COLOCATION, OptionKind.OWN_BUILDING, OptionKind.HOSTED_API]
)
MONEY = ("price", "cost", "capex", "opex", "land", "construction", "electricity", "colocation_per")


def ahead_of_rent(inputs: Inputs, figure: Figure, value: float, kind: OptionKind) -> float:
    sample = BASE.fixing(figure, value)
    return advantage(inputs, sample, ahead=kind, behind=OptionKind.RENT)


@settings(max_examples=50)
@over(st.floats(0.1, 20), st.floats(0.1, 20), NOT_RENTING)
def test_dearer_rent_never_favours_renting(one: float, other: float, kind: OptionKind) -> None:
    cheap, dear = sorted((one, other))
    price = QUESTION.rent.price_per_gpu_hour
    assert ahead_of_rent(QUESTION, price, dear, kind) >= (
        ahead_of_rent(QUESTION, price, cheap, kind) - 1e-6
    )


@settings(max_examples=50)
@over(st.floats(0.01, 1), st.floats(0.01, 1), OWNING)
def test_more_use_never_favours_renting(one: float, other: float, kind: OptionKind) -> None:
    little, much = sorted((one, other))
    use = QUESTION.demand.utilization
    assert ahead_of_rent(QUESTION, use, much, kind) >= (
        ahead_of_rent(QUESTION, use, little, kind) - 1e-6
    )


def any_fleet(seed: int) -> Inputs:
    """A random question whose rent has one price an hour, and whose servers cost by their parts.

    What stock lacks is committed, and then costs the same whether used or not; interruptible GPUs
    may cost less than what our own servers lose in downtime; opex by the hour may exceed the rent.
    """
    found = Chance(seed).question(in_detail=True)
    return replace(found, spot=None, rent=replace(found.rent, stock_gpus=None))


@pytest.mark.parametrize("seed", range(25))
def test_dearer_rent_and_more_use_favour_owning_whatever_is_asked(seed: int) -> None:
    inputs = any_fleet(seed)
    chance = np.random.default_rng(seed)
    price, use = inputs.rent.price_per_gpu_hour, inputs.demand.utilization
    for figure, most in ((price, 20.0), (use, 1.0)):
        low, high = sorted(chance.uniform(0.01, most, 2).tolist())
        for kind in (OptionKind.OWN_COLOCATION, OptionKind.OWN_BUILDING):
            before, after = (ahead_of_rent(inputs, figure, value, kind) for value in (low, high))
            assert after >= before - 1e-6 * abs(before)


@settings(max_examples=50)
@over(st.floats(0, 0.5), st.floats(0, 0.5), st.floats(0.5, 20))
def test_a_lower_discount_never_favours_the_option_with_later_costs(
    one: float, other: float, price: float
) -> None:
    # Renting costs later than owning does: the same month by month, against a price today.
    low, high = sorted((one, other))
    inputs = plain(rent=plain_rent(price), own=plain_own(opex_per_month=given("own.opex", 0.0)))
    rate = inputs.discount_rate
    kind = OptionKind.OWN_COLOCATION
    assert ahead_of_rent(inputs, rate, low, kind) >= ahead_of_rent(inputs, rate, high, kind) - 1e-6


def scaled(part: Any, factor: float, path: str = "") -> Any:
    """The same question in another currency: every figure of money times a factor."""
    if isinstance(part, Figure):
        name = path.rsplit(".", 1)[-1]
        is_money = any(word in name for word in MONEY)
        if not is_money:
            return part
        return replace(
            part, low=part.low * factor, base=part.base * factor, high=part.high * factor
        )
    if isinstance(part, tuple):
        return tuple(scaled(each, factor, path) for each in part)
    if is_dataclass(part) and not isinstance(part, type):
        changed = {
            field.name: scaled(getattr(part, field.name), factor, f"{path}.{field.name}")
            for field in fields(part)
        }
        return replace(part, **changed)
    return part


@settings(max_examples=25)
@over(st.floats(0.01, 200))
def test_another_currency_scales_all_money_and_nothing_else(factor: float) -> None:
    before = npvs(QUESTION, BASE)
    after = npvs(scaled(QUESTION, factor), BASE)
    for kind, value in before.items():
        assert after[kind][0] == pytest.approx(value[0] * factor, rel=1e-9)


def test_every_figure_of_a_question_moves_an_option() -> None:
    values = npvs(QUESTION, BASE)
    unmoved = set()
    for path, figure in figures_by_field(QUESTION):
        changed = npvs(QUESTION, BASE.fixing(figure, figure.base * 0.9 + 0.001))
        if all(changed[kind][0] == values[kind][0] for kind in values):
            unmoved.add(path.rsplit(".", 1)[-1])
    # Beyond the base case, below 64 servers, above the floor, without a cache or a batch: these
    # cannot move it.
    assert unmoved == {
        "volatility",
        "reversion",
        "residual_rent_correlation",
        "residual_floor",
        "fraction",
        "cached_input_price",
        "cache_write_price",
        "batch_input_price",
        "batch_output_price",
        "discount",
    }


def power_bill(inputs: Inputs) -> float:
    flows = flows_of(OptionKind.OWN_COLOCATION, scene_of(inputs, BASE))
    return float(-flows.of(Category.POWER)[0, -1])


@pytest.mark.parametrize(
    ("field", "factor"),
    [("power_kw_per_server", 1000.0), ("electricity_per_kwh", 1 / 1000)],
)
def test_watts_for_kilowatts_change_the_bill_a_thousandfold(field: str, factor: float) -> None:
    assert QUESTION.own is not None
    assert QUESTION.own.running is not None
    figure = getattr(QUESTION.own.running, field)
    flows = flows_of(
        OptionKind.OWN_COLOCATION,
        scene_of(QUESTION, BASE.fixing(figure, figure.base * factor)),
    )
    changed = float(-flows.of(Category.POWER)[0, -1])
    assert changed == pytest.approx(power_bill(QUESTION) * factor)
    # 64 GPUs at 85 %, in dollars a month: not a thousand times more or less.
    assert power_bill(QUESTION) == pytest.approx(4_555, rel=0.001)


def test_hours_months_and_years_are_not_confused() -> None:
    # One GPU at a dollar an hour for four years of 8,760 hours.
    inputs = plain(
        demand=replace(plain().demand, utilization=given("demand.utilization", 1.0)),
        rent=plain_rent(1.0),
    )
    cost = -npvs(inputs, BASE)[OptionKind.RENT][0]
    assert cost == pytest.approx(8 * 4 * 8_760)
    assert np.isclose(730 * 12, 8_760)
