"""Writes the tables of docs/build-vs-buy.md: every default with its range, source and date.

make pages
"""

import sys
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from types import MappingProxyType

from service.build_vs_buy.inputs import ConstantLoad, Inputs, figures_of
from service.build_vs_buy.overrides import SHORTEST_HORIZON_TO_OWN_MONTHS
from service.build_vs_buy.verdict import PROBABILITY_TO_OWN, PROBABILITY_TO_RENT
from service.business_case.case import demand_of, discount_rate_of, terms_of
from service.business_case.figures import JUDGED_ON, Currency
from service.business_case.owning import Tables, building_of, owning
from service.business_case.question import (
    BuildingTerms,
    DemandTerms,
    Question,
    RentTerms,
    ServedTokens,
    SpotTerms,
)
from service.business_case.renting import commitments, interruptible, renting
from service.business_case.serving_gpus import noted_of
from service.domain.constraints import OfferConstraints
from service.domain.figure import Figure
from service.domain.workload import InferenceWorkload
from service.facts.electricity import electricity_per_kwh, load_electricity_prices
from service.facts.hardware_prices import ServerPrice, load_hardware_prices, server_price
from service.facts.judgements import (
    LOAD_POWER_SHARE,
    MONTHS_TO_NO_VALUE,
    RESIDUAL_AT_48_MONTHS_AT_MOST,
)
from service.facts.list_prices import near_range
from service.facts.models import load_models
from service.facts.rental_history import (
    MatchedSeries,
    drift_of,
    load_rental_history,
    matched_series,
)
from service.facts.residual_values import load_residual_values, residual_fraction
from service.facts.server_power import load_power_ratings, server_power_kw
from service.facts.tables import load_exchange_rates, load_gpu_registry
from tools.sources import linked, shown_sources

PATH = Path(__file__).parents[1] / "docs" / "build-vs-buy.md"
TABLES_OF = date(2026, 11, 23)
"""The day that the page shows the tables of; an answer reads them as of its own day."""

