"""Bytes of keys and values: of one token, of one request at a context, and how they shard."""

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from service.domain.architecture import Architecture, AttentionKind
from service.domain.precision import Precision

KV_BYTES: Mapping[Precision, float] = MappingProxyType(
    {
        Precision.FP32: 4.0,
        Precision.BF16: 2.0,
        Precision.FP16: 2.0,
        Precision.FP8: 1.0,
        Precision.INT8: 1.0,
        Precision.FP4: 0.5625,
        Precision.INT4: 0.5625,
    }
)
"""Bytes of one cached number. 4-bit caches have an 8-bit scale for 16 numbers (vLLM, NVFP4)."""

Floats = NDArray[np.float64]


def layer_bytes_per_token(architecture: Architecture, precision: Precision) -> float:
    """Return what one token leaves in one layer that caches it.

    Heads: 2 g d (keys and values). MLA: the compressed vector and the shared rotary key, c + r
    (arXiv:2405.04434, section 2.1.2). Raises KeyError for a format that no cache has.
    """
    if architecture.attention is AttentionKind.MLA and architecture.latent is not None:
        numbers = architecture.latent.kv_rank + architecture.latent.rope_dim
    else:
        numbers = 2 * architecture.kv_heads * architecture.head_dim
    return numbers * KV_BYTES[precision]


def bytes_per_token(architecture: Architecture, precision: Precision) -> float:
    """Return what one more token takes while every window still has room for it."""
    layers = architecture.full_attention_layers + architecture.windowed_layers
    return layers * layer_bytes_per_token(architecture, precision)


def bytes_per_request(
    architecture: Architecture, precision: Precision, context_tokens: Floats
) -> Floats:
    """Return the cache of requests of `context_tokens`, any shape, over all GPUs.

    Windowed layers stop at their window. The state of linear layers is of constant size, which
    the sizes we hold do not tell; it is left out (Qwen3.6-27B: 0.6 GB for 262,144 tokens).
    """
    in_window = np.minimum(context_tokens, architecture.sliding_window or np.inf)
    cached = (
        architecture.full_attention_layers * context_tokens
        + architecture.windowed_layers * in_window
    )
    return np.asarray(cached * layer_bytes_per_token(architecture, precision), dtype=np.float64)


def read_bytes_per_step(
    architecture: Architecture, precision: Precision, context_tokens: Floats
) -> Floats:
    """Return what one decoding step reads of a request's cache, over all GPUs.

    With an index that picks the tokens, only those are read (DeepSeek-V3.2, 2025-09); the index's
    own keys, 128 fp8 numbers a token and layer, are read in full.
    """
    picked = architecture.sparse_attention_tokens
    if not picked:
        return bytes_per_request(architecture, precision, context_tokens)
    attended = bytes_per_request(architecture, precision, np.minimum(context_tokens, picked))
    index_key_bytes = 128.0
    return attended + architecture.full_attention_layers * index_key_bytes * context_tokens


def shards(
    architecture: Architecture, tensor: int, *, attention_data_parallel: bool = False
) -> int:
    """Return over how many GPUs of a tensor-parallel group the cache is divided.

    Heads cannot be cut: beyond their number they are copied, and MLA has one that all need. With
    attention data-parallel each GPU holds the whole cache of its own requests.
    """
    if attention_data_parallel:
        return tensor
    heads = 1 if architecture.attention is AttentionKind.MLA else max(1, architecture.kv_heads)
    return min(tensor, heads)
