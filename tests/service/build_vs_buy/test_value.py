import numpy as np
import pytest
from hypothesis import given as over
from hypothesis import strategies as st

from service.build_vs_buy.value import (
    cash_peak,
    discount_factors,
    levelized_cost,
    present_value,
)
from tests.service.build_vs_buy.questions import npv

flows = st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=120)


@over(st.floats(0, 0.99), flows)
def test_the_present_value_is_that_of_numpy_financial(rate: float, flow: list[float]) -> None:
    financial = pytest.importorskip("numpy_financial")
    monthly = (1 + rate) ** (1 / 12) - 1
    assert npv(rate, np.array(flow)) == pytest.approx(financial.npv(monthly, flow), abs=1e-3)


def test_a_year_is_twelve_months_of_discount() -> None:
    assert npv(0.10, np.array([0.0] * 12 + [110.0])) == pytest.approx(100)
    assert npv(0.0, np.array([1.0, 2.0, 3.0])) == 6
    assert npv(0.21, np.array([0.0] * 6 + [110.0])) == pytest.approx(100)


def test_each_draw_is_discounted_at_its_own_rate() -> None:
    factors = discount_factors(np.array([[0.0], [0.10]]), 12)
    values = present_value(np.array([[0.0] * 12 + [110.0]]), factors)
    assert values == pytest.approx([110, 100])


def test_the_levelised_cost_discounts_hours_as_it_does_costs() -> None:
    assert levelized_cost(np.array([-300.0]), np.array([100.0])) == pytest.approx(3.0)
    # A draw without work has none; hours that are alike in all draws are given once.
    assert levelized_cost(np.array([-8.0, -9.0]), np.array([0.0, 3.0])).tolist() == [3.0]
    assert levelized_cost(np.array([-8.0, -9.0]), np.array([2.0])).tolist() == [4.0, 4.5]


def test_the_cash_peak_is_the_deepest_point() -> None:
    assert cash_peak(np.array([-100.0, 30.0, -50.0, 200.0])) == 120
    assert cash_peak(np.array([5.0, -1.0])) == 0
