"""How many weights an architecture has, counted from its sizes.

Matrices only: norms, biases and learned positions are left out. They are below 0.1 % of a model
above a billion weights, 0.4 % of BERT-base.
"""

from dataclasses import dataclass

from service.domain.architecture import Architecture, AttentionKind, LatentAttention, ModelKind


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterCount:
    """Weights by part of the model.

    `embedding` is the table that is looked up, `head` the output matrix, 0 where both are one.
    `routed_experts` counts all of them, `active_routed_experts` those that work on one token.
    """

    embedding: int
    head: int
    attention: int
    dense_ffn: int
    routed_experts: int
    active_routed_experts: int
    shared_experts: int
    routers: int

    @property
    def total(self) -> int:
        """All weights."""
        return self._always_active + self.routed_experts

    @property
    def active(self) -> int:
        """The weights that one token uses, its embedding included."""
        return self._always_active + self.active_routed_experts

    @property
    def _always_active(self) -> int:
        return (
            self.embedding
            + self.head
            + self.attention
            + self.dense_ffn
            + self.shared_experts
            + self.routers
        )


def count_parameters(architecture: Architecture) -> ParameterCount:
    """Count the weights of a transformer.

    A layer has 2 h d (a + g) for attention with a query heads, g key and value heads of d elements,
    and 3 h f for a gated feed-forward part of width f, 2 h f for one without a gate. Layers with
    linear attention are counted as if they had the other kind (Qwen3.5-397B: 0.9 % low). Of an
    encoder and a decoder together, `layers` are those of both, half of them in the decoder, where
    each has a second attention over the encoder (arXiv:1910.10683: T5-11B to 0.1 %).

    Raises ValueError for a diffusion model, whose sizes are not held.
    """
    if architecture.kind is ModelKind.DIFFUSION:
        raise ValueError("the sizes of a diffusion model are not held")
    experts = architecture.experts
    hidden, layers = architecture.hidden_size, architecture.layers
    table = architecture.vocab_size * hidden
    matrix = (3 if architecture.gated_mlp else 2) * hidden
    dense_layers = experts.dense_layers if experts else layers
    mixed_layers = layers - dense_layers
    return ParameterCount(
        embedding=table,
        head=0 if architecture.tied_embeddings else table,
        attention=_attention(architecture),
        dense_ffn=dense_layers * matrix * architecture.ffn_size,
        routed_experts=mixed_layers * experts.count * matrix * experts.ffn_size if experts else 0,
        active_routed_experts=(
            mixed_layers * experts.per_token * matrix * experts.ffn_size if experts else 0
        ),
        shared_experts=mixed_layers * matrix * experts.shared_ffn_size if experts else 0,
        routers=mixed_layers * hidden * experts.count if experts else 0,
    )


def _attention(architecture: Architecture) -> int:
    count = architecture.layers
    if architecture.kind is ModelKind.ENCODER_DECODER:
        count += architecture.layers // 2
    if architecture.attention is AttentionKind.MLA and architecture.latent is not None:
        return count * _latent_attention(architecture, architecture.latent)
    heads = architecture.heads + architecture.kv_heads
    return count * 2 * architecture.hidden_size * architecture.head_dim * heads


def _latent_attention(architecture: Architecture, latent: LatentAttention) -> int:
    """Weights of one layer of multi-head latent attention (arXiv:2405.04434, section 2.1)."""
    hidden, heads = architecture.hidden_size, architecture.heads
    query_width = heads * (latent.nope_dim + latent.rope_dim)
    query = (
        latent.query_rank * (hidden + query_width) if latent.query_rank else hidden * query_width
    )
    down = hidden * (latent.kv_rank + latent.rope_dim)
    up = latent.kv_rank * heads * (latent.nope_dim + latent.value_dim)
    return query + down + up + heads * latent.value_dim * hidden
