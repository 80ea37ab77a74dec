import dataclasses
import math

import numpy as np
import pytest

from service.domain.precision import Precision
from service.domain.workload import Engine, Placement
from service.estimate.measured import nearest_serving, nearest_training
from service.estimate.neighbours import (
    Floats,
    MeasuredServing,
    Neighbours,
    ServingIndex,
    architecture_key,
    place,
)
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


SCALE, PRIOR = 0.5, 0.01


def neighbours_of(rows: list[MeasuredServing], engine: Engine) -> Neighbours:
    found = ServingIndex(rows).find(_LLAMA, gpu(H100), precision=Precision.BF16, engine=engine)
    assert found is not None
    return found


def here(*batches: float) -> Floats:
    return place(
        batch=np.array(batches), gpus=np.array([1.0]), input_tokens=1000, output_tokens=500
    )


def test_distance_is_in_logarithms_and_another_engine_is_one_away() -> None:
    one = neighbours_of([a_row("one")], Engine.VLLM)
    row, weight = one.nearest(here(32.0), scale=SCALE, prior=PRIOR)
    nearness = math.exp(-math.log(2) / SCALE)
    assert row.row_id == "one"
    assert weight == pytest.approx(nearness / (PRIOR + nearness))
    other = neighbours_of([a_row("one", engine=Engine.SGLANG)], Engine.VLLM)
    farther = math.exp(-(math.log(2) + 1) / SCALE)
    weight = other.nearest(here(32.0), scale=SCALE, prior=PRIOR)[1]
    assert weight == pytest.approx(farther / (PRIOR + farther))


def test_the_nearest_row_is_named() -> None:
    rows = [a_row("few"), a_row("many", batch=64.0), a_row("other", engine=Engine.SGLANG)]
    found = neighbours_of(rows, Engine.VLLM)
    assert found.nearest(here(16.0), scale=SCALE, prior=PRIOR)[0].row_id == "few"
    assert found.nearest(here(60.0), scale=SCALE, prior=PRIOR)[0].row_id == "many"


def test_on_a_row_an_estimate_moves_nearly_to_it_and_far_away_not_at_all() -> None:
    found = neighbours_of([a_row("one", ratio=1.3)], Engine.VLLM)
    pull, weight = found.pull(here(16.0, 1e9), scale=SCALE, prior=PRIOR)
    assert pull == pytest.approx([math.log(1.3) / (1 + PRIOR), 0.0], abs=1e-6)
    assert weight == pytest.approx([1 / (1 + PRIOR), 0.0], abs=1e-6)


def test_between_two_rows_an_estimate_moves_without_a_jump() -> None:
    rows = [a_row("slow", ratio=0.8), a_row("fast", batch=64.0, ratio=1.3)]
    batches = np.exp(np.linspace(np.log(16), np.log(64), 200))
    pull, _ = neighbours_of(rows, Engine.VLLM).pull(here(*batches), scale=SCALE, prior=PRIOR)
    assert np.all(np.diff(pull) > 0)
    assert np.max(np.diff(pull)) < 0.01


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
