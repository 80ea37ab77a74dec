"""Spot capacity: how far below the list price it was sold, and how often it was taken back.

`spot.csv` is short and its claims are of different quality. A discount without the list price it
belongs to is never applied.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from statistics import median

from service.domain.figure import Figure
from service.facts.list_prices import near_range
from service.facts.periods import first_day
from service.facts.quantities import amount, share_from_percent
from service.facts.rows import Row, parts, rows_of, whole
from service.facts.spread import joined, spread

_PATH = Path(__file__).with_name("spot.csv")
# Sources print whole percents at worst.
_ROUNDING = 0.006


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotOffer:
    """One row; shares from 0 to 1. Interruptions are the chance of at least one in a month."""

    offer: str
    provider: str
    gpu_model_ids: tuple[str, ...]
    list_usd_per_gpu_hour: float | None
    discount: float | None
    interruption_low: float | None
    interruption_high: float | None
    period: str
    counts_from: date
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpotTerms:
    """What is known of spot capacity; None where nothing is.

    `discount` is a share of the list price, `monthly_interruption` the chance that a GPU is taken
    back at least once in a month.
    """

    discount: Figure | None
    monthly_interruption: Figure | None


@cache
def load_spot_offers(path: Path = _PATH) -> tuple[SpotOffer, ...]:
    """Read the rows, oldest first, once in a process.

    Raises BadFacts, also where discount and prices disagree, and for half a range.
    """
    return tuple(sorted((_offer(row) for row in rows_of(path)), key=lambda one: one.counts_from))


def spot_terms(
    offers: Sequence[SpotOffer],
    gpu_model_id: str,
    *,
    provider: str,
    list_usd_per_gpu_hour: float,
    today: date,
) -> SpotTerms:
    """Return what is known of a provider's spot capacity of a GPU.

    The discount is that of rows of this provider and GPU whose list price is within 10 % of
    today's. Interruptions are those of this provider and GPU, else of the GPU anywhere, else of
    all rows, which the source says. Raises ValueError for a list price that is not above zero.
    """
    lowest, highest = near_range(list_usd_per_gpu_hour)
    known = [one for one in offers if one.counts_from <= today]
    own = [one for one in known if one.provider == provider and gpu_model_id in one.gpu_model_ids]
    return SpotTerms(
        discount=_discount(
            [
                one
                for one in own
                if one.list_usd_per_gpu_hour is not None
                and lowest <= one.list_usd_per_gpu_hour <= highest
            ]
        ),
        monthly_interruption=monthly_interruption(
            offers, gpu_model_id, provider=provider, today=today
        ),
    )


def monthly_interruption(
    offers: Sequence[SpotOffer], gpu_model_id: str, *, provider: str, today: date
) -> Figure | None:
    """Return the chance that a provider takes a GPU back at least once in a month.

    It is that of this provider and GPU, else of the GPU anywhere, else of all rows, which the
    source says. None where no row states any.
    """
    known = [one for one in offers if one.counts_from <= today]
    alike = [one for one in known if gpu_model_id in one.gpu_model_ids]
    own = [one for one in alike if one.provider == provider]
    return (
        _interruption(own, of="this provider and GPU")
        or _interruption(alike, of="other providers")
        or _interruption(known, of="other GPUs")
    )


def _discount(offers: Sequence[SpotOffer]) -> Figure | None:
    stated = [(one.discount, one) for one in offers if one.discount is not None]
    if not stated:
        return None
    return spread(
        "spot_discount",
        [discount for discount, _ in stated],
        base=stated[-1][0],
        unit="share of the list price",
        sources=(one.source for _, one in stated),
        date=stated[-1][1].period,
    )


def _interruption(offers: Sequence[SpotOffer], *, of: str) -> Figure | None:
    stated = [
        (one.interruption_low, one.interruption_high, one)
        for one in offers
        if one.interruption_low is not None and one.interruption_high is not None
    ]
    if not stated:
        return None
    return Figure(
        name="spot_monthly_interruption",
        low=min(low for low, _, _ in stated),
        base=median((low + high) / 2 for low, high, _ in stated),
        high=max(high for _, high, _ in stated),
        unit="probability/month",
        source=f"{of}: {joined(one.source for _, _, one in stated)}",
        date=stated[-1][2].period,
    )


def _offer(row: Row) -> SpotOffer:
    listed = row.find("list_price_usd_per_hour", amount)
    paid = row.find("spot_price_usd_per_hour", amount)
    discount = row.find("discount_percent", share_from_percent)
    if listed is not None and paid is not None and discount is not None:
        saved = 1 - paid / listed
        if abs(saved - discount) > _ROUNDING:
            raise row.bad("discount_percent", f"disagrees with prices, which give {saved:.1%}")
    low = row.find("interruption_low_percent_per_month", share_from_percent)
    high = row.find("interruption_high_percent_per_month", share_from_percent)
    if (low is None) != (high is None) or (low or 0) > (high or 0):
        raise row.bad("interruption_low_percent_per_month", "and its high end are no range")
    return SpotOffer(
        offer=row.read("offer", str),
        provider=row.find("provider", str) or "",
        gpu_model_ids=row.find("gpu_models", parts) or (),
        list_usd_per_gpu_hour=listed and listed / row.read("gpus", whole),
        discount=discount,
        interruption_low=low,
        interruption_high=high,
        period=row.read("date", str),
        counts_from=row.read("date", first_day),
        source=row.read("source", str),
    )
