"""The search for the plan of a load of tokens on GPUs of one kind in nodes of one size.

All layouts of a replica and a grid of batches are computed at once, as arrays of shape (layouts,
batches). What breaks a limit is struck out, and the cheapest of the rest is the plan.
"""

import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from service.domain.accelerator import Accelerator
from service.domain.precision import Precision
from service.domain.workload import InferenceWorkload, Objective, Placement
from service.estimate import kv_cache
from service.estimate.band import Band
from service.estimate.plan import NoPlan, ServingMemory, ServingPlan
from service.estimate.serving_bands import is_measured, regime_of
from service.estimate.serving_calibration import ServingCalibration
from service.estimate.serving_grid import Grid, Sizing, grid_of
from service.estimate.serving_layouts import Spread, spreads_in_node, spreads_over_nodes
from service.estimate.serving_load import Load, LoadKind, load_of
from service.estimate.serving_memory import ReplicaMemory
from service.estimate.serving_misfits import parallelism_fault, too_big, too_many, too_slow
from service.estimate.serving_step import DRAFT_COST, MAX_BATCH

Floats = NDArray[np.float64]
_MILLISECONDS = 1e3
_GIGA = 1e9
# Two batches for every doubling: between them the rate changes by less than its band.
_BATCHES = np.unique(np.round(2 ** (np.arange(2 * int(math.log2(MAX_BATCH)) + 1) / 2)))


