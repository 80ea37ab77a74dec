"""Fits the constants of a serving step: a robust maximum a posteriori estimate.

Every constant is above zero and is fitted as a logarithm around a prior that was known before the
tables were read. Rows of one model are not independent, so a model with n rows counts as the root
of n, and all rows together as `_EFFECTIVE_ROWS`: without that the priors would drown in thousands
of rows of nine models. The loss is Huber's. The method is Levenberg and Marquardt's with numeric
derivatives; it has no randomness.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from calibration.serving_rows import Row
from service.estimate.neighbours import architecture_key
from service.estimate.serving_calibration import TUNED_OFFLINE, TUNED_SERVER, StepConstants
from service.estimate.serving_step import Step, selected, stacked, step_seconds

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

# Prior medians and standard deviations of their logarithms. The centres are of a fit on a larger
# table of the same kind (2026), of vendors' data sheets, or 1 where nothing speaks for a factor.
PRIORS: Mapping[str, tuple[float, float]] = {
    "bandwidth_share": (0.80, 0.08),
    "blackwell_bandwidth_factor": (1.0, 0.15),
    "compute_share": (0.45, 0.25),
    "blackwell_compute_factor": (0.74, 0.20),
    "fp4_compute_factor": (0.75, 0.20),
    "weight_only_compute_factor": (0.80, 0.30),
    "attention_share": (0.40, 0.40),
    "all_reduce_seconds": (10e-6, 0.50),
    "pcie_all_reduce_factor": (2.5, 0.40),
    "link_share": (0.70, 0.40),
    "layer_seconds": (6.7e-6, 0.50),
    "mixture_layer_factor": (1.0, 0.50),
    "step_seconds": (3.4e-3, 0.70),
    "expert_imbalance": (1.2, 0.15),
    "mixture_factor": (1.1, 0.30),
    "latent_attention_factor": (1.0, 0.15),
    "prefill_factor": (0.86, 0.15),
    "vllm_factor": (1.17, 0.15),
    "vllm_step_factor": (1.0, 0.40),
    "sglang_factor": (0.89, 0.15),
    "sglang_step_factor": (1.0, 0.40),
    "llama_cpp_factor": (1.14, 0.15),
    "llama_cpp_step_factor": (0.50, 0.50),
    "tuned_speed_factor": (1.0, 0.15),
}
_NAMES = tuple(PRIORS)
_MEDIANS = np.array([PRIORS[name][0] for name in _NAMES])
_DEVIATIONS = np.array([PRIORS[name][1] for name in _NAMES])
_EFFECTIVE_ROWS = 840.0
_ROW_DEVIATION = 0.35
_HUBER = 0.25
_ITERATIONS = 25
_DERIVATIVE_STEP = 1e-4
_MOST_DAMPING = 1e6
_DIGITS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The rows as arrays of one element a row. `group` tells which rows stay together."""

    step: Step
    batch: Floats
    prompt_ratio: Floats
    is_tuned: Floats
    log_rate: Floats
    model: NDArray[np.str_]
    group: NDArray[np.str_]
    regime: NDArray[np.str_]
    generation: NDArray[np.str_]
    family: NDArray[np.str_]
    engine: NDArray[np.str_]

    def rows(self, mask: Mask) -> "Table":
        """Return some of the rows."""
        return Table(
            step=selected(self.step, mask),
            batch=self.batch[mask],
            prompt_ratio=self.prompt_ratio[mask],
            is_tuned=self.is_tuned[mask],
            log_rate=self.log_rate[mask],
            model=self.model[mask],
            group=self.group[mask],
            regime=self.regime[mask],
            generation=self.generation[mask],
            family=self.family[mask],
            engine=self.engine[mask],
        )


def table_of(rows: Sequence[Row]) -> Table:
    """Arrange rows for the fit. A group is an architecture: siblings are left out together."""
    return Table(
        step=stacked([row.step for row in rows]),
        batch=np.array([row.batch for row in rows]),
        prompt_ratio=np.array([row.input_tokens / row.output_tokens for row in rows]),
        is_tuned=np.array([float(row.regime in {TUNED_OFFLINE, TUNED_SERVER}) for row in rows]),
        log_rate=np.log(np.array([row.rate for row in rows])),
        model=np.array([row.model_id for row in rows]),
        group=np.array([architecture_key(row.architecture) for row in rows]),
        regime=np.array([row.regime for row in rows]),
        generation=np.array([row.accelerator.generation for row in rows]),
        family=np.array([row.accelerator.family for row in rows]),
        engine=np.array([row.engine.value for row in rows]),
    )


def log_rates(table: Table, constants: StepConstants) -> Floats:
    """Return the logarithms of predicted output tokens a second, one a row."""
    stage = np.maximum(1.0, table.batch / table.step.pipeline)
    seconds = step_seconds(
        table.step,
        constants,
        sequences=stage,
        prompt_tokens=stage * table.prompt_ratio * constants.prefill_factor,
    )
    tuned = 1 + table.is_tuned * (constants.tuned_speed_factor - 1)
    return np.log(table.batch / seconds * tuned)


