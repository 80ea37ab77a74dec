"""How well the MFU of pre-training predicts the speed of fine-tuning, to which nothing is fitted.

Except what unpacking of 4-bit weights takes: that is the difference between the two methods here.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calibration.scores import Score
from calibration.training_memory import finetune_rows
from service.domain.workload import Placement, TrainingMethod
from service.estimate.calibration import TrainingCalibration
from service.estimate.plan import TrainingPlan
from service.estimate.training import plan_training
from service.facts.accelerators import load_accelerators

_GPU = "a100-sxm-80gb"
_SECONDS_AN_HOUR = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Speeds:
    """Seconds of micro-batches by method, as predicted and as measured."""

    by_method: Mapping[TrainingMethod, tuple[NDArray[np.float64], NDArray[np.float64]]]

    @classmethod
    def of(cls, calibration: TrainingCalibration) -> "Speeds":
        """Predict the micro-batches whose time is published."""
        methods = (TrainingMethod.LORA, TrainingMethod.QLORA)
        return cls(by_method={method: _seconds(method, calibration) for method in methods})

    @property
    def log_sd(self) -> float:
        """The spread of ln(measured / predicted) around zero, over both methods."""
        logs = [np.log(measured / predicted) for predicted, measured in self.by_method.values()]
        return float(np.sqrt(np.mean(np.concatenate(logs) ** 2)))

    def report_lines(self) -> list[str]:
        """Return errors of the seconds a step of Qwen-14B took, by method."""
        lines = [
            "### Speed of fine-tuning (Qwen-14B on one A100, 256 to 8,192 tokens a step)",
            "",
            "| method | n | median | p90 | bias |",
            "|---|---|---|---|---|",
        ]
        for method, (predicted, measured) in self.by_method.items():
            score = Score.of(predicted, measured)
            lines.append(
                f"| {method} | {score.count} | {score.median:.1%} | {score.p90:.1%} "
                f"| x{score.bias:.2f} |"
            )
        return [
            *lines,
            "",
            f"Their spread, {self.log_sd:.2f} in logarithms, widens the band of fine-tuning.",
            "",
        ]


def _seconds(
    method: TrainingMethod, calibration: TrainingCalibration
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
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
            predicted.append(plan.gpu_hours.p50 * _SECONDS_AN_HOUR)
            measured.append(row.seconds_per_micro_batch)
    return np.array(predicted), np.array(measured)
