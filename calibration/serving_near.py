"""What measured rows near by are worth: every row is predicted with the help of the others.

The method is that of `service.estimate.neighbours`; scale and prior are those with the least mean
error of rows left out.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from calibration.serving_rows import Row
from calibration.serving_spread import HELD_SHARE
from service.estimate.neighbours import OTHER_ENGINE, architecture_key, places_of

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
_SCALES = (0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.5, 0.7, 1.0)
# Below 0.001 nothing is gained; it decides alone how far from every row a row still counts.
_PRIORS = (0.001, 0.003, 0.01, 0.02, 0.03, 0.05, 0.1, 0.3)
NEAR_WEIGHT = 0.5
"""Rows on which neighbours together weigh at least this tell how narrow the band may become."""


class Neighbours:
    """The distances between rows of one architecture, GPU and format; others are infinitely far."""

    def __init__(self, rows: Sequence[Row]) -> None:
        places = places_of(
            (row.batch, row.gpus, row.input_tokens, row.output_tokens) for row in rows
        )
        engines = np.array([row.engine.value for row in rows])
        keys = [
            (architecture_key(row.architecture), row.accelerator.gpu_model_id, row.precision)
            for row in rows
        ]
        self._groups: list[tuple[NDArray[np.intp], Floats]] = []
        self._count = len(rows)
        for key in dict.fromkeys(keys):
            here = np.array([index for index, other in enumerate(keys) if other == key])
            gaps = places[here][:, None, :] - places[here][None, :, :]
            distances = np.sqrt(np.sum(gaps**2, axis=2))
            distances += OTHER_ENGINE * (engines[here][:, None] != engines[here][None, :])
            np.fill_diagonal(distances, np.inf)
            self._groups.append((here, distances))

    def helped(self, errors: Floats, *, scale: float, prior: float) -> tuple[Floats, Floats]:
        """Return errors with the help of the other rows, and how much these weigh together."""
        helped, weights = errors.copy(), np.zeros(self._count)
        for here, distances in self._groups:
            nearness = np.exp(-distances / scale)
            together = prior + nearness.sum(axis=1)
            helped[here] -= nearness @ errors[here] / together
            weights[here] = 1 - prior / together
        return helped, weights

    def best(self, errors: Floats) -> tuple[float, float]:
        """Return scale and prior with the least mean error."""
        _, scale, prior = min(
            (float(np.mean(np.abs(self.helped(errors, scale=scale, prior=prior)[0]))), scale, prior)
            for scale in _SCALES
            for prior in _PRIORS
        )
        return scale, prior


def near_half_width(helped: Floats, weights: Floats, far_half_widths: Floats) -> float:
    """Return the half-width beside a neighbour of weight 1, in logarithms.

    With it the blended band holds 80 % of the rows on which neighbours weigh half or more.
    """
    is_near = weights >= NEAR_WEIGHT
    weight = weights[is_near]
    needed = (helped[is_near] ** 2 - (1 - weight) * far_half_widths[is_near] ** 2) / weight
    return math.sqrt(float(np.quantile(needed, HELD_SHARE)))


def blended(far: Floats, near: float, weights: Floats) -> Floats:
    """Return half-widths between the two: squares, as the variance of kriging falls."""
    return np.sqrt((1 - weights) * far**2 + weights * near**2)
