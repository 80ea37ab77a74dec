"""Single figures of own servers: what is given, else our choice or a parameter of the table."""

from collections.abc import Iterator
from dataclasses import replace

from service.business_case.figures import fixed, judged
from service.business_case.question import OwnTerms
from service.domain.figure import Figure
from service.facts.judgements import (
    GPUS_PER_FTE,
    RACK_COOLING_LIMIT_KW,
    RESIDUAL_FLOOR,
    STAFF_AT_LEAST_FTE,
)
from service.facts.opex import load_opex
from service.facts.server_power import ServerPower

RESIDUAL_AGE_MONTHS = 48
_DEPRECIATION = "useful_life_years_book"
_BLACKWELL = frozenset({"B100", "B200", "B300", "GB200", "GB300"})
_WEEKS_PER_MONTH = 365.25 / 12 / 7
_MONTHS_PER_YEAR = 12


def money(name: str, given: float | None, unit: str) -> Figure | None:
    """Return an amount that is given, None where none is."""
    return None if given is None else Figure.given(name, given, unit)


def residual_age(given: OwnTerms) -> Figure:
    """Return the age in months that the residual share is of."""
    return fixed(
        "own.residualAgeMonths",
        given.residual_age_months,
        RESIDUAL_AGE_MONTHS,
        "months",
        source="our choice: the usual horizon",
    )


def depreciation(given: OwnTerms) -> Figure:
    """Return over how many months servers are written off."""
    years = load_opex()[_DEPRECIATION]
    return fixed(
        "own.depreciationMonths",
        given.depreciation_months,
        years.base * _MONTHS_PER_YEAR,
        "months",
        source=years.source,
        date=years.date,
    )


def rack_cooling_limit() -> Figure:
    """Return the kW of a rack up to which air cools it."""
    return replace(RACK_COOLING_LIMIT_KW, name="own.rackCoolingLimitKw")


def given_terms(given: OwnTerms) -> Iterator[Figure]:
    """Walk the exact terms that have no default: they are there only where they are given."""
    if given.refresh_months is not None:
        yield Figure.given("own.refreshMonths", given.refresh_months, "months")
    if given.loan is not None:
        yield Figure.given("own.loan.share", given.loan.share, "share of the first purchase")
        yield Figure.given("own.loan.rate", given.loan.annual_rate, "share/year")
        yield Figure.given("own.loan.months", given.loan.months, "months")


def load_share(power: ServerPower) -> Figure:
    """Return what servers draw at work over their rating, from the same rows."""
    drawn, rated = power.typical_kw, power.max_kw.base
    return Figure(
        name="own.loadShare",
        low=min(drawn.low / rated, 1.0),
        base=min(drawn.base / rated, 1.0),
        high=min(drawn.high / rated, 1.0),
        unit="share of rated power",
        source=drawn.source,
        date=drawn.date,
    )


def staff(given: OwnTerms, peak_gpus: float) -> tuple[Figure, Figure]:
    """Return the fixed posts and those for each GPU; given posts are those of the first month."""
    if given.fte is not None:
        return (
            fixed("own.fteFixed", None, 0.0, "FTE", source="own.fte is given for the fleet"),
            Figure.given("own.ftePerGpu", given.fte / max(peak_gpus, 1.0), "FTE/GPU"),
        )
    low, base, high = (1 / gpus for gpus in GPUS_PER_FTE)
    why = (
        "between published ratios: one for 50 to 100 GPUs (Introl), three for 248 (Penguin"
        " Solutions, Olds), one for 50 to 100 servers (tensorsmesh)"
    )
    at_least = STAFF_AT_LEAST_FTE
    return (
        judged("own.fteFixed", at_least, at_least, at_least, "FTE", why=why),
        judged("own.ftePerGpu", low, base, high, "FTE/GPU", why=why),
    )


def residual_floor(given: OwnTerms) -> Figure:
    """Return the least that a server brings; a given residual is not lifted by our floor."""
    if given.residual_fraction is not None:
        unit = RESIDUAL_FLOOR.unit
        return fixed("own.residualFloor", None, 0.0, unit, source="own.residual_fraction is given")
    return replace(RESIDUAL_FLOOR, name="own.residualFloor")


def lead_time(given: OwnTerms, family: str) -> Figure:
    """Return the months until servers of a GPU family work."""
    if given.lead_time_months is not None:
        return Figure.given("own.leadTimeMonths", given.lead_time_months, "months")
    name = "lead_time_weeks_b200_2026" if family in _BLACKWELL else "lead_time_weeks_hgx_h100_2024"
    weeks = load_opex()[name]
    return Figure(
        name="own.leadTimeMonths",
        low=weeks.low / _WEEKS_PER_MONTH,
        base=weeks.base / _WEEKS_PER_MONTH,
        high=weeks.high / _WEEKS_PER_MONTH,
        unit="months",
        source=weeks.source,
        date=weeks.date,
    )
