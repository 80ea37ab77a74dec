"""What the memory of a serving replica holds."""

import numpy as np
from numpy.typing import NDArray

from service.domain.accelerator import Accelerator
from service.domain.precision import Precision
from service.domain.workload import Engine, InferenceWorkload
from service.estimate import kv_cache
from service.estimate.memory_limits import reserve_of
from service.estimate.serving_layouts import Spread
from service.estimate.serving_step import MAX_BATCH
from service.estimate.weights import WeightBytes, weight_bytes

Floats = NDArray[np.float64]

MEAN_ANSWER_SHARE = 0.6
"""Of its answer a running request holds this share on average; engines admit a little above 1/2."""


class ReplicaMemory:
    """What replicas of one workload hold on GPUs of one kind. All bytes are over a replica."""

    def __init__(self, workload: InferenceWorkload, accelerator: Accelerator) -> None:
        self._workload = workload
        self._accelerator = accelerator
        self.reserve = reserve_of(workload.engine)
        self.weights = weight_bytes(workload.architecture, workload.precision)
        generated = workload.output_tokens + workload.reasoning_tokens
        held = workload.input_tokens + MEAN_ANSWER_SHARE * generated
        self._request = float(
            kv_cache.bytes_per_request(
                workload.architecture, workload.kv_precision, np.array(float(held))
            )
        )

    @property
    def limit_per_gpu(self) -> float:
        """Bytes of one GPU that may be used, those of the runtime included."""
        return self.reserve.usable_share * self._accelerator.memory_bytes

    def most(self, spread: Spread, precision: Precision | None = None) -> int:
        """Return how many requests a replica holds at once, up to what engines allow.

        In the workload's format, or in another one.
        """
        weights = self.weights
        if precision is not None:
            weights = weight_bytes(self._workload.architecture, precision)
        room = float(
            cache_room(
                self._accelerator.memory_bytes,
                engine=self._workload.engine,
                gpus=np.array(float(spread.gpus)),
                weights=_held(weights, spread),
            )
        )
        if room <= 0:
            return 0
        request = self.request(spread)
        return MAX_BATCH if request * MAX_BATCH <= room else int(room / request)

    def held_weights(self, spread: Spread) -> float:
        """Return the bytes of weights, copies included."""
        return float(_held(self.weights, spread))

    def request(self, spread: Spread) -> float:
        """Return the cache of one request, its copies over a tensor-parallel group included."""
        return self._request * self.copies(spread)

    def copies(self, spread: Spread) -> float:
        """Return how often a request's cache is held over a tensor-parallel group."""
        return spread.tensor / kv_cache.shards(
            self._workload.architecture,
            spread.tensor,
            attention_data_parallel=spread.is_attention_data_parallel,
        )


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


def _held(weights: WeightBytes, spread: Spread) -> Floats:
    return held_weights(
        weights,
        tensor=np.array(float(spread.tensor)),
        attention_data_parallel=np.array(float(spread.is_attention_data_parallel)),
    )