def fit(table: Table) -> StepConstants:
    """Return the constants that fit best, rounded as they are written."""
    counts = Counter(table.model.tolist())
    weights = np.array([1 / math.sqrt(counts[model]) for model in table.model.tolist()])
    weights *= min(_EFFECTIVE_ROWS, len(weights)) / weights.sum() / _ROW_DEVIATION**2
    point = np.zeros(len(_NAMES))
    damping, loss = 1e-2, _loss(table, weights, point)
    for _ in range(_ITERATIONS):
        errors = _errors(table, point)
        slopes = np.stack(
            [
                (_errors(table, point + shift) - errors) / _DERIVATIVE_STEP
                for shift in np.eye(len(_NAMES)) * _DERIVATIVE_STEP
            ],
            axis=1,
        )
        pull = weights * np.minimum(1, _HUBER / np.maximum(np.abs(errors), 1e-12))
        gradient = slopes.T @ (pull * errors) + point / _DEVIATIONS**2
        curvature = (slopes * pull[:, None]).T @ slopes + np.diag(1 / _DEVIATIONS**2)
        before = loss
        while damping < _MOST_DAMPING:
            damped = curvature + damping * np.diag(np.diag(curvature))
            move = np.linalg.solve(damped, -gradient)
            tried = _loss(table, weights, point + move)
            if tried < loss:
                point, loss, damping = point + move, tried, max(damping / 5, 1e-6)
                break
            damping *= 5
        if before - loss < 1e-7 * before:
            break
    return _constants(point)


def fits_without(table: Table, groups: NDArray[np.str_]) -> dict[str, StepConstants]:
    """Fit once without each group of rows."""
    return {group: fit(table.rows(groups != group)) for group in sorted(set(groups.tolist()))}


def fits_without_pairs(table: Table) -> dict[tuple[str, str], StepConstants]:
    """Fit once without each two architectures; the key has them in both orders."""
    groups = sorted(set(table.group.tolist()))
    found: dict[tuple[str, str], StepConstants] = {}
    for one, other in combinations(groups, 2):
        constants = fit(table.rows((table.group != one) & (table.group != other)))
        found[one, other] = found[other, one] = constants
    return found


def errors_without_both(table: Table, kinds: NDArray[np.str_]) -> Floats:
    """Return errors by fits that saw neither the row's architecture nor its kind of GPU."""
    errors = np.empty(len(table.log_rate))
    pairs = sorted(set(zip(table.group.tolist(), kinds.tolist(), strict=True)))
    for group, kind in pairs:
        constants = fit(table.rows((table.group != group) & (kinds != kind)))
        mask = (table.group == group) & (kinds == kind)
        errors[mask] = errors_of(table.rows(mask), constants)
    return errors


def left_out_errors(
    table: Table, groups: NDArray[np.str_], fits: Mapping[str, StepConstants]
) -> Floats:
    """Return ln(predicted / measured) of every row by the fit without the rows of its group."""
    errors = np.empty(len(table.log_rate))
    for group, constants in fits.items():
        mask = groups == group
        errors[mask] = errors_of(table.rows(mask), constants)
    return errors


def half_to_half_errors(table: Table, splits: int = 6) -> tuple[Floats, NDArray[np.str_]]:
    """Fit on one half of the architectures and predict the other, both ways, `splits` times.

    Returns the errors and the regimes of their rows. The splits follow from a fixed seed.
    """
    groups = np.array(sorted(set(table.group.tolist())))
    random = np.random.default_rng(20_260_101)
    errors: list[Floats] = []
    regimes: list[NDArray[np.str_]] = []
    for _ in range(splits):
        chosen = random.permutation(groups)[: len(groups) // 2]
        mask = np.isin(table.group, chosen)
        for seen in (mask, ~mask):
            errors.append(errors_of(table.rows(~seen), fit(table.rows(seen))))
            regimes.append(table.regime[~seen])
    return np.concatenate(errors), np.concatenate(regimes)


def errors_of(table: Table, constants: StepConstants) -> Floats:
    """Return ln(predicted / measured) of the output rate, one a row."""
    return log_rates(table, constants) - table.log_rate


def _errors(table: Table, point: Floats) -> Floats:
    values = _MEDIANS * np.exp(point)
    constants = StepConstants(**dict(zip(_NAMES, map(float, values), strict=True)))
    return errors_of(table, constants)


def _loss(table: Table, weights: Floats, point: Floats) -> float:
    errors = np.abs(_errors(table, point))
    huber = np.where(errors < _HUBER, errors**2 / 2, _HUBER * (errors - _HUBER / 2))
    return float(weights @ huber + np.sum((point / _DEVIATIONS) ** 2) / 2)


def _constants(point: Floats) -> StepConstants:
    values = _MEDIANS * np.exp(point)
    rounded = (float(f"{value:.{_DIGITS}g}") for value in values)
    return StepConstants(**dict(zip(_NAMES, rounded, strict=True)))
