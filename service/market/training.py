"""What a training run takes and costs: plans for every shape on offer, joined to the prices."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import lru_cache, partial

from service.catalog.masks import Rates
from service.catalog.snapshot import Snapshot
from service.domain.accelerator import Accelerator
from service.domain.errors import Precondition, Reason
from service.domain.money import rounded
from service.domain.precision import Precision
from service.domain.workload import Placement, TrainingMethod, TrainingWorkload
from service.estimate.calibration import TrainingCalibration
from service.estimate.measured import nearest_training
from service.estimate.plan import NoPlan, TrainingPlan
from service.estimate.training import plan_training
from service.estimate.training_memory import lora_params
from service.estimate.weights import BYTES_PER_WEIGHT, weight_bytes
from service.market.answers import Assumption, MarketCost, TrainingAnswer, TrainingQuestion
from service.market.joined import (
    QUESTIONS_KEPT,
    Plans,
    assumptions_with_spot,
    change_of,
    joined,
)
from service.market.misfits import no_figures
from service.market.need import Need, Shape
from service.market.plan_caveats import LONGEST_RUN_DAYS, training_caveats
from service.market.selection import Selection
from service.market.sizes import in_surest_size
from service.market.spot import SpotKey, with_interruptions

_GB = 1e9
_CENTS = 2
_USUAL_DEADLINE = Assumption(
    name="constraints.deadline",
    value=f"{LONGEST_RUN_DAYS} days",
    source="the longest of the measured runs, BLOOM-176B, took 118 days",
)
_NOTHING_IN_TIME = frozenset({Reason.DOES_NOT_FIT, Reason.NO_MATCHING_OFFERS})


class TrainingEstimator:
    """Answers questions of training. The plans of the latest are kept."""

    def __init__(
        self,
        *,
        accelerators: Mapping[str, Accelerator],
        calibration: TrainingCalibration,
        rates: Callable[[], Rates],
    ) -> None:
        self._accelerators = accelerators
        self._calibration = calibration
        self._rates = rates
        self._plans = lru_cache(maxsize=QUESTIONS_KEPT)(self._planner)

    def answer(
        self, question: TrainingQuestion, *, snapshot: Snapshot, now: datetime
    ) -> TrainingAnswer:
        """Answer from one snapshot.

        A run for which neither GPUs nor a time are asked for is looked for within the usual
        deadline first: the least GPUs that hold it would take decades for some.

        Raises Precondition: DOES_NOT_FIT when there is no plan, NO_MATCHING_OFFERS when a search
        over all GPU models finds no offer, PRICES_TOO_OLD when `max_age` leaves none.
        """
        hurried = within_usual_deadline(question)
        if hurried is not None:
            try:
                answer = self._answered(hurried, snapshot=snapshot, now=now)
            except Precondition as error:
                if error.reason not in _NOTHING_IN_TIME:
                    raise
            else:
                if answer.market.cost is not None:
                    return answer
        return self._answered(question, snapshot=snapshot, now=now)

    def _answered(
        self, question: TrainingQuestion, *, snapshot: Snapshot, now: datetime
    ) -> TrainingAnswer:
        plan, market = joined(
            snapshot=snapshot,
            terms=question.terms,
            placement=question.placement,
            plans=self._plans(question.workload, question.placement),
            need_of=partial(_need, question, _egress_gb(question)),
            planned=partial(self._in_surest_size, question, snapshot=snapshot, now=now),
            rates=self._rates(),
            now=now,
        )
        baseline = None
        if question.baseline is not None:
            baseline = self.answer(question.baseline, snapshot=snapshot, now=now)
        return TrainingAnswer(
            plan=plan,
            market=market,
            ideal_dollars=_dollars(plan.ideal_gpu_hours, market),
            rule_of_thumb_dollars=_dollars(
                plan.ideal_gpu_hours * plan.rule_of_thumb_flops / plan.flops, market
            ),
            nearest_measured=nearest_training(
                question.workload, self._accelerators[plan.gpu_model_id], plan
            ),
            assumptions=assumptions_with_spot(question.terms, plan, market, now),
            caveats=(*market.caveats, *training_caveats(question.workload, plan)),
            change=None
            if baseline is None
            else change_of(
                market,
                baseline.market,
                gpu_hours=plan.gpu_hours.p50,
                baseline_gpu_hours=baseline.plan.gpu_hours.p50,
            ),
        )

    def planned(
        self, question: TrainingQuestion, shapes: Sequence[Shape]
    ) -> tuple[list[TrainingPlan | NoPlan], list[Need | None]]:
        """Plan a question for some shapes; the needs are what each plan asks of an offer."""
        kept = self._plans(question.workload, question.placement)
        plans = [kept.of(shape) for shape in shapes]
        need_of = partial(_need, question, _egress_gb(question))
        return plans, [None if isinstance(plan, NoPlan) else need_of(plan) for plan in plans]

    def _in_surest_size(
        self,
        question: TrainingQuestion,
        selection: Selection,
        keys: Sequence[SpotKey],
        *,
        snapshot: Snapshot,
        now: datetime,
    ) -> tuple[Sequence[TrainingPlan | NoPlan], Sequence[Need | None]]:
        today = now.date()

        def planned(
            asked: Placement,
        ) -> tuple[Sequence[TrainingPlan | NoPlan], Sequence[Need | None]]:
            sized = replace(question, placement=asked)
            found = self.planned(sized, selection.shapes)
            return with_interruptions(found, selection.shapes, keys, sized, today=today)

        return in_surest_size(
            planned,
            question.placement,
            selection,
            terms=question.terms,
            snapshot=snapshot,
            today=today,
        )

    def _planner(self, workload: TrainingWorkload, placement: Placement) -> Plans[TrainingPlan]:
        return Plans(lambda shape: self._planned(workload, shape, placement))

    def _planned(
        self, workload: TrainingWorkload, shape: Shape, placement: Placement
    ) -> TrainingPlan | NoPlan:
        accelerator = self._accelerators.get(shape.gpu_model)
        if accelerator is None:
            return no_figures(shape.gpu_model)
        return plan_training(
            workload,
            accelerator,
            gpus_per_node=shape.gpus_per_node,
            placement=placement,
            calibration=self._calibration,
        )


def _egress_gb(question: TrainingQuestion) -> float:
    """Return what is asked for, else what was trained, once: all weights or adapters in 16 bits."""
    if question.terms.egress_gb is not None:
        return question.terms.egress_gb
    workload = question.workload
    if workload.method is TrainingMethod.FULL:
        return weight_bytes(workload.architecture, Precision.BF16).total / _GB
    adapters = lora_params(workload.architecture, workload.lora_rank)
    return adapters * BYTES_PER_WEIGHT[Precision.BF16] / _GB


def _need(question: TrainingQuestion, egress_gb: float, plan: TrainingPlan) -> Need:
    kept = question.kept_checkpoint_count * plan.checkpoint_bytes / _GB
    return Need(
        gpu_count=plan.gpu_count,
        node_count=-(-plan.gpu_count // plan.gpus_per_node),
        hours=plan.wall_hours,
        joins_nodes=plan.gpu_count > plan.gpus_per_node,
        storage_gb=question.dataset_gb + kept,
        egress_gb=egress_gb,
        is_measured=plan.is_measured,
    )


def _dollars(gpu_hours: float, market: MarketCost) -> Decimal | None:
    price = market.dollars_per_gpu_hour
    return None if price is None else rounded(Decimal(gpu_hours) * price, digits=_CENTS)


def within_usual_deadline(question: TrainingQuestion) -> TrainingQuestion | None:
    """Return the question with the usual deadline; None where the request says enough itself."""
    placement, given = question.placement, question.workload.parallelism
    is_open = placement.gpu_count is None and placement.deadline is None and given.data is None
    if not is_open:
        return None
    terms = question.terms
    return replace(
        question,
        placement=replace(placement, deadline=timedelta(days=LONGEST_RUN_DAYS)),
        terms=replace(terms, assumptions=(*terms.assumptions, _USUAL_DEADLINE)),
    )
