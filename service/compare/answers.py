"""What comparisons find, in domain values; dollars are US dollars."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from service.domain.caveat import Caveat
from service.domain.offer import DeliveryModel, Fabric, PurchaseModel
from service.estimate.band import Band
from service.facts.provider_support import SupportFact
from service.market.answers import Assumption, Commitment, OfferPlacement, Rejection


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedPlacement:
    """A placement among others. `why_not` is empty for the best.

    `cost_over_best` is a share, in the middle; None where the best costs nothing.
    `time_per_output_token_ms` is None of training and where no tokens are written.
    """

    placement: OfferPlacement
    is_on_frontier: bool
    why_not: str
    cost_over_best: float | None
    time_per_output_token_ms: Band | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitmentOption:
    """A commitment as an alternative.

    `pays_off_after` is how long the workload has to last on it for the whole term to cost less
    than the best placement; None where that is longer than the term.
    """

    commitment: Commitment
    gpu_model: str
    pays_off_after: timedelta | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OffersAnswer:
    """Placements in order. Every considered offer is feasible, committed, or rejected once."""

    placements: tuple[ComparedPlacement, ...]
    feasible_count: int
    committed_count: int
    rejected: tuple[Rejection, ...]
    commitments: tuple[CommitmentOption, ...]
    assumptions: tuple[Assumption, ...]
    caveats: tuple[Caveat, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HourlyPrices:
    """What one GPU costs for an hour: the lowest, and the median of the providers' lowest."""

    lowest: Decimal
    median: Decimal
    provider_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitPrices:
    """The lowest price of a GPU-hour over what the GPU has; None where that is not published."""

    per_pflop_hour: Decimal | None
    per_gb_vram_hour: Decimal | None
    per_gbps_hour: Decimal | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedGpuModel:
    """A GPU model among others.

    `reason` says why the workload does not fit, or why no offer is left where it does. Without a
    workload there are neither cost, hours, GPUs nor an offer; `offer_id` is that of the cheapest
    placement, `is_proven` tells whether its capacity is. `note` says what was measured of its
    vendor. `relaxed_latency_saving` is a share.
    """

    gpu_model: str
    fits: bool
    reason: str
    cost: Band | None
    wall_hours: Band | None
    cost_per_million_tokens: Band | None
    gpu_count: int
    offer_id: str
    is_proven: bool
    hourly: HourlyPrices
    units: UnitPrices
    watts: int | None
    in_stock_providers: tuple[str, ...]
    is_measured: bool
    note: str
    relaxed_latency_saving: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuModelsAnswer:
    """GPU models in order; the saving is that of the cheapest with and without latency limits."""

    gpu_models: tuple[ComparedGpuModel, ...]
    rejected: tuple[Rejection, ...]
    assumptions: tuple[Assumption, ...]
    caveats: tuple[Caveat, ...]
    relaxed_latency_saving: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchasePrices:
    """Dollars that a provider asks for a GPU-hour over its offers with one way of buying."""

    lowest: Decimal
    median: Decimal
    highest: Decimal
    offer_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparedProvider:
    """A provider among others; None, and empty, where nothing is stated or known.

    `spread` is the highest over the lowest of its on-demand prices; `billing_increment` and
    `min_term` are the shortest on demand, or of all where nothing is sold that way.
    `availability_share` is of the last 30 days, prices of egress and storage are for a GB (storage
    for a month).
    """

    provider: str
    prices: Mapping[PurchaseModel, PurchasePrices]
    spread: float | None
    availability_share: float | None
    billing_increment: timedelta | None
    min_term: timedelta | None
    delivery_models: tuple[DeliveryModel, ...]
    fabrics: tuple[Fabric, ...]
    egress_dollars_per_gb: Decimal | None
    storage_dollars_per_gb_month: Decimal | None
    region_codes: tuple[str, ...]
    support: tuple[SupportFact, ...]
    data_age: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class MarketSummary:
    """The providers' lowest on-demand prices: their median, the dearest over the cheapest."""

    median: Decimal
    spread: float
    provider_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvidersAnswer:
    """Providers, the cheapest on demand first; `market` is None where nobody sells on demand."""

    providers: tuple[ComparedProvider, ...]
    market: MarketSummary | None
    rejected: tuple[Rejection, ...]
    caveats: tuple[Caveat, ...]
