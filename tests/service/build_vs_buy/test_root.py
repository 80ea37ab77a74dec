import math

import pytest
from hypothesis import given as over
from hypothesis import strategies as st

from service.build_vs_buy.root import root


@over(st.floats(-50, 50), st.sampled_from([-1, 1]))
def test_a_root_between_the_ends_is_found(at: float, sign: int) -> None:
    found = root(lambda x: sign * math.expm1(x / 100 - at / 100), -60.0, 70.0)
    assert found == pytest.approx(at, abs=1e-9)


def test_a_root_at_an_end_is_that_end() -> None:
    assert root(lambda x: x - 2, 2.0, 5.0) == 2
    assert root(lambda x: x - 5, 2.0, 5.0) == 5


def test_a_function_of_one_sign_has_none() -> None:
    assert root(lambda x: x**2 + 1, -1.0, 1.0) is None


def test_a_jump_is_found_where_it_is() -> None:
    assert root(lambda x: 1.0 if x > 0.3 else -1.0, 0.0, 1.0) == pytest.approx(0.3)
    assert root(lambda x: x, -1.0, 1.0, tolerance=0.0) == pytest.approx(0, abs=1e-50)
