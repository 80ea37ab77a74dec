"""Which inputs make sense. Everything that is wrong is said at once."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from service.build_vs_buy.demand import load_duration
from service.build_vs_buy.inputs import (
    Commit,
    ConstantLoad,
    Demand,
    HostedApi,
    Inputs,
    Own,
    PeakedLoad,
    Spot,
    WeeklyLoad,
    figures_by_field,
)
from service.build_vs_buy.limits import (
    FRACTION,
    LESS_THAN_ALL,
    MAX_HORIZON_MONTHS,
    NEVER_NEGATIVE,
    Limits,
    limits_of,
)
from service.build_vs_buy.options import possible_options
from service.build_vs_buy.overrides import exclusions
from service.build_vs_buy.units import HOURS_PER_DAY, HOURS_PER_WEEK

MAX_GPUS = 100_000
MIN_DRAWS, MAX_DRAWS = 100, 10_000
MAX_HOURS_PER_MONTH = 744


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One thing that is wrong: the field as `Inputs` names it, and what it should be."""

    field: str
    message: str


class BadInput(ValueError):
    """The inputs make no sense; `faults` are all of them."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        super().__init__("; ".join(f"{fault.field}: {fault.message}" for fault in faults))
        self.faults = faults


def require_sound(inputs: Inputs) -> None:
    """Raise BadInput with everything that is wrong with the inputs."""
    faults = tuple(_faults(inputs))
    if not faults:
        faults = tuple(_contradictions(inputs))
    if faults:
        raise BadInput(faults)


def _faults(inputs: Inputs) -> Iterator[Fault]:
    yield from _terms(inputs)
    yield from _figures(inputs)
    load_faults = tuple(_load(inputs.demand))
    yield from load_faults
    if not load_faults:
        yield from _growth(inputs)
    yield from _rent(inputs)
    if inputs.own is not None:
        yield from _own(inputs.own)
    yield from _building(inputs)
    for at, commit in enumerate(inputs.commits):
        yield from _commit(commit, f"commits[{at}]")
    if inputs.spot is not None:
        yield from _spot(inputs.spot)
    if inputs.hosted_api is not None:
        yield from _hosted_api(inputs.hosted_api)


def _within(field: str, value: float, limits: Limits) -> Iterator[Fault]:
    if not limits.hold(value):
        yield Fault(field=field, message=f"{value:,g} is not {limits}")


def _terms(inputs: Inputs) -> Iterator[Fault]:
    yield from _within("horizon_months", inputs.horizon_months, Limits(1, MAX_HORIZON_MONTHS))
    yield from _within("hours_per_month", inputs.hours_per_month, Limits(1, MAX_HOURS_PER_MONTH))
    yield from _within("tax_rate", inputs.tax_rate, LESS_THAN_ALL)
    yield from _within("max_loss", inputs.max_loss, NEVER_NEGATIVE)
    yield from _within("draws", inputs.draws, Limits(MIN_DRAWS, MAX_DRAWS))
    yield from _within("seed", inputs.seed, Limits(0, 2.0**64))


def _figures(inputs: Inputs) -> Iterator[Fault]:
    fields = tuple(figures_by_field(inputs))
    fields_by_name = Counter(figure.name for _, figure in fields)
    for field, figure in fields:
        limits = limits_of(field)
        if not all(limits.hold(end) for end in (figure.low, figure.base, figure.high)):
            ends = f"{figure.low:,g} to {figure.high:,g}"
            text = f"{figure.base:,g}" if figure.low == figure.high else ends
            yield Fault(field=field, message=f"{text} is not {limits}")
        if fields_by_name[figure.name] > 1:
            yield Fault(field=field, message=f"another figure is called {figure.name}, too")


def _load(demand: Demand) -> Iterator[Fault]:
    yield from _within("demand.existing_gpu_count", demand.existing_gpu_count, Limits(0, MAX_GPUS))
    if demand.serving is not None:
        serving, most = demand.serving, Limits(1, MAX_GPUS)
        yield from _within("demand.serving.gpus_per_replica", serving.gpus_per_replica, most)
        yield from _within("demand.serving.spare_gpus", serving.spare_gpus, NEVER_NEGATIVE)
    match demand.load:
        case ConstantLoad(gpus=gpus):
            yield from _within("demand.load.gpus", gpus, Limits(0, MAX_GPUS))
        case WeeklyLoad(gpus=profile):
            if len(profile) != HOURS_PER_WEEK:
                message = f"{len(profile)} values are not the {HOURS_PER_WEEK} hours of a week"
                yield Fault(field="demand.load.gpus", message=message)
            for hour, gpus in enumerate(profile):
                yield from _within(f"demand.load.gpus[{hour}]", gpus, Limits(0, MAX_GPUS))
        case PeakedLoad() as peaked:
            yield from _peaked(peaked)


def _growth(inputs: Inputs) -> Iterator[Fault]:
    demand = inputs.demand
    fastest = 1 + min(max(demand.monthly_growth.high, 0.0), 1.0)
    months = min(max(inputs.horizon_months, 1), MAX_HORIZON_MONTHS) - 1
    peak = load_duration(demand.load, demand.serving).peak_gpus * fastest**months
    if peak > MAX_GPUS:
        message = f"demand grows to {peak:,.0f} GPUs, more than {MAX_GPUS:,}"
        yield Fault(field="demand.monthly_growth", message=message)


def _peaked(load: PeakedLoad) -> Iterator[Fault]:
    yield from _within("demand.load.mean_gpus", load.mean_gpus, Limits(0, MAX_GPUS))
    yield from _within("demand.load.peak_factor", load.peak_factor, Limits(1, MAX_GPUS))
    hours = load.peak_hours_per_day
    yield from _within("demand.load.peak_hours_per_day", hours, Limits(1, HOURS_PER_DAY))
    if load.peak_factor * hours > HOURS_PER_DAY:
        message = (
            f"{hours} hours at {load.peak_factor:g} times the mean are more than the whole day's"
            " work"
        )
        yield Fault(field="demand.load.peak_factor", message=message)


def _rent(inputs: Inputs) -> Iterator[Fault]:
    rent = inputs.rent
    yield from _within("rent.gpus_per_instance", rent.gpus_per_instance, Limits(1, MAX_GPUS))
    if rent.uplift is not None and rent.data_cost_per_month is not None:
        message = "egress and storage are priced: an uplift would count them twice"
        yield Fault(field="rent.uplift", message=message)
    if rent.stock_gpus is not None:
        yield from _within("rent.stock_gpus", rent.stock_gpus, NEVER_NEGATIVE)
        if not inputs.commits:
            message = "GPUs beyond the stock are committed, and no commitment is given"
            yield Fault(field="rent.stock_gpus", message=message)
    if rent.list_price_per_gpu_hour is not None:
        yield from _within(
            "rent.list_price_per_gpu_hour", rent.list_price_per_gpu_hour, NEVER_NEGATIVE
        )


def _own(own: Own) -> Iterator[Fault]:
    yield from _within("own.gpus_per_server", own.gpus_per_server, Limits(1, MAX_GPUS))
    yield from _within(
        "own.depreciation_months", own.depreciation_months, Limits(1, MAX_HORIZON_MONTHS)
    )
    yield from _within(
        "own.residual_age_months", own.residual_age_months, Limits(1, MAX_HORIZON_MONTHS)
    )
    yield from _refresh(own)
    if (own.servers is None) == (own.capex is None):
        yield Fault(field="own", message="needs servers or capex, one of them")
    subtotals = own.opex_per_month is not None or own.opex_per_used_gpu_hour is not None
    if (own.running is None) != subtotals:
        message = "needs running or a subtotal of opex, one of them"
        yield Fault(field="own", message=message)
    if own.residual_fraction.high > own.resale_at_once.low:
        message = "a server is worth no more later than on the first day (own.resale_at_once)"
        yield Fault(field="own.residual_fraction", message=message)
    if own.servers is not None:
        for at, step in enumerate(own.servers.network_steps):
            field = f"own.servers.network_steps[{at}]"
            yield from _within(f"{field}.from_servers", step.from_servers, Limits(1, MAX_GPUS))
            yield from _within(f"{field}.fraction", step.fraction.high, FRACTION)
    if own.running is not None:
        running = own.running
        if running.idle_fraction.base > running.load_fraction.base:
            message = "an idle server draws no more than a busy one"
            yield Fault(field="own.running.idle_fraction", message=message)
        limit = running.rack_cooling_limit_kw
        yield from _within("own.running.rack_cooling_limit_kw", limit, Limits(1))
    if own.loan is not None:
        yield from _within("own.loan.share", own.loan.share, FRACTION)
        yield from _within("own.loan.annual_rate", own.loan.annual_rate, LESS_THAN_ALL)
        yield from _within("own.loan.months", own.loan.months, Limits(1, MAX_HORIZON_MONTHS))


def _refresh(own: Own) -> Iterator[Fault]:
    if own.refresh_months is None:
        return
    yield from _within("own.refresh_months", own.refresh_months, Limits(1, MAX_HORIZON_MONTHS))
    lead = own.lead_time_months.base
    if own.refresh_months <= lead:
        message = f"{own.refresh_months} months: servers that take {lead:g} to come would go first"
        yield Fault(field="own.refresh_months", message=message)


def _building(inputs: Inputs) -> Iterator[Fault]:
    building, own = inputs.building, inputs.own
    if building is None:
        return
    if own is None or own.running is None:
        message = "a building is sized by own.running.power_kw_per_server, which is not given"
        yield Fault(field="building", message=message)
    yield from _within(
        "building.build_months", building.build_months, Limits(0, inputs.horizon_months)
    )
    yield from _within("building.life_months", building.life_months, Limits(1))
    yield from _within(
        "building.minimum_annual_spend", building.minimum_annual_spend, NEVER_NEGATIVE
    )


def _commit(commit: Commit, field: str) -> Iterator[Fault]:
    yield from _within(f"{field}.term_months", commit.term_months, Limits(1, MAX_HORIZON_MONTHS))
    yield from _within(f"{field}.upfront_fraction", commit.upfront_fraction, FRACTION)
    if (commit.price_per_gpu_hour is None) == (commit.discount is None):
        yield Fault(field=field, message="needs a price or a discount, one of them")
    if commit.discount is not None:
        yield from _within(f"{field}.discount", commit.discount.high, LESS_THAN_ALL)
    if commit.price_per_gpu_hour is not None:
        price = commit.price_per_gpu_hour.low
        yield from _within(f"{field}.price_per_gpu_hour", price, Limits(0, is_low_excluded=True))


def _spot(spot: Spot) -> Iterator[Fault]:
    yield from _within("spot.share", spot.share, FRACTION)
    yield from _within(
        "spot.checkpoint_interval_hours", spot.checkpoint_interval_hours, NEVER_NEGATIVE
    )
    yield from _within("spot.restart_hours", spot.restart_hours, NEVER_NEGATIVE)
    yield from _within("spot.requeue_wait_hours", spot.requeue_wait_hours, NEVER_NEGATIVE)


def _hosted_api(api: HostedApi) -> Iterator[Fault]:
    for name in (
        "input_tokens_per_month",
        "output_tokens_per_month",
        "reasoning_tokens_per_month",
        "prompt_tokens",
        "output_ratio",
    ):
        yield from _within(f"hosted_api.{name}", getattr(api, name), NEVER_NEGATIVE)
    for name in ("cached_share", "cache_write_share", "batch_share"):
        yield from _within(f"hosted_api.{name}", getattr(api, name), FRACTION)
    limits = [tier.up_to_prompt_tokens for tier in api.tiers]
    serving = [
        tier
        for tier in api.tiers
        if tier.up_to_prompt_tokens is None or tier.up_to_prompt_tokens >= api.prompt_tokens
    ]
    if not serving:
        message = f"no tier serves prompts of {api.prompt_tokens} tokens"
        yield Fault(field="hosted_api.tiers", message=message)
    if len(set(limits)) != len(limits):
        yield Fault(field="hosted_api.tiers", message="two tiers end at the same length")
    for tier in serving:
        if api.batch_share and (tier.batch_input_price is None or tier.batch_output_price is None):
            message = "the model has no batch price"
            yield Fault(field="hosted_api.batch_share", message=message)
        if api.cached_share and tier.cached_input_price is None:
            message = "the model has no price for cached input"
            yield Fault(field="hosted_api.cached_share", message=message)


def _contradictions(inputs: Inputs) -> Iterator[Fault]:
    """Find overrides that leave no option, in inputs that are sound otherwise."""
    excluded = exclusions(inputs)
    if {found.kind for found in excluded} >= set(possible_options(inputs)):
        message = f"{', '.join(sorted({found.rule for found in excluded}))} leave no option"
        if inputs.own is None:
            message += "; own servers are none, since their cost is neither given nor known"
        yield Fault(field="overrides", message=message)
