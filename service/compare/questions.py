"""What can be compared, in domain values; dollars are US dollars."""

from dataclasses import dataclass
from enum import StrEnum

from service.domain.constraints import Adjustment, OfferConstraints
from service.domain.precision import Precision
from service.market.answers import Assumption, InferenceQuestion, TrainingQuestion

WorkloadQuestion = TrainingQuestion | InferenceQuestion


class Ranking(StrEnum):
    """What placements are ordered by; FRONTIER keeps those that none beats in cost and time."""

    COST = "COST"
    TIME = "TIME"
    FRONTIER = "FRONTIER"


@dataclass(frozen=True, slots=True, kw_only=True)
class DataSource:
    """Where the data are that a workload reads, and how many gigabytes."""

    provider: str
    gb: float


@dataclass(frozen=True, slots=True, kw_only=True)
class OffersQuestion:
    """Where a workload is best placed.

    `assumptions` are made in reading the request, beside those of the workload, which names no
    offer, no price and no baseline. Of the placements in order the first `skip` are left out, and
    `most_placements` shown. `min_availability_share` is the least share of the last 30 days with
    stock, 0 to 1; None asks for nothing.
    """

    workload: WorkloadQuestion
    ranking: Ranking = Ranking.COST
    most_placements: int = 25
    skip: int = 0
    min_availability_share: float | None = None
    data_source: DataSource | None = None
    assumptions: tuple[Assumption, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class GpuModelsQuestion:
    """Which GPU model, for a workload; `precision` is the format whose peak is priced."""

    workload: WorkloadQuestion
    precision: Precision = Precision.BF16
    assumptions: tuple[Assumption, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HourlyQuestion:
    """Which GPU model, by the prices of hours alone; of adjustments the discounts count."""

    constraints: OfferConstraints
    precision: Precision = Precision.BF16
    adjustments: tuple[Adjustment, ...] = ()
    assumptions: tuple[Assumption, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvidersQuestion:
    """Which provider of one GPU model; the constraints allow every way of buying, or some.

    Of adjustments the discounts count.
    """

    gpu_model: str
    constraints: OfferConstraints
    adjustments: tuple[Adjustment, ...] = ()
