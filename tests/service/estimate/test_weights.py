from dataclasses import astuple
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.architecture import Architecture, AttentionKind, Experts
from service.domain.precision import Precision
from service.estimate.weights import split_params, weight_bytes
from service.facts.models import load_models
from tests.service.estimate.serving_cases import sizes_of

# From the widest: within one group no order is promised.
_BY_BITS = (
    (Precision.FP32, Precision.TF32),
    (Precision.BF16, Precision.FP16),
    (Precision.FP8, Precision.INT8),
    (Precision.FP4, Precision.MXFP4, Precision.INT4, Precision.Q4_K_M),
)
_GIGA = 1e9


@st.composite
def architectures(draw: st.DrawFn) -> Architecture:
    layers = draw(st.integers(1, 130))
    heads = draw(st.sampled_from([1, 8, 28, 64, 128]))
    experts = draw(
        st.none()
        | st.builds(
            Experts,
            count=st.integers(2, 400),
            per_token=st.integers(1, 8),
            ffn_size=st.integers(1, 20_000),
            dense_layers=st.integers(0, layers),
        )
    )
    return Architecture(
        params=draw(st.integers(1, 2 * 10**12)),
        active_params=1,
        layers=layers,
        hidden_size=draw(st.integers(0, 20_000)),
        heads=heads,
        kv_heads=draw(st.sampled_from([1, 8, heads])),
        head_dim=draw(st.integers(1, 256)),
        ffn_size=1,
        vocab_size=draw(st.integers(0, 300_000)),
        context_length=1,
        attention=AttentionKind.GQA,
        experts=experts,
        full_attention_layers=layers,
        tied_embeddings=draw(st.booleans()),
    )


@given(architectures())
def test_a_lower_precision_never_needs_more_memory(architecture: Architecture) -> None:
    totals = [
        [weight_bytes(architecture, precision).total for precision in group] for group in _BY_BITS
    ]
    for wider, narrower in pairwise(totals):
        assert max(narrower) <= min(wider) * (1 + 1e-12)


@given(architectures())
def test_the_parts_sum_to_all_weights_and_none_is_below_zero(architecture: Architecture) -> None:
    parts = astuple(split_params(architecture))
    assert sum(parts) == pytest.approx(architecture.params)
    assert min(parts) >= 0


def test_the_parts_of_every_bundled_mixture_give_its_active_parameters() -> None:
    checked = 0
    for model in load_models().models:
        sizes = model.architecture
        if sizes.experts is None or sizes.linear_layers:
            continue
        split = split_params(sizes)
        used = split.experts * sizes.experts.per_token / sizes.experts.count
        active = split.embedding + split.head + split.attention + split.other + used
        assert active == pytest.approx(sizes.active_params, rel=0.01), model.model_id
        checked += 1
    assert checked > 10


def test_published_checkpoints_have_the_bytes_that_are_computed() -> None:
    # Sizes on Hugging Face: openai/gpt-oss-120b 65.3 GB, nvidia/DeepSeek-R1-NVFP4 about 390 GB,
    # meta-llama/Llama-3.1-70B in bf16 141.1 GB.
    assert weight_bytes(sizes_of("gpt-oss-120b"), Precision.MXFP4).total / _GIGA == pytest.approx(
        65.3, rel=0.03
    )
    assert weight_bytes(sizes_of("DeepSeek-R1"), Precision.FP4).total / _GIGA == pytest.approx(
        390, rel=0.03
    )
    assert weight_bytes(sizes_of("Llama-3.1-70B"), Precision.BF16).total / _GIGA == pytest.approx(
        141.1, rel=0.001
    )


def test_only_routed_experts_of_a_mixture_go_below_eight_bits() -> None:
    weights = weight_bytes(sizes_of("DeepSeek-V3"), Precision.FP4)
    split = split_params(sizes_of("DeepSeek-V3"))
    assert weights.attention == split.attention
    assert weights.head == 2 * split.head
    assert weights.experts == 0.5625 * split.experts
