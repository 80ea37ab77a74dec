"""How well predictions hold: errors, quantiles, coverage of bands."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float64]
_Z95 = 1.959963984540054
_NEAR = 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """Relative errors of one method on some rows; `bias` is the median of predicted over actual."""

    count: int
    median: float
    p90: float
    within_25: float
    bias: float

    @classmethod
    def of(cls, predicted: Vector, actual: Vector) -> "Score":
        """Score predictions against what was measured."""
        ratio = predicted / actual
        error = np.abs(ratio - 1.0)
        return cls(
            count=len(ratio),
            median=float(np.median(error)),
            p90=float(np.quantile(error, 0.9)),
            within_25=float(np.mean(error <= _NEAR)),
            bias=float(np.median(ratio)),
        )


def weighted_quantile(values: Vector, weights: Vector, level: float) -> float:
    """Return a quantile in which each value counts by its weight; linear between values."""
    order = np.argsort(values, kind="stable")
    middle = np.cumsum(weights[order]) - weights[order] / 2.0
    return float(np.interp(level, middle / weights.sum(), values[order]))


def wilson_interval(hits: int, count: int) -> tuple[float, float]:
    """Return the 95 % interval of a share (Wilson, 1927)."""
    share, square = hits / count, _Z95**2
    middle = (share + square / (2 * count)) / (1 + square / count)
    half = (
        _Z95
        * math.sqrt(share * (1 - share) / count + square / (4 * count**2))
        / (1 + square / count)
    )
    return middle - half, middle + half
