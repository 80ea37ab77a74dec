"""Models of the registry to messages."""

from gpuquote.v1 import architecture_pb2, model_pb2

from service.domain.architecture import Architecture, Model, ModelKind
from service.domain.precision import Precision
from service.estimate.kv_cache import layer_bytes_per_token
from service.rpc.convert import enum_name
from service.rpc.names import MODELS

_WITHOUT_CACHE = frozenset({ModelKind.ENCODER, ModelKind.DIFFUSION})


def model_to_proto(model: Model) -> model_pb2.Model:
    """Write a model of the registry."""
    return model_pb2.Model(
        name=f"{MODELS}/{model.model_id}",
        display_name=model.display_name,
        publisher=model.publisher,
        family=model.family,
        licence=model.licence,
        architecture=architecture_to_proto(model.architecture),
        published_params=model.published_params,
        kv_bytes_per_token=kv_bytes_per_token(model.architecture),
        aliases=model.aliases,
        flops_per_image_step=model.flops_per_step,
        inferred_fields=sorted(model.architecture.inferred),
        source=model.source,
        note=model.note,
    )


def architecture_to_proto(architecture: Architecture) -> architecture_pb2.Architecture:
    """Write the sizes; what a kind of model has none of stays unset."""
    message = architecture_pb2.Architecture(
        params=architecture.params,
        active_params=architecture.active_params,
        kind=enum_name(architecture.kind),
    )
    if architecture.kind is ModelKind.DIFFUSION:
        return message
    message.MergeFrom(
        architecture_pb2.Architecture(
            layers=architecture.layers,
            hidden_size=architecture.hidden_size,
            heads=architecture.heads,
            kv_heads=architecture.kv_heads,
            head_dim=architecture.head_dim,
            ffn_size=architecture.ffn_size,
            vocab_size=architecture.vocab_size,
            context_length=architecture.context_length,
            attention=enum_name(architecture.attention),
            sliding_window=architecture.sliding_window,
            full_attention_layers=architecture.full_attention_layers,
            linear_layers=architecture.linear_layers,
            sparse_attention_tokens=architecture.sparse_attention_tokens,
            tied_embeddings=architecture.tied_embeddings,
            gated_mlp=architecture.gated_mlp,
        )
    )
    if architecture.experts is not None:
        message.experts = architecture.experts.count
        message.experts_per_token = architecture.experts.per_token
        message.expert_ffn_size = architecture.experts.ffn_size
        message.shared_ffn_size = architecture.experts.shared_ffn_size
        message.dense_layers = architecture.experts.dense_layers
    if architecture.latent is not None:
        message.latent_kv_rank = architecture.latent.kv_rank
        message.latent_rope_dim = architecture.latent.rope_dim
        message.latent_query_rank = architecture.latent.query_rank
        message.latent_nope_dim = architecture.latent.nope_dim
        message.latent_value_dim = architecture.latent.value_dim
    return message


def kv_bytes_per_token(architecture: Architecture) -> int:
    """Return what one token adds to a bf16 cache once every window is full.

    Only layers that see the whole context keep growing then: none do in Mistral-7B-v0.1.
    """
    if architecture.kind in _WITHOUT_CACHE:
        return 0
    per_layer = layer_bytes_per_token(architecture, Precision.BF16)
    return round(architecture.full_attention_layers * per_layer)
