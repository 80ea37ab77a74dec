"""Renting, committing and interruptible GPUs: what is given, the market, the tables."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from statistics import median

import numpy as np

from service.build_vs_buy.inputs import Commit, Rent, Spot
from service.business_case.figures import Currency, chosen, fixed
from service.business_case.question import CommitTerms, Question, RentTerms, SpotTerms
from service.business_case.rental_market import ProviderPrice, RentalMarket
from service.domain.caveat import Caveat, CaveatCode
from service.domain.constraints import OfferConstraints
from service.domain.figure import Figure
from service.domain.offer import PurchaseModel
from service.facts.judgements import (
    RENT_DRIFT,
    RENT_IDLE_SHARE,
    RENT_REVERSION,
    RENT_VOLATILITY,
    SPOT_CHECKPOINT_INTERVAL_HOURS,
    SPOT_REQUEUE_WAIT_HOURS,
    SPOT_RESTART_HOURS,
)
from service.facts.opex import load_opex
from service.facts.reserved_discounts import (
    Term,
    fallback_discount,
    load_reserved_discounts,
    reserved_discount,
)
from service.facts.spot import load_spot_offers, spot_terms
from service.facts.spread import joined

_GPU_HOUR = "USD/GPU-hour"
_DISCOUNT = "share of the list price"
_LOW_PERCENTILE, _MIDDLE, _HIGH_PERCENTILE = 10, 50, 90
_TERMS = (
    (12, PurchaseModel.RESERVED_1Y, Term.ONE_YEAR),
    (36, PurchaseModel.RESERVED_3Y, Term.THREE_YEARS),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """An offer behind a price of the answer, and what it was used for."""

    price: ProviderPrice
    role: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Renting:
    """The rent of a question, and the offers that it rests on."""

    rent: Rent
    used: tuple[Use, ...] = ()
    caveats: tuple[Caveat, ...] = ()
    noted: tuple[Figure, ...] = ()


def renting(question: Question, market: RentalMarket | None, currency: Currency) -> Renting:
    """Return the rent: its price as given, else that of the market, which then has to be there.

    A price that was negotiated and is below the market's middle is what we rent at, exactly.
    Raises ValueError without a price and a market.
    """
    given = question.rent
    used: tuple[Use, ...] = ()
    caveats: tuple[Caveat, ...] = ()
    listed: float | None = None
    gpus_per_instance = 1
    stock = given.stock_gpus
    noted: list[Figure] = []
    if given.price_per_gpu_hour is not None:
        unit = _GPU_HOUR.replace("USD", currency.code)
        price = Figure.given("rent.pricePerGpuHour", given.price_per_gpu_hour, unit)
    elif market is None:
        raise ValueError("neither a price nor a market")
    else:
        on_demand = market.of(PurchaseModel.ON_DEMAND)
        dollars = price_of(on_demand, given.constraints)
        ours = _negotiated(on_demand)
        middle = on_demand[(len(on_demand) - 1) // 2]
        if ours is not None and ours.paid < dollars.base:
            middle = ours
            dollars = _agreed(ours)
            listed = currency.amount(ours.listed)
        price = currency.figure(dollars)
        gpus_per_instance = middle.gpu_count
        used = tuple(Use(price=one, role="rent") for one in on_demand)
        caveats = market.caveats
        if stock is None and market.stock is not None:
            stock = market.stock.gpus
            noted.append(_stock_figure(market))
            caveats = (*caveats, *_partial_stock(market))
    if given.stock_gpus is not None:
        noted.append(Figure.given("rent.stockGpus", given.stock_gpus, "GPUs"))
    noted.append(
        fixed(
            "rent.gpusPerInstance",
            None,
            gpus_per_instance,
            "GPUs",
            source="the offer in the middle of the market" if used else "any number is rented",
        )
    )
    rent = Rent(
        price_per_gpu_hour=price,
        drift=_drift(given),
        volatility=chosen("rent.volatility", given.volatility, RENT_VOLATILITY),
        reversion=chosen("rent.reversion", given.reversion, RENT_REVERSION),
        goodput=chosen("rent.goodput", given.goodput, load_opex()["effective_training_time"]),
        idle_share=chosen("rent.idleShare", given.idle_share, RENT_IDLE_SHARE),
        gpus_per_instance=gpus_per_instance,
        uplift=_uplift(given),
        data_cost_per_month=_data_cost(given, currency),
        stock_gpus=stock,
        list_price_per_gpu_hour=listed,
    )
    return Renting(rent=rent, used=used, caveats=caveats, noted=tuple(noted))


def price_of(prices: Sequence[ProviderPrice], constraints: OfferConstraints) -> Figure:
    """Return the market's price in US dollars: the median of providers, p10 to p90 as range."""
    low, base, high = _spread(prices)
    seen = sorted(one.row.observe_time for one in prices)
    trust = ", ".join(sorted(constraints.trust)) or "any"
    return Figure(
        name="rent.pricePerGpuHour",
        low=low,
        base=base,
        high=high,
        unit=_GPU_HOUR,
        source=(
            f"median of the cheapest on-demand offers of {len(prices)} providers, 10th to 90th"
            f" percentile as range; seen {seen[0]:%Y-%m-%d} to {seen[-1]:%Y-%m-%d}; trust: {trust}"
        ),
        date=f"{seen[-1]:%Y-%m-%d}",
    )


