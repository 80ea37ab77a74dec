import numpy as np
import pytest
from hypothesis import given as over
from hypothesis import strategies as st

from service.build_vs_buy.demand import (
    growth_by_month,
    load_duration,
    mean_above,
    peak_above,
    whole_units,
)
from service.build_vs_buy.inputs import ConstantLoad, PeakedLoad, WeeklyLoad

profiles = st.lists(st.integers(0, 40), min_size=168, max_size=168).map(tuple)
FLAT = np.ones((1, 2))


def test_a_peaked_day_keeps_its_mean() -> None:
    # The article's peak: ten times as much as the rest of the day, for 2 hours.
    load = load_duration(PeakedLoad(mean_gpus=14, peak_factor=80 / 14, peak_hours_per_day=2))
    assert load.gpus == pytest.approx([8, 80])
    assert load.shares == pytest.approx([22 / 24, 2 / 24])
    assert load.mean_gpus == pytest.approx(14)
    assert load.peak_gpus == pytest.approx(80)


def test_a_peak_of_the_whole_day_is_the_mean() -> None:
    load = load_duration(PeakedLoad(mean_gpus=5, peak_factor=1, peak_hours_per_day=24))
    assert load.gpus.tolist() == [5]


def test_a_constant_load_is_one_level() -> None:
    load = load_duration(ConstantLoad(gpus=3.5))
    assert (load.gpus.tolist(), load.shares.tolist()) == ([3.5], [1.0])
    assert load.exceedance().tolist() == [1.0, 1.0, 1.0, 1.0]


@over(profiles)
def test_the_load_duration_curve_of_a_week_is_exact(profile: tuple[int, ...]) -> None:
    load = load_duration(WeeklyLoad(gpus=profile))
    hours = np.array(profile)
    assert load.mean_gpus == pytest.approx(hours.mean())
    expected = [(hours >= k).mean() for k in range(1, hours.max() + 1)]
    assert load.exceedance() == pytest.approx(np.array(expected))
    assert load.exceedance().sum() == pytest.approx(load.mean_gpus)


@over(profiles, st.integers(0, 50), st.integers(1, 9), st.floats(0.2, 3))
def test_what_is_charged_above_a_cover_is_the_sum_over_hours(
    profile: tuple[int, ...], covered: int, unit: int, growth: float
) -> None:
    load = load_duration(WeeklyLoad(gpus=profile))
    factors = np.array([[0.0, growth]])
    charged = mean_above(load, factors, covered_gpus=covered, unit=unit)
    wanted = mean_above(load, factors, covered_gpus=covered)
    above = np.maximum(np.array(profile) * growth - covered, 0)
    assert wanted[0] == pytest.approx([0, above.mean()])
    by_unit = np.ceil(above / unit - 1e-9) * unit
    assert charged[0] == pytest.approx([0, by_unit.mean()])


def test_draws_that_grow_alike_are_counted_alike() -> None:
    load = load_duration(WeeklyLoad(gpus=tuple(range(168))))
    rates = np.array([[0.0], [0.01], [0.0], [0.02]])
    growth = growth_by_month(rates, 24)
    together = mean_above(load, growth, covered_gpus=30.0, unit=8)
    apart = [mean_above(load, growth[at : at + 1], covered_gpus=30.0, unit=8) for at in range(4)]
    assert together == pytest.approx(np.concatenate(apart))


def test_a_column_of_covers_is_a_row_each() -> None:
    load = load_duration(ConstantLoad(gpus=20))
    covered = np.array([[0.0], [8.0], [24.0]])
    assert mean_above(load, FLAT, covered_gpus=covered, unit=8)[:, 1].tolist() == [24, 16, 0]
    assert peak_above(load, FLAT, covered_gpus=covered)[:, 1].tolist() == [20, 12, 0]


def test_the_first_month_has_not_grown() -> None:
    growth = growth_by_month(np.array([[0.1], [-1.0]]), 3)
    assert growth == pytest.approx(np.array([[0, 1, 1.1, 1.21], [0, 1, 0, 0]]))


@pytest.mark.parametrize(("gpus", "servers"), [(0, 0), (0.1, 1), (8, 1), (8.0000000001, 1), (9, 2)])
def test_servers_are_whole(gpus: float, servers: int) -> None:
    assert whole_units(np.array([gpus]), 8)[0] == servers
