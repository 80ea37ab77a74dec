import dataclasses
import math

import numpy as np
import pytest

from service.domain.precision import Precision
from service.domain.workload import Engine, Placement
from service.estimate.measured import nearest_serving, nearest_training
from service.estimate.neighbours import MeasuredServing, ServingIndex, architecture_key, place
from tests.service.estimate.serving_cases import (
    CALIBRATION,
    FP8,
    H100,
    a_load,
    a_plan,
    gpu,
    sizes_of,
)
from tests.service.estimate.training_cases import a_plan as a_training_plan
from tests.service.estimate.training_cases import a_run

_LLAMA = sizes_of("Llama-3.1-8B")


def a_row(row_id: str, **changed: object) -> MeasuredServing:
    row = MeasuredServing(
        row_id=row_id,
        model_id="llama-3.1-8b",
        architecture_key=architecture_key(_LLAMA),
        gpu_model_id=H100,
        precision=Precision.BF16,
        engine=Engine.VLLM,
        regime="concurrency",
        batch=16.0,
        gpus=1,
        input_tokens=1000,
        output_tokens=500,
        output_per_second=1000.0,
        time_to_first_token_ms=None,
        time_per_output_token_ms=None,
        ratio=1.1,
        source="somebody",
    )
    return dataclasses.replace(row, **changed)  # type: ignore[arg-type] # names are checked


def nearest_of(rows: list[MeasuredServing], batch: float, engine: Engine) -> tuple[str, float]:
    found = ServingIndex(rows).find(_LLAMA, gpu(H100), precision=Precision.BF16, engine=engine)
    assert found is not None
    here = place(
        batch=np.array([batch]), gpus=np.array([1.0]), input_tokens=1000, output_tokens=500
    )
    indices, distances = found.nearest(here)
    return found.rows[int(indices[0])].row_id, float(distances[0])


def test_distance_is_in_logarithms_and_another_engine_is_one_away() -> None:
    rows = [a_row("few"), a_row("many", batch=64.0), a_row("other", engine=Engine.SGLANG)]
    assert nearest_of(rows, 16.0, Engine.VLLM) == ("few", 0.0)
    assert nearest_of(rows, 60.0, Engine.VLLM)[0] == "many"
    assert nearest_of([rows[2]], 32.0, Engine.VLLM)[1] == pytest.approx(math.log(2) + 1)


def test_other_sizes_gpus_and_formats_are_no_neighbours() -> None:
    index = ServingIndex([a_row("one")])
    engine = Engine.VLLM
    other_sizes = sizes_of("Llama-3.1-70B")
    assert index.find(other_sizes, gpu(H100), precision=Precision.BF16, engine=engine) is None
    other_gpu = gpu("h200-sxm-141gb")
    assert index.find(_LLAMA, other_gpu, precision=Precision.BF16, engine=engine) is None
    assert index.find(_LLAMA, gpu(H100), precision=Precision.FP8, engine=engine) is None


def test_an_answer_points_to_the_row_that_moved_it() -> None:
    load = a_load("Llama-3.3-70B-Instruct", concurrency=64, **FP8)
    plan = a_plan(load, placement=Placement(gpu_count=4))
    row = nearest_serving(load, gpu(H100), plan, calibration=CALIBRATION)
    assert row is not None
    # A sibling of the same sizes counts.
    assert row.model == "llama-3.1-70b"
    assert row.gpu == H100
    assert 0 < row.weight <= 1
    assert row.measured.endswith("output tokens/s")
    assert row.source


def test_a_model_that_nobody_measured_has_no_row() -> None:
    load = a_load("Qwen2.5-72B", **FP8)
    plan = a_plan(load)
    assert nearest_serving(load, gpu(H100), plan, calibration=CALIBRATION) is None


def test_the_nearest_training_run_is_of_the_same_model_and_kind() -> None:
    run = a_run("Llama-3.1-405B")
    plan = a_training_plan(run, H100, gpu_count=16_384)
    row = nearest_training(run, gpu(H100), plan)
    assert row is not None
    assert "405" in row.model
    assert row.weight == 0
    assert row.measured.endswith("MFU")


def test_a_gpu_without_runs_has_no_row() -> None:
    run = a_run("Llama-3.1-8B", tokens=1_000_000)
    plan = a_training_plan(run, H100)
    assert nearest_training(run, gpu("l4-24gb"), plan) is None
