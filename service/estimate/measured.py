"""The published measurement that is nearest to a plan, as an answer shows it.

A row counts as near when the model has the same sizes and the GPU is the same.
"""

import csv
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from service.domain.accelerator import Accelerator
from service.domain.architecture import Architecture
from service.domain.precision import Precision
from service.domain.workload import InferenceWorkload, TrainingWorkload
from service.estimate.neighbours import load_serving_index, place
from service.estimate.plan import ServingPlan, TrainingPlan
from service.estimate.serving_calibration import ServingCalibration

_TRAINING_PATH = Path(__file__).parents[1] / "facts" / "measured_training.csv"
# A row of another kind is as far away as one with e times the GPUs.
_OTHER_KIND = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredRow:
    """A row of the tables that the constants were fitted to.

    `measured` and `estimated` are the same figure with its unit, `weight` is how much the answer
    leans on the row, 0 to 1.
    """

    row_id: str
    model: str
    gpu: str
    gpu_count: int
    measured: str
    estimated: str
    weight: float
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _TrainingMeasurement:
    row_id: str
    model: str
    shape: str
    gpu_model_id: str
    gpu_count: int
    precision: Precision
    is_full_run: bool
    measured_mfu: float
    estimated_mfu: float
    source: str


def nearest_serving(
    workload: InferenceWorkload,
    accelerator: Accelerator,
    plan: ServingPlan,
    *,
    calibration: ServingCalibration,
) -> MeasuredRow | None:
    """Return the nearest of the rows that moved a plan's estimate; None where there are none."""
    generated = workload.output_tokens + workload.reasoning_tokens
    found = load_serving_index().find(
        workload.architecture, accelerator, precision=workload.precision, engine=workload.engine
    )
    if found is None or not generated:
        return None
    here = place(
        batch=np.array([float(plan.batch)]),
        gpus=np.array([float(plan.gpus_per_replica)]),
        input_tokens=workload.input_tokens,
        output_tokens=generated,
    )
    row, weight = found.nearest(
        here, scale=calibration.neighbour_scale, prior=calibration.neighbour_prior
    )
    return MeasuredRow(
        row_id=row.row_id,
        model=row.model_id,
        gpu=row.gpu_model_id,
        gpu_count=row.gpus,
        measured=f"{row.output_per_second:.4g} output tokens/s",
        estimated=f"{row.output_per_second / row.ratio:.4g} output tokens/s",
        weight=weight,
        source=row.source,
    )


def nearest_training(
    workload: TrainingWorkload, accelerator: Accelerator, plan: TrainingPlan
) -> MeasuredRow | None:
    """Return the nearest run or benchmark; None where nobody published one of this model so.

    Training estimates come from the fit alone, so the weight is 0.
    """
    rows = _training_rows().get((training_shape(workload.architecture), accelerator.gpu_model_id))
    if not rows:
        return None

    def distance(row: _TrainingMeasurement) -> float:
        other = (row.precision is not workload.precision) + (
            row.is_full_run is workload.is_benchmark
        )
        return abs(math.log(plan.gpu_count / row.gpu_count)) + _OTHER_KIND * other

    row = min(rows, key=distance)
    return MeasuredRow(
        row_id=row.row_id,
        model=row.model,
        gpu=row.gpu_model_id,
        gpu_count=row.gpu_count,
        measured=f"{row.measured_mfu:.1%} MFU",
        estimated=f"{row.estimated_mfu:.1%} MFU",
        weight=0.0,
        source=row.source,
    )


def training_shape(architecture: Architecture) -> str:
    """Name the sizes by which runs of one model are found: GPT-3 is printed as 174.6 and 175 B."""
    return f"{architecture.layers}/{architecture.hidden_size}/{architecture.params:.1g}"


@cache
def _training_rows(
    path: Path = _TRAINING_PATH,
) -> Mapping[tuple[str, str], list[_TrainingMeasurement]]:
    found: dict[tuple[str, str], list[_TrainingMeasurement]] = {}
    with path.open(encoding="utf-8", newline="") as file:
        for cells in csv.DictReader(file, strict=True):
            row = _training(cells)
            found.setdefault((row.shape, row.gpu_model_id), []).append(row)
    return found


def _training(cells: Mapping[str, str]) -> _TrainingMeasurement:
    return _TrainingMeasurement(
        row_id=cells["id"],
        model=cells["model"],
        shape=cells["shape"],
        gpu_model_id=cells["gpu"],
        gpu_count=int(cells["gpus"]),
        precision=Precision(cells["precision"]),
        is_full_run=cells["is_full_run"] == "1",
        measured_mfu=float(cells["measured_mfu"]),
        estimated_mfu=float(cells["estimated_mfu"]),
        source=cells["source"],
    )
