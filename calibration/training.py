"""Calibrates training: what the MFU model and the memory model take from published figures."""

from calibration import finetune_speed, image_training, training_memory
from calibration.result import Fit
from calibration.training_fit import (
    MFU_CAP,
    PRIORS,
    Table,
    band_of,
    generation_spread,
    leave_one_shape_out,
    left_out_families,
    left_out_generations,
    reference_matmul_share,
    root_mean_square,
)
from calibration.training_report import left_out_lines, report_lines
from calibration.training_rows import read_rows
from service.estimate.calibration import TrainingCalibration
from service.estimate.mfu import FITTED_GENERATIONS


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
    generations_with_rows = {row.gpu.generation for row in rows}
    memory = training_memory.fit()
    coefficients = table.coefficients(PRIORS)
    diffusion = image_training.coefficient(
        coefficients, cap=MFU_CAP, reference_matmul_share=reference_matmul_share()
    )
    constants: dict[str, object] = {
        "coefficients": {**coefficients, "diffusion": diffusion},
        "mfu_cap": MFU_CAP,
        "reference_matmul_share": reference_matmul_share(),
        "bands": {name: {"p10": band.p10, "p90": band.p90} for name, band in bands.items()},
        "families": sorted({row.gpu.family for row in rows}),
        "generations": sorted(generations_with_rows),
        "other_family_log_sd": root_mean_square(one.mean_shift for one in families.values()),
        "other_generation_log_sd": generation_spread(generations),
        "prior_log_sd": {
            generation: PRIORS[name].sd
            for generation, name in FITTED_GENERATIONS.items()
            if generation not in generations_with_rows
        },
        **memory.constants,
    }
    # The middle of the hours, which these speeds are compared with, does not depend on a spread.
    speeds = finetune_speed.Speeds.of(
        TrainingCalibration.from_json({**constants, "fine_tuning_log_sd": 0.0})
    )
    constants["fine_tuning_log_sd"] = speeds.log_sd
    calibration = TrainingCalibration.from_json(constants)
    report = [
        "## Training",
        "",
        *report_lines(table, unseen, calibration=calibration),
        *left_out_lines(families, generations, calibration=calibration),
        memory.report,
        "",
        *speeds.report_lines(),
        *image_training.report_lines(diffusion),
    ]
    return Fit(constants=constants, report="\n".join(report))
