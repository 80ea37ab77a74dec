import pytest

from service.domain.precision import Precision
from service.domain.workload import Parallelism
from service.estimate.plan import Misfit
from service.estimate.training_faults import figures_fault, parallelism_fault, precision_fault
from tests.service.estimate.training_cases import A100, T4, a_run, the_gpu


@pytest.mark.parametrize(
    ("model", "given", "gpu_count", "words"),
    [
        ("Llama-3.1-8B", Parallelism(tensor=3), 9, "tensor=3 does not divide 32 heads"),
        ("Llama-3.1-8B", Parallelism(pipeline=5), 10, "pipeline=5 does not divide 32 layers"),
        ("Llama-3.1-8B", Parallelism(tensor=16), 16, "a node, which has 8 GPUs"),
        ("Llama-3.1-8B", Parallelism(tensor=4, pipeline=2, data=3), 32, "= 24, not gpuCount=32"),
        ("Llama-3.1-8B", Parallelism(tensor=4), 6, "gpuCount=6 is no multiple of tensor 4"),
        ("Llama-3.1-8B", Parallelism(expert=2), 8, "expert=2 does not divide 1 experts"),
        ("DeepSeek-V3", Parallelism(tensor=8, pipeline=1, expert=8), 32, "does not divide data=4"),
        ("DeepSeek-V3", Parallelism(expert=8, data=4), None, "expert=8 does not divide data=4"),
        ("Stable-Diffusion-1.5", Parallelism(tensor=2), 2, "data-parallel"),
    ],
)
def test_parallelism_that_cannot_be_is_refused_with_the_arithmetic(
    model: str, given: Parallelism, gpu_count: int | None, words: str
) -> None:
    fault = parallelism_fault(a_run(model, parallelism=given), gpus_per_node=8, gpu_count=gpu_count)
    assert words in fault


def test_parallelism_that_can_be_has_no_fault() -> None:
    given = Parallelism(tensor=4, pipeline=2, data=4)
    assert not parallelism_fault(a_run(parallelism=given), gpus_per_node=8, gpu_count=32)


def test_a_precision_that_a_gpu_has_is_no_fault() -> None:
    assert precision_fault(a_run(precision=Precision.TF32), the_gpu(A100)) is None


def test_a_gpu_without_bf16_names_what_it_trains_in() -> None:
    fault = precision_fault(a_run(), the_gpu(T4))
    assert fault is not None
    assert fault.message == "t4-16gb trains in FP32, FP16, not in BF16"


def test_weight_only_formats_are_nothing_to_train_in() -> None:
    fault = precision_fault(a_run(precision=Precision.INT8), the_gpu(A100))
    assert fault is not None
    assert (fault.misfit, fault.smallest_change) == (Misfit.PRECISION, "precision=BF16")


def test_a_text_model_with_tokens_has_its_figures() -> None:
    assert figures_fault(a_run()) is None
