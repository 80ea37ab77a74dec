"""Shares of time with stock over the last 30 days, from the history that the store keeps."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from service.domain.history import ModelHistory, Span
from service.domain.offer import PurchaseModel
from service.domain.stock import summarize_stock

WINDOW = timedelta(days=30)

Read = Callable[[str], ModelHistory]
"""Returns the history of a GPU model."""


def shares_by_region(
    read: Read, gpu_model: str, ways: Collection[PurchaseModel], *, now: datetime
) -> Mapping[tuple[str, str], Decimal]:
    """Return the share by provider and region; those whose stock was never stated are left out."""
    history = _bought_by(read(gpu_model), ways)
    return {
        (one.provider, one.region_code): one.share
        for one in summarize_stock(history, Span(now - WINDOW, now))
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


def _bought_by(history: ModelHistory, ways: Collection[PurchaseModel]) -> ModelHistory:
    chosen = tuple(one for one in history.series if not ways or one.purchase_model in ways)
    return replace(history, series=chosen)
