"""Renting, committing and interruptible GPUs: what is given, the market, the tables."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from statistics import median

from service.build_vs_buy.inputs import Commit, Rent, Spot
from service.business_case.commit_prices import (
    SHARE_OF_RENT,
    AssumedTerm,
    assumed_prices,
    dearer_terms,
    given_commit,
    less,
    table_discount,
    term_price,
)
from service.business_case.figures import GPU_HOUR, Currency, chosen, fixed
from service.business_case.question import Question, RentTerms, SpotTerms
from service.business_case.rental_market import (
    ProviderPrice,
    RentalMarket,
    Stock,
    names_of,
    spread_of,
)
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
)
from service.facts.spot import load_spot_offers, spot_terms

_INSTANCE = "rent.gpusPerInstance"
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
    found = _offered(given, market, currency)
    stock = None if given.stock_gpus is not None else found.stock
    rent = Rent(
        price_per_gpu_hour=found.price,
        drift=_drift(given),
        volatility=chosen("rent.volatility", given.volatility, RENT_VOLATILITY),
        reversion=chosen("rent.reversion", given.reversion, RENT_REVERSION),
        goodput=chosen("rent.goodput", given.goodput, load_opex()["effective_training_time"]),
        idle_share=chosen("rent.idleShare", given.idle_share, RENT_IDLE_SHARE),
        gpus_per_instance=round(found.gpus_per_instance.base),
        uplift=_uplift(given),
        data_cost_per_month=_data_cost(given, currency),
        stock_gpus=given.stock_gpus if stock is None else stock.gpus,
        list_price_per_gpu_hour=found.list_price,
    )
    noted = [found.gpus_per_instance]
    caveats = found.caveats
    if given.stock_gpus is not None:
        noted.append(Figure.given("rent.stockGpus", given.stock_gpus, "GPUs"))
    if stock is not None:
        noted.append(_stock_figure(stock))
        caveats = (*caveats, *_partial_stock(stock, found.used))
    return Renting(
        rent=rent,
        used=tuple(Use(price=one, role="rent") for one in found.used),
        caveats=caveats,
        noted=tuple(noted),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Offered:
    """A price of renting and what comes with it: `list_price` only where it is less than that."""

    price: Figure
    gpus_per_instance: Figure
    used: tuple[ProviderPrice, ...] = ()
    caveats: tuple[Caveat, ...] = ()
    stock: Stock | None = None
    list_price: float | None = None


def _offered(given: RentTerms, market: RentalMarket | None, currency: Currency) -> _Offered:
    if given.price_per_gpu_hour is not None:
        unit = GPU_HOUR.replace("USD", currency.code)
        return _Offered(
            price=Figure.given("rent.pricePerGpuHour", given.price_per_gpu_hour, unit),
            gpus_per_instance=fixed(
                _INSTANCE, None, 1, "GPUs", source="our choice: any number is rented"
            ),
        )
    if market is None:
        raise ValueError("neither a price nor a market")
    on_demand = market.of(PurchaseModel.ON_DEMAND)
    dollars = price_of(on_demand, given.constraints)
    ours = _negotiated(on_demand)
    if ours is not None and ours.paid < dollars.base:
        return _Offered(
            price=currency.figure(_agreed(ours)),
            gpus_per_instance=_instance(ours, "the offer that we have a discount on"),
            used=(ours,),
            caveats=market.caveats_of((ours,)),
            stock=None if market.stock is None else market.stock.at(ours.provider),
            list_price=currency.amount(ours.listed),
        )
    middle = on_demand[(len(on_demand) - 1) // 2]
    return _Offered(
        price=currency.figure(dollars),
        gpus_per_instance=_instance(middle, "the offer in the middle of the market"),
        used=on_demand,
        caveats=market.caveats_of(on_demand),
        stock=market.stock,
    )


def _instance(price: ProviderPrice, what: str) -> Figure:
    day = f"{price.row.observe_time:%Y-%m-%d}"
    source = f"{what}, of {price.provider}"
    return fixed(_INSTANCE, None, price.gpu_count, "GPUs", source=source, date=day)


def price_of(prices: Sequence[ProviderPrice], constraints: OfferConstraints) -> Figure:
    """Return the market's price in US dollars: the median of providers, p10 to p90 as range."""
    low, base, high = spread_of(prices)
    seen = sorted(one.row.observe_time for one in prices)
    trust = ", ".join(sorted(constraints.trust)) or "any"
    what = (
        f"median of the cheapest on-demand offers of {len(prices)} providers, 10th to 90th"
        f" percentile as range; seen {seen[0]:%Y-%m-%d} to {seen[-1]:%Y-%m-%d}"
    )
    if len(prices) == 1:
        what = f"the cheapest on-demand offer of {prices[0].provider}, who alone has any"
    return Figure(
        name="rent.pricePerGpuHour",
        low=low,
        base=base,
        high=high,
        unit=GPU_HOUR,
        source=f"{what}; trust: {trust}",
        date=f"{seen[-1]:%Y-%m-%d}",
    )


