"""Architectures from as little as their parameters."""

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.domain.architecture import (
    Architecture,
    AttentionKind,
    LatentAttention,
    Model,
    ModelKind,
)
from service.estimate.infer import BadArchitecture, complete_architecture
from service.estimate.parameters import count_parameters
from service.facts.models import load_models

# Thousands of cases: tracing them would double their time.
pytestmark = pytest.mark.no_cover

MODELS = load_models()
TRANSFORMERS = [m for m in MODELS.models if m.architecture.kind is not ModelKind.DIFFUSION]
LATENT = LatentAttention(kv_rank=512, rope_dim=64, query_rank=1536, nope_dim=128, value_dim=128)
EVERY_SIZE = {
    "layers", "hidden_size", "heads", "kv_heads", "head_dim", "ffn_size", "vocab_size", "gated_mlp"
}  # fmt: skip


def of(params: float, **sizes: Any) -> Architecture:
    return complete_architecture(params=int(params), **sizes)


def stated(model: Model) -> dict[str, Any]:
    """Return all sizes of a known model as arguments."""
    sizes = model.architecture
    names = {field.name for field in dataclasses.fields(sizes)}
    arguments = {
        name: getattr(sizes, name) for name in names - {"experts", "windowed_layers", "inferred"}
    }
    if sizes.experts is not None:
        arguments |= {
            "experts": sizes.experts.count,
            "experts_per_token": sizes.experts.per_token,
            "expert_ffn_size": sizes.experts.ffn_size,
            "shared_ffn_size": sizes.experts.shared_ffn_size,
            "dense_layers": sizes.experts.dense_layers,
        }
    return arguments


@given(st.integers(min_value=1, max_value=10**15))
def test_any_number_of_parameters_makes_an_architecture(params: int) -> None:
    sizes = of(params)
    assert sizes.params == sizes.active_params == params
    assert sizes.inferred == EVERY_SIZE
    assert min(sizes.layers, sizes.hidden_size, sizes.head_dim, sizes.ffn_size) >= 1
    assert sizes.heads % sizes.kv_heads == 0
    assert sizes.full_attention_layers == sizes.layers
    if params >= 1000:
        assert count_parameters(sizes).total == pytest.approx(params, rel=0.02)


@given(st.integers(min_value=1, max_value=10**15), st.integers(min_value=1, max_value=10**15))
def test_any_active_parameters_make_a_mixture_or_an_error(params: int, active: int) -> None:
    try:
        sizes = of(params, active_params=active)
    except BadArchitecture:
        return
    assert (sizes.params, sizes.active_params) == (params, active)
    assert (sizes.experts is None) == (active == params)


@given(st.integers(min_value=10**9, max_value=10**13), st.floats(min_value=0.01, max_value=0.9))
def test_a_mixture_has_its_total_and_active_parameters(params: int, share: float) -> None:
    active = int(params * share)
    sizes = of(params, active_params=active)
    counted = count_parameters(sizes)
    assert counted.total == pytest.approx(params, rel=0.02)
    assert counted.active == pytest.approx(active, rel=0.05)
    assert sizes.inferred >= EVERY_SIZE - {"ffn_size"} | {"experts", "experts_per_token"}


@pytest.mark.parametrize("model", TRANSFORMERS, ids=lambda model: model.model_id)
def test_a_known_model_that_is_stated_whole_stays_as_it_is(model: Model) -> None:
    assert complete_architecture(**stated(model)) == model.architecture


# What a size can be found by: the others, within what rounding to whole layers and heads allows.
@pytest.mark.parametrize(
    ("missing", "rel"),
    [("layers", 0.05), ("hidden_size", 0.15), ("ffn_size", 0.02), ("expert_ffn_size", 0.02)],
)
@pytest.mark.parametrize("model", TRANSFORMERS, ids=lambda model: model.model_id)
def test_the_one_missing_size_follows_from_the_rest(model: Model, missing: str, rel: float) -> None:
    arguments = stated(model)
    expected = arguments.pop(missing, 0)
    if not expected or (missing == "ffn_size" and model.architecture.experts):
        return
    if missing == "layers":
        arguments |= {"sliding_window": 0, "full_attention_layers": 0, "linear_layers": 0}
    if missing == "hidden_size" and model.architecture.experts:
        return  # depth alone says little of a mixture's width
    found = complete_architecture(**arguments)
    holder = found.experts if missing == "expert_ffn_size" else found
    name = "ffn_size" if missing == "expert_ffn_size" else missing
    assert missing in found.inferred
    assert getattr(holder, name) == pytest.approx(expected, rel=rel)


