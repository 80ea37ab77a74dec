"""The time to the first token: fitted on loaded rows, as a lone prefill and a queue before it."""

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration import serving_fit
from calibration.serving_fit import Table
from calibration.serving_rows import Row
from calibration.serving_spread import rounded
from service.estimate.serving_calibration import CONCURRENCY, SINGLE, StepConstants
from service.estimate.serving_step import step_seconds

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class FirstToken:
    """TTFT = step + factor x lone prefill x batch^exponent: prompts wait for other prompts."""

    factor: float
    exponent: float


class FirstTokens:
    """The rows whose time to the first token was measured.

    `loaded` are those at a concurrency that the memory holds, to which the queue is fitted; where
    it does not, requests wait for others to end. `timed` are these and those of a lone user.
    """

    def __init__(self, rows: Sequence[Row], table: Table) -> None:
        self._table = table
        self._prompts = np.array([float(row.input_tokens) for row in rows])
        self._measured = np.array([row.first_token_seconds for row in rows])
        has_time = self._measured > 0
        is_held = ~np.array([row.is_limited_by_memory for row in rows])
        self.loaded: Mask = has_time & (table.regime == CONCURRENCY) & is_held
        self.timed: Mask = self.loaded | (has_time & (table.regime == SINGLE))
        self._fits: dict[frozenset[str], FirstToken] = {}

    def fit(self, constants: StepConstants, left_out: frozenset[str] = frozenset()) -> FirstToken:
        """Fit factor and exponent without some architectures.

        Least absolute logarithms, a model with n rows counting as the root of n, over a grid that
        is narrowed twice.
        """
        if left_out not in self._fits:
            mask = self.loaded & ~np.isin(self._table.group, sorted(left_out))
            self._fits[left_out] = self._fitted(constants, mask)
        return self._fits[left_out]

    def errors(self, constants: StepConstants, first: FirstToken, mask: Mask) -> Floats:
        """Return ln(predicted / measured) of rows."""
        part = self._table.rows(mask)
        alone, step = self._alone(constants, mask), step_of_rows(part, constants)
        expected = step + first.factor * alone * part.batch**first.exponent
        return np.asarray(np.log(expected / self._measured[mask]), dtype=np.float64)

    def _alone(self, constants: StepConstants, mask: Mask) -> Floats:
        prompts = self._prompts[mask]
        return step_seconds(
            self._table.rows(mask).step,
            constants,
            sequences=np.zeros_like(prompts),
            prompt_tokens=prompts,
        )

    def _fitted(self, constants: StepConstants, mask: Mask) -> FirstToken:
        part = self._table.rows(mask)
        alone, step = self._alone(constants, mask), step_of_rows(part, constants)
        measured = self._measured[mask]
        counts = Counter(part.model.tolist())
        weights = np.array([1 / math.sqrt(counts[model]) for model in part.model.tolist()])
        centre, width = np.array([0.0, 0.5]), np.array([1.5, 0.5])
        for _ in range(3):
            grid = [
                (centre[0] + width[0] * i / 10, centre[1] + width[1] * j / 10)
                for i in range(-10, 11)
                for j in range(-10, 11)
            ]
            losses = [
                float(
                    weights
                    @ np.abs(
                        np.log((step + math.exp(log_factor) * alone * part.batch**power) / measured)
                    )
                )
                for log_factor, power in grid
            ]
            centre, width = np.array(grid[int(np.argmin(losses))]), width / 5
        return FirstToken(factor=rounded(math.exp(centre[0])), exponent=rounded(float(centre[1])))


def step_of_rows(table: Table, constants: StepConstants) -> Floats:
    """Return seconds of a step, which is the time between two tokens of one sequence."""
    return np.asarray(table.batch / np.exp(serving_fit.log_rates(table, constants)))