GPU = "h100-sxm-80gb"
_WHOLE_FROM = 1000
_RESIDUAL_MONTHS = 48
_US = "US"
_TABLE_OF: Mapping[str, str] = MappingProxyType(
    {
        "own.serverPrice": "hardware_prices.csv",
        "own.residualFraction": "residual_values.csv",
        "own.powerKwPerServer": "power.csv",
        "own.loadShare": "power.csv",
        "own.pue": "pue.csv",
        "own.electricityPerKwh": "electricity.csv",
        "own.colocationPerKwMonth": "colo.csv",
        "building.perMw": "colo.csv",
        "building.pue": "pue.csv",
        "commit[12 months]": "reserved_discounts.csv",
        "commit[36 months]": "reserved_discounts.csv",
        "spot.interruptionPerMonth": "spot.csv",
    }
)
_MEANINGS: Mapping[str, str] = MappingProxyType(
    {
        "demand.monthlyGrowth": "how fast the demand grows",
        "demand.utilization": "share of the demanded hours in which GPUs work",
        "demand.peakFactor": "peak over mean, where tokens size the GPUs",
        "tokensPerMonth.promptTokens": "length of a prompt, where tokens are asked for",
        "tokensPerMonth.serving.utilization": "share of the throughput that is planned to be used",
        "horizonMonths": "months that are compared",
        "hoursPerMonth": "hours of a month",
        "discountRate": "how much less later money counts, a year",
        "taxRate": "tax on profits, on both sides or on none",
        "maxLoss": "loss that owning may bring at the 5th percentile, of what renting costs",
        "draws": "cases of the Monte Carlo",
        "seed": "its seed",
        "residual_rent_correlation": "what rents dearly also sells dearly",
        "rent.drift": "yearly change of the median rent; the ends are one standard deviation off",
        "rent.volatility": "disturbances of the rent",
        "rent.reversion": "how fast they fade",
        "rent.goodput": "share of rented hours not lost to failures and restarts",
        "rent.idleShare": "share of rented hours without work",
        "rent.uplift": "egress and storage on top, unless dataCostPerMonth is given",
        "rent.gpusPerInstance": "GPUs that are rented together",
        "commit[12 months]": "what a year's commitment saves, where no offer says it",
        "commit[36 months]": "the same for three years",
        "spot.interruptionPerMonth": "chance that a GPU is taken back within a month",
        "spot.checkpointIntervalHours": "hours between checkpoints; half are lost",
        "spot.restartHours": "hours until work goes on",
        "spot.requeueWaitHours": "hours until there is another machine",
        "own.gpusPerServer": "GPUs of a server; whole servers are bought",
        "own.serverPrice": "price of a server, without tax",
        "own.networkFraction[from 1 servers]": "network, as a share of the servers' price",
        "own.networkFraction[from 3 servers]": "the same from 3 servers on",
        "own.networkFraction[from 65 servers]": "the same from 65 on",
        "own.networkFraction[from 2049 servers]": "the same from 2,049 on",
        "own.hiddenFraction": "cables, optics, insurance; the larger of it and network counts",
        "own.installFraction": "installation, as a share of the servers' price",
        "own.sparesFraction": "spare servers",
        "own.salesTaxRate": "sales tax on servers",
        "own.leadTimeMonths": "months until servers work; rent is paid meanwhile",
        "own.goodput": "share of hours not lost to failures and restarts; the rest is rented",
        "own.resaleAtOnce": "what a server brings on its first day",
        "own.residualFraction": "what it brings after residualAgeMonths",
        "own.residualAgeMonths": "the age that residualFraction is of",
        "own.residualFloor": "what it brings at any age",
        "own.depreciationMonths": "months of write-off in the profit and loss account",
        "own.powerKwPerServer": "rated power of a server",
        "own.loadShare": "share of it that is drawn at work",
        "own.idleShare": "share of it that is drawn without work",
        "own.pue": "kW at the meter for a kW of servers, in colocation",
        "own.electricityPerKwh": "electricity where the servers stand",
        "own.colocationPerKwMonth": "space for a kW of rated power",
        "own.fteFixed": "posts that any fleet takes",
        "own.ftePerGpu": "posts for one GPU more, one for 150",
        "own.fteAnnualCost": "cost of a post a year",
        "own.maintenanceFraction": "maintenance a year, of the servers' price",
        "own.failureRate": "GPUs that fail for good in a year; not counted under warranty",
        "own.rackCoolingLimitKw": "kW that air cools in a rack",
        "building.perMw": "construction of a MW of facility power",
        "building.land": "land",
        "building.upkeep": "upkeep of the building",
        "building.pue": "kW at the meter for a kW of servers, in a building of our own",
        "building.buildMonths": "months of building; rent is paid meanwhile",
        "building.lifeMonths": "months over which the building is written off",
        "building.minimumAnnualSpend": "yearly rent below which a building is no choice",
    }
)


def page_text(written: str) -> str:
    """Return the page with its tables made anew; the rest of it stays."""
    for name, make in _PARTS.items():
        begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->"
        head, _, rest = written.partition(begin)
        _, found, tail = rest.partition(end)
        if not found:
            raise ValueError(f"{PATH.name} has no place for {name}")
        written = f"{head}{begin}{make()}{end}{tail}"
    return written


def defaults_of(gpu: str, *, place: str | None = None) -> tuple[Figure, ...]:
    """Return what is taken for 64 GPUs where a request says nothing but a price of renting.

    Raises ValueError where the tables have no price of their servers.
    """
    question = Question(
        gpu=load_gpu_registry().identify(gpu),
        demand=DemandTerms(load=ConstantLoad(gpus=64)),
        rent=RentTerms(constraints=OfferConstraints(), price_per_gpu_hour=4.0),
        start=TABLES_OF.replace(day=1),
        place=place,
    )
    currency, rates = Currency(), load_exchange_rates()
    tables = Tables(question, currency, today=TABLES_OF, rates=rates)
    rent = renting(question, None, currency)
    owned = owning(question, tables, currency, peak_gpus=64)
    if owned.own is None:
        raise ValueError(owned.caveats[0].message)
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
    noted = (*rent.noted, *spot.noted, *owned.noted, *built.noted, *terms_of(question))
    figures = (*figures_of(inputs), *noted, *_of_tokens())
    return tuple(figure for figure in figures if figure.source != "given")


