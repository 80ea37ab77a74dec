"""What storage, egress and least charges come to in US dollars: the offer's own, else a table's."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from service.catalog.columns import CURRENCY, NOT_STATED
from service.catalog.masks import Rates
from service.domain.money import Money
from service.domain.offer import Offer
from service.facts.transfer_prices import load_egress_prices, load_storage_prices
from service.market.sheet import NANOS, Pick

_OWN = "as the offer states"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tariff:
    """Exact dollars for gigabytes, and where the price is from."""

    dollars: Callable[[Decimal], Decimal]
    source: str


def own_dollars(pick: Pick, field: str, rates: Rates) -> NDArray[np.float64]:
    """Return an amount that offers state, by lot; NaN where none is, or its currency has no rate.

    `rates` are US dollars for one unit of a currency.
    """
    nanos = pick.rule(field)
    words = pick.sheet.words(field + CURRENCY)
    factors = np.array([_rate(word, rates) for word in words])
    codes = pick.rule(field + CURRENCY)
    return np.where(nanos == NOT_STATED, np.nan, nanos * factors[codes] / NANOS)


def storage_dollars(pick: Pick, rates: Rates) -> NDArray[np.float64]:
    """Return what a GB of storage costs for a month, by lot; NaN where no price is known."""
    listed = load_storage_prices()
    by_provider = [
        float(listed[word].dollars_per_gb_month) if word in listed else np.nan
        for word in pick.sheet.words("provider")
    ]
    found: NDArray[np.float64] = np.array(by_provider)[pick.rule("provider")]
    if not pick.sheet.states("storage_price_per_gb_month"):
        return found
    own = own_dollars(pick, "storage_price_per_gb_month", rates)
    return np.where(np.isnan(own), found, own)


def egress_dollars(
    pick: Pick, gb: Sequence[float], shape_of_lot: NDArray[np.intp], rates: Rates
) -> NDArray[np.float64]:
    """Return what egress at once costs, by lot; NaN where no price is known.

    `gb` are the gigabytes of each shape, `shape_of_lot` the shape of each lot of the pick.
    """
    listed = load_egress_prices()
    amounts, which = np.unique(np.array(gb), return_inverse=True)
    exact = [Decimal(str(amount)) for amount in amounts.tolist()]
    by_provider = np.array(
        [
            [float(listed[word].dollars(one)) if word in listed else np.nan for one in exact]
            for word in pick.sheet.words("provider")
        ]
    )
    found: NDArray[np.float64] = by_provider[pick.rule("provider"), which[shape_of_lot]]
    if not pick.sheet.states("egress_price_per_gb"):
        return found
    own = own_dollars(pick, "egress_price_per_gb", rates) * np.array(gb)[shape_of_lot]
    return np.where(np.isnan(own), found, own)


def storage_tariff(offer: Offer, rates: Rates) -> Tariff | None:
    """Return the price of storage for a month at an offer; None where none is known."""
    own = exact_dollars(offer.storage_price_per_gb_month, rates)
    if own is not None:
        return Tariff(dollars=own.__mul__, source=_OWN)
    listed = load_storage_prices().get(offer.provider)
    if listed is None:
        return None
    per_gb = listed.dollars_per_gb_month
    source = f"{listed.product}, {listed.source} of {listed.date}"
    return Tariff(dollars=per_gb.__mul__, source=source)


def egress_tariff(offer: Offer, rates: Rates) -> Tariff | None:
    """Return the price of egress at an offer; None where none is known."""
    own = exact_dollars(offer.egress_price_per_gb, rates)
    if own is not None:
        return Tariff(dollars=own.__mul__, source=_OWN)
    listed = load_egress_prices().get(offer.provider)
    if listed is None:
        return None
    return Tariff(dollars=listed.dollars, source=f"{listed.source} of {listed.date}")


def exact_dollars(money: Money | None, rates: Rates) -> Decimal | None:
    """Return an amount in US dollars; None without one, or without a rate of its currency."""
    if money is None:
        return None
    if money.currency_code == "USD":
        return money.amount
    rate = rates.get(money.currency_code)
    return None if rate is None else money.amount * rate


def _rate(currency: str, rates: Rates) -> float:
    if currency == "USD":
        return 1.0
    return float(rates[currency]) if currency in rates else np.nan
