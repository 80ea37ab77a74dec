import numpy as np
import pytest

from calibration.regression import Prior, fit_robust, shared_weights

SLOPE = np.linspace(-1.0, 1.0, 41)
COLUMNS = {"base": np.ones(41), "slope": SLOPE}
VAGUE = Prior(mean=0.0, sd=100.0)


def fitted(observed: np.ndarray, **priors: Prior) -> dict[str, float]:
    return fit_robust(
        COLUMNS,
        observed,
        np.ones(41),
        priors={"base": VAGUE, "slope": VAGUE} | priors,
        noise_sd=0.1,
    )


def test_a_line_is_found() -> None:
    assert fitted(2.0 + 3.0 * SLOPE) == pytest.approx({"base": 2.0, "slope": 3.0}, rel=1e-4)


def test_outliers_hardly_move_the_line() -> None:
    observed = 2.0 + 3.0 * SLOPE
    observed[::10] += 50.0
    assert fitted(observed)["base"] == pytest.approx(2.0, abs=0.05)


def test_a_sure_prior_holds_against_the_rows_and_a_fixed_one_is_not_fitted() -> None:
    sure = fitted(2.0 + 3.0 * SLOPE, slope=Prior(mean=1.0, sd=1e-3))
    assert sure["slope"] == pytest.approx(1.0, abs=0.05)
    fixed = fitted(2.0 + 3.0 * SLOPE, slope=Prior(mean=1.0, sd=0.0))
    assert fixed["slope"] == 1.0


def test_all_rows_of_a_key_count_as_one() -> None:
    assert shared_weights(["a", "b", "a", "a"]).tolist() == pytest.approx([1 / 3, 1, 1 / 3, 1 / 3])
