import math

import numpy as np
import pytest

from calibration.serving_near import blended, near_half_width
from calibration.serving_spread import (
    Unseen,
    further_deviation,
    is_held,
    spreads_of,
    symmetric_band,
)
from service.estimate.serving_calibration import CONCURRENCY

# Thousands of cases: tracing them would double their time.
pytestmark = pytest.mark.no_cover

GROUPS, ROWS = 12, 60


def drawn(seed: int, *, between: float, within: float) -> Unseen:
    """Return errors of architectures that each have a part of their own."""
    random = np.random.default_rng(seed)
    parts = np.repeat(random.normal(0, between, GROUPS), ROWS)
    errors = parts + random.normal(0, within, GROUPS * ROWS)
    group = np.repeat([f"a{index:02}" for index in range(GROUPS)], ROWS)
    return Unseen(
        errors=errors,
        errors_without=dict.fromkeys(sorted(set(group.tolist())), errors),
        group=group,
        regime=np.full(len(errors), CONCURRENCY),
        is_mixture=np.repeat(np.arange(GROUPS) % 2 == 1, ROWS),
    )


def test_the_spread_is_that_between_architectures_and_within_them() -> None:
    found = spreads_of(drawn(1, between=0.3, within=0.4))
    for spread in (found.dense[CONCURRENCY], found.mixture[CONCURRENCY]):
        assert spread == pytest.approx(0.5, rel=0.35)


@pytest.mark.parametrize(("between", "within"), [(0.05, 0.3), (0.3, 0.3), (0.4, 0.1)])
def test_the_band_holds_four_of_five_rows_of_architectures_that_it_has_not_seen(
    between: float, within: float
) -> None:
    shares = [
        float(np.mean(is_held(drawn(seed, between=between, within=within)))) for seed in range(4)
    ]
    assert np.mean(shares) == pytest.approx(0.8, abs=0.06)


def test_a_regime_of_one_architecture_has_no_verdict() -> None:
    errors = drawn(2, between=0.1, within=0.2)
    alone = np.where(errors.group == "a00", "alone", errors.regime)
    held = is_held(
        Unseen(
            errors=errors.errors,
            errors_without=errors.errors_without,
            group=errors.group,
            regime=alone,
            is_mixture=errors.is_mixture,
        )
    )
    assert np.isnan(held[errors.group == "a00"]).all()
    assert np.isfinite(held[errors.group != "a00"]).all()


def test_what_a_kind_adds_is_how_far_whole_kinds_are_off() -> None:
    kinds = np.repeat(["one", "other"], 100)
    errors = np.where(kinds == "one", 0.3, -0.1)
    regime = np.full(200, CONCURRENCY)
    assert further_deviation(errors, kinds, regime) == pytest.approx(math.sqrt(0.05))


def test_a_symmetric_band_is_the_quantile_of_the_normal_distribution() -> None:
    band = symmetric_band(0.2)
    assert band == {"p10": 0.7739, "p50": 1.0, "p90": 1.292}


def test_the_narrowed_band_holds_four_of_five_of_the_rows_it_is_made_for() -> None:
    random = np.random.default_rng(3)
    weights = random.uniform(0, 1, 4000)
    far = np.full(4000, 0.5)
    errors = random.normal(0, 1, 4000) * np.sqrt((1 - weights) * 0.39**2 + weights * 0.1**2)
    near = near_half_width(errors, weights, far)
    assert near == pytest.approx(1.2816 * 0.1, rel=0.3)
    is_inside = np.abs(errors) <= blended(far, near, weights)
    assert np.mean(is_inside[weights >= 0.5]) == pytest.approx(0.8, abs=0.001)
