"""Writes the measured rows that answers point to, each with what the fitted constants say of it.

Runs after the constants are written: `python -m calibration.measured`.
"""

import csv
import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from calibration import serving_fit, serving_rows, training_rows
from service.estimate.calibration import TrainingCalibration, load_calibration
from service.estimate.mfu import expected_mfu
from service.estimate.neighbours import architecture_key
from service.estimate.serving_calibration import StepConstants

_FACTS = Path(__file__).parents[1] / "service" / "facts"
_SERVING = _FACTS / "measured_serving.csv"
_TRAINING = _FACTS / "measured_training.csv"
_SERVING_COLUMNS = (
    *("id", "model", "architecture", "gpu", "precision", "engine", "regime", "batch", "gpus"),
    *("input_tokens", "output_tokens", "output_per_second", "ttft_ms", "tpot_ms", "ratio"),
    "source",
)
_TRAINING_COLUMNS = (
    *("id", "model", "shape", "gpu", "gpus", "precision", "is_full_run", "measured_mfu"),
    *("estimated_mfu", "source"),
)


def main() -> None:
    """Write both tables."""
    calibration = load_calibration()
    _write(_SERVING, _SERVING_COLUMNS, _serving_cells(calibration.serving.constants))
    _write(_TRAINING, _TRAINING_COLUMNS, _training_cells(calibration.training))


def _write(path: Path, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


def _serving_cells(constants: StepConstants) -> Iterable[Sequence[object]]:
    rows, _ = serving_rows.load_rows()
    errors = serving_fit.errors_of(serving_fit.table_of(rows), constants)
    for row, error in zip(rows, errors.tolist(), strict=True):
        yield (
            row.row_id,
            row.model_id,
            architecture_key(row.architecture),
            row.accelerator.gpu_model_id,
            row.precision.value,
            row.engine.value,
            row.regime,
            round(row.batch, 1),
            row.gpus,
            row.input_tokens,
            row.output_tokens,
            f"{row.rate:.6g}",
            f"{row.first_token_seconds * 1e3:.6g}" if row.first_token_seconds else "",
            f"{row.token_seconds * 1e3:.6g}" if row.token_seconds else "",
            f"{math.exp(-error):.4g}",
            row.source,
        )


def _training_cells(calibration: TrainingCalibration) -> Iterable[Sequence[object]]:
    for row in training_rows.read_rows():
        yield (
            row.row_id,
            row.model,
            "/".join(row.shape),
            row.gpu.gpu_model_id,
            round(row.case.gpu_count),
            row.case.precision.value,
            int(row.case.is_full_run),
            f"{math.exp(row.log_mfu):.4g}",
            f"{expected_mfu(row.case, calibration):.4g}",
            row.source,
        )


if __name__ == "__main__":
    main()
