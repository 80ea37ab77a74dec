"""The fit of training's MFU, and what it gives for models and GPUs that it did not see.

Each model weighs one in each regime, however many rows it has: one model has 36 of them. Priors are
the coefficients of an earlier fit on a larger table that has these rows in it. They make the fit
better and its errors on left-out models a little too good: the report has the errors without them
beside.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from calibration.regression import Prior, fit_robust, shared_weights
from calibration.scores import weighted_quantile
from calibration.training_rows import TrainingRow, without_generation
from service.estimate.calibration import LogBand
from service.estimate.mfu import features, mfu
from service.facts.accelerators import load_accelerators

Vector = NDArray[np.float64]

PRIORS = {
    # The earlier fit has -0.718 with the mean of its attention and recomputation inside; both are
    # terms of their own here and take 4 % at 2,048 tokens.
    "base": Prior(mean=-0.68, sd=0.05),
    "volta": Prior(mean=-1.0, sd=0.2),
    "hopper": Prior(mean=-0.159, sd=0.06),
    "blackwell": Prior(mean=-0.138, sd=0.08),
    "tpu": Prior(mean=-0.193, sd=0.1),
    # The share of the peak that matrix products reach is the share that training loses too.
    "matmul_share": Prior(mean=1.0, sd=0.0),
    "small_ampere": Prior(mean=-0.08, sd=0.05),
    "fp8": Prior(mean=-0.164, sd=0.07),
    "fp4": Prior(mean=-0.487, sd=0.12),
    "full_run": Prior(mean=-0.206, sd=0.05),
    # A third of the hardware's work is done twice: -ln(4/3), less what runs better meanwhile.
    "recompute": Prior(mean=-0.25, sd=0.08),
    "log10_gpus": Prior(mean=-0.051, sd=0.02),
    "log10_params_below_10b": Prior(mean=0.12, sd=0.04),
    # Not in the earlier fit. Models below a billion leave matrix units idle.
    "log10_params_below_1b": Prior(mean=0.2, sd=0.15),
    "log10_params_above_10b": Prior(mean=0.039, sd=0.03),
    # Takes the place of the earlier fit's term for sequences. Attention at half the speed of matrix
    # products, as kernels that do not use causality have it, is -1; kernels of today are better.
    "attention": Prior(mean=-0.7, sd=0.15),
    "mixture": Prior(mean=-0.442, sd=0.1),
}
# Of both regimes together, on models that the earlier fit had not seen: hours x 0.71 and x 1.49.
_PRIOR_BAND = LogBand(p10=math.log(0.71), p90=math.log(1.49))
_BAND_SAY = (0.75, 0.25)
MFU_CAP = 0.68
_REFERENCE_GPU = "a100-sxm-80gb"
_NOISE_SD = 0.28
_LOW, _HIGH = 0.1, 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """The rows as columns. `log_mfu` is what was measured."""

    rows: Sequence[TrainingRow]
    columns: dict[str, Vector]
    log_mfu: Vector
    weights: Vector
    is_full_run: NDArray[np.bool_]

    @classmethod
    def of(cls, rows: Sequence[TrainingRow]) -> "Table":
        """Turn rows into columns."""
        share = reference_matmul_share()
        found = [features(row.case, reference_matmul_share=share) for row in rows]
        return cls(
            rows=rows,
            columns={name: np.array([one[name] for one in found]) for name in PRIORS},
            log_mfu=np.array([row.log_mfu for row in rows]),
            weights=shared_weights([(row.shape, row.regime) for row in rows]),
            is_full_run=np.array([row.case.is_full_run for row in rows]),
        )

    def coefficients(self, priors: dict[str, Prior]) -> dict[str, float]:
        """Fit all rows."""
        return fit_robust(
            self.columns, self.log_mfu, self.weights, priors=priors, noise_sd=_NOISE_SD
        )

    def log_ratios(self, coefficients: dict[str, float]) -> Vector:
        """Return the logarithms of actual over predicted hours."""
        return np.log(mfu(self.columns, coefficients, cap=MFU_CAP)) - self.log_mfu


def reference_matmul_share() -> float:
    """Return the share of the A100's peak that large matrix products reach."""
    share = load_accelerators()[_REFERENCE_GPU].matmul_share
    if share is None:
        raise LookupError(f"{_REFERENCE_GPU} has no measured matrix products")
    return share


def leave_one_shape_out(rows: Sequence[TrainingRow], priors: dict[str, Prior]) -> Vector:
    """Return ln(actual / predicted hours) of each row by a fit that saw no model of its shape."""
    found = np.zeros(len(rows))
    for shape in {row.shape for row in rows}:
        inside = np.array([row.shape == shape for row in rows])
        found[inside] = _predicted_apart(rows, inside, priors)
    return found