def _spread(prices: Sequence[ProviderPrice]) -> tuple[float, float, float]:
    """Return the 10th percentile, the median and the 90th percentile of what we pay."""
    paid = [one.paid for one in prices]
    low, base, high = np.percentile(paid, (_LOW_PERCENTILE, _MIDDLE, _HIGH_PERCENTILE)).tolist()
    return low, base, high


def _negotiated(prices: Sequence[ProviderPrice]) -> ProviderPrice | None:
    ours = [one for one in prices if one.paid < one.listed]
    return min(ours, key=lambda one: one.paid, default=None)


def _agreed(price: ProviderPrice) -> Figure:
    return Figure(
        name="rent.pricePerGpuHour",
        low=price.paid,
        base=price.paid,
        high=price.paid,
        unit=_GPU_HOUR,
        source=(
            f"offers/{price.row.offer_id} at {price.listed:g} USD less our discount, below the"
            " middle of the market"
        ),
        date=f"{price.row.observe_time:%Y-%m-%d}",
    )


def _stock_figure(market: RentalMarket) -> Figure:
    if market.stock is None:
        raise ValueError("nobody states stock")
    gpus = market.stock.gpus
    who = ", ".join(market.stock.providers)
    source = f"free GPUs that {who} state now; what others have is not stated"
    return Figure(name="rent.stockGpus", low=gpus, base=gpus, high=gpus, unit="GPUs", source=source)


def _partial_stock(market: RentalMarket) -> tuple[Caveat, ...]:
    if market.stock is None:
        return ()
    silent = {one.provider for one in market.of(PurchaseModel.ON_DEMAND)}
    silent -= set(market.stock.providers)
    if not silent:
        return ()
    return (
        Caveat(
            code=CaveatCode.STOCK_PARTLY_STATED,
            message=f"{market.stock.gpus} GPUs are stated to be free, by"
            f" {', '.join(market.stock.providers)}; {', '.join(sorted(silent))} state no number."
            " Peaks above are priced as commitments; rent.stock_gpus sets it.",
        ),
    )


def _drift(given: RentTerms) -> Figure:
    if given.drift is None and given.drift_sd is None:
        return chosen("rent.drift", None, RENT_DRIFT)
    base = RENT_DRIFT.base if given.drift is None else given.drift
    sd = RENT_DRIFT.high - RENT_DRIFT.base if given.drift_sd is None else given.drift_sd
    source = "given"
    if given.drift is None:
        source = f"its standard deviation is given; {RENT_DRIFT.source}"
    elif given.drift_sd is None:
        source = f"given; its standard deviation is {RENT_DRIFT.source}"
    return Figure(
        name="rent.drift",
        low=base - sd,
        base=base,
        high=base + sd,
        unit=RENT_DRIFT.unit,
        source=source,
    )


def _uplift(given: RentTerms) -> Figure | None:
    if given.data_cost_per_month is not None:
        return None
    return chosen("rent.uplift", given.uplift, load_opex()["rent_bill_uplift_egress_storage_etc"])


