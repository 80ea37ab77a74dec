"""What a caller stated of an architecture, and whether it contradicts itself."""

from dataclasses import dataclass

from service.domain.architecture import AttentionKind, LatentAttention, ModelKind

MAX_PARAMS = 10**15
MAX_SPARSITY = 1000
"""The sparsest known mixture, Kimi K2, uses 1 weight in 31; far beyond it no rule holds."""
SIZES = (
    "layers",
    "hidden_size",
    "heads",
    "kv_heads",
    "head_dim",
    "ffn_size",
    "vocab_size",
    "experts",
    "experts_per_token",
    "expert_ffn_size",
    "shared_ffn_size",
    "dense_layers",
)
_OTHER_NUMBERS = (
    "active_params",
    "context_length",
    "sliding_window",
    "full_attention_layers",
    "linear_layers",
    "sparse_attention_tokens",
)


class BadArchitecture(ValueError):
    """Sizes that contradict each other. `field` is named as in the contract's Architecture."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field} {message}")
        self.field = field
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """The arguments of `complete_architecture`; 0 and None are not stated."""

    params: int
    active_params: int
    layers: int
    hidden_size: int
    heads: int
    kv_heads: int
    head_dim: int
    ffn_size: int
    vocab_size: int
    experts: int
    experts_per_token: int
    expert_ffn_size: int
    shared_ffn_size: int
    dense_layers: int
    context_length: int
    attention: AttentionKind | None
    latent: LatentAttention | None
    sliding_window: int
    full_attention_layers: int
    linear_layers: int
    sparse_attention_tokens: int
    tied_embeddings: bool
    gated_mlp: bool | None
    kind: ModelKind

    @property
    def is_mixture(self) -> bool:
        """Whether tokens use different weights."""
        return bool(self.experts) or 0 < self.active_params < self.params

    @property
    def states_sizes(self) -> bool:
        """Whether anything is stated that decides the number of parameters."""
        return any(getattr(self, name) for name in SIZES)


def check_stated(stated: Stated) -> None:
    """Raise BadArchitecture for numbers out of range and for sizes that exclude each other."""
    _check_numbers(stated)
    if stated.kind is ModelKind.DIFFUSION:
        _check_diffusion(stated)
    _check_attention(stated)
    _check_experts(stated)


def _check_numbers(stated: Stated) -> None:
    if not 1 <= stated.params <= MAX_PARAMS:
        raise BadArchitecture("params", f"is {stated.params}, not between 1 and 10^15")
    for name in (*SIZES, *_OTHER_NUMBERS):
        if getattr(stated, name) < 0:
            raise BadArchitecture(name, f"is {getattr(stated, name)}, below zero")
    if stated.active_params > stated.params:
        raise BadArchitecture(
            "active_params", f"is {stated.active_params}, above the {stated.params} of params"
        )


def _check_diffusion(stated: Stated) -> None:
    foreign = {*SIZES, *_OTHER_NUMBERS, "attention", "latent", "gated_mlp", "tied_embeddings"}
    for name in sorted(foreign - {"active_params"}):
        # A gate that is denied is stated as well.
        if getattr(stated, name) or (name == "gated_mlp" and stated.gated_mlp is not None):
            field = "latent_kv_rank" if name == "latent" else name
            raise BadArchitecture(field, "is nothing that estimates use of a diffusion model")


def _check_attention(stated: Stated) -> None:
    heads, kv_heads = stated.heads, stated.kv_heads
    if stated.hidden_size and heads and not stated.head_dim and stated.latent is None:
        _must_divide("heads", heads, "hidden_size", stated.hidden_size)
    if heads and kv_heads:
        _must_divide("kv_heads", kv_heads, "heads", heads)
    if stated.attention is AttentionKind.MHA and heads and kv_heads not in {0, heads}:
        raise BadArchitecture("attention", f"is MHA, but {heads} heads share {kv_heads} kv_heads")
    if stated.attention is AttentionKind.MQA and kv_heads > 1:
        raise BadArchitecture("attention", f"is MQA, but there are {kv_heads} kv_heads")
    if stated.attention is AttentionKind.MLA and stated.latent is None:
        raise BadArchitecture(
            "latent_kv_rank", "is missing: attention is MLA, whose ranks follow from nothing else"
        )
    if stated.latent is not None:
        _check_latent(stated, stated.latent)


def _check_latent(stated: Stated, latent: LatentAttention) -> None:
    if stated.attention not in {None, AttentionKind.MLA}:
        raise BadArchitecture("attention", f"is {stated.attention}, but latent ranks are given")
    for name in ("kv_rank", "nope_dim", "value_dim"):
        if getattr(latent, name) < 1:
            raise BadArchitecture(f"latent_{name}", "is missing: MLA needs it")
    for name in ("rope_dim", "query_rank"):
        if getattr(latent, name) < 0:
            raise BadArchitecture(f"latent_{name}", "is below zero")
    key_size = latent.nope_dim + latent.rope_dim
    if stated.head_dim not in {0, key_size}:
        raise BadArchitecture(
            "head_dim", f"is {stated.head_dim}, but nope_dim + rope_dim are {key_size}"
        )


def _check_experts(stated: Stated) -> None:
    if stated.experts and not stated.experts_per_token:
        raise BadArchitecture("experts_per_token", f"is missing for {stated.experts} experts")
    if stated.experts_per_token > stated.experts:
        raise BadArchitecture(
            "experts_per_token", f"is {stated.experts_per_token} of {stated.experts} experts"
        )
    for name in ("expert_ffn_size", "shared_ffn_size", "dense_layers"):
        if getattr(stated, name) and not stated.experts:
            raise BadArchitecture(name, "needs experts and experts_per_token")
    if stated.layers and stated.dense_layers >= stated.layers:
        raise BadArchitecture(
            "dense_layers",
            f"is {stated.dense_layers} of {stated.layers} layers, which leaves no mixture",
        )
    if stated.active_params and stated.active_params * MAX_SPARSITY < stated.params:
        raise BadArchitecture(
            "active_params", f"is {stated.active_params}, below 1 in {MAX_SPARSITY} of params"
        )
    if stated.is_mixture and not stated.experts and stated.ffn_size:
        raise BadArchitecture(
            "experts", "is missing: active_params is below params, and ffn_size is dense"
        )


def _must_divide(name: str, size: int, whole_name: str, whole: int) -> None:
    if whole % size:
        raise BadArchitecture(name, f"is {size}, which does not divide the {whole} of {whole_name}")
