"""The answer in words: for who pays, who buys, and who runs it."""

from collections.abc import Iterator
from dataclasses import dataclass

from service.build_vs_buy.analysis import Analysis, BreakEvens
from service.build_vs_buy.answer import Option
from service.build_vs_buy.inputs import OWNING, Inputs, OptionKind
from service.build_vs_buy.units import MONTHS_PER_YEAR

_WORDS = {
    OptionKind.HOSTED_API: "a hosted API",
    OptionKind.RENT: "renting on demand",
    OptionKind.COMMIT: "a commitment",
    OptionKind.OWN_COLOCATION: "own servers in colocation",
    OptionKind.OWN_BUILDING: "own servers in a building of our own",
    OptionKind.MIXED: "a mixture",
}

_COMMITTED = frozenset({OptionKind.COMMIT, OptionKind.MIXED})
_WHOLE_FROM = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A few sentences for each reader."""

    cfo: str
    procurement: str
    infrastructure: str


def summarize(inputs: Inputs, analysis: Analysis) -> Summary:
    """Return the answer in words, with its figures."""
    return Summary(
        cfo=" ".join(_for_cfo(inputs, analysis)),
        procurement=" ".join(_for_procurement(inputs, analysis)),
        infrastructure=" ".join(_for_infrastructure(inputs, analysis)),
    )


def _for_cfo(inputs: Inputs, analysis: Analysis) -> Iterator[str]:
    kind = analysis.verdict.kind
    yield f"Take {_WORDS[kind]}: {analysis.verdict.reason}."
    chosen = _options(analysis)[kind]
    money = inputs.currency_code
    yield (
        f"It costs {-chosen.npv:,.0f} {money} in present value over"
        f" {_lasting(inputs.horizon_months)}"
        f" (90 % of the draws: {-chosen.npv_band.p95:,.0f} to {-chosen.npv_band.p5:,.0f}), at most"
        f" {chosen.cash_peak:,.0f} out of pocket, {chosen.levelized_cost:.2f} a useful GPU-hour."
    )
    if kind in _COMMITTED and _rests_on_judgement(inputs, analysis):
        yield "What its commitment costs is our judgement, nobody's offer: ask for a quote first."
    others = [option for option in analysis.options if option.kind is not kind]
    competing = [option for option in others if not option.exclusions]
    if competing:
        second = max(competing, key=lambda option: option.npv)
        yield (
            f"Next is {_WORDS[second.kind]}: {-second.npv:,.0f}, on average"
            f" {second.regret:,.0f} dearer than the cheapest."
        )
    for option in others:
        for exclusion in option.exclusions:
            yield f"No choice is {_WORDS[option.kind]}: {exclusion.reason}."


def _for_procurement(inputs: Inputs, analysis: Analysis) -> Iterator[str]:
    money = f"{inputs.currency_code} a GPU-hour"
    today = inputs.rent.price_per_gpu_hour.base
    if analysis.break_evens is not None:
        yield from _walk_away(analysis.break_evens, today, money)
    for rung in analysis.ladder:
        if rung.rung.until <= inputs.horizon_months:
            commit = rung.rung.commit
            says = "is assumed, by nobody's offer, to cost" if commit.is_assumed else "costs"
            saved = 1 - rung.price_per_gpu_hour / today
            side = "below" if saved >= 0 else "above"
            yield (
                f"A term of {commit.term_months} months {says}"
                f" {rung.price_per_gpu_hour:.2f} {money}, {abs(saved):.0%} {side} on demand."
            )
    if analysis.implied_drift is not None:
        yield (
            "One-year and three-year prices together expect rents to change by"
            f" {analysis.implied_drift:+.0%} a year."
        )
    if analysis.comparison is not None:
        for flip in analysis.comparison.flips:
            yield (
                f"{_WORDS[analysis.comparison.ahead].capitalize()} and"
                f" {_WORDS[analysis.comparison.behind]} cost the same at {flip.figure.name} ="
                f" {_plain(flip.value)} {flip.figure.unit}".rstrip()
                + "."
            )


def _rests_on_judgement(inputs: Inputs, analysis: Analysis) -> bool:
    """Tell whether the cheapest commitment, or without any the mixture, has a price of nobody."""
    best = max(analysis.ladder, key=lambda rung: rung.npv, default=None)
    if analysis.verdict.kind is OptionKind.COMMIT and best is not None:
        return best.rung.commit.is_assumed
    is_committed = analysis.mix is not None and analysis.mix[0].committed_units > 0
    return is_committed and any(commit.is_assumed for commit in inputs.commits)


def _counted(count: int, name: str) -> str:
    return f"{count:,} {name}" if count == 1 else f"{count:,} {name}s"


def _lasting(months: int) -> str:
    years, rest = divmod(months, MONTHS_PER_YEAR)
    return _counted(months, "month") if rest else _counted(years, "year")


def _plain(value: float) -> str:
    """Write a number of any size without an exponent."""
    return f"{value:,.0f}" if abs(value) >= _WHOLE_FROM else f"{value:.4g}"


def _walk_away(found: BreakEvens, today: float, money: str) -> Iterator[str]:
    if found.rent.value is None:
        yield f"Break-even rent: {found.rent.reason}."
    else:
        yield (
            f"Renting pays below {found.rent.value:.2f} {money} (today {today:.2f}) against"
            f" {_WORDS[found.own]}."
        )


def _for_infrastructure(inputs: Inputs, analysis: Analysis) -> Iterator[str]:
    site, found = analysis.site, analysis.break_evens
    if site is not None:
        cooling = ", with liquid cooling" if site.needs_liquid_cooling else ""
        yield (
            f"Owning for the peak takes {_counted(site.servers, 'server')} with"
            f" {_counted(site.gpus, 'GPU')}:"
            f" {site.nameplate_kw:,.1f} kW, {site.facility_kw:,.1f} kW with cooling,"
            f" {_counted(site.racks, 'rack')} of {site.servers_per_rack}{cooling}, and"
            f" {site.full_time_posts:.1f} posts."
        )
    if found is not None:
        use = found.utilization
        at = "" if use.value is None else f"{use.value:.0%} of the demanded hours"
        now = f"{inputs.demand.utilization.base:.0%}"
        yield f"Use at which owning costs what renting does: {at or use.reason}; now it is {now}."
        month = found.month
        after = "" if month.value is None else f"after {month.value:.1f} months"
        yield f"When owning has paid: {after or month.reason}."
    if analysis.mix is not None and analysis.mix[0].is_mixture:
        plan = analysis.mix[0]
        yield (
            f"The cheapest combination: {plan.owned_units * plan.unit_gpus} GPUs owned,"
            f" {plan.committed_units * plan.unit_gpus} committed (the last of"
            f" them works in {plan.last_gpu_use:.0%} of the hours), at most"
            f" {plan.on_demand_peak_gpus:,.0f} rented in any hour of the horizon."
        )
    if analysis.verdict.kind in OWNING and inputs.own is not None:
        months = inputs.own.lead_time_months.base
        meanwhile = "nothing runs" if inputs.overrides.air_gap else "GPUs are rented"
        yield f"Servers come after {months:.1f} months; until then {meanwhile}."


def _options(analysis: Analysis) -> dict[OptionKind, Option]:
    options = {option.kind: option for option in analysis.options}
    if analysis.mix is not None:
        options[OptionKind.MIXED] = analysis.mix[1]
    return options
