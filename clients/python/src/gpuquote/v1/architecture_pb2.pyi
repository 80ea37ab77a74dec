from google.api import field_behavior_pb2 as _field_behavior_pb2
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class ModelKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MODEL_KIND_UNSPECIFIED: _ClassVar[ModelKind]
    MODEL_KIND_DECODER: _ClassVar[ModelKind]
    MODEL_KIND_ENCODER: _ClassVar[ModelKind]
    MODEL_KIND_ENCODER_DECODER: _ClassVar[ModelKind]
    MODEL_KIND_DIFFUSION: _ClassVar[ModelKind]

class AttentionKind(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ATTENTION_KIND_UNSPECIFIED: _ClassVar[AttentionKind]
    ATTENTION_KIND_MHA: _ClassVar[AttentionKind]
    ATTENTION_KIND_GQA: _ClassVar[AttentionKind]
    ATTENTION_KIND_MQA: _ClassVar[AttentionKind]
    ATTENTION_KIND_MLA: _ClassVar[AttentionKind]
MODEL_KIND_UNSPECIFIED: ModelKind
MODEL_KIND_DECODER: ModelKind
MODEL_KIND_ENCODER: ModelKind
MODEL_KIND_ENCODER_DECODER: ModelKind
MODEL_KIND_DIFFUSION: ModelKind
ATTENTION_KIND_UNSPECIFIED: AttentionKind
ATTENTION_KIND_MHA: AttentionKind
ATTENTION_KIND_GQA: AttentionKind
ATTENTION_KIND_MQA: AttentionKind
ATTENTION_KIND_MLA: AttentionKind

class Architecture(_message.Message):
    __slots__ = ("params", "active_params", "layers", "hidden_size", "heads", "kv_heads", "head_dim", "ffn_size", "vocab_size", "experts", "experts_per_token", "expert_ffn_size", "shared_ffn_size", "dense_layers", "context_length", "attention", "latent_kv_rank", "latent_rope_dim", "latent_query_rank", "latent_nope_dim", "latent_value_dim", "sliding_window", "full_attention_layers", "linear_layers", "sparse_attention_tokens", "tied_embeddings", "gated_mlp", "kind")
    PARAMS_FIELD_NUMBER: _ClassVar[int]
    ACTIVE_PARAMS_FIELD_NUMBER: _ClassVar[int]
    LAYERS_FIELD_NUMBER: _ClassVar[int]
    HIDDEN_SIZE_FIELD_NUMBER: _ClassVar[int]
    HEADS_FIELD_NUMBER: _ClassVar[int]
    KV_HEADS_FIELD_NUMBER: _ClassVar[int]
    HEAD_DIM_FIELD_NUMBER: _ClassVar[int]
    FFN_SIZE_FIELD_NUMBER: _ClassVar[int]
    VOCAB_SIZE_FIELD_NUMBER: _ClassVar[int]
    EXPERTS_FIELD_NUMBER: _ClassVar[int]
    EXPERTS_PER_TOKEN_FIELD_NUMBER: _ClassVar[int]
    EXPERT_FFN_SIZE_FIELD_NUMBER: _ClassVar[int]
    SHARED_FFN_SIZE_FIELD_NUMBER: _ClassVar[int]
    DENSE_LAYERS_FIELD_NUMBER: _ClassVar[int]
    CONTEXT_LENGTH_FIELD_NUMBER: _ClassVar[int]
    ATTENTION_FIELD_NUMBER: _ClassVar[int]
    LATENT_KV_RANK_FIELD_NUMBER: _ClassVar[int]
    LATENT_ROPE_DIM_FIELD_NUMBER: _ClassVar[int]
    LATENT_QUERY_RANK_FIELD_NUMBER: _ClassVar[int]
    LATENT_NOPE_DIM_FIELD_NUMBER: _ClassVar[int]
    LATENT_VALUE_DIM_FIELD_NUMBER: _ClassVar[int]
    SLIDING_WINDOW_FIELD_NUMBER: _ClassVar[int]
    FULL_ATTENTION_LAYERS_FIELD_NUMBER: _ClassVar[int]
    LINEAR_LAYERS_FIELD_NUMBER: _ClassVar[int]
    SPARSE_ATTENTION_TOKENS_FIELD_NUMBER: _ClassVar[int]
    TIED_EMBEDDINGS_FIELD_NUMBER: _ClassVar[int]
    GATED_MLP_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
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
    attention: AttentionKind
    latent_kv_rank: int
    latent_rope_dim: int
    latent_query_rank: int
    latent_nope_dim: int
    latent_value_dim: int
    sliding_window: int
    full_attention_layers: int
    linear_layers: int
    sparse_attention_tokens: int
    tied_embeddings: bool
    gated_mlp: bool
    kind: ModelKind
    def __init__(self, params: _Optional[int] = ..., active_params: _Optional[int] = ..., layers: _Optional[int] = ..., hidden_size: _Optional[int] = ..., heads: _Optional[int] = ..., kv_heads: _Optional[int] = ..., head_dim: _Optional[int] = ..., ffn_size: _Optional[int] = ..., vocab_size: _Optional[int] = ..., experts: _Optional[int] = ..., experts_per_token: _Optional[int] = ..., expert_ffn_size: _Optional[int] = ..., shared_ffn_size: _Optional[int] = ..., dense_layers: _Optional[int] = ..., context_length: _Optional[int] = ..., attention: _Optional[_Union[AttentionKind, str]] = ..., latent_kv_rank: _Optional[int] = ..., latent_rope_dim: _Optional[int] = ..., latent_query_rank: _Optional[int] = ..., latent_nope_dim: _Optional[int] = ..., latent_value_dim: _Optional[int] = ..., sliding_window: _Optional[int] = ..., full_attention_layers: _Optional[int] = ..., linear_layers: _Optional[int] = ..., sparse_attention_tokens: _Optional[int] = ..., tied_embeddings: _Optional[bool] = ..., gated_mlp: _Optional[bool] = ..., kind: _Optional[_Union[ModelKind, str]] = ...) -> None: ...
