import numpy as np
import pytest

from service.domain.precision import Precision
from service.domain.workload import Engine
from service.estimate import kv_cache
from service.estimate.serving_memory import cache_room
from service.estimate.weights import weight_bytes
from service.facts.models import load_models
from tests.service.estimate.serving_cases import gpu, sizes_of


def test_a_token_takes_what_every_bundled_model_states() -> None:
    checked = 0
    for model in load_models().models:
        stated = model.kv_bytes_per_token_bf16
        # The stated figure of hybrids counts layers that cache nothing.
        if stated is None or model.architecture.linear_layers:
            continue
        found = kv_cache.bytes_per_token(model.architecture, Precision.BF16)
        assert found == stated, model.model_id
        checked += 1
    assert checked > 80


@pytest.mark.parametrize(
    ("model", "published"),
    [("Llama-3.1-405B", 516e3), ("GPT-2-XL", 300 * 1024), ("Llama-3-8B", 128 * 1024)],
)
def test_a_token_takes_what_was_published(model: str, published: float) -> None:
    found = kv_cache.bytes_per_token(sizes_of(model), Precision.BF16)
    assert found == pytest.approx(published, rel=0.001)


def test_latent_attention_caches_the_compressed_vector_and_one_rotary_key() -> None:
    sizes = sizes_of("DeepSeek-V3")
    assert kv_cache.bytes_per_token(sizes, Precision.BF16) == 61 * (512 + 64) * 2


def test_windowed_layers_stop_at_their_window() -> None:
    sizes = sizes_of("gpt-oss-20b")
    at_window, far = kv_cache.bytes_per_request(sizes, Precision.FP8, np.array([128.0, 100_128.0]))
    each = 2 * 8 * 64
    assert at_window == 24 * 128 * each
    assert far - at_window == 12 * 100_000 * each


def test_linear_layers_cache_nothing() -> None:
    sizes = sizes_of("Qwen3.5-397B-A17B")
    assert kv_cache.bytes_per_token(sizes, Precision.BF16) == 15 * 2 * 2 * 256 * 2


def test_an_fp8_cache_is_half_of_a_bf16_one() -> None:
    sizes = sizes_of("Llama-3.1-8B")
    halved = kv_cache.bytes_per_token(sizes, Precision.FP8)
    assert halved == kv_cache.bytes_per_token(sizes, Precision.BF16) / 2


def test_a_format_that_no_cache_has_is_refused() -> None:
    with pytest.raises(KeyError):
        kv_cache.bytes_per_token(sizes_of("Llama-3.1-8B"), Precision.Q4_K_M)


def test_an_index_reads_the_picked_tokens_and_its_own_keys() -> None:
    sizes = sizes_of("DeepSeek-V3.2")
    short, long = kv_cache.read_bytes_per_step(sizes, Precision.FP8, np.array([2048.0, 65_536.0]))
    per_token = 61 * 576
    assert short == 2048 * (per_token + 61 * 128)
    assert long == 2048 * per_token + 65_536 * 61 * 128


@pytest.mark.parametrize(
    ("model", "tensor", "is_data_parallel", "shards"),
    [
        ("Llama-3.1-8B", 4, False, 4),
        ("Llama-3.1-8B", 16, False, 8),
        ("Falcon-7B", 8, False, 1),
        ("DeepSeek-V3", 8, False, 1),
        ("DeepSeek-V3", 8, True, 8),
    ],
)
def test_a_cache_is_cut_by_heads_at_most(
    model: str, tensor: int, *, is_data_parallel: bool, shards: int
) -> None:
    found = kv_cache.shards(sizes_of(model), tensor, attention_data_parallel=is_data_parallel)
    assert found == shards


def test_the_pool_of_a_4090_is_met_within_six_percent() -> None:
    # casys-kaist/LLMServingSim, pull request 59: 41,408 tokens of Llama-3.1-8B in bf16.
    sizes = sizes_of("Llama-3.1-8B")
    room = cache_room(
        gpu("rtx-4090-24gb").memory_bytes,
        engine=Engine.VLLM,
        gpus=np.array(1.0),
        weights=np.array(weight_bytes(sizes, Precision.BF16).total),
    )
    tokens = float(room) / kv_cache.bytes_per_token(sizes, Precision.BF16)
    assert tokens == pytest.approx(41_408, rel=0.06)