def _negotiated(prices: Sequence[ProviderPrice]) -> ProviderPrice | None:
    ours = [one for one in prices if one.paid < one.listed]
    return min(ours, key=lambda one: one.paid, default=None)


def _agreed(price: ProviderPrice) -> Figure:
    return Figure(
        name="rent.pricePerGpuHour",
        low=price.paid,
        base=price.paid,
        high=price.paid,
        unit=GPU_HOUR,
        source=(
            f"offers/{price.row.offer_id} at {price.listed:g} USD less our discount, below the"
            " middle of the market"
        ),
        date=f"{price.row.observe_time:%Y-%m-%d}",
    )


def _stock_figure(stock: Stock) -> Figure:
    return fixed(
        "rent.stockGpus",
        None,
        stock.gpus,
        "GPUs",
        source=f"free GPUs as stated: {_by_provider(stock)}",
        date=f"{stock.seen:%Y-%m-%d}",
    )


def _partial_stock(stock: Stock, rented: Sequence[ProviderPrice]) -> tuple[Caveat, ...]:
    silent = {one.provider for one in rented} - stock.free_gpus.keys()
    if not silent:
        return ()
    return (
        Caveat(
            code=CaveatCode.STOCK_PARTLY_STATED,
            message=f"Only {_by_provider(stock)} GPUs are stated to be free;"
            f" {', '.join(sorted(silent))} state no number and may have more. GPUs above"
            f" {stock.gpus} are priced as a commitment of the shortest term, paid in every hour:"
            " give rent.stock_gpus if more can be had.",
        ),
    )


def _by_provider(stock: Stock) -> str:
    return ", ".join(f"{provider} {gpus}" for provider, gpus in stock.free_gpus.items())


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
    caveats: tuple[Caveat, ...] = ()


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
    market of 4). Else the table's discount where its own list price is within 10 % of the rent;
    else our fallback, which a caveat tells. Where discounts of our own are in the rent, all this
    is against list prices, the provider's or the market's, whichever is lower: a term's discount
    does not come on top of one of our own.
    """
    if question.commits:
        numbered = enumerate(question.commits)
        return Ladder(commits=tuple(given_commit(at, one, currency) for at, one in numbered))
    commits: list[Commit] = []
    live_ones: list[ProviderPrice] = []
    assumed: list[AssumedTerm] = []
    paid = currency.dollars(rent.price_per_gpu_hour.base)
    listed = paid if market is None else market.middle_list_price
    if rent.list_price_per_gpu_hour is not None:
        listed = min(listed, currency.dollars(rent.list_price_per_gpu_hour))
    is_rent_listed = math.isclose(listed, paid)
    for months, way, term in _TERMS:
        name = f"commit[{months} months]"
        live = () if market is None else market.of(way)
        if live and median(one.paid for one in live) < listed:
            price = currency.figure(term_price(name, live))
            commits.append(Commit(term_months=months, price_per_gpu_hour=price))
            live_ones += live
            continue
        table = table_discount(question, market, term, listed=listed, today=today)
        is_assumed = table is None
        if table is None:
            table = fallback_discount(load_reserved_discounts(), term, today=today)
            assumed.append(AssumedTerm(months=months, discount=table.base, dearer=live))
        if live:
            table = replace(table, source=f"{dearer_terms(live, currency)}; {table.source}")
        if not is_rent_listed:
            price = less(name, currency.amount(listed), table, currency)
            commits.append(
                Commit(term_months=months, price_per_gpu_hour=price, is_assumed=is_assumed)
            )
        else:
            discount = replace(chosen(name, None, table), unit=SHARE_OF_RENT)
            commits.append(Commit(term_months=months, discount=discount, is_assumed=is_assumed))
    caveats = () if market is None else market.caveats_beside_rent(live_ones)
    return Ladder(
        commits=tuple(commits),
        used=tuple(Use(price=one, role="commit") for one in live_ones),
        caveats=(*caveats, *assumed_prices(assumed, currency)),
    )


def _spot_saves(live: Sequence[ProviderPrice], rent: float) -> Figure | None:
    """Return how far the market of interruptible GPUs is below the rent, None where it is not."""
    if not live:
        return None
    low, base, high = spread_of(live)
    if base >= rent:
        return None
    return Figure(
        name="spot.discount",
        low=1 - min(high, rent) / rent,
        base=1 - base / rent,
        high=1 - low / rent,
        unit="share of the rent",
        source=f"cheapest interruptible offers of {names_of(live)}, against {rent:g} USD on demand",
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
    saved = _spot_saves(live, paid)
    discount = saved or next(discounts, None)
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
    used = () if given.discount is not None or saved is None else live
    return SpotPart(
        spot=spot,
        used=tuple(Use(price=one, role="spot") for one in used),
        caveats=() if market is None else market.caveats_beside_rent(used),
        noted=(Figure.given("spot.share", given.share, "share of the rented hours"), *noted),
    )


def _either(name: str, given: float | None, default: Figure | None) -> Figure:
    if default is not None:
        return chosen(name, given, default)
    if given is None:
        raise ValueError(f"{name} is not known")
    return Figure.given(name, given, "share")
