import json
from pathlib import Path
from typing import Any

import pytest

from service.estimate import calibration
from service.estimate.calibration import TrainingCalibration, load_calibration

FILE = Path(calibration.__file__).parents[1] / "facts" / "calibration.json"


def document() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(FILE.read_text(encoding="utf-8"))
    return found


def test_the_bundled_constants_are_read_once() -> None:
    assert load_calibration() is load_calibration()


def test_both_halves_and_the_date_of_the_tables_are_there() -> None:
    found = load_calibration()
    assert found.training.mfu_cap == document()["training"]["mfu_cap"]
    assert found.serving is not None
    assert found.tables_date == document()["tables_date"]


def test_a_constant_that_is_missing_is_an_error() -> None:
    section = dict(document()["training"])
    del section["runtime_bytes"]
    with pytest.raises(KeyError, match="runtime_bytes"):
        TrainingCalibration.from_json(section)


def test_bands_of_hours_have_the_estimate_inside() -> None:
    for band in (load_calibration().training.full_run, load_calibration().training.benchmark):
        assert band.p10 < 0 < band.p90
