"""The use case: a question, the catalogue and the tables, to the inputs of the engine and back."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from service.build_vs_buy.analysis import Analysis, NothingToBuy, analyze
from service.build_vs_buy.demand import load_duration
from service.build_vs_buy.inputs import Demand, Inputs, figures_of
from service.build_vs_buy.summary import Summary, summarize
from service.business_case.figures import Currency, chosen, fixed, judged
from service.business_case.owning import Owning, Tables, building_of, owning
from service.business_case.question import Question
from service.business_case.rental_market import RentalMarket, rental_market
from service.business_case.renting import Use, commitments, interruptible, renting
from service.catalog.snapshot import Snapshot
from service.domain.caveat import Caveat, CaveatCode
from service.domain.figure import Figure
from service.domain.offer import ExchangeRate
from service.facts.opex import load_opex

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
_DEFAULT = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessCase:
    """The answer. `inputs` and `summary` are None where there is nothing to buy."""

    analysis: Analysis | NothingToBuy
    inputs: Inputs | None
    summary: Summary | None
    used: tuple[Use, ...]
    assumptions: tuple[Figure, ...]
    caveats: tuple[Caveat, ...]


def business_case(
    question: Question,
    *,
    snapshot: Snapshot,
    rates: Mapping[str, ExchangeRate],
    now: datetime,
) -> BusinessCase:
    """Answer a question from one snapshot and the tables of the day.

    Raises Precondition NO_MATCHING_OFFERS where nobody rents the GPU out and no price is given,
    PRICES_TOO_OLD, and BadInput for what only shows in the inputs.
    """
    nothing = nothing_wanted(question)
    if nothing is not None:
        return BusinessCase(
            analysis=nothing, inputs=None, summary=None, used=(), assumptions=(), caveats=()
        )
    currency = Currency(rate=question.rate)
    tables = Tables(question, currency, today=now.date(), rates=rates)
    peak = load_duration(question.demand.load).peak_gpus
    market = _market(question, snapshot, rates, now, peak_gpus=peak)
    rent = renting(question, market, currency)
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
    ]
    exact = {figure.name: figure.base for figure in noted}
    inputs = Inputs(
        demand=demand_of(question),
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
    return BusinessCase(
        analysis=analysis,
        inputs=inputs,
        summary=summarize(inputs, analysis) if isinstance(analysis, Analysis) else None,
        used=(*rent.used, *ladder.used, *(() if spot is None else spot.used)),
        assumptions=(*figures_of(inputs), *noted),
        caveats=(
            *rent.caveats,
            *(() if spot is None else spot.caveats),
            *own.caveats,
            *(() if building is None else building.caveats),
            *_caveats(question, own, now),
        ),
    )


def nothing_wanted(question: Question) -> NothingToBuy | None:
    """Say that no GPU is wanted in any hour; None where one is."""
    if load_duration(question.demand.load).peak_gpus:
        return None
    return NothingToBuy(reason="nothing to buy: no GPU is wanted in any hour")


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


def demand_of(question: Question) -> Demand:
    """Return the demand of a question."""
    given = question.demand
    steady = fixed("demand.monthlyGrowth", None, 0.0, "share/month", source=_DEFAULT)
    return Demand(
        load=given.load,
        monthly_growth=chosen("demand.monthlyGrowth", given.monthly_growth, steady),
        utilization=chosen("demand.utilization", given.utilization, UTILIZATION),
        existing_gpu_count=given.existing_gpu_count,
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
    if question.hosted_api is not None:
        text = (
            "Whether the GPUs of the demand write the tokens of the hosted model is not checked:"
            " ask EstimateInference for the GPUs that they take."
        )
        found.append(Caveat(code=CaveatCode.TOKENS_NOT_JOINED, message=text))
    if question.building is not None and own.own is None:
        text = "A building is left out, since own servers are."
        found.append(Caveat(code=CaveatCode.OWN_NOT_PRICED, message=text))
    return tuple(found)