def _of_tokens() -> tuple[Figure, ...]:
    """Return what is taken for tokens that size the GPUs, whatever the model is."""
    workload = InferenceWorkload(architecture=load_models().models[0].architecture)
    served = ServedTokens(
        workload=workload, shape=ConstantLoad(gpus=1), month_tokens=1.0, is_shaped=False
    )
    return noted_of(served, sizes_gpus=True)


def _rows(*beginnings: str) -> str:
    """Return the rows of the defaults whose names begin so, in the order of their meanings."""
    known = {figure.name: figure for figure in defaults_of(GPU)}
    head = "| default | what it is | value | range | source | date |\n|---|---|---|---|---|---|\n"
    return head + "".join(
        _row(known[name], meaning)
        for name, meaning in _MEANINGS.items()
        if name.partition(".")[0].partition("[")[0] in beginnings
    )


def _row(figure: Figure, meaning: str) -> str:
    cells = (
        f"`{figure.name}`",
        meaning,
        f"{_plain(figure.base)} {figure.unit}".strip(),
        _range(figure),
        _source(figure),
        figure.date,
    )
    return f"| {' | '.join(cells)} |\n"


def _source(figure: Figure) -> str:
    without_rate = figure.source.partition("; 1 EUR = ")[0]
    return shown_sources(without_rate, table=_TABLE_OF.get(figure.name))


def _range(figure: Figure) -> str:
    if figure.low == figure.high:
        return "none"
    return f"{_plain(figure.low)} to {_plain(figure.high)}"


def _constants() -> str:
    """Return the table of what is our judgement and no field of the request."""
    near = near_range(1.0)[1] - 1
    rows = (
        ("owning has to win", f"{PROBABILITY_TO_OWN:.0%} of the draws", "verdict, rules 2 and 3"),
        ("renting is taken below", f"{PROBABILITY_TO_RENT:.0%} of the draws", "verdict, rule 4"),
        (
            "shortest horizon of owning and committing",
            f"{SHORTEST_HORIZON_TO_OWN_MONTHS} months",
            "below a quarter nothing that binds is a choice",
        ),
        (
            "a dated discount applies within",
            f"{near:.0%} of its list price",
            "a discount belongs to the list price of its day",
        ),
        (
            "most that is left after 48 months",
            f"{RESIDUAL_AT_48_MONTHS_AT_MOST.base:.0%}",
            _why(RESIDUAL_AT_48_MONTHS_AT_MOST),
        ),
        (
            "worth nothing at the soonest after",
            f"{MONTHS_TO_NO_VALUE.base:g} months",
            _why(MONTHS_TO_NO_VALUE),
        ),
        (
            "draw at work where a power is given",
            f"{LOAD_POWER_SHARE.base:.0%} of rated power",
            "no row of the table then belongs to the server",
        ),
    )
    head = "| constant | value | why | date |\n|---|---|---|---|\n"
    return head + "".join(f"| {' | '.join(row)} | {JUDGED_ON} |\n" for row in rows)


def _why(figure: Figure) -> str:
    return figure.source.partition(": ")[2]


def listed_servers() -> tuple[tuple[str, ServerPrice], ...]:
    """Return the GPUs whose servers have a price, by id."""
    found = (
        (gpu.gpu_model_id, server_price(load_hardware_prices(), gpu.gpu_model_id, today=TABLES_OF))
        for gpu in load_gpu_registry().models
    )
    return tuple(sorted((name, price) for name, price in found if price is not None))


def _servers() -> str:
    head = (
        "| server | price in USD | range | listings | newest | kW rated | kW at work | left of the"
        " price after 48 months |\n|---|---|---|---|---|---|---|---|\n"
    )
    return head + "".join(_server_row(name, price) for name, price in listed_servers())


