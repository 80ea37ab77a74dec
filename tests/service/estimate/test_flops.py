import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.architecture import (
    Architecture,
    AttentionKind,
    Experts,
    LatentAttention,
    ModelKind,
)
from service.domain.workload import Recompute, TrainingMethod
from service.estimate import flops
from service.facts.models import load_models

A100_PEAK = 312e12
TOKENS = 300_000_000_000
# The figures of the article "Navigating the High Cost of AI Compute" (a16z, April 2023) round
# GPT-3 to 175 billion; the registry counts 174.6 from its sizes.
PUBLISHED_GPT_3 = 175_000_000_000


def the(name: str) -> Architecture:
    model = load_models().find(name)
    assert model is not None
    return model.architecture


def published_gpt_3() -> Architecture:
    return dataclasses.replace(
        the("GPT-3-175B"), params=PUBLISHED_GPT_3, active_params=PUBLISHED_GPT_3
    )


def test_training_gpt_3_by_the_rule_of_thumb_is_six_n_d() -> None:
    count = flops.rule_of_thumb_training_flops(published_gpt_3(), TOKENS)
    assert count == pytest.approx(3.15e23, rel=1e-12)
    hours = count / A100_PEAK / 3600
    assert hours == pytest.approx(280_449, abs=0.5)
    assert hours * 2.00 == pytest.approx(560_897, abs=1)


def test_the_articles_total_gives_its_hours() -> None:
    assert pytest.approx(279_558, abs=0.5) == 3.14e23 / A100_PEAK / 3600


def test_at_two_dollars_and_full_peak_gpt_3_of_the_registry_costs_560_000_dollars() -> None:
    # With p = 174.6e9, counted from sizes: 0.23 % below the rounded 175e9.
    hours = flops.rule_of_thumb_training_flops(the("GPT-3-175B"), TOKENS) / A100_PEAK / 3600
    assert hours * 2.00 == pytest.approx(560_000, rel=0.005)


def test_attention_adds_one_and_a_half_percent_to_the_training_of_gpt_3() -> None:
    full = flops.training_flops_per_token(the("GPT-3-175B"), 2048) * TOKENS
    thumb = flops.rule_of_thumb_training_flops(the("GPT-3-175B"), TOKENS)
    assert full / thumb == pytest.approx(1.0138, abs=0.0005)


def test_1024_tokens_of_gpt_3_inference_are_358_teraflop_and_a_second_of_an_a100() -> None:
    count = flops.rule_of_thumb_forward_flops(published_gpt_3(), 1024)
    assert count == pytest.approx(358.4e12)
    assert count / A100_PEAK == pytest.approx(1.15, abs=0.005)


def test_attention_of_a_plain_decoder_is_six_l_h_s() -> None:
    gpt_3 = the("GPT-3-175B")
    attention = flops.training_flops_per_token(gpt_3, 2048) - 6 * gpt_3.active_params
    assert attention == 6 * 96 * 12288 * 2048


def test_grouped_queries_do_not_change_flops() -> None:
    llama = the("Llama-3-8B")
    all_heads = dataclasses.replace(llama, kv_heads=llama.heads, attention=AttentionKind.MHA)
    assert flops.training_flops_per_token(all_heads, 8192) == flops.training_flops_per_token(
        llama, 8192
    )


def test_latent_attention_uses_its_own_head_sizes() -> None:
    assert flops.attention_width(the("DeepSeek-V3")) == 128 * (128 + 64 + 128)


def test_an_untied_input_embedding_does_not_compute_and_a_tied_one_does() -> None:
    gpt_oss = the("gpt-oss-20b")
    assert flops.computing_params(gpt_oss) == gpt_oss.active_params - 201088 * 2880
    gemma = the("Gemma-2-9b")
    assert flops.computing_params(gemma) == gemma.active_params


def test_windowed_layers_attend_to_their_window_only() -> None:
    gemma = the("Gemma-3-27b-it")
    assert flops.attended_tokens(gemma, 8192) == 10 * 8192 + 52 * 1024
    assert flops.attended_tokens(gemma, 512) == 62 * 512


def test_linear_layers_attend_to_nothing() -> None:
    assert flops.attended_tokens(the("Qwen3.5-397B-A17B"), 4096) == 15 * 4096


def test_sparse_attention_reads_what_its_index_picks() -> None:
    sparse = the("DeepSeek-V3.2")
    assert flops.attended_tokens(sparse, 100_000) == 61 * sparse.sparse_attention_tokens


def test_an_encoder_sees_both_sides() -> None:
    decoder = the("GPT-2-XL")
    encoder = dataclasses.replace(decoder, kind=ModelKind.ENCODER)
    weights = 6 * decoder.active_params
    assert flops.training_flops_per_token(encoder, 512) - weights == pytest.approx(
        2 * (flops.training_flops_per_token(decoder, 512) - weights)
    )


def test_forward_of_a_causal_prompt_is_a_third_of_training() -> None:
    llama = the("Llama-3-8B")
    assert 3 * flops.forward_flops_per_token(llama, 4096) == pytest.approx(
        flops.training_flops_per_token(llama, 8192)
    )


def test_frozen_weights_cost_four_a_weight_and_six_when_recomputed() -> None:
    llama = the("Llama-3-8B")
    params = flops.computing_params(llama)
    full = flops.training_flops_per_token(llama, 2048)
    lora = flops.training_flops_per_token(llama, 2048, method=TrainingMethod.LORA)
    again = flops.training_flops_per_token(
        llama, 2048, method=TrainingMethod.QLORA, recompute=Recompute.FULL
    )
    assert full - lora == 2 * params
    assert again == full


def test_full_training_counts_no_recomputation() -> None:
    llama = the("Llama-3-8B")
    assert flops.training_flops_per_token(
        llama, 2048, recompute=Recompute.FULL
    ) == flops.training_flops_per_token(llama, 2048)


def test_training_on_an_image_is_three_times_forward() -> None:
    assert flops.image_training_flops(0.8e12) == pytest.approx(2.4e12)


@given(sequence_length=st.integers(1, 10_000_000), more=st.integers(0, 10_000_000))
def test_longer_sequences_never_cost_less(sequence_length: int, more: int) -> None:
    for name in ("Gemma-3-27b-it", "DeepSeek-V3.2", "Llama-3-8B", "Qwen3.5-397B-A17B"):
        assert flops.training_flops_per_token(
            the(name), sequence_length
        ) <= flops.training_flops_per_token(the(name), sequence_length + more)


def test_an_architecture_without_a_vocabulary_counts_all_its_weights() -> None:
    bare = Architecture(
        params=8,
        active_params=8,
        layers=1,
        hidden_size=1,
        heads=1,
        kv_heads=1,
        head_dim=1,
        ffn_size=1,
        vocab_size=0,
        context_length=1,
        full_attention_layers=1,
        latent=LatentAttention(kv_rank=1, rope_dim=1, query_rank=1, nope_dim=1, value_dim=1),
        experts=Experts(count=2, per_token=1, ffn_size=1),
    )
    assert flops.computing_params(bare) == 8
