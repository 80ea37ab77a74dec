"""Writes the tables of docs/build-vs-buy.md: every default with its range, source and date.

make pages
"""

import sys
from datetime import date
from pathlib import Path

from service.build_vs_buy.inputs import ConstantLoad, Inputs, figures_of
from service.business_case.case import demand_of, discount_rate_of, terms_of
from service.business_case.figures import Currency
from service.business_case.owning import Tables, building_of, owning
from service.business_case.question import (
    BuildingTerms,
    DemandTerms,
    Question,
    RentTerms,
    SpotTerms,
)
from service.business_case.renting import commitments, interruptible, renting
from service.domain.constraints import OfferConstraints
from service.domain.figure import Figure
from service.facts.ownership import all_defaults
from service.facts.tables import load_exchange_rates, load_gpu_registry

PATH = Path(__file__).parents[1] / "docs" / "build-vs-buy.md"
TABLES_OF = date(2026, 11, 23)
"""The day that the page shows the tables of; an answer reads them as of its own day."""

_GPU = "h100-sxm-80gb"
_WHOLE_FROM = 1000
_HEAD = "| default | low | base | high | unit | source | date |\n|---|---|---|---|---|---|---|\n"


def page_text(written: str) -> str:
    """Return the page with its tables made anew; the rest of it stays."""
    for name, figures in (("request", request_defaults()), ("tables", table_defaults())):
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        head, _, rest = written.partition(begin)
        _, found, tail = rest.partition(end)
        if not found:
            raise ValueError(f"{PATH.name} has no place for {name}")
        rows = "".join(_row(figure) for figure in figures)
        written = f"{head}{begin}{_HEAD}{rows}{end}{tail}"
    return written


def request_defaults() -> tuple[Figure, ...]:
    """Return what is taken for 64 H100 in the USA where a request says nothing but a price."""
    question = Question(
        gpu=load_gpu_registry().identify(_GPU),
        demand=DemandTerms(load=ConstantLoad(gpus=64)),
        rent=RentTerms(constraints=OfferConstraints(), price_per_gpu_hour=4.0),
        start=TABLES_OF.replace(day=1),
    )
    currency, rates = Currency(), load_exchange_rates()
    tables = Tables(question, currency, today=TABLES_OF, rates=rates)
    rent = renting(question, None, currency)
    owned = owning(question, tables, currency, peak_gpus=64)
    built = building_of(BuildingTerms(), tables, currency)
    ladder = commitments(question, rent.rent, None, currency, today=TABLES_OF)
    spot = interruptible(
        question, SpotTerms(share=1.0, discount=0.5), rent.rent, None, currency, today=TABLES_OF
    )
    inputs = Inputs(
        demand=demand_of(question),
        rent=rent.rent,
        discount_rate=discount_rate_of(question),
        own=owned.own,
        building=built.building,
        commits=ladder.commits,
        spot=spot.spot,
    )
    noted = (*spot.noted, *owned.noted, *built.noted, *terms_of(question))
    figures = (*figures_of(inputs), *noted)
    return tuple(figure for figure in figures if figure.source != "given")


def table_defaults() -> tuple[Figure, ...]:
    """Return every figure of the tables."""
    return all_defaults(today=TABLES_OF, rates=load_exchange_rates())


def _row(figure: Figure) -> str:
    cells = (
        f"`{figure.name}`",
        *map(_plain, (figure.low, figure.base, figure.high)),
        figure.unit,
        figure.source.replace("|", ";"),
        figure.date or "not stated",
    )
    return f"| {' | '.join(cells)} |\n"


def _plain(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= _WHOLE_FROM else f"{value:.4g}"


if __name__ == "__main__":
    PATH.write_text(page_text(PATH.read_text(encoding="utf-8")), encoding="utf-8")
    sys.exit(0)
