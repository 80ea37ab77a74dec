"""Completes an architecture of which only some sizes are known, at least the parameters.

What is missing follows from how known models scale: `service.estimate.scaling` has the rules.
The last free size, the width of the feed-forward part or of the experts, takes up what the others
leave, so that an architecture of which nothing but `params` was stated has that many weights.
"""

from dataclasses import replace

from service.domain.architecture import (
    Architecture,
    AttentionKind,
    LatentAttention,
    ModelKind,
)
from service.estimate import scaling
from service.estimate.mixture import layers_of_mixture, weights_per_width, with_experts
from service.estimate.parameters import count_parameters
from service.estimate.stated import BadArchitecture, Stated, check_stated

__all__ = ["BadArchitecture", "complete_architecture"]

MAX_MISS = 0.25
"""Stated sizes may miss the stated parameters by so much: publishers round, norms do not count."""
_SMALLEST_CHECKED = 1_000_000  # rounding to whole sizes alone can miss a smaller model by so much


def complete_architecture(
    *,
    params: int,
    active_params: int = 0,
    layers: int = 0,
    hidden_size: int = 0,
    heads: int = 0,
    kv_heads: int = 0,
    head_dim: int = 0,
    ffn_size: int = 0,
    vocab_size: int = 0,
    experts: int = 0,
    experts_per_token: int = 0,
    expert_ffn_size: int = 0,
    shared_ffn_size: int = 0,
    dense_layers: int = 0,
    context_length: int = 0,
    attention: AttentionKind | None = None,
    latent: LatentAttention | None = None,
    sliding_window: int = 0,
    full_attention_layers: int = 0,
    linear_layers: int = 0,
    sparse_attention_tokens: int = 0,
    tied_embeddings: bool = False,
    gated_mlp: bool | None = None,
    kind: ModelKind = ModelKind.DECODER,
) -> Architecture:
    """Return the architecture with every size set; 0 and None mean not stated.

    `inferred` names what was not stated, by the names of the arguments. A context that nobody
    stated stays 0: it is no size that follows from others. Fewer active parameters than `params`
    make a mixture of experts, whose numbers of experts are inferred too.

    Raises BadArchitecture for sizes that contradict each other, also where they miss `params` or
    `active_params` by more than a quarter.
    """
    stated = Stated(
        params=params,
        active_params=active_params,
        layers=layers,
        hidden_size=hidden_size,
        heads=heads,
        kv_heads=kv_heads,
        head_dim=head_dim,
        ffn_size=ffn_size,
        vocab_size=vocab_size,
        experts=experts,
        experts_per_token=experts_per_token,
        expert_ffn_size=expert_ffn_size,
        shared_ffn_size=shared_ffn_size,
        dense_layers=dense_layers,
        context_length=context_length,
        attention=attention,
        latent=latent,
        sliding_window=sliding_window,
        full_attention_layers=full_attention_layers,
        linear_layers=linear_layers,
        sparse_attention_tokens=sparse_attention_tokens,
        tied_embeddings=tied_embeddings,
        gated_mlp=gated_mlp,
        kind=kind,
    )
    check_stated(stated)
    if kind is ModelKind.DIFFUSION:
        return _diffusion(stated)
    architecture = _with_layer_kinds(stated, _sized(stated))
    _check_total(stated, architecture)
    return replace(architecture, inferred=_inferred(stated, architecture))


def _diffusion(stated: Stated) -> Architecture:
    return Architecture(
        kind=ModelKind.DIFFUSION,
        params=stated.params,
        active_params=stated.active_params or stated.params,
        layers=0,
        hidden_size=0,
        heads=0,
        kv_heads=0,
        head_dim=0,
        ffn_size=0,
        vocab_size=0,
        context_length=0,
        full_attention_layers=0,
        inferred=frozenset() if stated.active_params else frozenset({"active_params"}),
    )


def _sized(stated: Stated) -> Architecture:
    """Return the architecture with all sizes that decide its parameters."""
    frame = _frame(stated)
    if stated.is_mixture:
        return with_experts(stated, frame)
    if stated.ffn_size:
        return frame
    left = stated.params - count_parameters(frame).total
    width = min(round(left / weights_per_width(frame)), scaling.widest_ffn(frame.hidden_size))
    return replace(frame, ffn_size=max(width, 1))


def _frame(stated: Stated) -> Architecture:
    """Set depth, width, heads and vocabulary; the feed-forward part is 0 unless stated.

    What a token uses decides them, as far as nobody does: idle experts make no model deeper.
    """
    share = scaling.active_share(stated.experts, stated.experts_per_token)
    active = stated.active_params or max(round(stated.params * share), 1)
    gated = stated.kind is not ModelKind.ENCODER if stated.gated_mlp is None else stated.gated_mlp
    width = stated.hidden_size or _width(stated, active, gated=gated)
    heads, kv_heads, head_dim = _heads(stated, width)
    tables = 1 if stated.tied_embeddings else 2
    one_layer = Architecture(
        kind=stated.kind,
        params=stated.params,
        active_params=active,
        layers=1,
        hidden_size=width,
        heads=heads,
        kv_heads=kv_heads,
        head_dim=head_dim,
        ffn_size=stated.ffn_size,
        vocab_size=stated.vocab_size
        or scaling.vocab_size(active, tables * width, is_mixture=stated.is_mixture),
        context_length=stated.context_length,
        attention=_attention_kind(stated, heads, kv_heads),
        latent=stated.latent,
        full_attention_layers=1,
        sparse_attention_tokens=stated.sparse_attention_tokens,
        tied_embeddings=stated.tied_embeddings,
        gated_mlp=gated,
    )
    layers = stated.layers or _layers(stated, one_layer)
    return replace(one_layer, layers=layers, full_attention_layers=layers)