class TokenPlanner:
    """One load of tokens on one accelerator in nodes of one size."""

    def __init__(
        self,
        workload: InferenceWorkload,
        accelerator: Accelerator,
        *,
        compute: Precision,
        gpus_per_node: int,
        placement: Placement,
        calibration: ServingCalibration,
    ) -> None:
        self._workload = workload
        self._accelerator = accelerator
        self._compute = compute
        self._gpus_per_node = gpus_per_node
        self._placement = placement
        self._calibration = calibration
        self._load: Load = load_of(workload)
        self._memory = ReplicaMemory(workload, accelerator)
        self._most_gpus = placement.gpu_count or placement.max_gpu_count

    def plan(self) -> ServingPlan | NoPlan:
        """Return the cheapest plan that keeps every limit, or the limit that none keeps."""
        fault = parallelism_fault(
            self._workload, gpus_per_node=self._gpus_per_node, most_gpus=self._most_gpus
        )
        if fault is not None:
            return fault
        spreads = self._fitting()
        if spreads:
            return self._cheapest(self._grid(spreads))
        return too_big(
            self._workload,
            self._accelerator,
            self._memory,
            gpus_per_node=self._gpus_per_node,
            placement=self._placement,
            plan_on=self._plan_on,
        )

    def gpus_before_rounding(self) -> float:
        """Return the fewest GPUs for a load with a rate, parts of replicas allowed, spares not.

        Infinite where no plan is. Whole replicas hide what a change is worth: from 1.9 to 1.1 of
        them it saves none.
        """
        spreads = self._fitting()
        if not spreads:
            return math.inf
        grid = self._grid(spreads)
        return float(
            np.where(self._in_time(grid), grid.gpus * self._load_of_rate(grid), np.inf).min()
        )

    def _plan_on(self, gpu_count: int) -> ServingPlan | NoPlan:
        return TokenPlanner(
            self._workload,
            self._accelerator,
            compute=self._compute,
            gpus_per_node=self._gpus_per_node,
            placement=replace(self._placement, gpu_count=gpu_count),
            calibration=self._calibration,
        ).plan()

    def _fitting(self) -> list[Spread]:
        """Return the layouts inside a node that hold the model, else those over nodes."""
        in_node = spreads_in_node(
            self._workload, self._accelerator, gpus_per_node=self._gpus_per_node
        )
        over_nodes = spreads_over_nodes(
            self._workload, gpus_per_node=self._gpus_per_node, most_gpus=self._most_gpus
        )
        for spreads in (in_node, over_nodes):
            fitting = [
                one for one in spreads if one.gpus <= self._most_gpus and self._memory.most(one)
            ]
            if fitting:
                return fitting
        return []

    # What they do.

    def _grid(self, spreads: list[Spread]) -> Grid:
        most = [float(self._memory.most(spread)) for spread in spreads]
        gpus = [float(spread.gpus) for spread in spreads]
        return grid_of(
            self._workload,
            self._accelerator,
            self._load,
            spreads,
            self._sizing(np.array(most)[:, None], np.array(gpus)[:, None]),
            compute=self._compute,
            calibration=self._calibration,
        )

    def _sizing(self, most: Floats, gpus: Floats) -> Sizing:
        load = self._load
        fixed = self._fixed_replicas(gpus)
        batch = np.minimum(_BATCHES[None, :], most)
        nobody = np.zeros_like(batch)
        if load.kind is LoadKind.RATE:
            return Sizing(most=most, batch=batch, replicas=nobody, waiting=nobody)
        if load.kind is LoadKind.OFFLINE:
            if fixed is None:
                is_fast = self._placement.objective is Objective.TIME
                fixed = np.floor(self._most_gpus / gpus) if is_fast else np.ones_like(gpus)
            replicas = np.broadcast_to(fixed, batch.shape)
            return Sizing(most=most, batch=batch, replicas=replicas, waiting=nobody)
        if fixed is None:
            replicas = np.ceil(load.concurrency / batch)
            batch = np.ceil(load.concurrency / replicas)
            return Sizing(most=most, batch=batch, replicas=replicas, waiting=nobody)
        replicas = np.minimum(fixed, load.concurrency)
        wanted = np.ceil(load.concurrency / replicas)
        batch = np.minimum(wanted, most)
        return Sizing(most=most, batch=batch, replicas=replicas, waiting=(wanted - batch) / batch)

    def _fixed_replicas(self, gpus: Floats) -> Floats | None:
        if self._workload.parallelism.data is not None:
            return np.full_like(gpus, self._workload.parallelism.data)
        if self._placement.gpu_count is not None:
            return np.floor(self._placement.gpu_count / gpus)
        return None

    # Which of them is the plan.

    def _cheapest(self, grid: Grid) -> ServingPlan | NoPlan:
        load, gpus = self._load, grid.gpus
        replicas, spare = self._replicas(grid)
        total = (replicas + spare) * gpus
        first, token = self._times(grid)
        in_time = self._in_time(grid)
        if not in_time.any():
            return too_slow(self._workload, self._placement, first=first, token=token)
        allowed = in_time & (total <= self._most_gpus)
        if not allowed.any():
            needed = float(total[in_time].min())
            return too_many(self._placement, needed=needed, most_gpus=self._most_gpus)
        # What measured rows near by say of a layout counts, as it does in the answer.
        rate = grid.rate * grid.bands.rate.low(0.5)
        if self._placement.objective is Objective.TIME and load.kind is not LoadKind.OFFLINE:
            cost = token
        elif self._placement.objective is Objective.TIME:
            cost = 1 / (replicas * rate)
        elif load.kind is LoadKind.RATE:
            # All of a fixed number are paid for: then a spare one is what they can buy.
            cost = total if self._fixed_replicas(gpus) is None else 1 - spare
        elif self._placement.gpu_count is not None:
            # All of them are paid for, whether they work or not.
            cost = 1 / (replicas * rate)
        elif load.has_objective:
            # So many users who each get what the limit says: more tokens are no more work done.
            cost = total
        else:
            cost = total / (replicas * rate)
        ranked = np.lexsort((token.ravel(), np.where(allowed, cost, np.inf).ravel()))
        row, column = np.unravel_index(int(ranked[0]), grid.sizing.batch.shape)
        index = (int(row), int(column))
        return self._planned(grid, index, int(replicas[index]), int(spare[index]))

    def _replicas(self, grid: Grid) -> tuple[Floats, Floats]:
        """Return replicas that serve and spare ones."""
        load = self._load
        fixed = self._fixed_replicas(grid.gpus)
        if load.kind is LoadKind.RATE:
            needed = np.ceil(self._load_of_rate(grid))
            if fixed is None:
                return needed, np.ones_like(needed)
            # What is given beyond the need is first a spare, then serves too.
            spare = np.where(fixed > needed, 1.0, 0.0)
            return np.where(fixed >= needed, fixed - spare, needed), spare
        is_chosen = fixed is None and load.has_objective and load.kind is not LoadKind.OFFLINE
        return grid.sizing.replicas, np.full_like(grid.sizing.replicas, float(is_chosen))

    def _load_of_rate(self, grid: Grid) -> Floats:
        """Return how many replicas the peak keeps as busy as planned, at the slow side."""
        load = self._load
        slow = grid.rate * grid.bands.rate.low(self._placement.confidence)
        requests = slow / load.generated if load.generated else slow
        return load.peak_requests_per_second / (requests * self._workload.utilization)

    def _times(self, grid: Grid) -> tuple[Floats, Floats]:
        """Return seconds to the first token and for each further one, with the confidence."""
        confidence = self._placement.confidence
        first = grid.first_token_seconds * grid.bands.first_token.high(confidence)
        return first, grid.token_seconds * grid.bands.token_time.high(confidence)

    def _in_time(self, grid: Grid) -> NDArray[np.bool_]:
        if self._load.kind is LoadKind.OFFLINE:
            return np.ones(grid.sizing.batch.shape, dtype=np.bool_)
        first, token = self._times(grid)
        limit = self._workload.latency
        longest = limit.max_time_to_first_token_ms or math.inf
        slowest = limit.min_tokens_per_second_per_user or 0.0
        return np.asarray(
            (first * _MILLISECONDS <= longest) & (token * slowest <= 1.0), dtype=np.bool_
        )

    def _planned(
        self, grid: Grid, index: tuple[int, int], replicas: int, spare: int
    ) -> ServingPlan:
        load, workload, accelerator = self._load, self._workload, self._accelerator
        spread = grid.spreads[index[0]]
        batch = float(grid.sizing.batch[index])
        ideal = grid.ideal(index)
        output = grid.bands.rate.band(
            float(grid.rate[index]) * replicas, index, most=ideal.rate * replicas
        )
        first = grid.bands.first_token.band(
            float(grid.first_token_seconds[index]) * _MILLISECONDS,
            index,
            least=ideal.first_token_seconds * _MILLISECONDS,
        )
        token = grid.bands.token_time.band(
            float(grid.token_seconds[index]) * _MILLISECONDS,
            index,
            least=ideal.token_seconds * _MILLISECONDS,
        )
        count = (replicas + spare) * spread.gpus
        if self._placement.gpu_count is not None and workload.parallelism.data is None:
            count = self._placement.gpu_count
        is_offline = load.kind is LoadKind.OFFLINE
        context = workload.input_tokens + load.generated / 2
        power = accelerator.power_watts
        return ServingPlan(
            gpu_model_id=accelerator.gpu_model_id,
            gpu_count=count,
            gpus_per_node=self._gpus_per_node,
            gpus_per_replica=spread.gpus,
            replica_count=replicas + spare,
            spare_replica_count=spare,
            tensor=spread.tensor,
            pipeline=spread.pipeline,
            expert=spread.expert,
            batch=int(batch),
            max_batch=int(grid.sizing.most[index[0], 0]),
            memory=ServingMemory(
                weights=self._memory.held_weights(spread) / spread.gpus,
                kv_cache=batch * self._memory.request(spread) / spread.gpus,
                runtime=self._memory.reserve.runtime_bytes,
            ),
            memory_limit_bytes=self._memory.limit_per_gpu,
            kv_bytes_per_token=self._kv_bytes_per_token(context),
            output_per_second=output,
            ideal_output_per_second=ideal.rate * replicas,
            output_per_second_per_user=(token if load.generated else first).inverse(_MILLISECONDS),
            time_to_first_token_ms=None if is_offline else first,
            time_per_output_token_ms=None if is_offline or not load.generated else token,
            serving_capacity=self._capacity(output),
            prefill_share=grid.prefill_share(index),
            power_watts=None if power is None else power * count,
            regime=regime_of(load, workload.engine),
            is_measured=is_measured(
                accelerator, self._calibration, regime=regime_of(load, workload.engine)
            ),
            assumptions=self._assumptions(grid, index, spread, replicas + spare, count),
        )

    def _kv_bytes_per_token(self, context: float) -> float:
        if context <= 0:
            return 0.0
        held = kv_cache.bytes_per_request(
            self._workload.architecture, self._workload.kv_precision, np.array(context)
        )
        return float(held) / context

    def _capacity(self, output: Band) -> Band:
        """Return the rate that costs are divided by.

        The planned mean for a load with a rate. At a given concurrency the share of the capacity
        that is meant to be used. An offline load is done when it is done: GPUs never wait.
        """
        load = self._load
        if load.kind is LoadKind.RATE:
            return Band.exact(load.requests_per_second * (load.generated or 1))
        if load.kind is LoadKind.OFFLINE:
            return output
        return output.times(self._workload.utilization)

    def _assumptions(
        self,
        grid: Grid,
        index: tuple[int, int],
        spread: Spread,
        replicas: int,
        count: int,
    ) -> tuple[tuple[str, str], ...]:
        workload, load = self._workload, self._load
        reserve = self._memory.reserve
        usable = f"{reserve.usable_share:.0%} of the memory"
        runtime = f"{reserve.runtime_bytes / _GIGA:g}"
        found = [
            ("usableMemory", f"{usable}, less {runtime} GB a GPU"),
            ("engineMaxBatch", f"{MAX_BATCH} sequences a replica"),
        ]
        if self._compute is not workload.precision:
            formats = f"{self._compute.value}: {workload.precision.value} is of the weights alone"
            found.append(("computePrecision", formats))
        if load.draft_tokens:
            found.append(("draftCost", f"{DRAFT_COST:.0%} of a step for every proposed token"))
        if spread.is_attention_data_parallel:
            found.append(("attention", "data-parallel: each GPU has the cache of its requests"))
        if load.kind is LoadKind.OFFLINE:
            found.append(("utilization", "1: nobody waits for an offline load"))
        if float(grid.sizing.waiting[index]):
            found.append(("queue", "the memory does not hold all requests at once; the rest wait"))
        idle = count - replicas * spread.gpus
        if idle > 0:
            found.append(("idleGpus", f"{idle} GPUs are left over"))
        return tuple(found)
