"""Plans of training runs: how many GPUs, how they work together, how long they take."""

import math
from dataclasses import replace

from service.domain.accelerator import Accelerator
from service.domain.architecture import ModelKind
from service.domain.workload import (
    Objective,
    Placement,
    Recompute,
    TrainingMethod,
    TrainingWorkload,
)
from service.estimate import mfu
from service.estimate.band import Band
from service.estimate.calibration import TrainingCalibration
from service.estimate.memory_limits import STANDARD
from service.estimate.plan import Misfit, NoPlan, TrainingPlan
from service.estimate.training_assumptions import LOAD_FACTOR, assumptions_of, given_count
from service.estimate.training_faults import figures_fault, parallelism_fault, precision_fault
from service.estimate.training_layouts import KEEPING, LARGEST_BATCH_TOKENS, Fitting, LayoutSearch
from service.estimate.training_time import SECONDS_AN_HOUR, duration, rule_of_thumb_flops

_WATT_HOURS_A_KWH = 1000.0
_GIGA = 1e9
# The smallest nodes of any cluster in the calibration's runs are those of GB200, with four GPUs.
# Single GPUs that share a data centre are no cluster: nothing measured says how fast they train.
_LEAST_GPUS_PER_CLUSTER_NODE = 4
# How often a count is corrected that was too small for a deadline.
_TRIES = 8


def plan_training(
    workload: TrainingWorkload,
    accelerator: Accelerator,
    *,
    gpus_per_node: int,
    placement: Placement,
    calibration: TrainingCalibration,
) -> TrainingPlan | NoPlan:
    """Return how a run goes on GPUs of one kind in nodes of one size, or what keeps it from going.

    With `placement.gpu_count` it is the best plan on exactly so many. Else it is in whole nodes up
    to `max_gpu_count`: as many as there may be for the objective TIME, the fewest that meet a
    deadline, or the fewest on which the run fits. Of the last, one node with recomputation goes
    before several without. Where one node does not suffice, recomputing costs more GPU-hours than
    further GPUs do, so that GPUs made for clusters take the fewest without it.
    """
    fault = precision_fault(workload, accelerator) or figures_fault(workload)
    if fault is not None:
        return fault
    return _Planner(
        workload,
        accelerator,
        gpus_per_node=gpus_per_node,
        placement=placement,
        calibration=calibration,
    ).plan()


