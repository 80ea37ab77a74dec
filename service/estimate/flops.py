"""Floating-point operations of a model: a multiplication and an addition count as two.

Two conventions stand side by side. The rule of thumb of Kaplan et al. (arXiv:2001.08361) counts
2 N a token forward and 6 N forward and backward. The full count adds the products of attention,
which have no weights, and leaves out an input embedding that is only looked up. Recomputed
activations never count: these are the FLOPs of the model, as in MFU (PaLM, arXiv:2204.02311).
"""

from service.domain.architecture import Architecture, AttentionKind, ModelKind
from service.domain.workload import Recompute, TrainingMethod

_FORWARD_FLOPS_PER_WEIGHT = 2
_TRAINING_FLOPS_PER_WEIGHT = 6
# Backward costs twice forward: by the inputs and by the weights. Frozen weights need the first.
_BACKWARD_OVER_FORWARD = 2
_FROZEN_TRAINING_FLOPS_PER_WEIGHT = 4


def computing_params(architecture: Architecture) -> int:
    """Return the weights that a token is multiplied with.

    These are the active ones without an untied input embedding, which is a lookup: counting it
    makes gpt-oss-20b 14 % too expensive. A tied one works as the output projection.
    """
    if architecture.tied_embeddings:
        return architecture.active_params
    embedding = architecture.vocab_size * architecture.hidden_size
    return max(architecture.active_params - embedding, 0)


def attention_width(architecture: Architecture) -> int:
    """Return heads times the sizes of a query-key and of a value head: a (d_qk + d_v).

    Grouped queries share keys and values and save memory, not these products.
    """
    latent = architecture.latent
    if architecture.attention is AttentionKind.MLA and latent is not None:
        per_head = latent.nope_dim + latent.rope_dim + latent.value_dim
    else:
        per_head = 2 * architecture.head_dim
    return architecture.heads * per_head


def attended_tokens(architecture: Architecture, context: int) -> int:
    """Return the tokens that one query reads, summed over layers, with `context` tokens to see.

    Windowed layers see at most their window, sparse ones what their index picks, linear ones
    none: their state has a fixed size.
    """
    seen = context
    if architecture.sparse_attention_tokens:
        seen = min(seen, architecture.sparse_attention_tokens)
    windowed = min(context, architecture.sliding_window)
    return architecture.full_attention_layers * seen + architecture.windowed_layers * windowed


def forward_flops_per_token(architecture: Architecture, context: int) -> float:
    """Return FLOPs of one token forward that attends to `context` tokens, in every layer alike.

    2 a weight and 2 a (d_qk + d_v) a token attended to. A causal prompt of n tokens has a mean
    context of n / 2.
    """
    weights = _FORWARD_FLOPS_PER_WEIGHT * computing_params(architecture)
    return float(
        weights + 2 * attention_width(architecture) * attended_tokens(architecture, context)
    )


def training_flops_per_token(
    architecture: Architecture,
    sequence_length: int,
    *,
    method: TrainingMethod = TrainingMethod.FULL,
    recompute: Recompute = Recompute.NONE,
) -> float:
    """Return FLOPs of training on one token, forward and backward.

    6 a weight and 3 s a (d_qk + d_v) a layer: a causal query sees s/2 tokens on average; encoders,
    and encoders with decoders, see all of them, which is twice that. Frozen weights (LoRA, QLoRA)
    need no gradient of their own: 4 a weight. Under full recompute they are 6, because no
    calibrated MFU has a recomputed frozen forward pass in it, whereas that of full training does.
    """
    per_weight = _TRAINING_FLOPS_PER_WEIGHT
    if method is not TrainingMethod.FULL and recompute is not Recompute.FULL:
        per_weight = _FROZEN_TRAINING_FLOPS_PER_WEIGHT
    is_causal = architecture.kind is ModelKind.DECODER
    attention = 3 * attention_width(architecture) * attended_tokens(architecture, sequence_length)
    return float(
        per_weight * computing_params(architecture) + (attention if is_causal else 2 * attention)
    )


def attention_share(architecture: Architecture, sequence_length: int) -> float:
    """Return the share that attention has of the FLOPs of full training, from 0 to 1."""
    total = training_flops_per_token(architecture, sequence_length)
    weights = _TRAINING_FLOPS_PER_WEIGHT * computing_params(architecture)
    return 1.0 - weights / total if total else 0.0


def rule_of_thumb_training_flops(architecture: Architecture, tokens: int) -> float:
    """Return 6 N D with N the active parameters, embeddings included."""
    return float(_TRAINING_FLOPS_PER_WEIGHT) * architecture.active_params * tokens


def rule_of_thumb_forward_flops(architecture: Architecture, tokens: int) -> float:
    """Return 2 N a token, input and output tokens alike, embeddings included."""
    return float(_FORWARD_FLOPS_PER_WEIGHT) * architecture.active_params * tokens


def image_training_flops(flops_per_image_step: float) -> float:
    """Return FLOPs of training a diffusion model on one image, which draws one denoising step."""
    return (1 + _BACKWARD_OVER_FORWARD) * flops_per_image_step
