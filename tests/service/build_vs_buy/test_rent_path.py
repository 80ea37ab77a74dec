from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given as over
from hypothesis import strategies as st

from service.build_vs_buy.rent_path import implied_drift, log_deviations, price_by_month
from service.build_vs_buy.sample import BASE, Sample
from service.build_vs_buy.uncertainty import draw
from tests.service.build_vs_buy.questions import figure, given, npv, plain_rent, ranged, ranged_rent

FREE = np.zeros((1, 1))


def test_a_drift_is_a_years_change_of_the_price() -> None:
    rent = plain_rent(4.0, drift=given("rent.drift", -0.2))
    path = price_by_month(rent, BASE, 25, floor=FREE)[0]
    assert path[[0, 1]] == pytest.approx([4.0, 4.0])
    assert path[[13, 25]] == pytest.approx([4.0 * 0.8, 4.0 * 0.64])


def test_nobody_rents_out_below_the_cash_cost_but_todays_price_stands() -> None:
    rent = plain_rent(1.0, drift=given("rent.drift", -0.9))
    path = price_by_month(rent, BASE, 48, floor=np.full((1, 1), 0.4))[0]
    assert path[0] == 1.0
    assert path[-1] == 0.4
    dear = price_by_month(rent, BASE, 48, floor=np.full((1, 1), 1.5))[0]
    assert dear == pytest.approx(np.ones(49))


def test_the_middle_of_all_paths_is_the_path_without_disturbances() -> None:
    inputs = ranged()
    sample = draw(inputs)
    rent = replace(inputs.rent, price_per_gpu_hour=given("p", 3.8))
    paths = price_by_month(rent, sample, 48, floor=FREE)
    base = price_by_month(rent, BASE, 48, floor=FREE)[0]
    middle = np.median(paths, axis=0)
    assert middle == pytest.approx(base, rel=0.04)
    assert npv(0.1, middle) == pytest.approx(npv(0.1, base), rel=0.02)


def test_without_uncertain_drift_the_middle_is_exact() -> None:
    rent = replace(ranged_rent(), drift=given("rent.drift", -0.1), price_per_gpu_hour=given("p", 3))
    paths = price_by_month(rent, draw(ranged(rent=rent)), 48, floor=FREE)
    base = price_by_month(rent, BASE, 48, floor=FREE)[0]
    assert np.median(paths, axis=0) == pytest.approx(base, rel=1e-4)


def test_disturbances_have_the_variance_of_the_process() -> None:
    chance = np.random.default_rng(7)
    sample = Sample(draws=20_000, shocks=chance.standard_normal((59, 20_000)))
    rent = plain_rent(volatility=given("v", 0.35), reversion=given("r", 0.5))
    deviations = log_deviations(rent, sample, 60)
    years = 59 / 12
    variance = 0.35**2 * (1 - np.exp(-2 * 0.5 * years)) / (2 * 0.5)
    assert deviations[:, :2].any() == 0
    assert np.var(deviations[:, 60]) == pytest.approx(variance, rel=0.03)


def test_without_reversion_it_is_a_random_walk() -> None:
    chance = np.random.default_rng(7)
    sample = Sample(draws=20_000, shocks=chance.standard_normal((24, 20_000)))
    rent = plain_rent(volatility=given("v", 0.2), reversion=given("r", 0.0))
    assert np.var(log_deviations(rent, sample, 25)[:, 25]) == pytest.approx(0.08, rel=0.03)


def test_a_sample_without_shocks_has_no_deviations() -> None:
    with pytest.raises(ValueError, match="without shocks"):
        log_deviations(ranged_rent(), BASE, 12)


def test_the_reserved_prices_of_2023_implied_a_fall_of_28_percent_a_year() -> None:
    # AWS p5 2023, a GPU-hour: 7.20 for one year, 5.40 for three.
    assert 1 + implied_drift(one_year=7.20, three_years=5.40) == pytest.approx(0.725, abs=0.0005)


@over(st.floats(0.05, 2.0), st.floats(0.1, 20))
def test_the_implied_drift_makes_a_seller_indifferent(factor: float, one_year: float) -> None:
    three_years = one_year * (1 + factor + factor**2) / 3
    found = implied_drift(one_year=one_year, three_years=three_years)
    assert 1 + found == pytest.approx(factor, rel=1e-6)


def test_no_drift_explains_three_years_for_the_price_of_one() -> None:
    with pytest.raises(ValueError, match="no drift"):
        implied_drift(one_year=3.0, three_years=1.0)


def test_draws_of_the_drift_lie_a_standard_deviation_away() -> None:
    inputs = ranged(rent=replace(ranged_rent(), drift=figure("rent.drift", -0.2, 0.0, 0.2)))
    drifts = draw(inputs).of(inputs.rent.drift)[:, 0]
    assert np.median(drifts) == pytest.approx(0.0, abs=1e-4)
    assert np.percentile(drifts, [15.87, 84.13]) == pytest.approx([-0.2, 0.2], abs=0.02)
