import json
import math
from functools import cache

import numpy as np
import pytest

from calibration import finetune_speed, training, training_fit
from calibration.fit import CONSTANTS, rounded
from calibration.result import Fit
from calibration.scores import Score, wilson_interval
from calibration.training_memory import finetune_rows, predicted_bytes
from calibration.training_rows import EXCLUDED, read_rows
from service.estimate import mfu as mfu_module
from service.estimate.calibration import LogBand, load_calibration
from service.estimate.mfu import features, mfu
from tests.service.estimate.training_cases import the_gpu

# Thousands of cases: tracing them would double their time.
pytestmark = pytest.mark.no_cover

ROWS = read_rows()


@cache
def unseen() -> np.ndarray:
    """Return the log ratio of each row, predicted without its shape."""
    return training_fit.leave_one_shape_out(ROWS, training_fit.PRIORS)


def of_regime(*, is_full_run: bool) -> np.ndarray:
    return np.array([row.case.is_full_run == is_full_run for row in ROWS])


@cache
def fitted() -> Fit:
    """Fit once, where coverage looks away: a fixture would be traced."""
    return training.fit()


def test_the_bundled_constants_are_what_the_fit_gives() -> None:
    bundled = json.loads(CONSTANTS.read_text(encoding="utf-8"))["training"]
    assert json.loads(json.dumps(rounded(fitted().constants))) == bundled


def test_the_report_names_every_row_that_does_not_count() -> None:
    for row_id, reason in EXCLUDED.items():
        assert f"{row_id}: {reason}" in fitted().report


@pytest.mark.parametrize(
    ("is_full_run", "median", "p90"), [(True, 0.22, 0.65), (False, 0.16, 0.55)]
)
def test_models_not_seen_are_predicted_well_enough(
    median: float, p90: float, *, is_full_run: bool
) -> None:
    inside = of_regime(is_full_run=is_full_run)
    score = Score.of(np.exp(-unseen()[inside]), np.ones(int(inside.sum())))
    assert score.median <= median
    assert score.p90 <= p90


@pytest.mark.parametrize("is_full_run", [True, False])
def test_it_beats_six_n_d_at_a_flat_share(*, is_full_run: bool) -> None:
    inside = of_regime(is_full_run=is_full_run)
    ones = np.ones(int(inside.sum()))
    thumb = np.array([math.exp(row.log_mfu) * row.rule_of_thumb_share for row in ROWS])[inside]
    ours = Score.of(np.exp(-unseen()[inside]), ones)
    for share in (0.4, 1.0):
        flat = Score.of(thumb / share, ones)
        assert ours.median < flat.median
        assert ours.p90 < flat.p90


@pytest.mark.parametrize("is_full_run", [True, False])
def test_the_band_holds_80_percent_of_rows_not_seen(*, is_full_run: bool) -> None:
    constants = load_calibration().training
    band: LogBand = constants.full_run if is_full_run else constants.benchmark
    found = unseen()[of_regime(is_full_run=is_full_run)]
    hits = int(np.sum((found >= band.p10) & (found <= band.p90)))
    low, high = wilson_interval(hits, len(found))
    assert low <= 0.8 <= high


def test_a_band_that_never_saw_a_model_holds_80_percent_of_its_rows() -> None:
    nested = training_fit.nested_coverage(ROWS)
    for is_full_run in (True, False):
        held = [one.is_held for one in nested if one.is_full_run == is_full_run]
        assert len(held) == int(of_regime(is_full_run=is_full_run).sum())
        low, high = wilson_interval(sum(held), len(held))
        assert low <= 0.8 <= high, is_full_run


def test_a_left_out_generation_is_inside_the_band_of_what_has_no_rows() -> None:
    constants = load_calibration().training
    strange = mfu_module.gpu_spread(the_gpu("mi300x-192gb"), constants)
    bands = {"full_run": constants.full_run, "benchmark": constants.benchmark}
    none = LogBand(p10=0.0, p90=0.0)
    for name, left_out in training_fit.left_out_generations(ROWS).items():
        count = len(left_out.log_ratios)
        assert left_out.held(bands, none) <= left_out.held(bands, strange) <= count
        assert left_out.held(bands, strange) / count >= 0.8, name
        assert left_out.mean_shift > 0, f"{name}: the lower side of the band rests on this"


def test_rows_of_each_regime_are_held_by_their_own_band() -> None:
    rows = [next(row for row in ROWS if row.case.is_full_run == one) for one in (True, False)]
    left_out = training_fit.LeftOut(
        table=training_fit.Table.of(rows), log_ratios=np.array([0.5, 0.5])
    )
    wide, narrow = LogBand(p10=-0.6, p90=0.6), LogBand(p10=-0.3, p90=0.4)
    none = LogBand(p10=0.0, p90=0.0)
    assert left_out.held({"full_run": wide, "benchmark": narrow}, none) == 1
    assert left_out.held({"full_run": narrow, "benchmark": narrow}, none) == 0
    # Log quadrature of 0.4 and 0.3.
    assert left_out.held({"full_run": narrow, "benchmark": narrow}, LogBand(p10=0.0, p90=0.31)) == 2


def test_speeds_of_fine_tuning_are_near_though_nothing_was_fitted_to_them() -> None:
    constants = load_calibration().training
    speeds = finetune_speed.Speeds.of(constants)
    assert speeds.log_sd == pytest.approx(constants.fine_tuning_log_sd, rel=1e-3)
    for predicted, measured in speeds.by_method.values():
        assert Score.of(predicted, measured).median < 0.1


def test_published_fine_tuning_peaks_are_predicted_well_enough() -> None:
    rows = finetune_rows()
    runtime = load_calibration().training.runtime_bytes
    score = Score.of(
        np.array([predicted_bytes(row, runtime) for row in rows]),
        np.array([row.measured_bytes for row in rows]),
    )
    assert score.count >= 25
    assert score.median <= 0.15
    assert score.p90 <= 0.30


def test_fit_and_planner_share_one_function() -> None:
    constants = load_calibration().training
    row = ROWS[0]
    found = features(row.case, reference_matmul_share=constants.reference_matmul_share)
    # No language model has the term of diffusion.
    assert set(found) == set(training_fit.PRIORS) | {"diffusion"}
    assert found["diffusion"] == 0.0
    assert float(mfu(found, constants.coefficients, cap=constants.mfu_cap)) > 0
