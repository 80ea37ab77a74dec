"""Renting, committing and interruptible GPUs in a build-vs-buy request."""

from collections.abc import Mapping
from dataclasses import replace

from gpuquote.v1 import build_vs_buy_service_pb2 as pb

from service.business_case.question import CommitTerms, RentTerms, SpotTerms
from service.domain.constraints import Adjustment, OfferConstraints
from service.domain.errors import Reason
from service.facts.judgements import RENT_DRIFT
from service.rpc.assumed import Assumed
from service.rpc.build_vs_buy.reading import (
    ABOVE_NONE,
    BELOW_ALL,
    GPUS,
    HORIZON,
    HOURS,
    PERCENT,
    SHARE,
    Amounts,
    read_doubles,
    share_from_percent,
)
from service.rpc.constraints import Market, read_adjustments, read_constraints
from service.rpc.faults import Faults
from service.rpc.numbers import Range, is_set, read_count, read_double

MAX_COMMITS = 12
_NUMBERS: Mapping[str, Range] = {
    "idle_share": BELOW_ALL,
    "drift": Range(low=-1, high=10, is_low_open=True),
    "drift_sd": Range(low=0, high=10),
    "volatility": Range(low=0, high=5),
    "reversion": Range(low=0, high=50),
    "uplift": SHARE,
    "goodput": ABOVE_NONE,
}
_SPOT_NUMBERS: Mapping[str, Range] = {
    "interruption_per_month": BELOW_ALL,
    "checkpoint_interval_hours": HOURS,
    "restart_hours": HOURS,
    "requeue_wait_hours": HOURS,
}
_NOT_OF_RENTING = ("purchase_model", "deadline", "budget")
_NOT_FOR_YEARS = ("credit_remaining", "committed_gpu_count")


def read_rent(
    given: pb.RentTerms, constraints: OfferConstraints, amounts: Amounts, faults: Faults
) -> RentTerms:
    """Return what is known of renting, beside the constraints."""
    numbers = read_doubles(given, _NUMBERS, faults)
    data_cost = amounts.read(given, "data_cost_per_month", faults)
    if data_cost is not None and numbers["uplift"] is not None:
        faults.add("uplift", "counts what data_cost_per_month prices a second time")
    drift, sd = numbers["drift"], numbers["drift_sd"]
    base = RENT_DRIFT.base if drift is None else drift
    below = base - (RENT_DRIFT.high - RENT_DRIFT.base if sd is None else sd)
    if below <= -1:
        text = f"one standard deviation below a drift of {base:g} loses the whole price"
        faults.add("drift_sd", text)
    return RentTerms(
        **numbers,
        constraints=constraints,
        price_per_gpu_hour=amounts.read(given, "price_per_gpu_hour", faults, is_zero_allowed=False),
        data_cost_per_month=data_cost,
        stock_gpus=read_count(given, "stock_gpus", GPUS, faults),
    )


def read_rent_constraints(
    given: pb.RentTerms, market: Market, faults: Faults, *, gpu_model: str | None
) -> OfferConstraints:
    """Return which offers may be used; a price that is given leaves nothing to choose."""
    chosen = given.constraints
    if given.HasField("price_per_gpu_hour"):
        for field, _ in chosen.ListFields():
            if is_set(chosen, field.name):
                text = "chooses offers; rent.price_per_gpu_hour is used instead of them"
                faults.add(field.name, text)
        return OfferConstraints()
    for name in _NOT_OF_RENTING:
        if is_set(chosen, name):
            faults.add(name, "is no choice of renting for years")
    found = read_constraints(chosen, market, Assumed(), faults)
    if gpu_model is not None and found.gpu_models and gpu_model not in found.gpu_models:
        faults.add("gpu_model", f"leaves out {gpu_model!r}, which demand.gpu_model asks for")
    return found


def kept_in(country: str, constraints: OfferConstraints, faults: Faults) -> OfferConstraints:
    """Return the constraints with rented GPUs in the one country that data may not leave."""
    if constraints.country_codes and country not in constraints.country_codes:
        text = f"leaves out {country}, which data may not leave by overrides.residency"
        faults.add("country_code", text)
        return constraints
    return replace(constraints, country_codes=frozenset({country}))


def read_discounts(
    request: pb.AnalyzeBuildVsBuyRequest, market: Market, faults: Faults
) -> tuple[Adjustment, ...]:
    """Return the discounts of our own; what does not last for years is refused."""
    if request.adjustments and request.rent.HasField("price_per_gpu_hour"):
        text = "cannot be given together with rent.price_per_gpu_hour, which has them in it"
        faults.add("adjustments", text)
    for at, one in enumerate(request.adjustments):
        for name in _NOT_FOR_YEARS:
            if is_set(one, name):
                text = "is used up before years of renting are over; only discounts are taken"
                faults.add(f"adjustments[{at}].{name}", text)
    return read_adjustments(request.adjustments, market, faults)


def read_commits(
    request: pb.AnalyzeBuildVsBuyRequest, amounts: Amounts, faults: Faults
) -> tuple[CommitTerms, ...]:
    """Return the commitments, each with exactly one of a price and a discount."""
    if len(request.commit) > MAX_COMMITS:
        faults.add("commit", f"{len(request.commit)} commitments; at most {MAX_COMMITS}")
        return ()
    return tuple(
        _commit(one, amounts, faults.under(f"commit[{at}]"))
        for at, one in enumerate(request.commit)
    )


def _commit(given: pb.CommitTerms, amounts: Amounts, faults: Faults) -> CommitTerms:
    has_price, has_discount = (
        given.HasField("price_per_gpu_hour"),
        given.HasField("discount_percent"),
    )
    if has_price and has_discount:
        faults.add("discount_percent", "cannot be given together with price_per_gpu_hour")
    elif not has_price and not has_discount:
        text = "is needed, or discount_percent"
        faults.add("price_per_gpu_hour", text, Reason.FIELD_REQUIRED)
    return CommitTerms(
        term_months=read_count(given, "term_months", HORIZON, faults) or 1,
        price_per_gpu_hour=amounts.read(given, "price_per_gpu_hour", faults, is_zero_allowed=False),
        discount=share_from_percent(read_double(given, "discount_percent", PERCENT, faults)),
        upfront=read_double(given, "upfront", SHARE, faults) or 0.0,
    )


def read_spot(given: pb.SpotTerms, faults: Faults) -> SpotTerms:
    """Return the interruptible part."""
    return SpotTerms(
        **read_doubles(given, _SPOT_NUMBERS, faults),
        share=read_double(given, "share", ABOVE_NONE, faults) or 0.0,
        discount=share_from_percent(read_double(given, "discount_percent", PERCENT, faults)),
    )