def _data_cost(given: RentTerms, currency: Currency) -> Figure | None:
    if given.data_cost_per_month is None:
        return None
    return Figure.given(
        "rent.dataCostPerMonth", given.data_cost_per_month, f"{currency.code}/month"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Ladder:
    """The commitments of a question, and the offers that they rest on."""

    commits: tuple[Commit, ...]
    used: tuple[Use, ...] = ()


def commitments(
    question: Question,
    rent: Rent,
    market: RentalMarket | None,
    currency: Currency,
    *,
    today: date,
) -> Ladder:
    """Return the commitments: those given, else terms of one and three years.

    Live prices of a term count where their middle is below the rent; a discount never counts
    without the list price that it is off (a hyperscaler's 56 % off 11 dollars is not 56 % off a
    market of 4). Else the table's discount where its list price is within 10 % of the rent; else
    our fallback. A discount is off the list price: it does not come on top of one of our own.
    """
    if question.commits:
        numbered = enumerate(question.commits)
        return Ladder(commits=tuple(_given_commit(at, one, currency) for at, one in numbered))
    commits: list[Commit] = []
    used: list[Use] = []
    paid = currency.dollars(rent.price_per_gpu_hour.base)
    listed = rent.list_price_per_gpu_hour
    for months, way, term in _TERMS:
        name = f"commit[{months} months]"
        live = () if market is None else market.of(way)
        middle = median([one.paid for one in live]) if live else paid
        if middle < paid:
            price = currency.figure(_term_price(name, live))
            commits.append(Commit(term_months=months, price_per_gpu_hour=price))
            used += [Use(price=one, role="commit") for one in live]
            continue
        list_dollars = paid if listed is None else currency.dollars(listed)
        table = _table_discount(question, market, term, listed=list_dollars, today=today)
        if live:
            dearer = f"live terms are dearer than on demand ({middle:.2f} USD); {table.source}"
            table = replace(table, source=dearer)
        if listed is None:
            commits.append(Commit(term_months=months, discount=chosen(name, None, table)))
        else:
            price = _less(name, listed, table, currency)
            commits.append(Commit(term_months=months, price_per_gpu_hour=price))
    return Ladder(commits=tuple(commits), used=tuple(used))


def _less(name: str, listed: float, discount: Figure, currency: Currency) -> Figure:
    """Return a list price less a discount."""
    return Figure(
        name=name,
        low=listed * (1 - discount.high),
        base=listed * (1 - discount.base),
        high=listed * (1 - discount.low),
        unit=_GPU_HOUR.replace("USD", currency.code),
        source=f"off the list price of {listed:g}, not off our own: {discount.source}",
        date=discount.date,
    )


def _term_price(name: str, live: Sequence[ProviderPrice]) -> Figure:
    low, base, high = _spread(live)
    return Figure(
        name=name,
        low=low,
        base=base,
        high=high,
        unit=_GPU_HOUR,
        source=f"median of the cheapest offers of this term of {_names(live)}",
        date=f"{max(one.row.observe_time for one in live):%Y-%m-%d}",
    )


def _names(prices: Sequence[ProviderPrice]) -> str:
    return ", ".join(sorted(one.provider for one in prices))


def _given_commit(at: int, given: CommitTerms, currency: Currency) -> Commit:
    name = f"commit[{at}]"
    unit = _GPU_HOUR.replace("USD", currency.code)
    price = given.price_per_gpu_hour
    return Commit(
        term_months=given.term_months,
        price_per_gpu_hour=(
            None if price is None else Figure.given(f"{name}.pricePerGpuHour", price, unit)
        ),
        discount=(
            None
            if given.discount is None
            else Figure.given(f"{name}.discount", given.discount, _DISCOUNT)
        ),
        upfront_fraction=given.upfront,
    )


def _table_discount(
    question: Question, market: RentalMarket | None, term: Term, *, listed: float, today: date
) -> Figure:
    """Return what terms saved at providers of the market whose list price was near today's."""
    table = load_reserved_discounts()
    usual = fallback_discount(table, term, today=today)
    providers = () if market is None else market.of(PurchaseModel.ON_DEMAND)
    found = [
        reserved_discount(
            table,
            term,
            provider=one.provider,
            gpu_model_id=question.gpu.gpu_model_id,
            list_usd_per_gpu_hour=listed,
            today=today,
        )
        for one in providers
    ]
    known = [one for one in found if one != usual]
    if not known:
        return usual
    return Figure(
        name=usual.name,
        low=min(one.low for one in known),
        base=median(one.base for one in known),
        high=max(one.high for one in known),
        unit=usual.unit,
        source=joined(one.source for one in known),
        date=max(one.date for one in known),
    )


def _spot_saves(live: Sequence[ProviderPrice], rent: float) -> Figure | None:
    """Return how far the market of interruptible GPUs is below the rent, None where it is not."""
    if not live:
        return None
    low, base, high = _spread(live)
    if base >= rent:
        return None
    return Figure(
        name="spot.discount",
        low=1 - min(high, rent) / rent,
        base=1 - base / rent,
        high=1 - low / rent,
        unit="share of the rent",
        source=f"cheapest interruptible offers of {_names(live)}, against {rent:g} USD on demand",
        date=f"{max(one.row.observe_time for one in live):%Y-%m-%d}",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotPart:
    """Interruptible GPUs; None with a caveat where nothing is known of their price."""

    spot: Spot | None
    used: tuple[Use, ...] = ()
    caveats: tuple[Caveat, ...] = ()
    noted: tuple[Figure, ...] = ()


def interruptible(
    question: Question,
    given: SpotTerms,
    rent: Rent,
    market: RentalMarket | None,
    currency: Currency,
    *,
    today: date,
) -> SpotPart:
    """Return the interruptible part: as given, else from live offers, else from the table."""
    live = () if market is None else market.of(PurchaseModel.SPOT)
    paid = currency.dollars(rent.price_per_gpu_hour.base)
    providers = [""] if market is None else [o.provider for o in market.of(PurchaseModel.ON_DEMAND)]
    known = [
        spot_terms(
            load_spot_offers(),
            question.gpu.gpu_model_id,
            provider=provider,
            list_usd_per_gpu_hour=paid,
            today=today,
        )
        for provider in providers
    ]
    discounts = (one.discount for one in known if one.discount is not None)
    interruptions = (
        one.monthly_interruption for one in known if one.monthly_interruption is not None
    )
    discount = _spot_saves(live, paid) or next(discounts, None)
    interruption = next(interruptions, None)
    lacking = [
        name
        for name, value, default in (
            ("spot.discount_percent", given.discount, discount),
            ("spot.interruption_per_month", given.interruption_per_month, interruption),
        )
        if value is None and default is None
    ]
    if lacking:
        return SpotPart(
            spot=None,
            caveats=(
                Caveat(
                    code=CaveatCode.SPOT_NOT_PRICED,
                    message="Interruptible GPUs are left out, since no price of them is known:"
                    f" give {', '.join(lacking)}.",
                ),
            ),
        )
    times = (
        (
            "spot.checkpointIntervalHours",
            given.checkpoint_interval_hours,
            SPOT_CHECKPOINT_INTERVAL_HOURS,
        ),
        ("spot.restartHours", given.restart_hours, SPOT_RESTART_HOURS),
        ("spot.requeueWaitHours", given.requeue_wait_hours, SPOT_REQUEUE_WAIT_HOURS),
    )
    noted = tuple(chosen(name, value, default) for name, value, default in times)
    interval, restart, wait = (one.base for one in noted)
    spot = Spot(
        share=given.share,
        discount=_either("spot.discount", given.discount, discount),
        interruption_per_month=_either(
            "spot.interruptionPerMonth", given.interruption_per_month, interruption
        ),
        checkpoint_interval_hours=interval,
        restart_hours=restart,
        requeue_wait_hours=wait,
    )
    used = () if given.discount is not None else tuple(Use(price=o, role="spot") for o in live)
    return SpotPart(spot=spot, used=used, noted=noted)


def _either(name: str, given: float | None, default: Figure | None) -> Figure:
    if default is not None:
        return chosen(name, given, default)
    if given is None:
        raise ValueError(f"{name} is not known")
    return Figure.given(name, given, "share")
