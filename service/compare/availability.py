"""Shares of time with stock over the last 30 days, and which offers have too little of it."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np

from service.catalog.columns import Mask
from service.domain.history import ModelHistory, Span
from service.domain.offer import PurchaseModel
from service.domain.stock import summarize_stock
from service.market.sheet import Pick, is_any_of

WINDOW = timedelta(days=30)

Read = Callable[[str], ModelHistory]
"""Returns the history of a GPU model."""
Place = tuple[str, str, PurchaseModel]
"""Where and how something is sold: provider, region, way of buying."""
Shares = Callable[[str], Mapping[Place, Decimal]]
"""Returns for a GPU model the share of time with stock by place."""


def shares_by_place(
    read: Read, gpu_model: str, ways: Collection[PurchaseModel], *, now: datetime
) -> Mapping[Place, Decimal]:
    """Return the share by place; those whose stock was never stated are left out.

    Each way of buying has its own: spot capacity that is there says nothing of what is sold on
    demand.
    """
    history, window = read(gpu_model), Span(now - WINDOW, now)
    return {
        (one.provider, one.region_code, way): one.share
        for way in ways or PurchaseModel
        for one in summarize_stock(_bought_by(history, {way}), window)
        if one.share is not None
    }


def shares_by_provider(
    read: Read, gpu_model: str, ways: Collection[PurchaseModel], *, now: datetime
) -> Mapping[str, Decimal]:
    """Return the share by provider, which has stock while any of its regions has."""
    history = _bought_by(read(gpu_model), ways)
    everywhere = tuple(replace(series, region_code="") for series in history.series)
    return {
        one.provider: one.share
        for one in summarize_stock(replace(history, series=everywhere), Span(now - WINDOW, now))
        if one.share is not None
    }


def lacks_share(pick: Pick, shares: Shares, *, least: float) -> Mask:
    """Tell which rows had stock for less than a share of the time, or do not state any."""
    models = pick.spread(pick.sheet.gpu_model[pick.lots])
    providers, regions = pick.column("provider"), pick.column("region_code")
    ways = pick.column("purchase_model")
    provider_words, region_words = pick.sheet.words("provider"), pick.sheet.words("region_code")
    lacks = np.ones(pick.at.size, np.bool_)
    for model in np.unique(models).tolist():
        known = shares(pick.sheet.gpu_models[model])
        of_model = models == model
        for (provider, region, way), share in known.items():
            if share < least or provider not in provider_words or region not in region_words:
                continue
            is_there = of_model & (providers == provider_words.index(provider))
            is_there &= regions == region_words.index(region)
            lacks[is_there & is_any_of(ways, "purchase_model", {way})] = False
    return lacks


def _bought_by(history: ModelHistory, ways: Collection[PurchaseModel]) -> ModelHistory:
    chosen = tuple(one for one in history.series if not ways or one.purchase_model in ways)
    return replace(history, series=chosen)
