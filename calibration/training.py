"""Calibrates training: what the MFU model and the memory model take from published figures."""

from calibration import finetune_speed, training_memory
from calibration.result import Fit
from calibration.training_fit import (
    MFU_CAP,
    PRIORS,
    Table,
    band_of,
    leave_one_shape_out,
    left_out_families,
    left_out_generations,
    reference_matmul_share,
    root_mean_square,
)
from calibration.training_report import report_lines
from calibration.training_rows import read_rows
from service.estimate.calibration import TrainingCalibration


def fit() -> Fit:
    """Fit everything about training. The constants are the section "training"."""
    rows = read_rows()
    table = Table.of(rows)
    unseen = leave_one_shape_out(rows, PRIORS)
    bands = {
        "full_run": band_of(table, unseen, is_full_run=True),
        "benchmark": band_of(table, unseen, is_full_run=False),
    }
    families, generations = left_out_families(rows), left_out_generations(rows)
    memory = training_memory.fit()
    constants: dict[str, object] = {
        "coefficients": table.coefficients(PRIORS),
        "mfu_cap": MFU_CAP,
        "reference_matmul_share": reference_matmul_share(),
        "bands": {name: {"p10": band.p10, "p90": band.p90} for name, band in bands.items()},
        "families": sorted({row.gpu.family for row in rows}),
        "generations": sorted({row.gpu.generation for row in rows}),
        "other_family_log_sd": root_mean_square(families.values()),
        "other_generation_log_sd": root_mean_square(generations.values()),
        **memory.constants,
    }
    report = [
        "## Training",
        "",
        *report_lines(table, unseen, bands=bands, families=families, generations=generations),
        memory.report,
        "",
        *finetune_speed.report_lines(TrainingCalibration.from_json(constants)),
    ]
    return Fit(constants=constants, report="\n".join(report))
