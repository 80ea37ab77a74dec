from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given as over
from hypothesis import strategies as st

from service.build_vs_buy.inputs import Demand, Inputs, OptionKind, PeakedLoad, figures_of
from service.build_vs_buy.options import npvs
from service.build_vs_buy.outcomes import outcomes
from service.build_vs_buy.rent_path import price_by_month
from service.build_vs_buy.sample import BASE, Sample
from service.build_vs_buy.uncertainty import (
    at_quantile,
    band,
    draw,
    probability_own_wins,
    prospects,
)
from tests.service.build_vs_buy.questions import (
    a_building,
    a_hosted_api,
    a_spot,
    figure,
    given,
    ranged,
    ranged_rent,
)

ends = st.tuples(*[st.floats(-1e3, 1e3)] * 3).map(sorted)
UNIFORM = (np.arange(100_000) + 0.5) / 100_000


def everything(**changes: object) -> Inputs:
    return ranged(
        building=a_building(), spot=a_spot(), hosted_api=a_hosted_api(), tax_rate=0.25, **changes
    )


def uncertain_demand() -> Demand:
    return Demand(
        load=PeakedLoad(mean_gpus=40, peak_factor=2.5, peak_hours_per_day=4),
        monthly_growth=figure("demand.monthly_growth", 0.0, 0.01, 0.02),
        utilization=figure("demand.utilization", 0.7, 0.8, 0.9),
    )


@over(ends)
def test_a_range_is_drawn_within_its_ends(values: list[float]) -> None:
    drawn = at_quantile(figure("x", *values), np.linspace(0, 0.999999, 101))
    assert np.all((drawn >= values[0] - 1e-9) & (drawn <= values[2] + 1e-9))
    assert np.all(np.diff(drawn) >= -1e-9)


@pytest.mark.parametrize("values", [(1, 5, 15), (0, 0.2, 0.6), (250, 300, 375), (-3, 0, 1)])
def test_the_base_of_a_lopsided_range_is_its_mean(values: tuple[float, float, float]) -> None:
    drawn = at_quantile(figure("x", *values), UNIFORM)
    assert drawn.mean() == pytest.approx(values[1], abs=1e-3 * (values[2] - values[0]))


def test_a_range_on_one_side_of_its_base_is_the_base_in_half_of_its_draws() -> None:
    upwards = at_quantile(figure("x", 2, 2, 5), UNIFORM)
    downwards = at_quantile(figure("x", 2, 5, 5), UNIFORM)
    assert (upwards == 2).mean() == pytest.approx(0.5)
    assert (downwards == 5).mean() == pytest.approx(0.5)
    # The other half is a triangle, whose mean lies a third of the way out.
    assert upwards.mean() == pytest.approx((2 + 3) / 2, abs=1e-3)
    assert downwards.mean() == pytest.approx((5 + 4) / 2, abs=1e-3)
    assert np.all(at_quantile(given("x", 2), UNIFORM) == 2)


def test_equal_seeds_give_equal_draws() -> None:
    first, second = draw(ranged()), draw(ranged())
    other = draw(ranged(seed=2))
    for name, values in first.values.items():
        assert np.array_equal(values, second.values[name])
        assert not np.array_equal(values, other.values[name])
    assert first.shocks is not None
    assert second.shocks is not None
    assert np.array_equal(first.shocks, second.shocks)


def test_every_uncertain_input_is_drawn_and_no_other() -> None:
    inputs = everything(demand=uncertain_demand())
    uncertain = {figure.name for figure in figures_of(inputs) if figure.low < figure.high}
    assert set(draw(inputs).values) == uncertain


@pytest.mark.parametrize("draws", [100, 101])
def test_as_many_draws_are_made_as_are_asked_for(draws: int) -> None:
    inputs = everything(draws=draws)
    sample = draw(inputs)
    assert {len(values) for values in sample.values.values()} == {draws}
    assert all(len(values) == draws for values in npvs(inputs, sample).values())


@pytest.mark.parametrize("inputs", [ranged(), everything(), everything(demand=uncertain_demand())])
def test_the_base_case_is_the_middle_of_the_draws(inputs: Inputs) -> None:
    sample = draw(inputs)
    base = npvs(inputs, BASE)
    for kind, values in npvs(inputs, sample).items():
        found = band(values)
        assert found.p5 < base[kind][0] < found.p95
        if kind is not OptionKind.OWN_BUILDING:
            assert found.p50 == pytest.approx(base[kind][0], rel=0.02)


