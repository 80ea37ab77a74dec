"""What a model is made of: the sizes that FLOPs and memory follow from."""

from dataclasses import dataclass
from enum import StrEnum


class ModelKind(StrEnum):
    """How a model works, which decides the formulas that fit it."""

    DECODER = "DECODER"
    ENCODER = "ENCODER"
    ENCODER_DECODER = "ENCODER_DECODER"
    DIFFUSION = "DIFFUSION"


class AttentionKind(StrEnum):
    """How many key and value heads there are, and in which form they are cached."""

    MHA = "MHA"
    GQA = "GQA"
    MQA = "MQA"
    MLA = "MLA"


@dataclass(frozen=True, slots=True, kw_only=True)
class LatentAttention:
    """The ranks of multi-head latent attention (DeepSeek-V2, arXiv:2405.04434), in elements.

    `query_rank` is 0 where queries are not compressed. A token caches `kv_rank + rope_dim`.
    """

    kv_rank: int
    rope_dim: int
    query_rank: int
    nope_dim: int
    value_dim: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Experts:
    """The routed experts of a mixture: `per_token` of `count` work on a token.

    The first `dense_layers` layers, or as many spread over the model, have none. `shared_ffn_size`
    is the width of what works on every token beside them; 0 where there is nothing.
    """

    count: int
    per_token: int
    ffn_size: int
    shared_ffn_size: int = 0
    dense_layers: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Architecture:
    """A model's sizes. `params` counts all weights, `active_params` those that a token uses.

    `full_attention_layers` attend to the whole context, `windowed_layers` to the last
    `sliding_window` tokens, and `linear_layers` keep a state of fixed size; the three sum to
    `layers`. `sparse_attention_tokens` is how many tokens a query reads where an index picks them;
    0 where it reads all. `inferred` names the fields that nobody stated. Of a diffusion model only
    `params` and `active_params` (those of the denoiser) mean anything; its other sizes are 0.
    """

    kind: ModelKind = ModelKind.DECODER
    params: int
    active_params: int
    layers: int
    hidden_size: int
    heads: int
    kv_heads: int
    head_dim: int
    ffn_size: int
    vocab_size: int
    context_length: int
    attention: AttentionKind = AttentionKind.MHA
    latent: LatentAttention | None = None
    experts: Experts | None = None
    sliding_window: int = 0
    full_attention_layers: int
    windowed_layers: int = 0
    linear_layers: int = 0
    sparse_attention_tokens: int = 0
    tied_embeddings: bool = False
    gated_mlp: bool = True
    inferred: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A model of the registry.

    `model_id` is kebab-case, dots allowed ("llama-3.1-8b"). `aliases` are further spellings that
    people use. `published_params` is what the publisher prints ("70B", "671B/37B").
    `flops_per_step` is what one denoising step of a diffusion model costs for one image of its
    native size, forward, without classifier-free guidance; None for other kinds.
    `kv_bytes_per_token_bf16` is what the source states for the whole model; None when not stated.
    `training_sequence_length` is what most of its pre-training tokens were packed to, in tokens,
    which is less than `context_length` where the context was extended later; 0 when not stated.
    """

    model_id: str
    display_name: str
    publisher: str
    family: str
    licence: str
    architecture: Architecture
    aliases: tuple[str, ...] = ()
    published_params: str = ""
    flops_per_step: float | None = None
    kv_bytes_per_token_bf16: int | None = None
    training_sequence_length: int = 0
    source: str = ""
    note: str = ""
