"""The laws behind what is inferred, against the registry that they were taken from."""

import numpy as np
import pytest

from service.domain.architecture import ModelKind
from service.estimate import scaling
from service.estimate.parameters import count_parameters
from service.facts.models import load_models

DENSE = [
    model.architecture
    for model in load_models().models
    if model.architecture.kind is not ModelKind.DIFFUSION and model.architecture.experts is None
]


def weights_of_layers() -> np.ndarray:
    counted = [count_parameters(sizes) for sizes in DENSE]
    return np.array([float(c.total - c.embedding - c.head) for c in counted])


def test_the_law_of_the_width_is_that_of_the_registry() -> None:
    logs = np.log(weights_of_layers() / 7e9)
    widths = np.log([float(sizes.hidden_size) for sizes in DENSE])
    exponent, offset = np.polyfit(logs, widths, deg=1)
    assert exponent == pytest.approx(0.378, abs=0.01)
    assert np.exp(offset) == pytest.approx(3738, rel=0.02)
    assert np.std(widths - offset - exponent * logs) < 0.15


def test_a_layer_has_its_usual_squares_of_the_width() -> None:
    squares = weights_of_layers() / [sizes.layers * sizes.hidden_size**2 for sizes in DENSE]
    assert np.exp(np.mean(np.log(squares))) == pytest.approx(13.3, rel=0.02)
    assert np.percentile(squares, [25, 75]) == pytest.approx([12.0, 14.3], rel=0.02)


@pytest.mark.parametrize("params", [10**power for power in range(16)])
def test_a_width_is_whole_heads_wide(params: int) -> None:
    width = scaling.hidden_size(params, multiple_of=1)
    assert width % scaling.head_dim(width) == 0
    assert scaling.hidden_size(params, multiple_of=7) % 7 == 0


def test_heads_divide_a_width_where_they_can() -> None:
    assert [scaling.head_dim(width) for width in (4096, 1024, 5120, 2880)] == [128, 64, 128, 120]
    assert scaling.head_dim(12_289) == 12_289  # a prime


def test_shared_keys_divide_the_heads() -> None:
    assert [scaling.kv_heads(heads) for heads in (64, 40, 28, 13, 1)] == [8, 8, 7, 1, 1]


@pytest.mark.parametrize(
    ("params", "active", "pool"),
    [(671e9, 37e9, (256, 8)), (30.5e9, 3.3e9, (128, 8)), (46.7e9, 12.9e9, (8, 2))],
)
def test_experts_are_about_as_many_as_known_mixtures_have(
    params: float, active: float, pool: tuple[int, int]
) -> None:
    count, per_token = scaling.pool(int(params), int(active))
    assert per_token == pool[1]
    assert count / pool[0] == pytest.approx(1, abs=0.5)


def test_a_very_sparse_mixture_has_fewer_at_work_and_not_ever_more_experts() -> None:
    assert scaling.pool(10**12, 10**10)[1] < 8
    assert scaling.pool(10**12, 10**7)[1] == 1
    assert scaling.pool(10**9, 10**9 - 1) == (3, 2)