def test_seven_billion_are_narrow_and_seventy_share_keys() -> None:
    small, large = of(3e9), of(70e9)
    assert small.attention is AttentionKind.MHA
    assert (large.attention, large.kv_heads, large.head_dim) == (AttentionKind.GQA, 8, 128)
    assert 60 <= large.layers <= 90
    assert 7000 <= large.hidden_size <= 9500


def test_what_is_stated_is_kept_and_not_named_as_inferred() -> None:
    sizes = of(175e9, layers=96, hidden_size=12_288, heads=96, vocab_size=50_257)
    assert (sizes.layers, sizes.hidden_size, sizes.heads, sizes.kv_heads) == (96, 12_288, 96, 96)
    assert sizes.head_dim == 128
    assert sizes.inferred == {"kv_heads", "head_dim", "ffn_size", "gated_mlp"}
    assert count_parameters(sizes).total == pytest.approx(175e9, rel=0.02)


def test_heads_are_a_multiple_of_the_key_heads_that_are_stated() -> None:
    sizes = of(1e9, kv_heads=7)
    assert sizes.heads % 7 == 0
    assert (sizes.kv_heads, sizes.attention) == (7, AttentionKind.GQA)
    assert of(1e9, attention=AttentionKind.MQA).kv_heads == 1
    assert of(1e9, attention=AttentionKind.GQA).kv_heads == 8


def test_a_width_follows_from_depth_and_feed_forward_part() -> None:
    for heads in ({}, {"heads": 32, "kv_heads": 8}):
        sizes = of(8e9, layers=32, ffn_size=14_336, vocab_size=128_256, **heads)
        assert sizes.hidden_size == pytest.approx(4096, rel=0.1)


def test_active_parameters_follow_from_experts() -> None:
    sizes = of(46.7e9, experts=8, experts_per_token=2, layers=32, hidden_size=4096, heads=32,
               kv_heads=8, vocab_size=32_000)  # fmt: skip
    assert sizes.experts is not None
    assert sizes.experts.ffn_size == pytest.approx(14_336, rel=0.01)
    assert sizes.active_params == pytest.approx(12.9e9, rel=0.01)
    assert "active_params" in sizes.inferred


def test_layers_of_a_kind_are_told_apart() -> None:
    sizes = of(8e9, layers=32, sliding_window=4096, full_attention_layers=8)
    assert (sizes.full_attention_layers, sizes.windowed_layers) == (8, 24)
    assert of(8e9, layers=32, sliding_window=4096).windowed_layers == 32
    hybrid = of(8e9, layers=32, linear_layers=24)
    assert (hybrid.full_attention_layers, hybrid.linear_layers) == (8, 24)


def test_latent_ranks_are_latent_attention() -> None:
    sizes = of(70e9, latent=LATENT)
    assert (sizes.attention, sizes.head_dim) == (AttentionKind.MLA, 192)
    assert count_parameters(sizes).total == pytest.approx(70e9, rel=0.02)


def test_an_encoder_has_no_gate() -> None:
    assert not of(110e6, kind=ModelKind.ENCODER).gated_mlp
    assert of(110e6, kind=ModelKind.ENCODER, gated_mlp=True).gated_mlp


def test_an_image_model_has_parameters_only() -> None:
    sizes = of(1e9, kind=ModelKind.DIFFUSION)
    assert (sizes.active_params, sizes.layers) == (10**9, 0)
    assert sizes.inferred == {"active_params"}


@pytest.mark.parametrize(
    "foreign",
    [
        {"hidden_size": 320},
        {"context_length": 77},
        {"attention": AttentionKind.MHA},
        {"latent": LATENT},
        {"gated_mlp": False},
        {"tied_embeddings": True},
    ],
)
def test_an_image_model_has_no_sizes_of_layers(foreign: dict[str, Any]) -> None:
    with pytest.raises(BadArchitecture, match="of a diffusion model"):
        of(1e9, kind=ModelKind.DIFFUSION, **foreign)


