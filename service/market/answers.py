"""Questions of the estimators and their answers, in domain values; dollars are US dollars."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from service.catalog.segment import Row
from service.domain.caveat import Caveat
from service.domain.constraints import Adjustment, OfferConstraints
from service.domain.workload import InferenceWorkload, Placement, TrainingWorkload
from service.estimate.band import Band
from service.estimate.measured import MeasuredRow
from service.estimate.plan import ServingPlan, TrainingPlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption:
    """What was taken where the request left it open, and where that comes from."""

    name: str
    value: str
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What holds for the money of a question.

    `dollars_per_gpu_hour` fixes the price of the GPU model that is asked for, `offer_id` names the
    only offer that counts; at most one of them is set. `assumptions` are those that were made in
    reading the request.
    """

    constraints: OfferConstraints
    adjustments: tuple[Adjustment, ...] = ()
    dollars_per_gpu_hour: Decimal | None = None
    offer_id: str | None = None
    egress_gb: float | None = None
    assumptions: tuple[Assumption, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingQuestion:
    """A training run, where it may be placed, and what holds for its cost."""

    workload: TrainingWorkload
    placement: Placement
    terms: Terms
    dataset_gb: float = 0.0
    kept_checkpoint_count: int = 3
    baseline: "TrainingQuestion | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InferenceQuestion:
    """A serving load, where it may be placed, and what holds for its cost."""

    workload: InferenceWorkload
    placement: Placement
    terms: Terms
    hours_per_month: float = 730.0
    baseline: "InferenceQuestion | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LineItem:
    """One part of the middle of a cost, in dollars; of credit it is below zero."""

    label: str
    dollars: Decimal
    basis: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferPlacement:
    """A workload at one offer. `cost` is in dollars of the run or the month; its price is exact.

    `is_proven` tells whether one node suffices, or a fabric and enough GPUs are stated.
    """

    row: Row
    plan: TrainingPlan | ServingPlan
    node_count: int
    cost: Band
    dollars_per_gpu_hour: Decimal
    line_items: tuple[LineItem, ...]
    is_proven: bool
    probability_cheapest: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferUse:
    """An offer behind a cost: that of the provider at "p10", "p50", "p90", or the "named" one.

    `dollars` is the middle of what the workload costs there.
    """

    row: Row
    role: str
    dollars_per_gpu_hour: Decimal
    dollars: Decimal


@dataclass(frozen=True, slots=True, kw_only=True)
class Commitment:
    """A committed offer: what its whole `term` costs for all nodes, and the share that is used."""

    row: Row
    term: timedelta
    dollars: Decimal
    used_share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Rejection:
    """How many offers fell out for one reason; `example` is one of them, or what would help."""

    reason: str
    count: int
    example: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketCost:
    """What a plan costs on the market. `cost` is None when no offer serves.

    `line_items` sum to the middle of `cost`, which rests on `dollars_per_gpu_hour` (the offer in
    the middle of the market, the named one, or the price that was fixed). `middle_shape` is the
    index of that offer's shape in the selection; None without an offer.
    """

    middle_shape: int | None
    cost: Band | None
    dollars_per_gpu_hour: Decimal | None
    line_items: tuple[LineItem, ...]
    offers_used: tuple[OfferUse, ...]
    placements: tuple[OfferPlacement, ...]
    commitments: tuple[Commitment, ...]
    rejected: tuple[Rejection, ...]
    caveats: tuple[Caveat, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineChange:
    """How an answer differs from its baseline; shares, -0.1 is 10 % less."""

    cost_change: float | None
    gpu_hours_change: float
    baseline_dollars: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainingAnswer:
    """What a training run takes and costs.

    `ideal_dollars` is at the dense peak, `rule_of_thumb_dollars` there by 6 N D alone.
    """

    plan: TrainingPlan
    market: MarketCost
    ideal_dollars: Decimal | None
    rule_of_thumb_dollars: Decimal | None
    nearest_measured: MeasuredRow | None
    assumptions: tuple[Assumption, ...]
    caveats: tuple[Caveat, ...]
    change: BaselineChange | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenCosts:
    """Dollars for a million tokens: input x N_in + output x N_out is the whole hourly cost."""

    input: Band
    output: Band
    blended: Band


@dataclass(frozen=True, slots=True, kw_only=True)
class InferenceAnswer:
    """What a serving load takes and costs a month. `levers` are pairs of a change and its saving.

    `monthly_requests` is None for a load without a rate. Of diffusion models `token_costs` is None
    and `per_thousand_images` set, in dollars.
    """

    plan: ServingPlan
    market: MarketCost
    token_costs: TokenCosts | None
    per_thousand_images: Band | None
    flops_per_request: float
    rule_of_thumb_flops: float
    monthly_requests: float | None
    monthly_energy_kwh: float | None
    levers: tuple[tuple[str, float], ...]
    nearest_measured: MeasuredRow | None
    assumptions: tuple[Assumption, ...]
    caveats: tuple[Caveat, ...]
    change: BaselineChange | None
