"""The use case: a question, the catalogue and the tables, to the inputs of the engine and back."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal

from service.build_vs_buy.analysis import Analysis, NothingToBuy, analyze
from service.build_vs_buy.checks import MAX_GPUS, BadInput, Fault
from service.build_vs_buy.demand import load_duration
from service.build_vs_buy.inputs import Demand, Inputs, figures_of
from service.build_vs_buy.summary import Summary, summarize
from service.business_case.figures import Currency, chosen, fixed, judged
from service.business_case.owning import Owning, Tables, building_of, owning
from service.business_case.question import Question
from service.business_case.rental_market import RentalMarket, rental_market
from service.business_case.renting import Use, commitments, interruptible, renting
from service.business_case.serving_gpus import (
    ServingPlanner,
    TokenResult,
    TokensOnGpus,
    given_gpus_caveats,
    noted_of,
    present_tokens,
    refused_caveat,
    small_instances_caveat,
    tokens_on_gpus,
)
from service.catalog.snapshot import Snapshot
from service.domain.caveat import Caveat, CaveatCode
from service.domain.figure import Figure
from service.domain.offer import ExchangeRate
from service.estimate.plan import NoPlan
from service.facts.opex import load_opex
from service.market.misfits import does_not_fit
from service.market.need import Shape
from service.market.plan_caveats import serving_caveats

HORIZON_MONTHS = 48
HOURS_PER_MONTH = 730.0
MAX_LOSS = 0.15
SEED = 1
DRAWS = 4000
UTILIZATION = judged(
    "demand.utilization",
    0.3,
    0.6,
    0.85,
    "share of hours",
    why="published shares of fleets at work lie between 5 and 70 %",
)
_DEFAULT = "our choice"
# GPUs that tokens size are there in every hour of their load: what of it they do not work is
# counted in the utilisation that they are sized with, and again nowhere.
_SERVES = fixed(
    "demand.utilization",
    None,
    1.0,
    "share of hours",
    source="tokensPerMonth.serving.utilization has the hours without work in it",
)
_NEVER_IDLE = replace(_SERVES, name="rent.idleShare", low=0.0, base=0.0, high=0.0)


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessCase:
    """The answer. `inputs` and `summary` are None where there is nothing to buy.

    `tokens` is None for a question without any.
    """

    analysis: Analysis | NothingToBuy
    inputs: Inputs | None
    summary: Summary | None
    used: tuple[Use, ...]
    assumptions: tuple[Figure, ...]
    caveats: tuple[Caveat, ...]
    tokens: TokenResult | None = None


def business_case(
    question: Question,
    *,
    snapshot: Snapshot,
    rates: Mapping[str, ExchangeRate],
    planner: ServingPlanner,
    now: datetime,
) -> BusinessCase:
    """Answer a question from one snapshot and the tables of the day.

    Raises Precondition NO_MATCHING_OFFERS where nobody rents the GPU out and no price is given,
    PRICES_TOO_OLD, DOES_NOT_FIT where tokens size the GPUs and these cannot serve them, and
    BadInput for what only shows in the inputs.
    """
    nothing = nothing_wanted(question)
    if nothing is not None:
        return BusinessCase(
            analysis=nothing, inputs=None, summary=None, used=(), assumptions=(), caveats=()
        )
    currency = Currency(rate=question.rate)
    tables = Tables(question, currency, today=now.date(), rates=rates)
    served = _served(question, planner, tables)
    demand = demand_of(question, served.on_gpus)
    peak = load_duration(demand.load, demand.serving).peak_gpus
    market = _market(question, snapshot, rates, now, peak_gpus=peak)
    rent = renting(question, market, currency)
    if demand.serving is not None and question.rent.idle_share is None:
        rent = replace(rent, rent=replace(rent.rent, idle_share=_NEVER_IDLE))
    ladder = commitments(question, rent.rent, market, currency, today=now.date())
    spot = None
    if question.spot is not None:
        spot = interruptible(question, question.spot, rent.rent, market, currency, today=now.date())
    own = owning(question, tables, currency, peak_gpus=peak)
    building = None
    if question.building is not None and own.own is not None:
        building = building_of(question.building, tables, currency)
    noted = [
        *terms_of(question),
        *rent.noted,
        *own.noted,
        *(() if building is None else building.noted),
        *(() if spot is None else spot.noted),
        *served.noted,
    ]
    exact = {figure.name: figure.base for figure in noted}
    inputs = Inputs(
        demand=demand,
        rent=rent.rent,
        discount_rate=discount_rate_of(question),
        own=own.own,
        building=None if building is None else building.building,
        commits=ladder.commits,
        spot=None if spot is None else spot.spot,
        hosted_api=question.hosted_api,
        overrides=question.overrides,
        horizon_months=round(exact["horizonMonths"]),
        tax_rate=question.tax_rate,
        hours_per_month=exact["hoursPerMonth"],
        max_loss=exact["maxLoss"],
        seed=SEED if question.seed is None else question.seed,
        draws=round(exact["draws"]),
        currency_code=currency.code,
    )
    analysis = analyze(inputs)
    tokens, token_caveats = _token_result(question, served, inputs)
    return BusinessCase(
        analysis=analysis,
        inputs=inputs,
        summary=summarize(inputs, analysis) if isinstance(analysis, Analysis) else None,
        used=(*rent.used, *ladder.used, *(() if spot is None else spot.used)),
        assumptions=(*figures_of(inputs), *noted),
        caveats=(
            *rent.caveats,
            *ladder.caveats,
            *(() if spot is None else spot.caveats),
            *own.caveats,
            *(() if building is None else building.caveats),
            *served.caveats,
            *token_caveats,
            *_caveats(question, own, now),
        ),
        tokens=tokens,
    )


def nothing_wanted(question: Question) -> NothingToBuy | None:
    """Say that no GPU is wanted in any hour; None where one is."""
    load = question.demand.load
    if load is None or load_duration(load).peak_gpus:
        return None
    return NothingToBuy(reason="nothing to buy: no GPU is wanted in any hour")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Served:
    """The tokens of a question on its GPUs, None without any or where these cannot serve them."""

    on_gpus: TokensOnGpus | None = None
    noted: tuple[Figure, ...] = ()
    caveats: tuple[Caveat, ...] = ()


def _served(question: Question, planner: ServingPlanner, tables: Tables) -> _Served:
    """Plan the tokens of a question in servers of the size that it would own."""
    if question.served is None:
        return _Served()
    server = tables.gpus_per_server(question.own.gpus_per_server)
    shape = Shape(gpu_model=question.gpu.gpu_model_id, gpus_per_node=round(server.base))
    found = tokens_on_gpus(question.served, planner, shape)
    sizes_gpus = question.demand.load is None
    if isinstance(found, NoPlan):
        if sizes_gpus:
            raise does_not_fit([(shape, found)])
        return _Served(caveats=(refused_caveat(found, shape),))
    noted = noted_of(question.served, sizes_gpus=sizes_gpus)
    if not sizes_gpus:
        noted = (*noted, found.throughput)
    return _Served(
        on_gpus=found,
        noted=noted,
        caveats=() if found.is_measured else serving_caveats(found.plan),
    )


def _token_result(
    question: Question, served: _Served, inputs: Inputs
) -> tuple[TokenResult | None, tuple[Caveat, ...]]:
    """Return what an answer says of tokens, and what to know of it."""
    api, load, on_gpus = question.hosted_api, question.demand.load, served.on_gpus
    if question.served is not None:
        month_tokens = question.served.month_tokens
    elif api is not None:
        month_tokens = api.tokens_per_month
    else:
        return None, ()
    present = present_tokens(month_tokens, inputs)
    possible: float | None = None
    caveats: tuple[Caveat, ...] = ()
    if on_gpus is not None and load is not None:
        possible = on_gpus.possible_per_second(load, inputs.demand.utilization)
        caveats = tuple(given_gpus_caveats(on_gpus, load, possible))
    elif on_gpus is not None and question.rent.price_per_gpu_hour is None:
        caveats = tuple(small_instances_caveat(on_gpus, inputs.rent.gpus_per_instance))
    found = TokenResult(on_gpus=on_gpus, possible_per_second=possible, present_tokens=present)
    return found, caveats


def _market(
    question: Question,
    snapshot: Snapshot,
    rates: Mapping[str, ExchangeRate],
    now: datetime,
    *,
    peak_gpus: float,
) -> RentalMarket | None:
    if question.rent.price_per_gpu_hour is not None:
        return None
    numbers = {"USD": Decimal(1)} | {code: rate.rate for code, rate in rates.items()}
    return rental_market(
        snapshot,
        question.gpu.gpu_model_id,
        constraints=question.rent.constraints,
        adjustments=question.adjustments,
        peak_gpus=peak_gpus,
        rates=numbers,
        now=now,
        start=question.start,
    )


def demand_of(question: Question, tokens: TokensOnGpus | None = None) -> Demand:
    """Return the demand of a question: the GPUs that it names, else those that its tokens take.

    Raises BadInput where these are more than can be answered, ValueError without both.
    """
    given = question.demand
    steady = fixed("demand.monthlyGrowth", None, 0.0, "share/month", source=_DEFAULT)
    growth = chosen("demand.monthlyGrowth", given.monthly_growth, steady)
    if given.load is not None:
        return Demand(
            load=given.load,
            monthly_growth=growth,
            utilization=chosen("demand.utilization", given.utilization, UTILIZATION),
            existing_gpu_count=given.existing_gpu_count,
        )
    if tokens is None:
        raise ValueError("neither GPUs nor tokens are given")
    gpus = tokens.gpu_count().p50
    if gpus > MAX_GPUS:
        message = f"take {gpus:,.0f} GPUs at the peak; at most {MAX_GPUS:,} are answered"
        raise BadInput((Fault(field="tokens_per_month", message=message),))
    return Demand(
        load=tokens.load,
        monthly_growth=growth,
        utilization=_SERVES,
        existing_gpu_count=given.existing_gpu_count,
        serving=tokens.serving,
    )


def discount_rate_of(question: Question) -> Figure:
    """Return the rate at which later money counts less."""
    return chosen("discountRate", question.discount_rate, load_opex()["discount_rate_wacc"])


def terms_of(question: Question) -> tuple[Figure, ...]:
    """Return the exact terms of a question, for the list of assumptions."""
    horizon, hours = question.horizon_months, question.hours_per_month
    return (
        fixed("horizonMonths", horizon, HORIZON_MONTHS, "months", source=_DEFAULT),
        fixed("hoursPerMonth", hours, HOURS_PER_MONTH, "hours", source="8,760 hours a year"),
        fixed("taxRate", question.tax_rate or None, 0.0, "share of profit", source=_DEFAULT),
        fixed("maxLoss", question.max_loss, MAX_LOSS, "share of renting", source=_DEFAULT),
        fixed("draws", question.draws, DRAWS, "draws", source=_DEFAULT),
        fixed("seed", question.seed, SEED, "", source=_DEFAULT),
    )


def _caveats(question: Question, own: Owning, now: datetime) -> tuple[Caveat, ...]:
    found: list[Caveat] = []
    months = (question.start.year - now.year) * 12 + question.start.month - now.month
    if months > 0:
        text = f"The first month is {months} months ahead; prices of today are taken for it."
        found.append(Caveat(code=CaveatCode.STARTS_LATER, message=text))
    if question.hosted_api is not None and question.served is None:
        text = (
            "Whether the GPUs of the demand write the tokens of the hosted model is not checked:"
            f" {question.not_served}."
        )
        found.append(Caveat(code=CaveatCode.TOKENS_NOT_JOINED, message=text))
    if question.building is not None and own.own is None:
        text = "A building is left out, since own servers are."
        found.append(Caveat(code=CaveatCode.OWN_NOT_PRICED, message=text))
    return tuple(found)
