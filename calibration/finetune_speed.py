"""How well the MFU of pre-training predicts the speed of fine-tuning, to which nothing is fitted.

Except what unpacking of 4-bit weights takes: that is the difference between the two methods here.
"""

import numpy as np

from calibration.scores import Score
from calibration.training_memory import finetune_rows
from service.domain.workload import Placement, TrainingMethod
from service.estimate.calibration import TrainingCalibration
from service.estimate.plan import TrainingPlan
from service.estimate.training import plan_training
from service.facts.accelerators import load_accelerators

_GPU = "a100-sxm-80gb"


def report_lines(calibration: TrainingCalibration) -> list[str]:
    """Return errors of the seconds a step of Qwen-14B took, by method."""
    lines = [
        "### Speed of fine-tuning (Qwen-14B on one A100, 256 to 8,192 tokens a step)",
        "",
        "| method | n | median | p90 | bias |",
        "|---|---|---|---|---|",
    ]
    for method in (TrainingMethod.LORA, TrainingMethod.QLORA):
        predicted, measured = _seconds(method, calibration)
        score = Score.of(np.array(predicted), np.array(measured))
        lines.append(
            f"| {method} | {score.count} | {score.median:.1%} | {score.p90:.1%} "
            f"| x{score.bias:.2f} |"
        )
    return [*lines, ""]


def _seconds(
    method: TrainingMethod, calibration: TrainingCalibration
) -> tuple[list[float], list[float]]:
    predicted: list[float] = []
    measured: list[float] = []
    for row in finetune_rows():
        if row.seconds_per_micro_batch is None or row.workload.method is not method:
            continue
        plan = plan_training(
            row.one_micro_batch(),
            load_accelerators()[_GPU],
            gpus_per_node=1,
            placement=Placement(gpu_count=1),
            calibration=calibration,
        )
        if isinstance(plan, TrainingPlan):
            predicted.append(plan.gpu_hours.p50 * 3600.0)
            measured.append(row.seconds_per_micro_batch)
    return predicted, measured
