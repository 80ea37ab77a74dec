"""What a build-vs-buy question knows: each uncertain input a `Figure`, the rest exact.

Fractions are of 1, rates a year unless the name says a month, power in kW, energy in kWh, money in
the currency of the question. `service.build_vs_buy.checks` says what is allowed.
"""

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from service.domain.figure import Figure

JUDGEMENT = "our judgement, not measured"


class OptionKind(StrEnum):
    """The ways of having GPU-hours. MIXED combines owned, committed and rented GPUs."""

    HOSTED_API = "HOSTED_API"
    RENT = "RENT"
    COMMIT = "COMMIT"
    OWN_COLOCATION = "OWN_COLOCATION"
    OWN_BUILDING = "OWN_BUILDING"
    MIXED = "MIXED"


OWNING = frozenset({OptionKind.OWN_COLOCATION, OptionKind.OWN_BUILDING})


@dataclass(frozen=True, slots=True, kw_only=True)
class ConstantLoad:
    """The same number of GPUs in every hour."""

    gpus: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WeeklyLoad:
    """GPUs in each of the 168 hours of a week."""

    gpus: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PeakedLoad:
    """A day of two levels: `peak_factor` times the mean for some hours, less for the others."""

    mean_gpus: float
    peak_factor: float
    peak_hours_per_day: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """GPUs that serve a model, in whole replicas.

    The load is then what the tokens take at the base of the throughput, before replicas are whole;
    GPUs that are half as fast are twice as many. Low and high of the throughput are its 10th and
    90th percentile. `spare_gpus` stand by in every hour with work.
    """

    tokens_per_second_per_gpu: Figure
    gpus_per_replica: int
    spare_gpus: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """GPUs that are wanted.

    `utilization` is the share of hours in which they really work: owned and committed GPUs are
    paid in the others too, rented ones are given back. `existing_gpu_count` are GPUs that are
    there under every option: they serve first, and cost and serve the same whatever is decided.
    `serving` is set where the GPUs follow from tokens.
    """

    load: ConstantLoad | WeeklyLoad | PeakedLoad
    monthly_growth: Figure
    utilization: Figure
    existing_gpu_count: int = 0
    serving: Serving | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NetworkStep:
    """The network's share of the servers' price, for clusters from so many servers on."""

    from_servers: int
    fraction: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class Servers:
    """What buying one server takes, as shares of its price.

    Published shares of hidden costs cover transceivers, cables and switches besides insurance:
    with `hidden_includes_network` the larger of network and hidden counts, not their sum.
    `storage_price` is paid once for the fleet.
    """

    server_price: Figure
    network_steps: tuple[NetworkStep, ...]
    hidden_fraction: Figure
    install_fraction: Figure
    spares_fraction: Figure
    sales_tax_rate: Figure
    hidden_includes_network: bool = True
    storage_price: Figure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """What keeping servers running takes.

    The mean draw of a server is `power_kw_per_server` (nameplate) times idle + (load - idle) x
    used share. An all-in colocation price includes power. Under warranty the maintenance contract
    replaces what fails: neither failures nor spares are charged beside it.
    """

    power_kw_per_server: Figure
    load_fraction: Figure
    idle_fraction: Figure
    pue: Figure
    electricity_per_kwh: Figure
    colocation_per_kw_month: Figure
    fte_fixed: Figure
    fte_per_gpu: Figure
    fte_annual_cost: Figure
    maintenance_fraction: Figure
    failure_rate: Figure
    colocation_includes_power: bool = False
    under_warranty: bool = False
    licence_per_gpu_year: Figure | None = None
    rack_cooling_limit_kw: float = 40.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Loan:
    """A loan on a share of the first purchase, repaid in equal monthly payments."""

    share: float
    annual_rate: float
    months: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """Owned servers: what they cost in detail, or the subtotals.

    Exactly one of `servers` and `capex`. Of `running`, `opex_per_month` and
    `opex_per_used_gpu_hour` at least one; `running` stands alone. `capex` and `opex_per_month` are
    those of the fleet that serves the first month. A server brings the share `resale_at_once` of
    its price on the first day, `residual_fraction` after `residual_age_months`, and never less than
    `residual_floor`.
    `goodput` is the share of hours that is not lost to failures and restarts: what is lost is
    rented. `refresh_months` replaces servers at that age.
    """

    gpus_per_server: int
    lead_time_months: Figure
    resale_at_once: Figure
    residual_fraction: Figure
    residual_floor: Figure
    goodput: Figure
    depreciation_months: int
    servers: Servers | None = None
    capex: Figure | None = None
    running: Running | None = None
    opex_per_month: Figure | None = None
    opex_per_used_gpu_hour: Figure | None = None
    residual_age_months: int = 48
    refresh_months: int | None = None
    loan: Loan | None = None
    data_cost_per_month: Figure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Building:
    """A data centre of our own for `Own`'s servers.

    Construction is paid evenly over `build_months`, while GPUs are rented; it is written off evenly
    over `life_months` and keeps its book value, the land its price. Below `minimum_annual_spend` on
    rented compute a building is not a choice.
    """

    construction_per_mw: Figure
    land_price: Figure
    pue: Figure
    build_months: int
    minimum_annual_spend: float
    life_months: int
    upkeep_fraction: Figure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rent:
    """Rented GPUs.

    `drift` is the yearly change of the median price; its low and high are one standard deviation
    away, where other ranges are ends.

    `uplift` is the share that egress and storage add to the bill where they are not priced apart
    (`data_cost_per_month`); data cost the same under every option with GPUs. `idle_share` is the
    share of paid hours without work. GPUs beyond `stock_gpus` cannot be had on demand: they are
    committed. `list_price_per_gpu_hour` is the price before our own discounts, where there are any.
    """

    price_per_gpu_hour: Figure
    drift: Figure
    volatility: Figure
    reversion: Figure
    goodput: Figure
    idle_share: Figure
    gpus_per_instance: int = 1
    uplift: Figure | None = None
    data_cost_per_month: Figure | None = None
    stock_gpus: int | None = None
    list_price_per_gpu_hour: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Interruptible GPUs for a share of the work.

    An interruption loses half a checkpoint interval, the restart and the wait for a new machine.
    """

    share: float
    discount: Figure
    interruption_per_month: Figure
    checkpoint_interval_hours: float
    restart_hours: float
    requeue_wait_hours: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """A commitment: exactly one of a price and a discount on the day's rent.

    It is paid whether used or not; at the end of each term the next is priced along the rent path.
    `is_assumed` says that the price is a judgement and nobody's offer.
    """

    term_months: int
    price_per_gpu_hour: Figure | None = None
    discount: Figure | None = None
    upfront_fraction: float = 0.0
    is_assumed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenTier:
    """Prices a million tokens, for prompts of up to `up_to_prompt_tokens` (None: any)."""

    up_to_prompt_tokens: int | None
    input_price: Figure
    output_price: Figure
    cached_input_price: Figure | None = None
    cache_write_price: Figure | None = None
    batch_input_price: Figure | None = None
    batch_output_price: Figure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HostedApi:
    """Tokens of the first month and their prices.

    `output_ratio` is how many tokens the hosted model writes for one of our own.
    """

    model: str
    tiers: tuple[TokenTier, ...]
    input_tokens_per_month: float
    output_tokens_per_month: float
    prompt_tokens: int
    reasoning_tokens_per_month: float = 0.0
    cached_share: float = 0.0
    cache_write_share: float = 0.0
    batch_share: float = 0.0
    output_ratio: float = 1.0

    @property
    def tokens_per_month(self) -> float:
        """Input, output and reasoning together, as a model of our own would write them."""
        written = self.output_tokens_per_month + self.reasoning_tokens_per_month
        return self.input_tokens_per_month + written


@dataclass(frozen=True, slots=True, kw_only=True)
class Overrides:
    """What decides before money does."""

    residency: bool = False
    air_gap: bool = False
    export_control: bool = False
    power_available: bool = True
    sku_available: bool = True


def _judged_correlation() -> Figure:
    return Figure(
        name="residual_rent_correlation",
        low=0.5,
        base=0.5,
        high=0.5,
        unit="fraction",
        source=JUDGEMENT,
        date="2026-11",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """One question.

    `discount_rate` is a year's; an hour's cost becomes a month's by `hours_per_month`; `max_loss`
    is the share of the present value of renting that may be lost at the 5th percentile.
    """

    demand: Demand
    rent: Rent
    discount_rate: Figure
    own: Own | None = None
    building: Building | None = None
    commits: tuple[Commit, ...] = ()
    spot: Spot | None = None
    hosted_api: HostedApi | None = None
    overrides: Overrides = dataclasses.field(default_factory=Overrides)
    horizon_months: int = 48
    tax_rate: float = 0.0
    hours_per_month: float = 730.0
    max_loss: float = 0.15
    seed: int = 1
    draws: int = 4000
    currency_code: str = "USD"
    residual_rent_correlation: Figure = dataclasses.field(default_factory=_judged_correlation)


def figures_of(inputs: object) -> tuple[Figure, ...]:
    """Return every figure of the inputs, or of a part of them, in the order of the fields."""
    return tuple(figure for _, figure in figures_by_field(inputs))


def figures_by_field(inputs: object, prefix: str = "") -> Iterator[tuple[str, Figure]]:
    """Walk the inputs: the path of each figure ("own.servers.server_price") and the figure."""
    if isinstance(inputs, Figure):
        yield prefix, inputs
    elif isinstance(inputs, tuple):
        for at, part in enumerate(inputs):
            yield from figures_by_field(part, f"{prefix}[{at}]")
    elif dataclasses.is_dataclass(inputs):
        for field in dataclasses.fields(inputs):
            path = f"{prefix}.{field.name}" if prefix else field.name
            yield from figures_by_field(getattr(inputs, field.name), path)
