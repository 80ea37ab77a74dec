"""The search for the plan of a load of tokens on GPUs of one kind in nodes of one size.

All layouts of a replica and a grid of batches are computed at once, as arrays of shape (layouts,
batches). What breaks a limit is struck out, and the cheapest of the rest is the plan.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from service.domain.accelerator import Accelerator
from service.domain.precision import Precision
from service.domain.workload import InferenceWorkload, Objective, Placement
from service.estimate import kv_cache
from service.estimate.band import Band
from service.estimate.plan import Misfit, NoPlan, ServingMemory, ServingPlan
from service.estimate.serving_bands import ServingBands, bands_of, regime_of
from service.estimate.serving_calibration import ServingCalibration
from service.estimate.serving_format import compute_precision
from service.estimate.serving_layouts import (
    Spread,
    layout_of,
    spreads_in_node,
    spreads_over_nodes,
)
from service.estimate.serving_load import Load, LoadKind, load_of
from service.estimate.serving_memory import (
    MEAN_ANSWER_SHARE,
    cache_room,
    held_weights,
    reserve_of,
)
from service.estimate.serving_step import (
    DRAFT_COST,
    MAX_BATCH,
    Layout,
    Step,
    ideal_step_seconds,
    step_of,
    step_seconds,
)
from service.estimate.weights import weight_bytes

Floats = NDArray[np.float64]
HOURS_A_MONTH = 730
_SECONDS_AN_HOUR = 3600
_MILLISECONDS = 1e3
_GIGA = 1e9
# Two batches for every doubling: between them the rate changes by less than its band.
_BATCHES = np.unique(np.round(2 ** (np.arange(2 * int(math.log2(MAX_BATCH)) + 1) / 2)))
_SMALLER_FORMATS = (Precision.FP8, Precision.FP4, Precision.INT4)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Grid:
    """Predictions by layout and batch, before bands. Rates are of one replica."""

    spreads: list[Spread]
    layout: Layout
    step: Step
    most: Floats
    batch: Floats
    replicas: Floats
    waiting: Floats
    seconds: Floats
    rate: Floats
    token_seconds: Floats
    first_token_seconds: Floats
    bands: ServingBands


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
        self._reserve = reserve_of(workload.engine)
        self._weights = weight_bytes(workload.architecture, workload.precision)
        held = workload.input_tokens + MEAN_ANSWER_SHARE * self._load.generated
        self._request_bytes = float(
            kv_cache.bytes_per_request(
                workload.architecture, workload.kv_precision, np.array(float(held))
            )
        )
        self._most_gpus = placement.gpu_count or placement.max_gpu_count

    def plan(self) -> ServingPlan | NoPlan:
        """Return the cheapest plan that keeps every limit, or the limit that none keeps."""
        fault = self._parallelism_fault()
        if fault:
            return NoPlan(misfit=Misfit.PARALLELISM, message=fault)
        for spreads in (self._in_node(), self._over_nodes(self._most_gpus)):
            fitting = [one for one in spreads if one.gpus <= self._most_gpus and self._most(one)]
            if fitting:
                return self._cheapest(self._grid(fitting))
        return self._too_big()

    # Which layouts there are, and what they hold.

    def _in_node(self) -> list[Spread]:
        return spreads_in_node(self._workload, self._accelerator, gpus_per_node=self._gpus_per_node)

    def _over_nodes(self, most_gpus: int) -> list[Spread]:
        return spreads_over_nodes(
            self._workload, gpus_per_node=self._gpus_per_node, most_gpus=most_gpus
        )

    def _parallelism_fault(self) -> str:
        given = self._workload.parallelism
        if given.tensor is not None and given.tensor > self._gpus_per_node:
            return (
                f"tensor parallelism of {given.tensor} needs so many GPUs in a node; "
                f"there are {self._gpus_per_node}"
            )
        heads = self._workload.architecture.heads
        if given.tensor is not None and heads % given.tensor:
            return f"{heads} attention heads cannot be divided by {given.tensor} GPUs"
        replica = (given.tensor or 1) * (given.pipeline or 1)
        is_given = given.tensor is not None or given.pipeline is not None
        if is_given and replica * (given.data or 1) > self._most_gpus:
            return (
                f"the given parallelism takes {replica * (given.data or 1)} GPUs, "
                f"{self._most_gpus} are allowed"
            )
        return ""

    def _copies(self, spread: Spread) -> float:
        """How often a request's cache is held over the GPUs of a tensor-parallel group."""
        return spread.tensor / kv_cache.shards(
            self._workload.architecture,
            spread.tensor,
            attention_data_parallel=spread.is_attention_data_parallel,
        )

    def _most(self, spread: Spread, precision: Precision | None = None) -> int:
        """Return how many requests a replica holds at once, up to what engines allow."""
        weights = (
            self._weights
            if precision is None
            else weight_bytes(self._workload.architecture, precision)
        )
        held = held_weights(
            weights,
            tensor=np.array(float(spread.tensor)),
            attention_data_parallel=np.array(float(spread.is_attention_data_parallel)),
        )
        room = float(
            cache_room(
                self._accelerator.memory_bytes,
                engine=self._workload.engine,
                gpus=np.array(float(spread.gpus)),
                weights=held,
            )
        )
        if room <= 0:
            return 0
        request = self._request_bytes * self._copies(spread)
        return MAX_BATCH if request * MAX_BATCH <= room else int(room / request)

    # What they do.

    def _grid(self, spreads: list[Spread]) -> _Grid:
        load, workload = self._load, self._workload
        layout = layout_of(spreads)
        step = step_of(
            workload.architecture,
            self._accelerator,
            precision=workload.precision,
            kv_precision=workload.kv_precision,
            compute=self._compute,
            engine=workload.engine,
            input_tokens=workload.input_tokens,
            cached_share=workload.prefix_cache_hit_rate,
            output_tokens=load.generated,
            tokens_per_sequence=load.verified_tokens,
            layout=layout,
        )
        most = np.array([self._most(spread) for spread in spreads], dtype=np.float64)[:, None]
        batch, replicas, waiting = self._batches(most, layout.tensor * layout.pipeline)
        seconds = self._step_seconds(step, batch, with_prompts=True)
        per_step = load.tokens_per_step if load.generated else 1.0
        token_seconds = seconds / per_step
        rate = batch * per_step / seconds
        first = seconds
        if load.generated:
            alone = step_seconds(
                step,
                self._calibration.constants,
                sequences=np.zeros_like(batch),
                prompt_tokens=np.full_like(batch, load.computed_input),
            )
            queue = batch**self._calibration.first_token_exponent
            first = seconds + self._calibration.first_token_factor * alone * queue
        first = first + waiting * token_seconds * max(load.generated, 1)
        return _Grid(
            spreads=spreads,
            layout=layout,
            step=step,
            most=most,
            batch=batch,
            replicas=replicas,
            waiting=waiting,
            seconds=seconds,
            rate=rate,
            token_seconds=token_seconds,
            first_token_seconds=first,
            bands=bands_of(
                workload,
                self._accelerator,
                load,
                self._calibration,
                batch=batch,
                gpus=layout.tensor * layout.pipeline,
            ),
        )

    def _batches(self, most: Floats, gpus: Floats) -> tuple[Floats, Floats, Floats]:
        """Return batch, replicas and how often the batch of those who wait goes round before.

        Replicas are 0 where the rate decides on them later.
        """
        load = self._load
        fixed = self._fixed_replicas(gpus)
        batch = np.minimum(_BATCHES[None, :], most)
        nobody = np.zeros_like(batch)
        if load.kind is LoadKind.RATE:
            return batch, nobody, nobody
        if load.kind is LoadKind.OFFLINE:
            if fixed is None:
                is_fast = self._placement.objective is Objective.TIME
                fixed = np.floor(self._most_gpus / gpus) if is_fast else np.ones_like(gpus)
            return batch, np.broadcast_to(fixed, batch.shape), nobody
        if fixed is None:
            replicas = np.ceil(load.concurrency / batch)
            return np.ceil(load.concurrency / replicas), replicas, nobody
        replicas = np.minimum(fixed, load.concurrency)
        wanted = np.ceil(load.concurrency / replicas)
        batch = np.minimum(wanted, most)
        return batch, replicas, (wanted - batch) / batch

    def _fixed_replicas(self, gpus: Floats) -> Floats | None:
        if self._workload.parallelism.data is not None:
            return np.full_like(gpus, self._workload.parallelism.data)
        if self._placement.gpu_count is not None:
            return np.floor(self._placement.gpu_count / gpus)
        return None

    def _step_seconds(self, step: Step, batch: Floats, *, with_prompts: bool) -> Floats:
        load, constants = self._load, self._calibration.constants
        stage = np.maximum(1.0, batch / step.pipeline)
        if not load.generated:
            prompts = stage * load.computed_input
            return step_seconds(
                step, constants, sequences=np.zeros_like(stage), prompt_tokens=prompts
            )
        prompts = stage * load.computed_input / load.steps * constants.prefill_factor
        seconds = step_seconds(
            step,
            constants,
            sequences=stage,
            prompt_tokens=prompts if with_prompts else np.zeros_like(stage),
        )
        return seconds * (1 + DRAFT_COST * load.draft_tokens)

    # Which of them is the plan.

    def _cheapest(self, grid: _Grid) -> ServingPlan | NoPlan:
        load, confidence = self._load, self._placement.confidence
        gpus = grid.layout.tensor * grid.layout.pipeline
        replicas, spare = self._replicas(grid, gpus)
        total = (replicas + spare) * gpus
        first = grid.first_token_seconds * grid.bands.first_token.high(confidence)
        token = grid.token_seconds * grid.bands.token_time.high(confidence)
        in_time = self._in_time(first, token)
        if not in_time.any():
            return self._too_slow(first, token)
        allowed = in_time & (total <= self._most_gpus)
        if not allowed.any():
            return self._too_many(float(total[in_time].min()))
        if self._placement.objective is Objective.TIME and load.kind is not LoadKind.OFFLINE:
            cost = token
        elif self._placement.objective is Objective.TIME:
            cost = 1 / (replicas * grid.rate)
        elif load.kind is LoadKind.RATE:
            # All of a fixed number are paid for: then a spare one is what they can buy.
            cost = total if self._fixed_replicas(gpus) is None else 1 - spare
        else:
            cost = total / (replicas * grid.rate)
        ranked = np.lexsort((token.ravel(), np.where(allowed, cost, np.inf).ravel()))
        row, column = np.unravel_index(int(ranked[0]), grid.batch.shape)
        index = (int(row), int(column))
        return self._planned(grid, index, int(replicas[index]), int(spare[index]))

    def _replicas(self, grid: _Grid, gpus: Floats) -> tuple[Floats, Floats]:
        """Return replicas that serve and spare ones."""
        load = self._load
        fixed = self._fixed_replicas(gpus)
        if load.kind is LoadKind.RATE:
            slow = grid.rate * grid.bands.rate.low(self._placement.confidence)
            requests = slow / load.generated if load.generated else slow
            needed = np.ceil(
                load.peak_requests_per_second / (requests * self._workload.utilization)
            )
            if fixed is None:
                return needed, np.ones_like(needed)
            # What is given beyond the need is first a spare, then serves too.
            spare = np.where(fixed > needed, 1.0, 0.0)
            return np.where(fixed >= needed, fixed - spare, needed), spare
        is_chosen = fixed is None and load.has_objective and load.kind is not LoadKind.OFFLINE
        return grid.replicas, np.full_like(grid.replicas, float(is_chosen))

    def _in_time(self, first: Floats, token: Floats) -> NDArray[np.bool_]:
        if self._load.kind is LoadKind.OFFLINE:
            return np.ones(first.shape, dtype=np.bool_)
        limit = self._workload.latency
        longest = limit.max_time_to_first_token_ms or math.inf
        slowest = limit.min_tokens_per_second_per_user or 0.0
        return np.asarray(
            (first * _MILLISECONDS <= longest) & (token * slowest <= 1.0), dtype=np.bool_
        )

    def _planned(
        self, grid: _Grid, index: tuple[int, int], replicas: int, spare: int
    ) -> ServingPlan:
        load, workload, accelerator = self._load, self._workload, self._accelerator
        spread = grid.spreads[index[0]]
        batch = float(grid.batch[index])
        output = grid.bands.rate.band(float(grid.rate[index]) * replicas, index)
        first = grid.bands.first_token.band(
            float(grid.first_token_seconds[index]) * _MILLISECONDS, index
        )
        token = grid.bands.token_time.band(float(grid.token_seconds[index]) * _MILLISECONDS, index)
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
            max_batch=int(grid.most[index[0], 0]),
            memory=ServingMemory(
                weights=self._held(spread) / spread.gpus,
                kv_cache=batch * self._request_bytes * self._copies(spread) / spread.gpus,
                runtime=self._reserve.runtime_bytes,
            ),
            memory_limit_bytes=self._reserve.usable_share * accelerator.memory_bytes,
            kv_bytes_per_token=self._kv_bytes_per_token(context),
            output_per_second=output,
            ideal_output_per_second=self._ideal(grid, index) * replicas,
            output_per_second_per_user=(token if load.generated else first).inverse(_MILLISECONDS),
            time_to_first_token_ms=None if is_offline else first,
            time_per_output_token_ms=None if is_offline or not load.generated else token,
            serving_capacity=self._capacity(output),
            prefill_share=self._prefill_share(grid, index),
            power_watts=None if power is None else power * count,
            regime=regime_of(load, workload.engine),
            monthly_requests=(
                load.requests_per_second * HOURS_A_MONTH * _SECONDS_AN_HOUR
                if load.kind is LoadKind.RATE
                else None
            ),
            is_measured=accelerator.family in self._calibration.measured_families,
            assumptions=self._assumptions(grid, index, spread, replicas + spare, count),
        )

    def _held(self, spread: Spread) -> float:
        return float(
            held_weights(
                self._weights,
                tensor=np.array(float(spread.tensor)),
                attention_data_parallel=np.array(float(spread.is_attention_data_parallel)),
            )
        )

    def _kv_bytes_per_token(self, context: float) -> float:
        if context <= 0:
            return 0.0
        held = kv_cache.bytes_per_request(
            self._workload.architecture, self._workload.kv_precision, np.array(context)
        )
        return float(held) / context

    def _ideal(self, grid: _Grid, index: tuple[int, int]) -> float:
        load = self._load
        stage = np.maximum(1.0, grid.batch / grid.step.pipeline)
        if load.generated:
            seconds = ideal_step_seconds(
                grid.step, sequences=stage, prompt_tokens=stage * load.computed_input / load.steps
            )
            return float((grid.batch * load.tokens_per_step / seconds)[index])
        seconds = ideal_step_seconds(
            grid.step,
            sequences=np.zeros_like(stage),
            prompt_tokens=stage * load.computed_input,
        )
        return float((grid.batch / seconds)[index])

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

    def _prefill_share(self, grid: _Grid, index: tuple[int, int]) -> float:
        if not self._load.generated:
            return 1.0
        without = self._step_seconds(grid.step, grid.batch, with_prompts=False)
        return 1 - float((without / grid.seconds)[index])

    def _assumptions(
        self,
        grid: _Grid,
        index: tuple[int, int],
        spread: Spread,
        replicas: int,
        count: int,
    ) -> tuple[tuple[str, str], ...]:
        workload, load = self._workload, self._load
        usable = f"{self._reserve.usable_share:.0%} of the memory"
        runtime = f"{self._reserve.runtime_bytes / _GIGA:g}"
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
        if float(grid.waiting[index]):
            found.append(("queue", "the memory does not hold all requests at once; the rest wait"))
        idle = count - replicas * spread.gpus
        if idle > 0:
            found.append(("idleGpus", f"{idle} GPUs are left over"))
        return tuple(found)

    # What to say when there is none.

    def _too_slow(self, first: Floats, token: Floats) -> NoPlan:
        limit = self._workload.latency
        percent = f"{self._placement.confidence:.0%}"
        longest = limit.max_time_to_first_token_ms
        best_first = float(first.min()) * _MILLISECONDS
        slowest = limit.min_tokens_per_second_per_user
        in_time = first * _MILLISECONDS <= (longest or math.inf)
        if longest is not None and (slowest is None or not in_time.any()):
            return NoPlan(
                misfit=Misfit.LATENCY,
                message=(
                    f"the first token comes after {best_first:.0f} ms at best with {percent} "
                    f"confidence; {longest:.0f} ms are allowed"
                ),
                needed=best_first,
                limit=longest,
                unit="ms",
                smallest_change=f"latency.maxTimeToFirstTokenMs={math.ceil(best_first)}",
            )
        best_rate = float(1 / token[in_time].min())
        return NoPlan(
            misfit=Misfit.LATENCY,
            message=(
                f"a user gets {best_rate:.1f} tokens a second at best with {percent} confidence; "
                f"{slowest:g} are wanted"
            ),
            needed=slowest or 0.0,
            limit=best_rate,
            unit="tokens/s",
            smallest_change=(
                f"latency.minTokensPerSecondPerUser={math.floor(best_rate * 10) / 10:g}"
            ),
        )

    def _too_many(self, needed: float) -> NoPlan:
        field = "maxGpuCount" if self._placement.gpu_count is None else "gpuCount"
        return NoPlan(
            misfit=Misfit.GPU_LIMIT,
            message=f"the load takes {needed:.0f} GPUs; {self._most_gpus} are allowed",
            needed=needed,
            limit=float(self._most_gpus),
            unit="GPUs",
            smallest_change=f"{field}={needed:.0f}",
        )

    def _too_big(self) -> NoPlan:
        """Say what the memory lacks, on the most GPUs that one replica may have."""
        most = self._most_gpus
        spreads = [
            *self._in_node(),
            *self._over_nodes(most),
        ]
        allowed = [spread for spread in spreads if spread.gpus <= most] or spreads
        if not allowed:
            heads = self._workload.architecture.heads
            return NoPlan(
                misfit=Misfit.PARALLELISM,
                message=f"{heads} attention heads fit no group of {self._gpus_per_node} GPUs",
            )
        largest = max(allowed, key=lambda spread: (spread.gpus, -self._copies(spread)))
        needed = (
            self._held(largest)
            + self._request_bytes * self._copies(largest)
            + self._reserve.runtime_bytes * largest.gpus
        )
        limit = self._reserve.usable_share * self._accelerator.memory_bytes * largest.gpus
        return NoPlan(
            misfit=Misfit.MEMORY,
            message=(
                f"weights and the cache of one request take {needed / _GIGA:.1f} GB on "
                f"{largest.gpus} GPUs; {limit / _GIGA:.1f} GB are usable"
            ),
            needed=needed / _GIGA,
            limit=limit / _GIGA,
            unit="GB",
            smallest_change=self._fitting_change(allowed),
        )

    def _fitting_change(self, allowed: list[Spread]) -> str:
        """Return the first single change that fits: more GPUs, else a smaller format."""
        if self._placement.gpu_count is not None:
            more = [
                spread.gpus
                for spread in (*self._in_node(), *self._over_nodes(self._placement.max_gpu_count))
                if self._most(spread)
            ]
            if more:
                return f"gpuCount={min(more)}"
        for precision in _SMALLER_FORMATS:
            is_smaller = (
                weight_bytes(self._workload.architecture, precision).total < self._weights.total
            )
            if (
                is_smaller
                and compute_precision(precision, self._accelerator) is not None
                and any(self._most(spread, precision) for spread in allowed)
            ):
                return f"precision={precision.value}"
        return ""