def _server_row(gpu_model_id: str, listed: ServerPrice) -> str:
    registry = load_gpu_registry()
    gpu = registry.identify(gpu_model_id)
    power = server_power_kw(
        load_power_ratings(), gpu, gpus_per_server=listed.gpu_count, registry=registry
    )
    left = residual_fraction(
        load_residual_values(), gpu.family, age_months=_RESIDUAL_MONTHS, today=TABLES_OF
    )
    newest = listed.listings[-1]
    cells = (
        f"{listed.gpu_count} x `{gpu_model_id}`",
        _plain(listed.price.base),
        _range(listed.price),
        str(len(listed.listings)),
        f"{linked(newest.source)}, {newest.period}",
        "not known" if power is None else _with_range(power.max_kw),
        "not known" if power is None else _with_range(power.typical_kw),
        "not known" if left is None else f"{left.base:.0%} ({left.low:.0%} to {left.high:.0%})",
    )
    return f"| {' | '.join(cells)} |\n"


def _with_range(figure: Figure) -> str:
    if figure.low == figure.high:
        return _plain(figure.base)
    return f"{_plain(figure.base)} ({_range(figure)})"


def _electricity() -> str:
    """Return the prices of countries, and those of the parts of the USA in one row."""
    prices = load_electricity_prices()
    codes = sorted({price.code for price in prices if price.code})
    found = {
        code: figure
        for code in codes
        if (
            figure := electricity_per_kwh(
                prices, code, today=TABLES_OF, rates=load_exchange_rates()
            )
        )
    }
    head = "| place | USD/kWh | range | source | date |\n|---|---|---|---|---|\n"
    rows = [
        f"| `{code}` | {_plain(figure.base)} | {_range(figure)} |"
        f" {shown_sources(figure.source.partition('; 1 ')[0])} |"
        f" {figure.date} |\n"
        for code, figure in found.items()
        if not code.startswith(f"{_US}-")
    ]
    parts = {code: figure for code, figure in found.items() if code.startswith(f"{_US}-")}
    low, high = (pick(parts, key=lambda code: parts[code].base) for pick in (min, max))
    rows.append(
        f"| {len(parts)} parts of the USA, such as `{low}` | {_plain(parts[low].base)} (`{low}`) to"
        f" {_plain(parts[high].base)} (`{high}`) | each its own | EIA, see the table |"
        f" {min(one.date for one in parts.values())} to"
        f" {max(one.date for one in parts.values())} |\n"
    )
    return head + "".join(rows)


def _histories() -> str:
    """Return how list prices of single providers moved, one row a provider and GPU."""
    found = [
        (series, drift)
        for series in matched_series(load_rental_history(), today=TABLES_OF)
        if (drift := drift_of(series)) is not None
    ]
    head = (
        "| provider, GPU | prices seen | first | last | a year | moves over half a year or more"
        " |\n|---|---|---|---|---|---|\n"
    )
    return head + "".join(_history_row(series, drift) for series, drift in found)


def _history_row(series: MatchedSeries, drift: Figure) -> str:
    first, last = series.points[0], series.points[-1]
    moves = f"{drift.low:+.0%} to {drift.high:+.0%}" if drift.low != drift.high else "all the same"
    cells = (
        f"{series.provider}, `{'`, `'.join(series.gpu_model_ids)}`",
        str(len(series.points)),
        f"{first.usd_per_gpu_hour:.2f} USD, {first.day:%Y-%m}",
        f"{last.usd_per_gpu_hour:.2f} USD, {last.day:%Y-%m}",
        f"{drift.base:+.0%}",
        moves,
    )
    return f"| {' | '.join(cells)} |\n"


def _plain(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= _WHOLE_FROM else f"{value:.4g}"


_PARTS: Mapping[str, Callable[[], str]] = MappingProxyType(
    {
        "question": lambda: _rows(
            "demand",
            "tokensPerMonth",
            "horizonMonths",
            "hoursPerMonth",
            "discountRate",
            "taxRate",
            "maxLoss",
            "draws",
            "seed",
            "residual_rent_correlation",
        ),
        "rent": lambda: _rows("rent"),
        "commit": lambda: _rows("commit", "spot"),
        "own": lambda: _rows("own"),
        "building": lambda: _rows("building"),
        "constants": _constants,
        "servers": _servers,
        "electricity": _electricity,
        "histories": _histories,
    }
)


if __name__ == "__main__":
    PATH.write_text(page_text(PATH.read_text(encoding="utf-8")), encoding="utf-8")
    sys.exit(0)
