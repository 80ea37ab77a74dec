"""What the memory of a serving replica holds."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.domain.workload import Engine
from service.estimate.weights import WeightBytes

Floats = NDArray[np.float64]

MEAN_ANSWER_SHARE = 0.6
"""Of its answer a running request holds this share on average; engines admit a little above 1/2."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reserve:
    """What an engine gives out of a GPU's memory, and what it takes of that for itself."""

    usable_share: float
    runtime_bytes: float


_SERVER = Reserve(usable_share=0.92, runtime_bytes=2.5e9)
"""Servers give out 0.9 to 0.95 (vLLM `gpu_memory_utilization`); context, graphs and activations of
the longest prefill take 2.5 GB. With it a measured pool is met within 6 %: 41,408 tokens of
Llama-3.1-8B in bf16 on an RTX 4090 (LLMServingSim, pull request 59), against 54,400 for 0.9 of the
memory less the weights.
"""
_LLAMA_CPP = Reserve(usable_share=0.99, runtime_bytes=0.5e9)
"""llama.cpp sizes its buffers exactly: it runs Llama-3-8B in fp16 on 16 GB and Llama-3-70B in
Q4_K_M on twice 24 GB (XiongjieDai/GPU-Benchmarks-on-LLM-Inference, 2024-05).
"""


def reserve_of(engine: Engine) -> Reserve:
    """Return what an engine keeps back."""
    return _LLAMA_CPP if engine is Engine.LLAMA_CPP else _SERVER


def held_weights(
    weights: WeightBytes, *, tensor: Floats, attention_data_parallel: Floats
) -> Floats:
    """Return the bytes of weights over all GPUs of replicas, the copies of attention included."""
    copies = attention_data_parallel * (tensor - 1) * weights.attention
    return np.asarray(weights.total + copies, dtype=np.float64)


def cache_room(memory_bytes: float, *, engine: Engine, gpus: Floats, weights: Floats) -> Floats:
    """Return the bytes that are left for caches; below 0 where the weights do not fit."""
    reserve = reserve_of(engine)
    usable = (reserve.usable_share * memory_bytes - reserve.runtime_bytes) * gpus
    return np.asarray(usable - weights, dtype=np.float64)
