from typing import Any

from service.domain.workload import Parallelism, Recompute, TrainingMethod, TrainingWorkload
from service.estimate.training_layouts import KEEPING, LayoutSearch
from service.estimate.training_memory import Layout
from tests.service.estimate.training_cases import a_run, constants


def a_search(
    workload: TrainingWorkload,
    *,
    budget_gb: float = 76.0,
    gpus_per_node: int = 8,
    has_node_link: bool = True,
) -> LayoutSearch:
    return LayoutSearch(
        workload,
        constants(),
        gpus_per_node=gpus_per_node,
        has_node_link=has_node_link,
        budget_bytes=budget_gb * 1e9,
    )


def best(workload: TrainingWorkload, gpu_count: int, **kwargs: Any) -> Layout:
    found = a_search(workload, **kwargs).best_on(gpu_count)
    assert found is not None
    return found.layout


def test_a_small_model_is_not_split_at_all() -> None:
    layout = best(a_run("Llama-3.2-1B"), 8)
    assert (layout.tensor, layout.pipeline, layout.data) == (1, 1, 8)
    assert layout.zero_stage == 0
    assert layout.recompute is Recompute.NONE


def test_sharding_states_goes_before_splitting_the_model() -> None:
    layout = best(a_run("Llama-3.1-8B", recompute=Recompute.SELECTIVE), 64)
    assert (layout.tensor, layout.pipeline) == (1, 1)
    assert layout.zero_stage > 0


def test_splitting_the_model_goes_before_recomputing() -> None:
    # On 8 GPUs each with 34 GB, 70 billion parameters fit neither way; on 64 they fit split.
    layout = best(a_run("Llama-3.1-70B", sequence_length=8192), 64)
    assert layout.tensor > 1
    assert layout.recompute is not Recompute.FULL


def test_recomputing_attention_goes_before_splitting_the_model() -> None:
    layout = best(a_run("Llama-2-7B", method=TrainingMethod.LORA), 8, budget_gb=24)
    assert (layout.tensor, layout.pipeline, layout.data) == (1, 1, 8)
    assert layout.recompute is Recompute.SELECTIVE


def test_on_a_bus_recomputing_layers_goes_before_splitting_them() -> None:
    workload = a_run("Llama-3.1-8B", sequence_length=8192)
    linked, on_a_bus = (best(workload, 8, budget_gb=40, has_node_link=one) for one in (True, False))
    assert linked.tensor > 1
    assert linked.recompute is not Recompute.FULL
    assert (on_a_bus.tensor, on_a_bus.recompute) == (1, Recompute.FULL)


def test_on_a_bus_layers_are_still_split_where_nothing_else_fits() -> None:
    layout = best(a_run("Llama-3.1-8B", sequence_length=8192), 8, budget_gb=23, has_node_link=False)
    assert layout.tensor > 1


def test_no_more_ranks_than_the_largest_batch_has_sequences() -> None:
    # 15,360 sequences of 4,096 tokens.
    few, many = (best(a_run("Llama-3.2-1B", sequence_length=8192), n) for n in (7680, 8192))
    assert (few.tensor, few.data) == (1, 7680)
    assert (many.tensor, many.data) == (2, 4096)


def test_recomputing_is_the_last_resort() -> None:
    workload = a_run("Llama-3.1-8B", sequence_length=32_768)
    assert best(workload, 8).recompute is not Recompute.FULL
    assert best(workload, 8, budget_gb=36).recompute is Recompute.FULL


def test_tensor_parallelism_stays_in_a_node_and_divides_the_heads() -> None:
    layout = best(a_run("Llama-3.1-70B", sequence_length=8192), 32, gpus_per_node=2)
    assert layout.tensor <= 2
    odd = best(a_run("GPT-2-XL"), 8, budget_gb=10)  # 25 heads
    assert odd.tensor == 1


def test_stages_have_equally_many_layers() -> None:
    layout = best(a_run("Llama-3.1-405B", sequence_length=8192), 16 * 126, gpus_per_node=2)
    assert 126 % layout.pipeline == 0


def test_experts_are_spread_over_what_divides_ranks_and_experts() -> None:
    layout = best(a_run("DeepSeek-V3", sequence_length=4096), 1024)
    assert layout.expert > 1
    assert layout.data % layout.expert == 0
    assert 256 % layout.expert == 0


def test_the_smallest_count_fits_and_a_node_less_does_not() -> None:
    for model in ("Llama-3.1-8B", "Llama-3.1-70B", "GPT-3-175B"):
        for recomputes in (KEEPING, tuple(Recompute)):
            search = a_search(a_run(model, sequence_length=2048))
            smallest = search.smallest_count(recomputes, 16_384)
            assert smallest is not None
            assert smallest % 8 == 0
            assert search.best_on(smallest) is not None
            fewer = search.best_on(smallest - 8) if smallest > 8 else None
            assert fewer is None or fewer.layout.recompute not in recomputes


def test_nothing_is_smallest_when_activations_alone_do_not_fit() -> None:
    search = a_search(a_run("Llama-3.1-8B", sequence_length=10_000_000))
    assert search.smallest_count(tuple(Recompute), 16_384) is None


def test_no_count_is_smallest_without_recomputation_when_it_was_asked_for() -> None:
    search = a_search(a_run(recompute=Recompute.FULL))
    assert search.smallest_count(KEEPING, 16_384) is None
    assert search.smallest_count(tuple(Recompute), 16_384) == 8


def test_a_given_data_parallel_degree_has_one_count_a_shape() -> None:
    search = a_search(a_run(parallelism=Parallelism(data=6)))
    assert search.smallest_count(tuple(Recompute), 16_384) == 6
    assert search.smallest_count(tuple(Recompute), 5) is None


def test_what_was_given_is_kept() -> None:
    given = Parallelism(tensor=2, pipeline=4, data=8, zero_stage=1)
    layout = best(a_run(parallelism=given, micro_batch_size=2), 64)
    assert layout == Layout(
        tensor=2,
        pipeline=4,
        data=8,
        expert=1,
        zero_stage=1,
        micro_batch_size=2,
        recompute=layout.recompute,
    )
