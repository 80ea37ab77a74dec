"""Which ways to spread a training run over GPUs fit into their memory, and the least of them.

The order of preference is recomputing the fewest whole layers, then least model parallelism, then
the lowest ZeRO stage: each of the three costs time or communication that the next one does not.
Recomputing attention alone (as fused kernels do anyway) costs next to nothing, so it goes before
any splitting. Cards that share a bus are split only where recomputing does not help, and then into
stages rather than tensors, which send activations four times a layer (arXiv:1909.08053).
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from service.domain.architecture import ModelKind
from service.domain.workload import Recompute, TrainingWorkload
from service.estimate.calibration import TrainingCalibration
from service.estimate.training_memory import MAX_EXPERT, ZERO_WEIGHTS, Layout, MemoryModel

# Tensor parallelism beyond 8 GPUs loses more to communication than it gains (arXiv:2104.04473).
_MAX_TENSOR = 8
# The largest batch of any published run, in tokens: 15,360 sequences of 4,096 (DeepSeek-V3,
# arXiv:2412.19437, section 4.2). Further data-parallel ranks would have nothing to work on.
LARGEST_BATCH_TOKENS = 15_360 * 4_096
_ALL_RECOMPUTE = (Recompute.NONE, Recompute.SELECTIVE, Recompute.FULL)
KEEPING = (Recompute.NONE, Recompute.SELECTIVE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitting:
    """A layout that fits.

    `recomputed_share` is that of the layers that are recomputed in full: with that chosen by the
    search no more than the memory asks for (the "block" method of Megatron-LM), 1 where it was
    asked for, 0 under any other recomputation.
    """

    layout: Layout
    recomputed_share: float


class LayoutSearch:
    """The layouts of one workload on GPUs that can give `budget_bytes` each."""

    def __init__(
        self,
        workload: TrainingWorkload,
        calibration: TrainingCalibration,
        *,
        gpus_per_node: int,
        has_node_link: bool,
        budget_bytes: float,
    ) -> None:
        self.memory = MemoryModel(workload, calibration)
        self._given = workload.parallelism
        self._gpus_per_node = gpus_per_node
        self._budget_bytes = budget_bytes
        self._micro_batch_size = workload.micro_batch_size or 1
        is_text = workload.architecture.kind is not ModelKind.DIFFUSION
        tokens_a_rank = self._micro_batch_size * workload.sequence_length if is_text else 1
        self._most_ranks = max(LARGEST_BATCH_TOKENS // tokens_a_rank, 1)
        self.recomputes = _ALL_RECOMPUTE if workload.recompute is None else (workload.recompute,)
        self._is_asked_in_full = workload.recompute is Recompute.FULL
        experts = workload.architecture.experts
        self._expert_count = experts.count if experts is not None else 1
        stage = self._given.zero_stage
        self._stages = tuple(range(ZERO_WEIGHTS + 1)) if stage is None else (stage,)
        self._shapes = sorted(
            (
                (tensor, pipeline)
                for tensor in _tensor_sizes(workload, gpus_per_node)
                for pipeline in _pipeline_sizes(workload)
            ),
            key=lambda shape: (shape[0] * shape[1], shape[1]),
        )
        whole = [(tensor, pipeline) for tensor, pipeline in self._shapes if tensor * pipeline == 1]
        staged = [(tensor, pipeline) for tensor, pipeline in self._shapes if tensor == 1 < pipeline]
        split = [(tensor, pipeline) for tensor, pipeline in self._shapes if tensor > 1]
        self._rounds = (self._shapes,) if has_node_link else (whole, staged, split)

    def best_on(self, gpu_count: int) -> Fitting | None:
        """Return the preferred layout on exactly so many GPUs; None when nothing fits."""
        if self.memory.least_state_bytes(gpu_count) > self._budget_bytes:
            return None
        found = (
            self._keeping(shapes, gpu_count) or self._least_recomputed(shapes, gpu_count)
            for shapes in self._rounds
        )
        return next((fitting for fitting in found if fitting is not None), None)

    def smallest_count(self, recomputes: tuple[Recompute, ...], max_gpu_count: int) -> int | None:
        """Return the fewest GPUs in whole nodes on which something fits, up to a maximum."""
        recompute = next((one for one in reversed(self.recomputes) if one in recomputes), None)
        if recompute is None:
            return None
        found = max_gpu_count + 1
        for shape in self._shapes:
            found = min(found, self._count_for(shape, recompute, below=found))
        return found if found <= max_gpu_count else None

    def least_bytes(self, gpu_count: int) -> float:
        """Return the bytes of the leanest layout on so many GPUs; infinite without any layout."""
        totals = (
            self.memory.total(self._layout(shape, gpu_count, self._stages[-1], self.recomputes[-1]))
            for shape in self._shapes
            if self._divides(shape, gpu_count)
        )
        return min(totals, default=math.inf)

    def _divides(self, shape: tuple[int, int], gpu_count: int) -> bool:
        width = shape[0] * shape[1]
        data = gpu_count // width
        if gpu_count % width:
            return False
        if self._given.data is not None:
            return self._given.data == data and self._spreads_experts(data)
        return data <= self._most_ranks and self._spreads_experts(data)

    def _spreads_experts(self, data: int) -> bool:
        return self._given.expert is None or data % self._given.expert == 0

    def _keeping(self, shapes: Sequence[tuple[int, int]], gpu_count: int) -> Fitting | None:
        """Return the first shape that fits without recomputing whole layers, or as was asked."""
        kinds = [
            one for one in self.recomputes if one is not Recompute.FULL or self._is_asked_in_full
        ]
        if not kinds:
            return None
        for shape in shapes:
            leanest = self._with_lowest_stage(shape, gpu_count, kinds[-1])
            if leanest is not None:
                layouts = (replace(leanest, recompute=one) for one in kinds)
                layout = next(one for one in layouts if self._fits(one))
                return Fitting(layout=layout, recomputed_share=float(self._is_asked_in_full))
        return None

    def _fits(self, layout: Layout) -> bool:
        return self.memory.total(layout) <= self._budget_bytes

    def _with_lowest_stage(
        self, shape: tuple[int, int], gpu_count: int, recompute: Recompute
    ) -> Layout | None:
        if not self._divides(shape, gpu_count):
            return None
        # Activations do not depend on the stage, and the highest stage is the leanest.
        leanest = self._layout(shape, gpu_count, self._stages[-1], recompute)
        beside = self.memory.beside_states(leanest)
        if beside + sum(self.memory.states(leanest)) > self._budget_bytes:
            return None
        layouts = (self._layout(shape, gpu_count, stage, recompute) for stage in self._stages)
        return next(
            layout
            for layout in layouts
            if beside + sum(self.memory.states(layout)) <= self._budget_bytes
        )

    def _least_recomputed(
        self, shapes: Sequence[tuple[int, int]], gpu_count: int
    ) -> Fitting | None:
        """Return what recomputes the smallest share of its layers, at the highest ZeRO stage."""
        best: Fitting | None = None
        if Recompute.FULL not in self.recomputes or self._is_asked_in_full:
            return None
        for shape in shapes:
            if not self._divides(shape, gpu_count):
                continue
            layout = self._layout(shape, gpu_count, self._stages[-1], Recompute.FULL)
            share = self.memory.recomputed_share(layout, self._budget_bytes)
            if share <= 1.0 and (best is None or share < best.recomputed_share):
                best = Fitting(layout=layout, recomputed_share=share)
        return best

    def _count_for(self, shape: tuple[int, int], recompute: Recompute, *, below: int) -> int:
        """Return the fewest GPUs with this shape, or `below` when there are none fewer."""
        width = shape[0] * shape[1]
        step = math.lcm(width, self._gpus_per_node)
        if self._given.data is not None:
            counts = iter((width * self._given.data,))
        else:
            counts = self._counts(shape, recompute, step=step, below=below)
        for count in counts:
            if count >= below:
                break
            if not self._divides(shape, count):
                continue
            layout = self._layout(shape, count, self._stages[-1], recompute)
            if self._fits(layout):
                return count
        return below

    def _counts(
        self, shape: tuple[int, int], recompute: Recompute, *, step: int, below: int
    ) -> Iterator[int]:
        """Yield counts from a lower bound up: by steps first, then by eighths."""
        width = shape[0] * shape[1]
        alone = self._layout(shape, width, self._stages[-1], recompute)
        room = self._budget_bytes - self.memory.beside_states(alone)
        if room <= 0:
            return
        floor = self.memory.least_state_count(room, zero_stage=self._stages[-1], width=width)
        if floor >= below:
            return
        count = max(math.ceil(floor / step), 1) * step
        while count < below:
            yield count
            count += max(count // (8 * step), 1) * step

    def _layout(
        self, shape: tuple[int, int], gpu_count: int, zero_stage: int, recompute: Recompute
    ) -> Layout:
        data = gpu_count // (shape[0] * shape[1])
        return Layout(
            tensor=shape[0],
            pipeline=shape[1],
            data=data,
            expert=self._given.expert or math.gcd(data, self._expert_count, MAX_EXPERT),
            zero_stage=zero_stage,
            micro_batch_size=self._micro_batch_size,
            recompute=recompute,
        )


def _tensor_sizes(workload: TrainingWorkload, gpus_per_node: int) -> tuple[int, ...]:
    if workload.parallelism.tensor is not None:
        return (workload.parallelism.tensor,)
    if workload.architecture.kind is ModelKind.DIFFUSION:
        return (1,)
    heads = workload.architecture.heads
    sizes = (1, 2, 4, _MAX_TENSOR)
    return tuple(
        size for size in sizes if size == 1 or (gpus_per_node % size == 0 and heads % size == 0)
    )


def _pipeline_sizes(workload: TrainingWorkload) -> tuple[int, ...]:
    if workload.parallelism.pipeline is not None:
        return (workload.parallelism.pipeline,)
    layers = workload.architecture.layers
    return tuple(size for size in range(1, layers + 1) if layers % size == 0) or (1,)
