"""The odds of being the cheapest."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.estimate.band import Band
from service.market.odds import odds_of_lowest

BANDS = st.tuples(st.floats(0.3, 1.0), st.floats(0.01, 1e6), st.floats(1.0, 4.0)).map(
    lambda t: Band(p10=t[0] * t[1], p50=t[1], p90=t[2] * t[1])
)


def test_one_gpu_model_is_compared_by_price_alone() -> None:
    wide = Band(p10=50, p50=100, p90=200)
    assert odds_of_lowest([("h100", wide), ("h100", wide.times(1.01))]) == (1.0, 0.0)


def test_two_gpu_models_are_compared_by_price_and_error() -> None:
    """Against the closed form: the quotient of two log-normals is one."""
    one, other = Band(p10=50, p50=100, p90=200), Band(p10=130 / 1.5, p50=130, p90=195)
    spread = math.hypot(math.log(2), math.log(1.5)) / 1.2815515655446004
    expected = 0.5 * (1 + math.erf(math.log(1.3) / spread / math.sqrt(2)))
    found = odds_of_lowest([("h100", one), ("a100", other)])
    assert found[0] == pytest.approx(expected, abs=2e-3)


def test_against_a_simulation_with_a_common_error() -> None:
    costs = [
        ("h100", Band(p10=60, p50=100, p90=180)),
        # Less uncertain, so it is the better one of the two only when all goes badly.
        ("h100", Band(p10=95, p50=105, p90=130)),
        ("a100", Band(p10=70, p50=110, p90=150)),
    ]
    rng = np.random.default_rng(7)
    draws = {model: rng.standard_normal(200_000) / 1.2815515655446004 for model, _ in costs}
    drawn = [
        band.p50
        * np.exp(
            draws[model]
            * np.where(
                draws[model] < 0, math.log(band.p50 / band.p10), math.log(band.p90 / band.p50)
            )
        )
        for model, band in costs
    ]
    shares = np.bincount(np.argmin(drawn, axis=0), minlength=3) / 200_000
    assert odds_of_lowest(costs) == pytest.approx(shares.tolist(), abs=5e-3)


def test_equal_costs_share_evenly() -> None:
    band = Band(p10=70, p50=100, p90=150)
    assert odds_of_lowest([("a", band), ("b", band), ("c", band)]) == pytest.approx(
        [1 / 3] * 3, abs=2e-3
    )
    assert odds_of_lowest([("a", band), ("a", band)]) == (0.5, 0.5)
    nothing = Band.exact(0.0)
    assert odds_of_lowest([("a", nothing), ("b", nothing), ("b", band)]) == (0.5, 0.5, 0.0)
    thirds = odds_of_lowest([("a", nothing), ("b", nothing), ("c", nothing)])
    assert thirds == pytest.approx([1 / 3] * 3)


def test_of_one_or_none() -> None:
    assert odds_of_lowest([("a", Band.exact(3.0))]) == (1.0,)
    assert odds_of_lowest([]) == ()


@given(st.lists(st.tuples(st.sampled_from("abc"), BANDS), min_size=1, max_size=4))
def test_odds_sum_to_one_and_do_not_depend_on_the_order(costs: list[tuple[str, Band]]) -> None:
    found = odds_of_lowest(costs)
    assert sum(found) == pytest.approx(1.0)
    assert all(0 <= share <= 1 for share in found)
    assert odds_of_lowest(costs[::-1]) == pytest.approx(found[::-1], abs=1e-12)
