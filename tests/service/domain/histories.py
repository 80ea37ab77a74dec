"""Histories of hours after NOW, for the tests of what is told of them."""

from collections.abc import Sequence
from datetime import timedelta
from decimal import Decimal
from typing import Any

from service.domain.history import ModelHistory, Point, Series, Span
from service.domain.offer import AvailabilityState, PurchaseModel
from tests.builders import NOW

HOUR = timedelta(hours=1)


def a_point(hours: float, price: str = "2.00", state: str = "AVAILABLE", **more: Any) -> Point:
    """Build a point so many hours after NOW; the price is the whole offer's."""
    nanos = int(Decimal(price) * 10**9)
    return Point(NOW + hours * HOUR, nanos, AvailabilityState(state), **more)


def a_series(*points: Point, offer_id: str = "a", provider: str = "nimbus", **more: Any) -> Series:
    """Build the series of an on-demand offer of one GPU."""
    values: dict[str, Any] = {
        "offer_id": offer_id,
        "provider": provider,
        "purchase_model": PurchaseModel.ON_DEMAND,
        "gpu_count": Decimal(1),
        "points": points,
    }
    return Series(**(values | more))


def a_history(*series: Series, **watched: Sequence[Span]) -> ModelHistory:
    """Build the history of a GPU model; a provider without spans was watched all the time."""
    return ModelHistory(
        series=series, watched={provider: tuple(spans) for provider, spans in watched.items()}
    )


def hours(start: float, end: float) -> Span:
    """Build a span between hours after NOW."""
    return Span(NOW + start * HOUR, NOW + end * HOUR)
