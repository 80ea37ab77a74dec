import json
import math
from functools import cache

import numpy as np
import pytest

from calibration import serving_fit, serving_rows
from calibration.serving_fit import Table, errors_of, fit, fits_without, left_out_errors, log_rates
from service.domain.precision import Precision
from service.estimate.calibration import load_calibration
from service.estimate.neighbours import load_serving_index
from service.estimate.serving_calibration import CONCURRENCY, OFFLINE
from service.facts import accelerators

# Thousands of cases: tracing them would double their time.
pytestmark = pytest.mark.no_cover


@cache
def the_rows() -> tuple[list[serving_rows.Row], dict[str, int]]:
    return serving_rows.load_rows()


@cache
def the_table() -> Table:
    return serving_fit.table_of(the_rows()[0])


def relative(errors: np.ndarray) -> tuple[float, float]:
    median, p90 = np.quantile(np.abs(np.expm1(errors)), (0.5, 0.9))
    return float(median), float(p90)


def test_the_bundled_constants_are_those_that_the_tables_give() -> None:
    assert fit(the_table()) == load_calibration().serving.constants


def test_rows_of_models_that_were_left_out_are_met_as_demanded() -> None:
    table = the_table()
    errors = left_out_errors(table, table.group, fits_without(table, table.group))
    for regime in (CONCURRENCY, OFFLINE):
        median, p90 = relative(errors[table.regime == regime])
        assert median <= 0.25
        assert p90 <= 0.60


def test_constants_are_found_again_in_rates_made_from_them() -> None:
    constants = load_calibration().serving.constants
    made = the_table().rows(the_table().regime == CONCURRENCY)
    object.__setattr__(made, "log_rate", log_rates(made, constants))
    found = fit(made)
    assert relative(errors_of(made, found))[1] < 0.03


def test_rows_that_cannot_be_as_they_say_are_left_out() -> None:
    rows, left_out = the_rows()
    assert len(rows) + sum(left_out.values()) == 2062
    assert left_out["weights above the memory"] == 10
    for row in rows:
        assert row.rate > 0
        assert row.batch >= 1


def test_derived_rates_agree_with_the_times_that_they_come_from() -> None:
    checked = 0
    for cells in serving_rows._cells(serving_rows.TABLE):
        if not cells["note"].startswith("total tok/s derived"):
            continue
        users, tokens = int(cells["concurrency"]), int(cells["osl"])
        seconds = (float(cells["ttft_ms"]) + float(cells["tpot_ms"]) * (tokens - 1)) / 1e3
        assert float(cells["output_tps_total"]) == pytest.approx(users * tokens / seconds, rel=0.02)
        checked += 1
    assert checked > 1000


def test_gpt_oss_is_in_the_format_that_it_is_published_in() -> None:
    formats = {row.precision for row in the_rows()[0] if row.model_id.startswith("gpt-oss")}
    assert formats == {Precision.MXFP4}


def test_carried_rows_hold_the_ratios_of_the_bundled_constants() -> None:
    found = load_serving_index()
    errors = errors_of(the_table(), load_calibration().serving.constants)
    for row, error in zip(the_rows()[0][::97], errors[::97].tolist(), strict=True):
        near = found.find(
            row.architecture, row.accelerator, precision=row.precision, engine=row.engine
        )
        assert near is not None
        carried = next(one for one in near.rows if one.row_id == row.row_id)
        assert carried.ratio == pytest.approx(math.exp(-error), rel=1e-3)


def test_bands_ascend_and_hold_their_middle() -> None:
    document = json.loads(
        accelerators._PATH.with_name("calibration.json").read_text(encoding="utf-8")
    )
    for kinds in document["serving"]["rates"].values():
        for band in kinds.values():
            assert 0 < band["p10"] < band["p50"] < band["p90"]
