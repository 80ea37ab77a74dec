"""Power usage effectiveness: what a site draws over what its computers draw."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from statistics import median

from service.domain.figure import Figure
from service.facts.periods import first_day
from service.facts.quantities import amount
from service.facts.rows import Row, rows_of
from service.facts.spread import spread

_PATH = Path(__file__).with_name("pue.csv")


class SiteKind(StrEnum):
    """Whose sites a figure is of."""

    COLOCATION = "colocation"
    SURVEY = "survey"
    HYPERSCALE = "hyperscale"
    BEST_SITE = "best_site"
    CALCULATOR = "calculator"


@dataclass(frozen=True, slots=True, kw_only=True)
class SitePue:
    """One row; `counts_from` is None for a figure that bears no date, which comes first."""

    kind: SiteKind
    scope: str
    pue: float
    period: str
    counts_from: date | None
    source: str


@cache
def load_pue(path: Path = _PATH) -> tuple[SitePue, ...]:
    """Read the rows, oldest first, once in a process. Raises BadFacts, also below 1."""
    return tuple(
        sorted((_site(row) for row in rows_of(path)), key=lambda one: one.counts_from or date.min)
    )


def pue(sites: Sequence[SitePue], kind: SiteKind, *, today: date) -> Figure | None:
    """Return the PUE of a kind of sites, None where no row serves.

    Each scope counts with its newest row. The base is the median of those of the newest date, the
    range that of all.
    """
    known = [
        one
        for one in sites
        if one.kind is kind and (one.counts_from is None or one.counts_from <= today)
    ]
    newest = list({one.scope: one for one in known}.values())
    if not newest:
        return None
    last = max((one.counts_from or date.min, one.period) for one in newest)
    return spread(
        f"pue_{kind}",
        [one.pue for one in newest],
        base=median(one.pue for one in newest if (one.counts_from or date.min, one.period) == last),
        unit="kW at the meter/kW of servers",
        sources=(one.source for one in newest),
        date=last[1],
    )


def _site(row: Row) -> SitePue:
    return SitePue(
        kind=row.read("kind", SiteKind),
        scope=row.read("scope", str),
        pue=row.read("pue", _at_least_one),
        period=row.find("date", str) or "",
        counts_from=row.find("date", first_day),
        source=row.read("source", str),
    )


def _at_least_one(text: str) -> float:
    value = amount(text)
    if value < 1:
        raise ValueError("must be at least 1")
    return value
