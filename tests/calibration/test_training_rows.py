import csv

import pytest

from calibration.training_rows import EXCLUDED, PATH, accelerator_of, read_rows, without_generation

ROWS = {row.row_id: row for row in read_rows()}


def test_every_row_counts_or_has_a_reason() -> None:
    with PATH.open(encoding="utf-8", newline="") as file:
        every = {cells["id"] for cells in csv.DictReader(file)}
    assert set(ROWS) | set(EXCLUDED) == every
    assert not set(ROWS) & set(EXCLUDED)
    assert all(EXCLUDED.values())


def test_a_stated_throughput_comes_out_as_the_share_its_source_states() -> None:
    # 1,048 tokens a second are 2,646 TFLOP/s of 5,000 (NVIDIA, Llama 3.1 405B on GB300).
    assert ROWS["trn0326"].log_mfu == pytest.approx(-0.6364, abs=0.005)


def test_hours_come_out_as_the_share_its_source_states() -> None:
    # Gopher: 32.5 % with attention counted twice and without restarts.
    assert 0.29 < 2.718281828 ** ROWS["trn0023"].log_mfu < 0.325


def test_models_of_the_same_sizes_are_left_out_together() -> None:
    assert ROWS["trn0013"].shape == ROWS["trn0017"].shape == ROWS["trn0317"].shape
    assert ROWS["trn0012"].shape != ROWS["trn0045"].shape


def test_an_unknown_gpu_is_an_error() -> None:
    with pytest.raises(LookupError, match="Voodoo"):
        accelerator_of("Voodoo 2")


def test_a_generation_can_be_forgotten() -> None:
    assert not without_generation(ROWS["trn0326"].case).accelerator.generation
