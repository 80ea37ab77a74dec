"""What a serving load takes and costs a month: plans for every shape, joined to the prices."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import lru_cache, partial

from service.catalog.masks import Rates
from service.catalog.snapshot import Snapshot
from service.domain.accelerator import Accelerator
from service.domain.architecture import ModelKind
from service.domain.workload import InferenceWorkload, Placement
from service.estimate.band import Band
from service.estimate.flops import forward_flops_per_token, rule_of_thumb_forward_flops
from service.estimate.measured import nearest_serving
from service.estimate.plan import NoPlan, ServingPlan
from service.estimate.serving import plan_serving, serving_levers
from service.estimate.serving_calibration import ServingCalibration
from service.estimate.weights import weight_bytes
from service.market.answers import (
    BaselineChange,
    InferenceAnswer,
    InferenceQuestion,
    MarketCost,
    TokenCosts,
)
from service.market.joined import (
    QUESTIONS_KEPT,
    Plans,
    assumptions_with_spot,
    change_of,
    joined,
)
from service.market.merit import counts_by_output, for_each, work_of
from service.market.misfits import no_figures
from service.market.need import Need, Shape
from service.market.plan_caveats import serving_caveats
from service.market.spot import with_interruptions

# UTF-8 text with its JSON around it, in a stream of one chunk a token.
_BYTES_A_TOKEN = 4
_SECONDS_AN_HOUR = 3600
_THOUSAND = 1e3
_MILLION = 1e6
_GIGA = 1e9


class ServingEstimator:
    """Answers questions of serving. The plans and levers of the latest are kept."""

    def __init__(
        self,
        *,
        accelerators: Mapping[str, Accelerator],
        calibration: ServingCalibration,
        rates: Callable[[], Rates],
    ) -> None:
        self._accelerators = accelerators
        self._calibration = calibration
        self._rates = rates
        self._plans = lru_cache(maxsize=QUESTIONS_KEPT)(self._planner)
        self._levers = lru_cache(maxsize=QUESTIONS_KEPT)(self._levers_of)

    def answer(
        self, question: InferenceQuestion, *, snapshot: Snapshot, now: datetime
    ) -> InferenceAnswer:
        """Answer from one snapshot.

        Raises Precondition: DOES_NOT_FIT when there is no plan, NO_MATCHING_OFFERS when a search
        over all GPU models finds no offer, PRICES_TOO_OLD when `max_age` leaves none.
        """
        workload = question.workload
        plan, market = joined(
            snapshot=snapshot,
            terms=question.terms,
            placement=question.placement,
            plans=self._plans(question.workload, question.placement),
            need_of=partial(_need, question, _weights_gb(workload)),
            planned=lambda selection, keys: with_interruptions(
                self.planned(question, selection.shapes),
                selection.shapes,
                keys,
                question,
                today=now.date(),
            ),
            rates=self._rates(),
            now=now,
        )
        accelerator = self._accelerators[plan.gpu_model_id]
        change = None
        if question.baseline is not None:
            before = self.answer(question.baseline, snapshot=snapshot, now=now)
            change = _change(question, plan, market, question.baseline, before)
        return InferenceAnswer(
            plan=plan,
            market=market,
            token_costs=_token_costs(question, plan, market),
            per_thousand_images=_per_thousand_images(question, plan, market),
            flops_per_request=_flops_per_request(workload),
            rule_of_thumb_flops=_rule_of_thumb_flops(workload),
            monthly_requests=_monthly_requests(question),
            monthly_energy_kwh=_monthly_energy_kwh(question, plan),
            levers=self._levers(workload, question.placement, plan),
            nearest_measured=nearest_serving(
                workload, accelerator, plan, calibration=self._calibration
            ),
            assumptions=assumptions_with_spot(question.terms, plan, market, now),
            caveats=(*market.caveats, *serving_caveats(plan)),
            change=change,
        )

    def planned(
        self, question: InferenceQuestion, shapes: Sequence[Shape]
    ) -> tuple[list[ServingPlan | NoPlan], list[Need | None]]:
        """Plan a question for some shapes; the needs are what each plan asks of an offer."""
        kept = self._plans(question.workload, question.placement)
        plans = [kept.of(shape) for shape in shapes]
        need_of = partial(_need, question, _weights_gb(question.workload))
        return plans, [None if isinstance(plan, NoPlan) else need_of(plan) for plan in plans]

    def _levers_of(
        self, workload: InferenceWorkload, placement: Placement, plan: ServingPlan
    ) -> tuple[tuple[str, float], ...]:
        return serving_levers(
            workload,
            self._accelerators[plan.gpu_model_id],
            plan,
            gpus_per_node=plan.gpus_per_node,
            placement=placement,
            calibration=self._calibration,
        )

    def _planner(self, workload: InferenceWorkload, placement: Placement) -> Plans[ServingPlan]:
        return Plans(lambda shape: self._planned(workload, shape, placement))

    def _planned(
        self, workload: InferenceWorkload, shape: Shape, placement: Placement
    ) -> ServingPlan | NoPlan:
        accelerator = self._accelerators.get(shape.gpu_model)
        if accelerator is None:
            return no_figures(shape.gpu_model)
        plan_on = partial(
            plan_serving,
            workload,
            accelerator,
            gpus_per_node=shape.gpus_per_node,
            calibration=self._calibration,
        )
        plan = plan_on(placement=placement)
        if isinstance(plan, NoPlan) or not _may_fill(workload, placement):
            return plan
        # Whole nodes are paid for, and of an offline load no GPU has to be idle.
        paid = -(-plan.gpu_count // shape.gpus_per_node) * shape.gpus_per_node
        gpu_count = min(paid, placement.max_gpu_count)
        if gpu_count == plan.gpu_count:
            return plan
        return plan_on(placement=replace(placement, gpu_count=gpu_count))


def token_costs(
    workload: InferenceWorkload, plan: ServingPlan, dollars_per_hour: Band
) -> TokenCosts | None:
    """Split the hourly cost over tokens by the share of the time that each kind takes.

    `input` x input tokens + `output` x output tokens of an hour, in millions, is the hourly cost
    exactly, at each quantile. None for a load without tokens.
    """
    generated = workload.output_tokens + workload.reasoning_tokens
    tokens = workload.input_tokens + generated
    if not tokens:
        return None
    # The capacity counts output tokens, and requests where nothing is generated.
    requests_per_hour = plan.serving_capacity.times(_SECONDS_AN_HOUR / (generated or 1))
    per_request = for_each(dollars_per_hour, requests_per_hour)
    share = plan.prefill_share if workload.input_tokens else 0.0
    nothing = Band.exact(0.0)
    return TokenCosts(
        input=per_request.times(share * _MILLION / workload.input_tokens) if share else nothing,
        output=per_request.times((1 - share) * _MILLION / generated) if generated else nothing,
        blended=per_request.times(_MILLION / tokens),
    )


def _weights_gb(workload: InferenceWorkload) -> float:
    return weight_bytes(workload.architecture, workload.precision).total / _GIGA


def _may_fill(workload: InferenceWorkload, placement: Placement) -> bool:
    """Tell whether a load takes as many GPUs as its nodes have."""
    is_counted = placement.gpu_count is not None or workload.parallelism.data is not None
    return workload.is_offline and not is_counted


def _need(question: InferenceQuestion, weights_gb: float, plan: ServingPlan) -> Need:
    workload = question.workload
    egress_gb = question.terms.egress_gb
    if egress_gb is None:
        shown = workload.output_tokens * _requests_a_month(question, plan)
        egress_gb = shown * _BYTES_A_TOKEN / _GIGA
    return Need(
        gpu_count=plan.gpu_count,
        node_count=-(-plan.gpu_count // plan.gpus_per_node),
        hours=Band.exact(question.hours_per_month),
        joins_nodes=plan.gpus_per_replica > plan.gpus_per_node,
        storage_gb=weights_gb,
        egress_gb=egress_gb,
        work=work_of(workload, plan),
        is_measured=plan.is_measured,
    )


def _requests_a_month(question: InferenceQuestion, plan: ServingPlan) -> float:
    generated = question.workload.output_tokens + question.workload.reasoning_tokens
    per_second = plan.serving_capacity.p50 / (generated or 1)
    return per_second * _SECONDS_AN_HOUR * question.hours_per_month


def _change(
    question: InferenceQuestion,
    plan: ServingPlan,
    market: MarketCost,
    baseline: InferenceQuestion,
    before: InferenceAnswer,
) -> BaselineChange:
    """Compare with a baseline: for a request where the cost of what is made counts."""
    requests, baseline_requests = 1.0, 1.0
    if counts_by_output(question.workload) or counts_by_output(baseline.workload):
        requests = _requests_a_month(question, plan)
        baseline_requests = _requests_a_month(baseline, before.plan)
    return change_of(
        market,
        before.market,
        gpu_hours=plan.gpu_count,
        baseline_gpu_hours=before.plan.gpu_count,
        work=requests,
        baseline_work=baseline_requests,
    )


def _dollars_per_hour(question: InferenceQuestion, market: MarketCost) -> Band | None:
    return None if market.cost is None else market.cost.times(1 / question.hours_per_month)


def _token_costs(
    question: InferenceQuestion, plan: ServingPlan, market: MarketCost
) -> TokenCosts | None:
    dollars = _dollars_per_hour(question, market)
    return None if dollars is None else token_costs(question.workload, plan, dollars)


def _per_thousand_images(
    question: InferenceQuestion, plan: ServingPlan, market: MarketCost
) -> Band | None:
    dollars = _dollars_per_hour(question, market)
    if dollars is None or question.workload.architecture.kind is not ModelKind.DIFFUSION:
        return None
    images_per_hour = plan.serving_capacity.times(_SECONDS_AN_HOUR)
    return for_each(dollars, images_per_hour).times(_THOUSAND)


def _flops_per_request(workload: InferenceWorkload) -> float:
    """Forward FLOPs of one request; a causal token sees half of them on average."""
    if workload.architecture.kind is ModelKind.DIFFUSION:
        passes = workload.image_steps * (2 if workload.guidance else 1)
        return passes * (workload.flops_per_image_step or 0.0)
    tokens = workload.input_tokens + workload.output_tokens + workload.reasoning_tokens
    is_causal = workload.architecture.kind is ModelKind.DECODER
    return tokens * forward_flops_per_token(
        workload.architecture, tokens // 2 if is_causal else tokens
    )


def _rule_of_thumb_flops(workload: InferenceWorkload) -> float:
    tokens = workload.input_tokens + workload.output_tokens + workload.reasoning_tokens
    return rule_of_thumb_forward_flops(workload.architecture, tokens)


def _monthly_requests(question: InferenceQuestion) -> float | None:
    rate = question.workload.requests_per_second
    return None if rate is None else rate * _SECONDS_AN_HOUR * question.hours_per_month


def _monthly_energy_kwh(question: InferenceQuestion, plan: ServingPlan) -> float | None:
    if plan.power_watts is None:
        return None
    return plan.power_watts / _THOUSAND * question.hours_per_month