def test_the_drawn_residual_goes_with_the_rent_at_the_end() -> None:
    inputs = ranged()
    assert inputs.own is not None
    sample = draw(inputs)
    rent = price_by_month(inputs.rent, sample, 48, floor=np.zeros((1, 1)))[:, -1]
    residual = sample.of(inputs.own.residual_fraction)[:, 0]
    ranks = [1.0 * np.argsort(np.argsort(values)) for values in (rent, residual)]
    assert np.corrcoef(ranks[0], ranks[1])[0, 1] == pytest.approx(0.47, abs=0.05)
    apart = replace(inputs, residual_rent_correlation=given("residual_rent_correlation", 0.0))
    residual = draw(apart).of(inputs.own.residual_fraction)[:, 0]
    assert np.corrcoef(ranks[0], residual)[0, 1] == pytest.approx(0, abs=0.05)
    assert residual.mean() == pytest.approx(0.20, abs=0.005)


def test_a_residual_that_is_bound_to_the_rent_has_its_ranks() -> None:
    inputs = ranged(
        rent=replace(ranged_rent(), price_per_gpu_hour=given("rent.price", 3.8)),
        residual_rent_correlation=given("residual_rent_correlation", 1.0),
    )
    assert inputs.own is not None
    sample = draw(inputs)
    rent = price_by_month(inputs.rent, sample, 48, floor=np.zeros((1, 1)))[:, -1]
    residual = sample.of(inputs.own.residual_fraction)[:, 0]
    ranks = [1.0 * np.argsort(np.argsort(values)) for values in (rent, residual)]
    assert np.corrcoef(ranks[0], ranks[1])[0, 1] > 0.999


def test_probabilities_add_up_to_one_and_regret_is_what_was_missed() -> None:
    values = {
        OptionKind.RENT: np.array([-10.0, -10.0, -10.0, -10.0]),
        OptionKind.COMMIT: np.array([-8.0, -12.0, -10.0, -9.0]),
        OptionKind.OWN_COLOCATION: np.array([-9.0, -9.0, -20.0, -1.0]),
        OptionKind.OWN_BUILDING: np.array([-1.0, -1.0, -1.0, -1.0]),
    }
    choices = frozenset(values) - {OptionKind.OWN_BUILDING}
    found = {prospect.kind: prospect for prospect in prospects(values, choices=choices)}
    probabilities = {kind: prospect.probability_cheapest for kind, prospect in found.items()}
    assert probabilities == {
        OptionKind.RENT: 0.125,
        OptionKind.COMMIT: 0.375,
        OptionKind.OWN_COLOCATION: 0.5,
        OptionKind.OWN_BUILDING: 0.0,
    }
    assert found[OptionKind.RENT].regret == pytest.approx((2 + 1 + 0 + 9) / 4)
    # What is no choice misses nothing, however cheap it were.
    assert found[OptionKind.OWN_BUILDING].regret == 0
    assert probability_own_wins(tuple(found.values())) == 0.5
    either = prospects(values, choices=frozenset(values))
    assert probability_own_wins(either) == 1.0


def test_every_draw_is_a_question_of_its_own() -> None:
    inputs = everything(demand=uncertain_demand(), draws=800)
    sample = draw(inputs)
    assert sample.shocks is not None
    together = npvs(inputs, sample)
    in_parts = outcomes(inputs, sample, None)
    assert {len(outcome.npv) for outcome in in_parts.values()} == {800}
    for at in (0, 1, 399, 400, 799):
        one = Sample(
            draws=1,
            values={name: values[at : at + 1] for name, values in sample.values.items()},
            shocks=sample.shocks[:, at : at + 1],
        )
        for kind, value in npvs(inputs, one).items():
            assert together[kind][at] == pytest.approx(value[0], rel=1e-12)
            assert in_parts[kind].npv[at] == pytest.approx(value[0], rel=1e-12)
            cost = outcomes(inputs, one, None)[kind].levelized_cost[0]
            assert in_parts[kind].levelized_cost[at] == pytest.approx(cost, rel=1e-12)