class _Planner:
    """One workload on one accelerator in nodes of one size."""

    def __init__(
        self,
        workload: TrainingWorkload,
        accelerator: Accelerator,
        *,
        gpus_per_node: int,
        placement: Placement,
        calibration: TrainingCalibration,
    ) -> None:
        self._workload = workload
        self._accelerator = accelerator
        self._gpus_per_node = gpus_per_node
        self._stays_in_node = gpus_per_node < _LEAST_GPUS_PER_CLUSTER_NODE
        self._placement = (
            replace(placement, max_gpu_count=min(placement.max_gpu_count, gpus_per_node))
            if self._stays_in_node
            else placement
        )
        self._calibration = calibration
        self._limit_bytes = (
            STANDARD.usable_share * accelerator.memory_bytes
            - STANDARD.runtime_bytes
            + calibration.runtime_bytes
        )
        self._search = self._searched(workload)
        self._peak = accelerator.peak_flops[workload.precision]
        self._ratio = (
            Band.exact(1.0)
            if workload.mfu is not None
            else mfu.hours_band(workload, accelerator, calibration)
        )

    def plan(self) -> TrainingPlan | NoPlan:
        """Return the plan that the placement asks for."""
        count = self._placement.gpu_count or given_count(self._workload.parallelism)
        fault = parallelism_fault(
            self._workload, gpus_per_node=self._gpus_per_node, gpu_count=count
        )
        if fault:
            return NoPlan(misfit=Misfit.PARALLELISM, message=fault)
        if count is not None and self._stays_in_node and count > self._gpus_per_node:
            return NoPlan(
                misfit=Misfit.PARALLELISM,
                message=(
                    f"{count} GPUs in nodes of {self._gpus_per_node}: no measured run over several "
                    f"nodes had fewer than {_LEAST_GPUS_PER_CLUSTER_NODE} in each"
                ),
            )
        if count is not None:
            return self._on_count(count)
        if self._placement.max_gpu_count < self._gpus_per_node:
            return self._beyond_limit(self._gpus_per_node)
        if self._placement.objective is Objective.TIME:
            return self._fastest()
        return self._fewest()

    def _searched(self, workload: TrainingWorkload) -> LayoutSearch:
        return LayoutSearch(
            workload,
            self._calibration,
            gpus_per_node=self._gpus_per_node,
            has_node_link=self._accelerator.has_node_link,
            budget_bytes=self._limit_bytes,
        )

    def _on_count(self, count: int) -> TrainingPlan | NoPlan:
        fitting = self._search.best_on(count)
        if fitting is None:
            return self._too_big(count)
        plan = self._planned(fitting)
        hours = plan.wall_hours.at(self._placement.confidence)
        deadline = self._deadline_hours()
        return plan if hours <= deadline else self._too_late(plan, hours)

    def _fastest(self) -> TrainingPlan | NoPlan:
        """Return the plan on the most nodes that a layout can be made of.

        A GPU without a sequence (or an image) has nothing to do.
        """
        sequences = self._workload.images or math.ceil(
            self._workload.tokens / self._workload.sequence_length
        )
        useful = math.ceil(sequences / self._gpus_per_node)
        most = min(self._placement.max_gpu_count // self._gpus_per_node, useful)
        given = self._workload.parallelism
        # Among so many counts in a row is one that the given sizes divide; below them, the largest
        # batch leaves fewer ranks than there are GPUs.
        in_a_row = max((given.tensor or 1) * (given.pipeline or 1), self._gpus_per_node)
        nodes = most
        while nodes > 0:
            if self._search.best_on(nodes * self._gpus_per_node) is not None:
                return self._on_count(nodes * self._gpus_per_node)
            nodes -= 1 if most - nodes < in_a_row else max(nodes // 8, 1)
        return self._none_fits()

    def _fewest(self) -> TrainingPlan | NoPlan:
        count = self._smallest_count()
        if count is None:
            return self._none_fits()
        deadline = self._deadline_hours()
        if deadline == math.inf:
            return self._on_count(count)
        return self._in_time(count, deadline)

    def _smallest_count(self) -> int | None:
        most = self._placement.max_gpu_count
        least = self._search.smallest_count(self._search.recomputes, most)
        is_alone = least is not None and least <= self._gpus_per_node
        if least is None or is_alone or not self._accelerator.has_node_link:
            return least
        return self._search.smallest_count(KEEPING, most) or least

    def _in_time(self, smallest: int, deadline: float) -> TrainingPlan | NoPlan:
        """Return the plan on the fewest nodes that end in time.

        Hours fall with nearly the reciprocal of the count, so the ratio to the deadline leads there
        in a few steps. More GPUs need less recomputation, so that the step may go too far.
        """
        node, most = self._gpus_per_node, self._placement.max_gpu_count
        count, last = smallest, None
        while count <= most:
            plan = self._hours_on(count)
            if plan is not None and plan <= deadline:
                return self._on_count(self._reduced(count, smallest, deadline))
            ratio = 1.0 if plan is None else plan / deadline
            last = count if plan is not None else last
            count = max(math.floor(count * ratio / node) * node, count + node)
        return self._late_at_limit(most // node * node, last)

    def _reduced(self, count: int, smallest: int, deadline: float) -> int:
        """Return a count that ends in time while one node fewer does not, by bisection."""
        node = self._gpus_per_node
        late, early = smallest // node - 1, count // node
        while early - late > 1:
            middle = (late + early) // 2
            hours = self._hours_on(middle * node)
            if hours is not None and hours <= deadline:
                early = middle
            else:
                late = middle
        return early * node

    def _late_at_limit(self, most: int, last: int | None) -> NoPlan:
        fitting = self._search.best_on(most)
        if fitting is None and last is not None:
            fitting = self._search.best_on(last)
        if fitting is None:
            return self._too_big(most)
        plan = self._planned(fitting)
        return self._too_late(plan, plan.wall_hours.at(self._placement.confidence))

    def _hours_on(self, count: int) -> float | None:
        """Return wall hours at the confidence that is asked for; None when nothing fits."""
        fitting = self._search.best_on(count)
        if fitting is None:
            return None
        hours = (
            duration(
                self._workload, self._accelerator, fitting, calibration=self._calibration
            ).expected_gpu_hours
            / count
        )
        return self._ratio.times(hours).at(self._placement.confidence)

    def _deadline_hours(self) -> float:
        deadline = self._placement.deadline
        return math.inf if deadline is None else deadline.total_seconds() / SECONDS_AN_HOUR

    def _planned(self, fitting: Fitting) -> TrainingPlan:
        workload, layout = self._workload, fitting.layout
        took = duration(self._workload, self._accelerator, fitting, calibration=self._calibration)
        gpu_hours = self._ratio.times(took.expected_gpu_hours)
        samples = workload.images or workload.tokens
        watts = self._accelerator.power_watts
        return TrainingPlan(
            gpu_model_id=self._accelerator.gpu_model_id,
            gpu_count=layout.gpu_count,
            gpus_per_node=self._gpus_per_node,
            tensor=layout.tensor,
            pipeline=layout.pipeline,
            data=layout.data,
            expert=layout.expert,
            zero_stage=layout.zero_stage,
            micro_batch_size=layout.micro_batch_size,
            recompute=layout.recompute,
            memory=self._search.memory.on_gpu(layout, recomputed_share=fitting.recomputed_share),
            memory_limit_bytes=self._limit_bytes,
            flops=took.flops,
            rule_of_thumb_flops=rule_of_thumb_flops(workload),
            ideal_gpu_hours=took.flops / self._peak / SECONDS_AN_HOUR,
            mfu=self._ratio.inverse(took.mfu),
            gpu_hours=gpu_hours,
            wall_hours=gpu_hours.times(1.0 / layout.gpu_count),
            samples_per_second_per_gpu=gpu_hours.times(SECONDS_AN_HOUR).inverse(samples),
            energy_kwh=(
                None if watts is None else gpu_hours.times(watts * LOAD_FACTOR / _WATT_HOURS_A_KWH)
            ),
            checkpoint_bytes=self._search.memory.checkpoint_bytes(),
            is_measured=self._is_measured(),
            assumptions=assumptions_of(workload, self._placement, fitting),
        )

    def _is_measured(self) -> bool:
        is_pretraining = self._workload.method is TrainingMethod.FULL
        is_text = self._workload.architecture.kind is ModelKind.DECODER
        return is_pretraining and is_text and mfu.has_rows(self._accelerator, self._calibration)

    def _too_big(self, count: int) -> NoPlan:
        needed = self._search.least_bytes(count)
        if needed == math.inf:
            return NoPlan(
                misfit=Misfit.PARALLELISM,
                message=(
                    f"no tensor and pipeline sizes make gpuCount={count} with what is given and "
                    f"at most {LARGEST_BATCH_TOKENS:,} tokens a step"
                ),
            )
        return NoPlan(
            misfit=Misfit.MEMORY,
            message=(
                f"{needed / _GIGA:.1f} GB a GPU on {count} GPU{'s' if count > 1 else ''}, of which "
                f"{max(self._limit_bytes, 0.0) / _GIGA:.1f} GB can be used"
            ),
            needed=needed / _GIGA,
            limit=max(self._limit_bytes, 0.0) / _GIGA,
            unit="GB",
            smallest_change=self._smallest_change(count),
        )

    def _none_fits(self) -> NoPlan:
        """Return what is missing on the most nodes that any sizes make."""
        nodes = self._placement.max_gpu_count // self._gpus_per_node
        while nodes > 1 and self._search.least_bytes(nodes * self._gpus_per_node) == math.inf:
            nodes -= max(nodes // 8, 1)
        return self._too_big(nodes * self._gpus_per_node)

    def _beyond_limit(self, count: int) -> NoPlan:
        return NoPlan(
            misfit=Misfit.GPU_LIMIT,
            message=f"{count} GPUs at least, {self._placement.max_gpu_count} allowed",
            needed=float(count),
            limit=float(self._placement.max_gpu_count),
            unit="GPUs",
            smallest_change=f"maxGpuCount={count}",
        )

    def _too_late(self, plan: TrainingPlan, hours: float) -> NoPlan:
        deadline = self._deadline_hours()
        return NoPlan(
            misfit=Misfit.DEADLINE,
            message=(
                f"{hours:.1f} h on {plan.gpu_count} GPUs at confidence "
                f"{self._placement.confidence:g}, {deadline:.1f} h allowed"
            ),
            needed=hours,
            limit=deadline,
            unit="h",
            smallest_change=self._change_in_time(plan.gpu_count, hours),
        )

    def _change_in_time(self, count: int, hours: float) -> str:
        """Return the count that would end in time: what the request allows, or its limit raised."""
        if self._stays_in_node:
            return ""
        node, deadline = self._gpus_per_node, self._deadline_hours()
        most = self._placement.max_gpu_count
        for _ in range(_TRIES):
            count = max(math.ceil(count * hours / deadline / node), count // node + 1) * node
            found = self._hours_on(count)
            if found is None:
                return ""
            if found <= deadline:
                name = "gpuCount" if count <= most else "maxGpuCount"
                return f"{name}={count}"
            hours = found
        return ""

    def _smallest_change(self, count: int) -> str:
        """Return the first of the changes, from mild to strong, with which the run fits."""
        workload, given = self._workload, self._workload.parallelism
        more = self._search.smallest_count(self._search.recomputes, self._placement.max_gpu_count)
        if more is not None and more > count:
            return f"gpuCount={more}"
        changes = (
            ("zeroStage=3", replace(workload, parallelism=replace(given, zero_stage=3))),
            ("recompute=FULL", replace(workload, recompute=Recompute.FULL)),
            ("microBatchSize=1", replace(workload, micro_batch_size=1)),
            ("method=LORA", replace(workload, method=TrainingMethod.LORA)),
            ("method=QLORA", replace(workload, method=TrainingMethod.QLORA)),
        )
        return next(
            (
                name
                for name, changed in changes
                if changed != workload and self._searched(changed).best_on(count) is not None
            ),
            "",
        )
