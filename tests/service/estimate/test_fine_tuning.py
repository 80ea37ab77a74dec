"""Which card fine-tunes which model: what people do every day, and published peaks."""

import pytest

from calibration.training_memory import MemoryRow, finetune_rows
from service.domain.workload import Parallelism, Recompute, TrainingMethod, TrainingWorkload
from service.estimate.plan import Misfit
from tests.service.estimate.training_cases import A100, a_plan, a_run, no_plan, outcome

LORA, QLORA = TrainingMethod.LORA, TrainingMethod.QLORA
TOKENS = 10_000_000


def tuning(model: str, method: TrainingMethod, *, sequence_length: int = 512) -> TrainingWorkload:
    return a_run(model, method=method, tokens=TOKENS, sequence_length=sequence_length)


@pytest.mark.parametrize("row", finetune_rows(), ids=lambda row: row.row_id)
def test_what_was_measured_on_a_card_of_80_gb_is_planned_on_it(row: MemoryRow) -> None:
    plan = a_plan(row.one_micro_batch(), A100, gpus_per_node=1, gpu_count=1)
    assert plan.memory.total == pytest.approx(row.measured_bytes, rel=0.35)


@pytest.mark.parametrize("gpu", ["rtx-a6000-48gb", "a40-48gb"])
@pytest.mark.parametrize("sequence_length", [512, 2048])
def test_qlora_of_65_billion_fits_48_gb(gpu: str, sequence_length: int) -> None:
    # QLoRA (arXiv:2305.14314), abstract: 65 billion parameters on one GPU of 48 GB.
    run = tuning("LLaMA-65B", QLORA, sequence_length=sequence_length)
    assert a_plan(run, gpu, gpus_per_node=1, gpu_count=1).gpu_count == 1


def test_qlora_of_33_billion_needs_a_little_more_than_24_gb_without_double_quantization() -> None:
    # The paper brings it under 24 GB by quantizing the scales too, 0.37 bits a weight. Published
    # peaks with 4 bits lie above the estimate, so that it does not assume so.
    found = no_plan(tuning("LLaMA-33B", QLORA), "rtx-4090-24gb", gpus_per_node=1, gpu_count=1)
    assert found.misfit is Misfit.MEMORY
    assert 1.0 < found.needed / found.limit < 1.05


@pytest.mark.parametrize("model", ["Llama-2-7B", "Llama-3.1-8B"])
def test_lora_of_7_and_8_billion_fits_24_gb(model: str) -> None:
    # torchtune's README: LoRA of Llama 3.1 8B peaks at 16.2 GiB on an RTX 4090.
    run = tuning(model, LORA, sequence_length=2048)
    assert a_plan(run, "rtx-4090-24gb", gpus_per_node=1, gpu_count=1)


def test_on_16_gb_it_has_to_be_qlora() -> None:
    run = tuning("Llama-2-7B", LORA, sequence_length=2048)
    found = no_plan(run, "rtx-4080-16gb", gpus_per_node=1, gpu_count=1)
    assert found.smallest_change == "method=QLORA"
    again = tuning("Llama-2-7B", QLORA, sequence_length=2048)
    assert a_plan(again, "rtx-4080-16gb", gpus_per_node=1, gpu_count=1)


def test_full_fine_tuning_of_7_billion_takes_more_than_one_gpu_of_80_gb() -> None:
    # 18 bytes a parameter are 121 GB.
    run = tuning("Llama-2-7B", TrainingMethod.FULL, sequence_length=2048)
    assert no_plan(run, A100, gpus_per_node=8, gpu_count=1).smallest_change == "gpuCount=8"
    for count in (4, 8):
        plan = a_plan(run, A100, gpu_count=count)
        assert (plan.tensor, plan.pipeline) == (1, 1)
        assert plan.zero_stage > 0


def test_full_fine_tuning_of_70_billion_takes_several_nodes_and_lora_one() -> None:
    full = tuning("Llama-3.1-70B", TrainingMethod.FULL, sequence_length=2048)
    assert no_plan(full, A100, gpu_count=8).misfit is Misfit.MEMORY
    assert a_plan(full, A100).gpu_count in {24, 32}
    # torchtune's README: LoRA of Llama 3.1 70B peaks at 27.6 GiB on each of eight A100.
    assert a_plan(tuning("Llama-3.1-70B", LORA), A100, gpu_count=8)


def test_qlora_of_405_billion_fits_a_node_of_80_gb() -> None:
    # torchtune's README: 44.8 GB on each of eight A100, with all activations recomputed. Frozen
    # weights of 0.5625 bytes are 29 GB of them.
    run = a_run(
        "Llama-3.1-405B",
        method=QLORA,
        tokens=TOKENS,
        sequence_length=2048,
        recompute=Recompute.FULL,
        parallelism=Parallelism(tensor=1, pipeline=1, data=8, zero_stage=3),
    )
    plan = a_plan(run, A100, gpu_count=8)
    assert plan.memory.total == pytest.approx(44.8e9, rel=0.15)


def test_lighter_methods_fit_wherever_heavier_ones_do() -> None:
    for gpu in ("rtx-4090-24gb", "l40s-48gb", A100):
        for model in ("Llama-3.2-1B", "Qwen2.5-7B", "Gemma-2-27b", "Mixtral-8x7B"):
            fits = [
                outcome(tuning(model, method), gpu, gpus_per_node=1, gpu_count=1).__class__.__name__
                for method in (TrainingMethod.FULL, LORA, QLORA)
            ]
            assert fits == sorted(fits), (gpu, model)  # NoPlan sorts before TrainingPlan
