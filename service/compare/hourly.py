"""What a GPU costs for an hour over some offers, after discounts, and who has it in stock."""

from collections.abc import Mapping, Sequence
from datetime import date
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from service.compare.answers import HourlyPrices
from service.domain.constraints import Adjustment
from service.domain.money import rounded
from service.domain.offer import AvailabilityState, Freshness
from service.market.agreements import agreements_of
from service.market.sheet import Pick, is_any_of

IN_STOCK = frozenset({AvailabilityState.AVAILABLE, AvailabilityState.LIMITED})
_DIGITS = 6


def nanos_per_gpu_hour(
    pick: Pick, adjustments: Sequence[Adjustment], *, today: date
) -> NDArray[np.float64]:
    """Return nano-dollars of a GPU for an hour, by row."""
    factors = agreements_of(pick, adjustments, today=today).price_factors
    per_node = pick.sheet.node_nanos[pick.at]
    return np.asarray(per_node * pick.spread(factors / pick.sheet.gpus_per_node[pick.lots]))


def dollars(nanos: float) -> Decimal:
    """Return nano-dollars in dollars, to 6 digits."""
    return rounded(Decimal(repr(nanos)).scaleb(-9), digits=_DIGITS)


def hourly_prices(pick: Pick, nanos: NDArray[np.float64]) -> Mapping[str, HourlyPrices]:
    """Summarise by GPU model the lowest price of a GPU-hour of each provider."""
    if not pick.at.size:
        return {}
    of_lots = np.minimum.reduceat(nanos, pick.starts)
    models, providers = pick.sheet.gpu_model[pick.lots], pick.rule("provider")
    order = np.lexsort((providers, models))
    changes = np.diff(providers[order], prepend=-1) | np.diff(models[order], prepend=-1)
    heads = np.flatnonzero(changes)
    lowest, of_model = np.minimum.reduceat(of_lots[order], heads), models[order][heads]
    lowest = lowest[np.lexsort((lowest, of_model))]
    begins = np.flatnonzero(np.diff(of_model, prepend=-1))
    ends = np.append(begins[1:], of_model.size)
    middles = (lowest[(begins + ends - 1) // 2] + lowest[(begins + ends) // 2]) / 2
    found: dict[str, HourlyPrices] = {}
    for begin, end, middle in zip(begins.tolist(), ends.tolist(), middles.tolist(), strict=True):
        found[pick.sheet.gpu_models[of_model[begin]]] = HourlyPrices(
            lowest=dollars(float(lowest[begin])),
            median=dollars(middle),
            provider_count=end - begin,
        )
    return found


def in_stock(pick: Pick) -> Mapping[str, tuple[str, ...]]:
    """Return by GPU model the providers that state stock, in the order of their ids.

    What a bundled price says of stock was so months ago.
    """
    has = is_any_of(pick.column("availability"), "availability", IN_STOCK)
    has &= ~is_any_of(pick.column("freshness"), "freshness", {Freshness.BASELINE})
    models = pick.spread(pick.sheet.gpu_model[pick.lots])[has]
    pairs = np.unique(np.column_stack((models, pick.column("provider")[has])), axis=0)
    providers = pick.sheet.words("provider")
    found: dict[str, tuple[str, ...]] = {}
    for model, provider in pairs.tolist():
        name = pick.sheet.gpu_models[model]
        found[name] = (*found.get(name, ()), providers[provider])
    return found
