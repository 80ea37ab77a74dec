import numpy as np
import pytest

from calibration.scores import Score, weighted_quantile, wilson_interval


def test_errors_are_shares_of_what_was_measured() -> None:
    score = Score.of(np.array([50.0, 100.0, 120.0, 300.0]), np.full(4, 100.0))
    assert score.count == 4
    assert score.median == pytest.approx(0.35)
    assert score.within_25 == 0.5
    assert score.bias == pytest.approx(1.1)


def test_a_quantile_counts_weights() -> None:
    values, even = np.array([1.0, 2.0, 3.0]), np.ones(3)
    assert weighted_quantile(values, even, 0.5) == 2.0
    assert weighted_quantile(values, np.array([1.0, 1.0, 8.0]), 0.5) > 2.5


def test_wilsons_interval_is_that_of_the_textbook() -> None:
    low, high = wilson_interval(8, 10)
    assert (low, high) == pytest.approx((0.490, 0.943), abs=0.001)
    assert wilson_interval(0, 10)[0] == pytest.approx(0.0, abs=1e-12)