@pytest.mark.parametrize(
    ("sizes", "field"),
    [
        ({"params": 0}, "params"),
        ({"params": 10**15 + 1}, "params"),
        ({"layers": -1}, "layers"),
        ({"active_params": 9 * 10**9}, "active_params"),
        ({"hidden_size": 4096, "heads": 33}, "heads"),
        ({"heads": 32, "kv_heads": 5}, "kv_heads"),
        ({"heads": 32, "kv_heads": 8, "attention": AttentionKind.MHA}, "attention"),
        ({"kv_heads": 2, "attention": AttentionKind.MQA}, "attention"),
        ({"attention": AttentionKind.MLA}, "latent_kv_rank"),
        ({"latent": dataclasses.replace(LATENT, kv_rank=0)}, "latent_kv_rank"),
        ({"latent": dataclasses.replace(LATENT, value_dim=0)}, "latent_value_dim"),
        ({"latent": dataclasses.replace(LATENT, rope_dim=-1)}, "latent_rope_dim"),
        ({"latent": LATENT, "attention": AttentionKind.GQA}, "attention"),
        ({"latent": LATENT, "head_dim": 128}, "head_dim"),
        ({"experts": 8}, "experts_per_token"),
        ({"experts": 8, "experts_per_token": 9}, "experts_per_token"),
        ({"expert_ffn_size": 2048}, "expert_ffn_size"),
        ({"shared_ffn_size": 2048}, "shared_ffn_size"),
        ({"layers": 4, "experts": 8, "experts_per_token": 2, "dense_layers": 4}, "dense_layers"),
        ({"active_params": 10**9, "ffn_size": 8192}, "experts"),
        ({"layers": 32, "full_attention_layers": 33}, "full_attention_layers"),
        ({"layers": 32, "linear_layers": 33}, "linear_layers"),
        ({"layers": 32, "full_attention_layers": 8}, "sliding_window"),
        (
            {"layers": 32, "full_attention_layers": 32, "sliding_window": 512},
            "sliding_window",
        ),
        ({"layers": 2, "hidden_size": 128}, "params"),
        ({"layers": 96, "hidden_size": 12_288, "ffn_size": 49_152}, "params"),
        ({"active_params": 10**3}, "active_params"),
    ],
)
def test_sizes_that_contradict_each_other_are_named(sizes: dict[str, Any], field: str) -> None:
    with pytest.raises(BadArchitecture) as caught:
        complete_architecture(**({"params": 8 * 10**9} | sizes))
    assert caught.value.field == field
    assert str(caught.value) == f"{field} {caught.value.message}"


def test_a_miss_says_both_figures() -> None:
    with pytest.raises(BadArchitecture, match=r"is 1000000000, but the sizes make \d+.*25%"):
        of(1e9, layers=96, hidden_size=12_288)


SIZES = st.fixed_dictionaries(
    {},
    optional={
        name: st.integers(min_value=0, max_value=top)
        for name, top in {
            "active_params": 10**13,
            "layers": 200,
            "hidden_size": 20_000,
            "heads": 200,
            "kv_heads": 64,
            "head_dim": 256,
            "ffn_size": 60_000,
            "vocab_size": 300_000,
            "experts": 512,
            "experts_per_token": 16,
            "expert_ffn_size": 8192,
            "shared_ffn_size": 8192,
            "dense_layers": 4,
            "sliding_window": 8192,
            "full_attention_layers": 40,
            "linear_layers": 40,
        }.items()
    }
    | {
        "attention": st.sampled_from(AttentionKind),
        "latent": st.just(LATENT),
        "tied_embeddings": st.booleans(),
        "gated_mlp": st.booleans(),
        "kind": st.sampled_from(ModelKind),
    },
)


@given(st.integers(min_value=1, max_value=10**13), SIZES)
def test_any_sizes_make_an_architecture_or_an_error(params: int, sizes: dict[str, Any]) -> None:
    try:
        found = complete_architecture(params=params, **sizes)
    except BadArchitecture:
        return
    if found.kind is not ModelKind.DIFFUSION:
        assert count_parameters(found).total > 0
        assert found.layers == (
            found.full_attention_layers + found.windowed_layers + found.linear_layers
        )
    stated_sizes = {name: size for name, size in sizes.items() if size and name != "experts"}
    assert all(getattr(found, name, size) == size for name, size in stated_sizes.items())