def _predicted_apart(
    rows: Sequence[TrainingRow], held: NDArray[np.bool_], priors: dict[str, Prior]
) -> Vector:
    train = Table.of([row for row, is_held in zip(rows, held, strict=True) if not is_held])
    test = Table.of([row for row, is_held in zip(rows, held, strict=True) if is_held])
    return test.log_ratios(train.coefficients(priors))


@dataclass(frozen=True, slots=True, kw_only=True)
class Nested:
    """Whether a row was inside a band to which neither its model nor its errors had gone."""

    is_full_run: bool
    is_held: bool


def nested_coverage(rows: Sequence[TrainingRow]) -> list[Nested]:
    """Leave out one shape at a time, from the fit and from the residuals that the band is of."""
    found: list[Nested] = []
    for shape in sorted({row.shape for row in rows}):
        train = [row for row in rows if row.shape != shape]
        test = Table.of([row for row in rows if row.shape == shape])
        table = Table.of(train)
        inner = leave_one_shape_out(train, PRIORS)
        ratios = test.log_ratios(table.coefficients(PRIORS))
        bands = {kind: band_of(table, inner, is_full_run=kind) for kind in (True, False)}
        for is_full_run, ratio in zip(test.is_full_run.tolist(), ratios.tolist(), strict=True):
            band = bands[is_full_run]
            found.append(Nested(is_full_run=is_full_run, is_held=band.p10 <= ratio <= band.p90))
    return found


def band_of(table: Table, unseen: Vector, *, is_full_run: bool) -> LogBand:
    """Return the 80 % band of residuals on shapes not seen.

    Rows and shapes have equal say: by rows alone the model that has a third of the benchmarks would
    decide, by shapes alone its rows would fall out of the band too often. A tenth of the shapes is
    a handful, so the quantiles go a quarter of the way to those of the earlier fit, which had more.
    """
    inside = table.is_full_run == is_full_run
    values, by_shape = unseen[inside], table.weights[inside]
    weights = by_shape / by_shape.sum() + 1.0 / len(values)
    found = [weighted_quantile(values, weights, level) for level in (_LOW, _HIGH)]
    return LogBand(
        p10=np.average([found[0], _PRIOR_BAND.p10], weights=_BAND_SAY).item(),
        p90=np.average([found[1], _PRIOR_BAND.p90], weights=_BAND_SAY).item(),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Rows that a fit did not see, and ln(actual / predicted hours) of each."""

    table: Table
    log_ratios: Vector

    @property
    def mean_shift(self) -> float:
        """The mean, in which each model weighs one."""
        return float(np.average(self.log_ratios, weights=self.table.weights))

    def held(self, bands: Mapping[str, LogBand], extra: LogBand) -> int:
        """Count rows inside the band of their regime, made wider by `extra`."""
        low, high = (
            np.where(
                self.table.is_full_run,
                math.hypot(getattr(bands["full_run"], side), getattr(extra, side)),
                math.hypot(getattr(bands["benchmark"], side), getattr(extra, side)),
            )
            for side in ("p10", "p90")
        )
        return int(np.sum((self.log_ratios >= -low) & (self.log_ratios <= high)))


def left_out_families(rows: Sequence[TrainingRow]) -> dict[str, LeftOut]:
    """Leave out each family of a generation that has several."""
    found: dict[str, LeftOut] = {}
    for generation in sorted({row.gpu.generation for row in rows}):
        families = {row.gpu.family for row in rows if row.gpu.generation == generation}
        if len(families) > 1:
            for family in sorted(families):
                held = [row for row in rows if row.gpu.family == family]
                found[family] = _left_out(
                    [row for row in rows if row.gpu.family != family], Table.of(held)
                )
    return found


def left_out_generations(rows: Sequence[TrainingRow]) -> dict[str, LeftOut]:
    """Leave out each generation, as if nobody had placed it."""
    found: dict[str, LeftOut] = {}
    for generation in sorted({row.gpu.generation for row in rows} - {"Ampere"}):
        held = [
            replace(row, case=without_generation(row.case))
            for row in rows
            if row.gpu.generation == generation
        ]
        found[generation] = _left_out(
            [row for row in rows if row.gpu.generation != generation], Table.of(held)
        )
    return found


def generation_spread(left_out: Mapping[str, LeftOut]) -> float:
    """Return the spread between generations, of ln hours around where they were placed.

    Volta has no rows that count. Its prior, from two that are derived, stands for a generation
    whose software never got good: without it the spread would be that of good ones alone.
    """
    shifts = [one.mean_shift for one in left_out.values()]
    return root_mean_square([*shifts, -PRIORS["volta"].mean])


def _left_out(train: Sequence[TrainingRow], test: Table) -> LeftOut:
    ratios = test.log_ratios(Table.of(train).coefficients(PRIORS))
    return LeftOut(table=test, log_ratios=ratios)


def root_mean_square(values: Iterable[float]) -> float:
    """Return the spread of values around zero."""
    return math.sqrt(float(np.mean([value**2 for value in values])))