def _width(stated: Stated, active: int, *, gated: bool) -> int:
    multiple_of = 1 if stated.head_dim or stated.latent else stated.heads
    if not stated.layers:
        return scaling.hidden_size(active, multiple_of=multiple_of)
    weights_per_width = float(stated.vocab_size * (1 if stated.tied_embeddings else 2))
    squares = 0.0
    if stated.ffn_size and not stated.is_mixture:
        weights_per_width += stated.layers * (3 if gated else 2) * stated.ffn_size
        squares = scaling.attention_squares(stated.heads, stated.kv_heads, stated.params)
    return scaling.hidden_size_of_depth(
        active,
        layers=stated.layers,
        weights_per_width=weights_per_width,
        squares=squares,
        multiple_of=multiple_of,
    )


def _layers(stated: Stated, one_layer: Architecture) -> int:
    """Return the depth: what the parameters fill where a layer is stated, else by its width."""
    counted = count_parameters(one_layer)
    outside = counted.embedding + counted.head
    if stated.is_mixture and stated.expert_ffn_size:
        return layers_of_mixture(stated, one_layer)
    if stated.ffn_size and not stated.is_mixture:
        left = stated.params - outside
        return max(round(left / (counted.total - outside)), 1)
    usual = scaling.layer_count(one_layer.active_params - outside, one_layer.hidden_size)
    return max(usual, stated.dense_layers + 1)


def _heads(stated: Stated, width: int) -> tuple[int, int, int]:
    """Return query heads, key and value heads, and the size of one."""
    if stated.latent is not None:
        heads = stated.heads or max(round(width / stated.latent.nope_dim), 1)
        return heads, stated.kv_heads or heads, stated.latent.nope_dim + stated.latent.rope_dim
    if stated.heads:
        return (
            stated.heads,
            _kv_heads(stated, stated.heads),
            stated.head_dim or (width // stated.heads),
        )
    head_dim = stated.head_dim or scaling.head_dim(width)
    heads = max(round(width / head_dim), 1)
    if stated.kv_heads and heads % stated.kv_heads:
        heads = stated.kv_heads * max(round(heads / stated.kv_heads), 1)
        head_dim = stated.head_dim or max(round(width / heads), 1)
    return heads, _kv_heads(stated, heads), head_dim


def _kv_heads(stated: Stated, heads: int) -> int:
    if stated.kv_heads:
        return stated.kv_heads
    if stated.attention is AttentionKind.MQA:
        return 1
    if stated.attention is AttentionKind.GQA:
        return scaling.kv_heads(heads)
    # Who states the heads alone means as many for keys and values: the contract says so.
    is_own = stated.heads or stated.attention or stated.kind is not ModelKind.DECODER
    if is_own or stated.params < scaling.GROUPED_FROM_PARAMS:
        return heads
    return scaling.kv_heads(heads)


def _attention_kind(stated: Stated, heads: int, kv_heads: int) -> AttentionKind:
    if stated.latent is not None:
        return AttentionKind.MLA
    if stated.attention is not None:
        return stated.attention
    if kv_heads == heads:
        return AttentionKind.MHA
    return AttentionKind.MQA if kv_heads == 1 else AttentionKind.GQA


def _with_layer_kinds(stated: Stated, architecture: Architecture) -> Architecture:
    """Say which layers see everything, which a window, and which keep a state."""
    layers, linear, window = architecture.layers, stated.linear_layers, stated.sliding_window
    full = stated.full_attention_layers
    if full + linear > layers:
        name = "full_attention_layers" if full else "linear_layers"
        raise BadArchitecture(name, f"is {full or linear}, too many for {layers} layers")
    if not full and not window:
        full = layers - linear
    windowed = layers - full - linear
    if windowed and not window:
        raise BadArchitecture(
            "sliding_window", f"is missing for the {windowed} layers that are not full or linear"
        )
    if window and not windowed:
        raise BadArchitecture("sliding_window", f"is {window}, but no layer is left to have it")
    return replace(
        architecture,
        sliding_window=window,
        full_attention_layers=full,
        windowed_layers=windowed,
        linear_layers=linear,
    )


def _check_total(stated: Stated, architecture: Architecture) -> None:
    counted = count_parameters(architecture)
    for name, wanted, found in (
        ("params", architecture.params, counted.total),
        ("active_params", architecture.active_params, counted.active),
    ):
        is_checked = stated.states_sizes or wanted >= _SMALLEST_CHECKED
        if is_checked and abs(found / wanted - 1) > MAX_MISS:
            raise BadArchitecture(
                name, f"is {wanted}, but the sizes make {found}: more than {MAX_MISS:.0%} apart"
            )


def _inferred(stated: Stated, architecture: Architecture) -> frozenset[str]:
    """Name what was set here and nobody stated."""
    names = {"layers", "hidden_size", "heads", "kv_heads", "head_dim", "vocab_size"}
    if architecture.ffn_size:
        names.add("ffn_size")
    if architecture.experts is not None:
        names |= {"active_params", "experts", "experts_per_token", "expert_ffn_size"}
        if architecture.experts.shared_ffn_size:
            names.add("shared_ffn_size")
    found = {name for name in names if not getattr(stated, name)}
    if stated.gated_mlp is None:
        found.add("gated_mlp")
    return frozenset(found)
