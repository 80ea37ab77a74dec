"""Weights counted from sizes; the whole registry is held against them in facts/test_models.py."""

import pytest

from service.domain.architecture import Experts, ModelKind
from service.estimate.parameters import count_parameters
from service.facts.models import load_models
from tests.builders import an_architecture

MODELS = load_models().by_id


def test_the_parts_of_llama_are_those_of_its_matrices() -> None:
    counted = count_parameters(an_architecture())
    assert counted.embedding == counted.head == 128_256 * 4096
    assert counted.attention == 32 * (2 * 4096 * 4096 + 2 * 4096 * 1024)
    assert counted.dense_ffn == 32 * 3 * 4096 * 14_336
    assert counted.total == counted.active == 8_029_995_008


def test_a_tied_table_counts_once() -> None:
    tied = count_parameters(an_architecture(tied_embeddings=True))
    assert tied.head == 0
    assert tied.total == 8_029_995_008 - 128_256 * 4096


def test_a_gate_is_a_third_matrix() -> None:
    with_gate = count_parameters(an_architecture()).dense_ffn
    without = count_parameters(an_architecture(gated_mlp=False)).dense_ffn
    assert 2 * with_gate == 3 * without


def test_a_token_uses_its_experts_only() -> None:
    counted = count_parameters(MODELS["deepseek-v3"].architecture)
    assert counted.total == 671_025_397_760
    assert counted.active == 37_551_276_032
    assert counted.routed_experts == 58 * 256 * 3 * 7168 * 2048
    assert counted.active_routed_experts * 32 == counted.routed_experts
    assert counted.shared_experts == 58 * 3 * 7168 * 2048
    assert counted.dense_ffn == 3 * 3 * 7168 * 18_432
    assert counted.routers == 58 * 7168 * 256


def test_all_experts_at_work_use_everything() -> None:
    experts = Experts(count=4, per_token=4, ffn_size=1024)
    counted = count_parameters(an_architecture(experts=experts))
    assert counted.active == counted.total


def test_a_decoder_beside_an_encoder_attends_twice() -> None:
    # T5-11B: 24 layers each, 128 heads of 128, one vocabulary (arXiv:1910.10683); 11,307,321,344.
    t5 = an_architecture(
        kind=ModelKind.ENCODER_DECODER,
        layers=48,
        full_attention_layers=48,
        hidden_size=1024,
        heads=128,
        kv_heads=128,
        ffn_size=65_536,
        vocab_size=32_128,
        tied_embeddings=True,
        gated_mlp=False,
    )
    assert count_parameters(t5).total == pytest.approx(11_307_321_344, rel=0.001)


def test_an_image_model_is_not_counted() -> None:
    with pytest.raises(ValueError, match="not held"):
        count_parameters(MODELS["stable-diffusion-1.5"].architecture)
