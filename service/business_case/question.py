"""What is asked of a business case: everything that a request says, None where it says nothing.

Money is in the currency of the answer, fractions are of 1, rates a year.
"""

from dataclasses import dataclass, field
from datetime import date

from service.build_vs_buy.inputs import (
    ConstantLoad,
    HostedApi,
    Loan,
    Overrides,
    PeakedLoad,
    WeeklyLoad,
)
from service.domain.constraints import Adjustment, OfferConstraints
from service.domain.gpu import GpuModel
from service.domain.model_price import ModelPrice
from service.domain.offer import ExchangeRate
from service.domain.workload import InferenceWorkload


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandTerms:
    """GPUs that are wanted, None for as many as the tokens take.

    `existing_gpu_count` are there already and serve first.
    """

    load: ConstantLoad | WeeklyLoad | PeakedLoad | None
    monthly_growth: float | None = None
    utilization: float | None = None
    existing_gpu_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenTerms:
    """Tokens of the first month, and the price lists that serve them.

    `prices` are the current entries of the model, at the providers that may be chosen; without a
    hosted model its name is "" and they are none.
    """

    model: str
    prices: tuple[ModelPrice, ...]
    input_tokens: float
    output_tokens: float
    reasoning_tokens: float = 0.0
    cached_share: float = 0.0
    cache_write_share: float = 0.0
    batch_share: float = 0.0
    prompt_tokens: int = 0
    output_ratio: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ServedTokens:
    """Tokens of the first month as GPUs would serve them.

    `workload` is one request and the mean rate, in which reasoning counts as output. `shape` has
    the rates of hours over their mean; `is_shaped` tells that the request says something of it.
    `month_tokens` are input, output and reasoning together. What is None was not given.
    """

    workload: InferenceWorkload
    shape: ConstantLoad | WeeklyLoad | PeakedLoad
    month_tokens: float
    is_shaped: bool = True
    prompt_tokens: int | None = None
    utilization: float | None = None
    tokens_per_second_per_gpu: float | None = None

    @property
    def tokens_per_second(self) -> float:
        """Output tokens that are wanted, the mean over the month."""
        generated = self.workload.output_tokens + self.workload.reasoning_tokens
        return (self.workload.requests_per_second or 0.0) * generated


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnTerms:
    """What is known of own servers; fields as in the contract."""

    server_price: float | None = None
    gpus_per_server: int | None = None
    network_fraction: float | None = None
    storage: float | None = None
    hidden_fraction: float | None = None
    install_fraction: float | None = None
    spares_fraction: float | None = None
    power_kw_per_server: float | None = None
    pue: float | None = None
    electricity_per_kwh: float | None = None
    colocation_per_kw_month: float | None = None
    colocation_includes_power: bool = False
    fte: float | None = None
    fte_annual_cost: float | None = None
    maintenance_fraction: float | None = None
    failure_rate: float | None = None
    under_warranty: bool = False
    lead_time_months: float | None = None
    residual_fraction: float | None = None
    residual_age_months: int | None = None
    sales_tax_rate: float | None = None
    loan: Loan | None = None
    refresh_months: int | None = None
    capex: float | None = None
    opex_per_month: float | None = None
    opex_per_used_gpu_hour: float | None = None
    goodput: float | None = None
    depreciation_months: int | None = None
    licence_per_gpu_year: float | None = None

    @property
    def has_opex(self) -> bool:
        """Whether the cost of running is given instead of its parts."""
        return self.opex_per_month is not None or self.opex_per_used_gpu_hour is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildingTerms:
    """What is known of a building; fields as in the contract."""

    per_mw: float | None = None
    land: float | None = None
    build_months: int | None = None
    minimum_annual_spend: float | None = None
    life_months: int | None = None
    pue: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RentTerms:
    """What is known of renting; `constraints` choose offers where there is no price."""

    constraints: OfferConstraints
    price_per_gpu_hour: float | None = None
    idle_share: float | None = None
    drift: float | None = None
    drift_sd: float | None = None
    volatility: float | None = None
    reversion: float | None = None
    uplift: float | None = None
    data_cost_per_month: float | None = None
    goodput: float | None = None
    stock_gpus: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommitTerms:
    """A commitment: a price or a `discount`, the share off the rent of the day."""

    term_months: int
    price_per_gpu_hour: float | None = None
    discount: float | None = None
    upfront: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotTerms:
    """Interruptible GPUs for a share of the work."""

    share: float
    discount: float | None = None
    interruption_per_month: float | None = None
    checkpoint_interval_hours: float | None = None
    restart_hours: float | None = None
    requeue_wait_hours: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One question. `start` is the first day of the first month.

    `place` is a code of the electricity table ("US-TX", "DE"), None where none was named. `rate` is
    what the currency of the answer is worth in US dollars, None for US dollars themselves.
    `not_served` says why the tokens of a hosted model are not `served`, where they are not.
    """

    gpu: GpuModel
    demand: DemandTerms
    rent: RentTerms
    start: date
    place: str | None = None
    own: OwnTerms = field(default_factory=OwnTerms)
    building: BuildingTerms | None = None
    commits: tuple[CommitTerms, ...] = ()
    spot: SpotTerms | None = None
    hosted_api: HostedApi | None = None
    served: ServedTokens | None = None
    not_served: str = ""
    adjustments: tuple[Adjustment, ...] = ()
    overrides: Overrides = field(default_factory=Overrides)
    rate: ExchangeRate | None = None
    horizon_months: int | None = None
    discount_rate: float | None = None
    tax_rate: float = 0.0
    hours_per_month: float | None = None
    max_loss: float | None = None
    seed: int | None = None
    draws: int | None = None
