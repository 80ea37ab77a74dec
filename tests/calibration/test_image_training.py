import math
from pathlib import Path

import pytest

from calibration import image_training
from service.estimate.calibration import load_calibration
from service.estimate.mfu import expected_mfu

# Thousands of cases: tracing them would double their time.
pytestmark = pytest.mark.no_cover

ROWS = image_training.read_rows()


def test_rates_come_out_as_shares_of_the_peak() -> None:
    # 36.25 images a second and GPU, three times 0.804 TFLOP each, of 312 TFLOP/s.
    assert math.exp(ROWS[0].log_mfu) == pytest.approx(36.25 * 3 * 0.8042575 / 312, rel=1e-5)


def test_the_coefficient_leaves_no_bias() -> None:
    constants = load_calibration().training
    shifts = [row.log_mfu - math.log(expected_mfu(row.case, constants)) for row in ROWS]
    assert sum(shifts) / len(shifts) == pytest.approx(0.0, abs=0.001)
    assert max(abs(shift) for shift in shifts) < 0.1


def test_a_model_without_flops_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "rates.csv"
    path.write_text("model,gpu,n_gpus,precision,images_per_s,source\nLlama-3-8B,A,1,fp16,1,x\n")
    with pytest.raises(LookupError, match="Llama-3-8B"):
        image_training.read_rows(path)
