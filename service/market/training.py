"""What a training run takes and costs: plans for every shape on offer, joined to the prices."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from functools import lru_cache

from service.catalog.masks import Rates
from service.catalog.snapshot import Snapshot
from service.domain.accelerator import Accelerator
from service.domain.money import rounded
from service.domain.precision import Precision
from service.domain.workload import Placement, TrainingWorkload
from service.estimate.calibration import TrainingCalibration
from service.estimate.measured import nearest_training
from service.estimate.plan import NoPlan, TrainingPlan
from service.estimate.training import plan_training
from service.estimate.weights import weight_bytes
from service.market.answers import MarketCost, TrainingAnswer, TrainingQuestion
from service.market.joined import PLANS_KEPT, assumptions_of, change_of, joined, no_figures
from service.market.need import Need, Shape
from service.market.plan_caveats import training_caveats

_GB = 1e9
_CENTS = 2


class TrainingEstimator:
    """Answers questions of training. Plans do not depend on prices, so the latest are kept."""

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
        self._plan = lru_cache(maxsize=PLANS_KEPT)(self._planned)

    def answer(
        self, question: TrainingQuestion, *, snapshot: Snapshot, now: datetime
    ) -> TrainingAnswer:
        """Answer from one snapshot.

        Raises Precondition: DOES_NOT_FIT when there is no plan, NO_MATCHING_OFFERS when a search
        over all GPU models finds no offer, PRICES_TOO_OLD when `max_age` leaves none.
        """
        plan, market = joined(
            snapshot=snapshot,
            terms=question.terms,
            placement=question.placement,
            plan_of=lambda shape: self._plan(question.workload, shape, question.placement),
            need_of=lambda plan: _need(question, plan),
            rates=self._rates(),
            now=now,
        )
        baseline = None
        if question.baseline is not None:
            baseline = self.answer(question.baseline, snapshot=snapshot, now=now)
        return TrainingAnswer(
            plan=plan,
            market=market,
            ideal_dollars=_ideal_dollars(plan, market),
            nearest_measured=nearest_training(
                question.workload, self._accelerators[plan.gpu_model_id], plan
            ),
            assumptions=assumptions_of(question.terms, plan),
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
        plans = [self._plan(question.workload, shape, question.placement) for shape in shapes]
        return plans, [
            None if isinstance(plan, NoPlan) else _need(question, plan) for plan in plans
        ]

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


def _need(question: TrainingQuestion, plan: TrainingPlan) -> Need:
    egress_gb = question.terms.egress_gb
    if egress_gb is None:
        egress_gb = weight_bytes(question.workload.architecture, Precision.BF16).total / _GB
    kept = question.kept_checkpoint_count * plan.checkpoint_bytes / _GB
    return Need(
        gpu_count=plan.gpu_count,
        node_count=-(-plan.gpu_count // plan.gpus_per_node),
        hours=plan.wall_hours,
        storage_gb=question.dataset_gb + kept,
        egress_gb=egress_gb,
        is_measured=plan.is_measured,
    )


def _ideal_dollars(plan: TrainingPlan, market: MarketCost) -> Decimal | None:
    price = market.dollars_per_gpu_hour
    return None if price is None else rounded(Decimal(plan.ideal_gpu_hours) * price, digits=_CENTS)
