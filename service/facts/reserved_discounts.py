"""What a commitment saves against the list price, from dated price lists.

`reserved_discounts.csv` also has claims without a list price and rows of machines without GPUs:
both stay in the table and are never applied. Rows of Epoch AI are CC-BY.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path

from service.domain.figure import Figure
from service.facts.judgements import DISCOUNT_1Y, DISCOUNT_3Y
from service.facts.list_prices import near_range
from service.facts.periods import first_day
from service.facts.quantities import amount, share_from_percent
from service.facts.rows import Row, parts, rows_of, whole
from service.facts.spread import spread

_PATH = Path(__file__).with_name("reserved_discounts.csv")
_UNIT = "share of the list price"
# Sources print whole percents at worst.
_ROUNDING = 0.006


class Term(StrEnum):
    """How long one commits, as the table spells it."""

    ONE_YEAR = "1y"
    THREE_YEARS = "3y"


_FALLBACKS = {Term.ONE_YEAR: DISCOUNT_1Y, Term.THREE_YEARS: DISCOUNT_3Y}


@dataclass(frozen=True, slots=True, kw_only=True)
class ReservedDiscount:
    """One row. `term` is the source's; `list_usd_per_gpu_hour` is None where it states none."""

    provider: str
    gpu_model_ids: tuple[str, ...]
    term: str
    list_usd_per_gpu_hour: float | None
    discount: float
    period: str
    counts_from: date
    source: str


@cache
def load_reserved_discounts(path: Path = _PATH) -> tuple[ReservedDiscount, ...]:
    """Read the rows, oldest first, once in a process.

    Raises BadFacts, also where discount and prices disagree by more than rounding.
    """
    return tuple(sorted((_discount(row) for row in rows_of(path)), key=lambda one: one.counts_from))


def reserved_discount(
    discounts: Sequence[ReservedDiscount],
    term: Term,
    *,
    provider: str,
    gpu_model_id: str,
    list_usd_per_gpu_hour: float,
    today: date,
) -> Figure:
    """Return what a commitment at a provider saves against today's list price of a GPU.

    Only rows of that provider, GPU and term count whose own list price is within 10 % of today's:
    the newest is the base, all of them the range. Without one it is the fallback, which its
    source says. Raises ValueError for a list price that is not above zero.
    """
    lowest, highest = near_range(list_usd_per_gpu_hour)
    serving = [
        one
        for one in discounts
        if one.provider == provider
        and gpu_model_id in one.gpu_model_ids
        and one.term == term
        and one.counts_from <= today
        and one.list_usd_per_gpu_hour is not None
        and lowest <= one.list_usd_per_gpu_hour <= highest
    ]
    if not serving:
        return fallback_discount(discounts, term, today=today)
    newest = serving[-1]
    return spread(
        f"reserved_discount_{term}",
        [one.discount for one in serving],
        base=newest.discount,
        unit=_UNIT,
        sources=[newest.source],
        date=newest.period,
    )


def fallback_discount(discounts: Sequence[ReservedDiscount], term: Term, *, today: date) -> Figure:
    """Return what a term usually saves, for a provider and GPU of which nothing is known.

    The base is our judgement, the range that of all rows of GPUs for the term.
    """
    base = _FALLBACKS[term]
    seen = [
        one.discount
        for one in discounts
        if one.gpu_model_ids and one.term == term and one.counts_from <= today
    ]
    return spread(
        f"reserved_discount_{term}",
        [base, *seen],
        base=base,
        unit=_UNIT,
        sources=[
            f"fallback, our judgement, not measured; range of {len(seen)} rows of other lists"
        ],
        date="2026-11",
    )


def _discount(row: Row) -> ReservedDiscount:
    listed = row.find("on_demand_usd_per_hour", amount)
    committed = row.find("committed_usd_per_hour", amount)
    discount = row.read("discount_percent", share_from_percent)
    if listed is not None and committed is not None:
        paid = committed / listed
        if abs(1 - paid - discount) > _ROUNDING:
            raise row.bad("discount_percent", f"disagrees with prices, which give {1 - paid:.1%}")
    return ReservedDiscount(
        provider=row.find("provider", str) or "",
        gpu_model_ids=row.find("gpu_models", parts) or (),
        term=row.read("term", str),
        list_usd_per_gpu_hour=listed and listed / row.read("gpus", whole),
        discount=discount,
        period=row.read("date", str),
        counts_from=row.read("date", first_day),
        source=row.read("source", str),
    )
