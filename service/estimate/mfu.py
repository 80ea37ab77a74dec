"""Model FLOPs utilisation (MFU) of training: the share of the dense peak that a run gets.

The model is linear in logarithms, so that every term is a factor that people can read. Its form
follows published runs; its coefficients are fitted by `calibration.training` and read from
`service/facts/calibration.json`. The fit and the planner call the very same functions: on columns
of numpy arrays there, on numbers here.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from service.domain.accelerator import Accelerator
from service.domain.precision import Precision
from service.estimate.band import Band
from service.estimate.calibration import LogBand, TrainingCalibration

Column = TypeVar("Column", float, NDArray[np.float64])

# Where the logarithmic terms are zero: a tuned run of 10 billion parameters on 64 A100.
_REFERENCE_GPUS = 64
_REFERENCE_PARAMS = 1e10
_TINY_PARAMS = 1e9
# A100s of 40 GB run smaller micro-batches than those of 80 GB.
_SMALL_AMPERE_BYTES = 48e9
_FITTED_GENERATIONS = {"Volta": "volta", "Hopper": "hopper", "Blackwell": "blackwell", "TPU": "tpu"}
_REFERENCE_GENERATION = "Ampere"
_Z90 = 1.2815515655446004


@dataclass(frozen=True, slots=True, kw_only=True)
class MfuCase:
    """What the MFU of a run depends on.

    `attention_share` is the share of the FLOPs that attention has; `recomputed_share` that of the
    layers whose full recomputation costs time which the FLOPs do not have in them.
    """

    accelerator: Accelerator
    precision: Precision
    gpu_count: float
    active_params: float
    attention_share: float
    is_mixture: bool
    is_full_run: bool
    recomputed_share: float


def features(case: MfuCase, *, reference_matmul_share: float) -> dict[str, float]:
    """Return what multiplies each coefficient, by its name.

    A generation without a fitted coefficient is placed by the share of its peak that a large
    matrix product was measured to reach, against that of the A100; by nothing where nobody
    measured. Attention runs slower than matrix products, and long sequences have more of it.
    """
    gpu = case.accelerator
    size = math.log10(max(case.active_params, 1.0) / _REFERENCE_PARAMS)
    tiny = math.log10(max(case.active_params, 1.0) / _TINY_PARAMS)
    found = {
        "base": 1.0,
        "volta": 0.0,
        "hopper": 0.0,
        "blackwell": 0.0,
        "tpu": 0.0,
        "matmul_share": 0.0,
        "small_ampere": float(
            gpu.generation == _REFERENCE_GENERATION and gpu.memory_bytes < _SMALL_AMPERE_BYTES
        ),
        "fp8": float(case.precision is Precision.FP8),
        "fp4": float(case.precision is Precision.FP4),
        "full_run": float(case.is_full_run),
        "recompute": case.recomputed_share,
        "log10_gpus": math.log10(case.gpu_count / _REFERENCE_GPUS),
        "log10_params_below_10b": min(0.0, size),
        "log10_params_below_1b": min(0.0, tiny),
        "log10_params_above_10b": max(0.0, size),
        "attention": math.log1p(case.attention_share),
        "mixture": float(case.is_mixture),
    }
    name = _FITTED_GENERATIONS.get(gpu.generation)
    if name is not None:
        found[name] = 1.0
    elif gpu.generation != _REFERENCE_GENERATION and gpu.matmul_share is not None:
        found["matmul_share"] = math.log(gpu.matmul_share / reference_matmul_share)
    return found


def mfu(
    found: Mapping[str, Column], coefficients: Mapping[str, float], *, cap: float
) -> NDArray[np.float64]:
    """Return the share of the dense peak, of one run or of columns of runs; at most `cap`."""
    total = sum(coefficient * found[name] for name, coefficient in coefficients.items())
    share: NDArray[np.float64] = np.minimum(np.exp(total), cap)
    return share


def expected_mfu(case: MfuCase, calibration: TrainingCalibration) -> float:
    """Return the middle of the MFU of one run."""
    found = features(case, reference_matmul_share=calibration.reference_matmul_share)
    return float(mfu(found, calibration.coefficients, cap=calibration.mfu_cap))


def hours_band(
    accelerator: Accelerator, calibration: TrainingCalibration, *, is_full_run: bool
) -> Band:
    """Return the band of actual over expected hours.

    Its quantiles are residuals on models that the fit had not seen. A GPU family without rows adds
    the spread between families, and one of a generation without rows that between generations:
    both measured by leaving such families and generations out.
    """
    spread = calibration.full_run if is_full_run else calibration.benchmark
    extra = _Z90 * extra_log_sd(accelerator, calibration)
    return _widened(spread, extra)


def extra_log_sd(accelerator: Accelerator, calibration: TrainingCalibration) -> float:
    """Return the standard deviation, in logarithms, that a GPU without rows adds; 0 with rows.

    Cards without a link that joins their node count as another generation: all rows are of GPUs
    that have one.
    """
    if not accelerator.has_node_link:
        return calibration.other_generation_log_sd
    if accelerator.family in calibration.families:
        return 0.0
    if accelerator.generation in calibration.generations:
        return calibration.other_family_log_sd
    return calibration.other_generation_log_sd


def has_rows(accelerator: Accelerator, calibration: TrainingCalibration) -> bool:
    """Tell whether runs on this family, with a link that joins the node, were measured."""
    return accelerator.has_node_link and accelerator.family in calibration.families


def _widened(spread: LogBand, extra: float) -> Band:
    return Band(
        p10=math.exp(-math.hypot(spread.p10, extra)),
        p50=1.0,
        p90=math.exp(math.hypot(spread.p90, extra)),
    )
