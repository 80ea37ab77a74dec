"""The ways in which one replica can be spread over GPUs."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.domain.accelerator import Accelerator
from service.domain.architecture import AttentionKind
from service.domain.workload import Engine, InferenceWorkload
from service.estimate.serving_step import Layout

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """One way: `tensor` x `pipeline` GPUs."""

    tensor: int
    pipeline: int
    expert: int
    is_attention_data_parallel: bool

    @property
    def gpus(self) -> int:
        """GPUs of the replica."""
        return self.tensor * self.pipeline


def spreads_in_node(
    workload: InferenceWorkload, accelerator: Accelerator, *, gpus_per_node: int
) -> list[Spread]:
    """Return what fits into one node, or exactly what the request gives.

    Tensor-parallel degrees are powers of two that divide the heads. Cards that only the bus joins
    may also be split by layers, into any number of stages; llama.cpp splits in no other way.
    """
    given = workload.parallelism
    if given.tensor is not None or given.pipeline is not None:
        return _variants(workload, given.tensor or 1, given.pipeline or 1)
    degrees = _powers_of_two(gpus_per_node)
    splits_layers = workload.engine is Engine.LLAMA_CPP
    found: list[Spread] = []
    if not splits_layers:
        for tensor in degrees:
            if workload.architecture.heads % tensor == 0:
                found += _variants(workload, tensor, 1)
    if splits_layers or not accelerator.has_node_link:
        fewest = 1 if splits_layers else 2
        most = min(gpus_per_node, workload.architecture.layers)
        for stages in range(fewest, most + 1):
            found += _variants(workload, 1, stages)
    return found


def spreads_over_nodes(
    workload: InferenceWorkload, *, gpus_per_node: int, most_gpus: int
) -> list[Spread]:
    """Return whole nodes joined in a pipeline: tensor-parallel inside, stages across."""
    given = workload.parallelism
    if given.tensor is not None or given.pipeline is not None:
        return []
    heads, layers = workload.architecture.heads, workload.architecture.layers
    degrees = [t for t in _powers_of_two(gpus_per_node) if heads % t == 0]
    if workload.engine is Engine.LLAMA_CPP or not degrees:
        return []
    tensor = max(degrees)
    found: list[Spread] = []
    stages = 2
    while stages * tensor <= most_gpus and stages <= layers:
        found += _variants(workload, tensor, stages)
        stages *= 2
    return found


def layout_of(spreads: list[Spread]) -> Layout:
    """Arrange ways for `serving_step`: arrays of shape (ways, 1)."""
    return Layout(
        tensor=_column([spread.tensor for spread in spreads]),
        pipeline=_column([spread.pipeline for spread in spreads]),
        attention_data_parallel=_column(
            [float(spread.is_attention_data_parallel) for spread in spreads]
        ),
        expert=_column([spread.expert for spread in spreads]),
    )


def _variants(workload: InferenceWorkload, tensor: int, pipeline: int) -> list[Spread]:
    """One way, and for latent attention also with whole heads and their cache on each GPU."""
    given = workload.parallelism
    expert = given.expert or 1
    is_latent = workload.architecture.attention is AttentionKind.MLA
    flags = [given.attention_data_parallel]
    if is_latent and tensor > 1 and not given.attention_data_parallel:
        flags.append(True)
    return [
        Spread(
            tensor=tensor,
            pipeline=pipeline,
            expert=max(expert, tensor) if flag and workload.architecture.experts else expert,
            is_attention_data_parallel=flag,
        )
        for flag in flags
    ]


def _powers_of_two(most: int) -> list[int]:
    return [1 << exponent for exponent in range(most.bit_length())]


def _column(values: list[int] | list[float]) -> Floats:
    return np.array(values, dtype=np.float64)[:, None]
