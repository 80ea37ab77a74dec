"""How likely each of a few uncertain costs is the lowest.

Costs are log-normal on each side of their middle. The error of the physics is common to all plans
on one GPU model: these move together, so among them the price decides; different GPU models are
independent of each other. The integral is taken over equally likely quantiles, so equal costs give
equal odds and the same costs the same odds.
"""

from collections.abc import Hashable, Mapping, Sequence
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from service.estimate.band import Band

_STEPS = 1_000
_NORMAL = NormalDist()
_Z90 = _NORMAL.inv_cdf(0.9)
_Z = np.array([_NORMAL.inv_cdf((step + 0.5) / _STEPS) for step in range(_STEPS)])


def odds_of_lowest(costs: Sequence[tuple[Hashable, Band]]) -> tuple[float, ...]:
    """Return the probability of each cost to be the lowest; they sum to 1.

    A cost comes with the GPU model whose error it has. Costs that are equal share evenly.
    """
    if not costs:
        return ()
    curves = np.array([_curve(band) for _, band in costs])
    groups: Mapping[Hashable, list[int]] = _grouped([group for group, _ in costs])
    lows = np.array([curves[members].min(axis=0) for members in groups.values()])
    above = _shares_above(lows)
    found = np.zeros(len(costs))
    for at, members in enumerate(groups.values()):
        beats_others = np.delete(above[:, at], at, axis=0).prod(axis=0)
        is_low = curves[members] == lows[at]
        found[members] = (is_low / is_low.sum(axis=0) * beats_others).mean(axis=1)
    return tuple((found / found.sum()).tolist())


def _curve(band: Band) -> NDArray[np.float64]:
    """Return a cost at each of the equally likely quantiles."""
    if not band.p10:
        return np.full(_STEPS, band.p50)
    side = np.where(_Z < 0, np.log(band.p50 / band.p10), np.log(band.p90 / band.p50))
    return np.asarray(band.p50 * np.exp(_Z / _Z90 * side))


def _grouped(groups: Sequence[Hashable]) -> dict[Hashable, list[int]]:
    found: dict[Hashable, list[int]] = {}
    for number, group in enumerate(groups):
        found.setdefault(group, []).append(number)
    return found


def _shares_above(lows: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the share of each row of values that is above each value of each row.

    By row that is asked, row of the bound, and bound; equal values count half.
    """
    count, steps = lows.shape
    words, codes = np.unique(lows, return_inverse=True)
    codes = codes.reshape(count, steps)
    found = np.empty((count, count, steps))
    for at, own in enumerate(codes):
        each = np.bincount(own, minlength=words.size)
        below_or_half = np.cumsum(each) - each / 2
        found[at] = 1 - below_or_half[codes] / steps
    return found
