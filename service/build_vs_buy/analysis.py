"""Build or buy: the whole answer to one question."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from service.build_vs_buy.answer import Option, option_of
from service.build_vs_buy.arrays import Floats
from service.build_vs_buy.break_even import (
    BreakEven,
    break_even_month,
    break_even_rent,
    break_even_utilization,
)
from service.build_vs_buy.cash_flow import Category, Flows
from service.build_vs_buy.checks import BadInput, Fault, require_sound
from service.build_vs_buy.finops import CostLine, cost_lines
from service.build_vs_buy.fleet import servers_for_peak
from service.build_vs_buy.inputs import OWNING, Inputs, OptionKind, figures_of
from service.build_vs_buy.mixed import MixedPlan, best_mix, mixed_flows
from service.build_vs_buy.options import (
    best_rung,
    flows_of,
    npv_of,
    npvs,
    possible_options,
)
from service.build_vs_buy.outcomes import all_flows, outcomes
from service.build_vs_buy.overrides import Exclusion, building_floor, exclusions
from service.build_vs_buy.rent_path import SHOWN_DRIFTS, implied_drift
from service.build_vs_buy.renting import Rung, commit_flows, price_ratio, rungs
from service.build_vs_buy.sample import BASE
from service.build_vs_buy.scene import Scene, scene_of
from service.build_vs_buy.sensitivity import Flip, Swing, advantage, flips, tornado
from service.build_vs_buy.site import Site, site_of
from service.build_vs_buy.uncertainty import band, draw, probability_own_wins, prospects
from service.build_vs_buy.units import MONTHS_PER_YEAR
from service.build_vs_buy.verdict import Gamble, Standing, Verdict, decide
from service.domain.figure import Figure

# A mixture that saves less is the single option that it consists of, but for rounding.
_LEAST_GAIN = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True)
class NothingToBuy:
    """The answer where no GPU is wanted beyond those that are there."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEvens:
    """Where the best way of owning costs what renting on demand does."""

    own: OptionKind
    utilization: BreakEven
    month: BreakEven
    rent: BreakEven


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two options, and what moves the difference between them, in the base case.

    `drifts` are by how much `ahead` is cheaper at each of `SHOWN_DRIFTS`.
    """

    ahead: OptionKind
    behind: OptionKind
    swings: tuple[Swing, ...]
    flips: tuple[Flip, ...]
    drifts: tuple[float, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderRung:
    """A commitment for the whole load: its value and its price today, a GPU-hour."""

    rung: Rung
    npv: float
    price_per_gpu_hour: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Analysis:
    """The answer.

    `options` are the single ones, whose probabilities of being cheapest add up to 1; `mix` is the
    best combination and the `Option` that it makes, None where nothing may be rented. `site` is
    that of owning for the peak. `implied_drift` is what one-year and three-year prices say of the
    rent to come, None unless both are known.
    """

    verdict: Verdict
    probability_own_wins: float
    options: tuple[Option, ...]
    mix: tuple[MixedPlan, Option] | None
    break_evens: BreakEvens | None
    comparison: Comparison | None
    ladder: tuple[LadderRung, ...]
    implied_drift: float | None
    site: Site | None
    assumptions: tuple[Figure, ...]
    useful_gpu_hours: float


@dataclass(frozen=True, slots=True, kw_only=True)
class _Field:
    """The options on the table: what is excluded, what competes, and who leads in the base case."""

    excluded: tuple[Exclusion, ...]
    npvs: Mapping[OptionKind, float]
    choices: frozenset[OptionKind]

    def best(self, kinds: frozenset[OptionKind]) -> OptionKind | None:
        """Return the cheapest of some kinds that compete, None if none does."""
        competing = [kind for kind in self.npvs if kind in self.choices & kinds]
        return max(competing, key=lambda kind: self.npvs[kind], default=None)

    @property
    def best_own(self) -> OptionKind | None:
        """The cheapest way of owning."""
        return self.best(OWNING)

    @property
    def best_other(self) -> OptionKind | None:
        """The cheapest way of not owning."""
        return self.best(self.choices - OWNING)


def analyze(inputs: Inputs) -> Analysis | NothingToBuy:
    """Return the answer to a question. Raises BadInput with everything that is wrong with it."""
    require_sound(inputs)
    base = scene_of(inputs, BASE)
    if not base.useful_gpu_hours.any():
        return NothingToBuy(reason=_why_nothing(inputs))
    field = _field_of(inputs, base)
    plan = _plan(inputs, field)
    flows = dict(all_flows(base, plan))
    _require_work(flows)
    drawn = outcomes(inputs, draw(inputs), plan)
    values = {kind: outcome.npv for kind, outcome in drawn.items()}
    single = {kind: values[kind] for kind in possible_options(inputs)}
    found = prospects(single, choices=field.choices)
    everything = prospects(values, choices=field.choices | {OptionKind.MIXED})
    options = {
        prospect.kind: option_of(
            prospect,
            flows[prospect.kind],
            base,
            levelized_cost_band=band(drawn[prospect.kind].levelized_cost),
            cost_lines=_cost_lines(prospect.kind, flows[prospect.kind], base, plan),
            exclusions=tuple(x for x in field.excluded if x.kind is prospect.kind),
        )
        for prospect in (*found, *(p for p in everything if p.kind is OptionKind.MIXED))
    }
    own_wins = probability_own_wins(found)
    standing = Standing(
        best_own=field.best_own,
        best_other=field.best_other,
        own=_own_gamble(field, values, own_wins),
        mix=_mix_gamble(field, values, plan),
        acceptable_loss=-field.npvs[OptionKind.RENT] * inputs.max_loss,
        may_commit=OptionKind.COMMIT in field.choices,
    )
    verdict = decide(standing)
    comparison = _comparison(inputs, field)
    return Analysis(
        verdict=verdict,
        probability_own_wins=own_wins,
        options=tuple(options[kind] for kind in single),
        mix=None if plan is None else (plan, options[OptionKind.MIXED]),
        break_evens=_break_evens(inputs, field),
        comparison=comparison,
        ladder=_ladder(base),
        implied_drift=_implied_drift(base),
        site=_site(base),
        assumptions=figures_of(inputs),
        useful_gpu_hours=float(base.useful_gpu_hours.sum()),
    )


def _why_nothing(inputs: Inputs) -> str:
    existing = inputs.demand.existing_gpu_count
    if existing:
        return f"nothing to buy: the {existing} GPUs that are there hold every hour's demand"
    return "nothing to buy: no GPU is wanted in any hour"


def _require_work(flows: Mapping[OptionKind, Flows]) -> None:
    """Raise BadInput where servers behind an air gap, whose work nobody else does, do none."""
    fields = {
        OptionKind.OWN_COLOCATION: "own.lead_time_months",
        OptionKind.OWN_BUILDING: "building.build_months",
    }
    message = "behind an air gap no work would be done: servers come when none is wanted any more"
    faults = tuple(
        Fault(field=fields[kind], message=message)
        for kind, found in flows.items()
        if kind in fields and not found.delivered_gpu_hours.any()
    )
    if faults:
        raise BadInput(faults)


def _field_of(inputs: Inputs, base: Scene) -> _Field:
    values = {kind: float(value[0]) for kind, value in npvs(inputs, BASE).items()}
    rented = flows_of(OptionKind.RENT, base)
    spent = -float((rented.cash() - rented.of(Category.TAX)).sum())
    floor = building_floor(inputs, spent * MONTHS_PER_YEAR / inputs.horizon_months)
    excluded = exclusions(inputs) + (() if floor is None else (floor,))
    choices = frozenset(values) - {found.kind for found in excluded}
    return _Field(excluded=excluded, npvs=values, choices=choices)


def _plan(inputs: Inputs, field: _Field) -> MixedPlan | None:
    """Return the best combination of what is a choice; its peaks are rented, so renting must be."""
    if OptionKind.RENT not in field.choices:
        return None
    own = inputs.own if OptionKind.OWN_COLOCATION in field.choices else None
    ladder = rungs(inputs) if OptionKind.COMMIT in field.choices else ()
    return best_mix(inputs, own=own, ladder=ladder)


def _cost_lines(
    kind: OptionKind, flows: Flows, base: Scene, plan: MixedPlan | None
) -> tuple[CostLine, ...]:
    """Return an option's lines for the bill; only commitments have something paid upfront."""
    rung, spread = None, flows
    if kind is OptionKind.COMMIT:
        rung = best_rung(base.inputs)
        spread = commit_flows(rung.without_upfront(), base)
    elif kind is OptionKind.MIXED and plan is not None and plan.rung is not None:
        rung = plan.rung
        even = replace(plan, rung=rung.without_upfront())
        spread = mixed_flows(even, base, base.inputs.own)
    return cost_lines(kind, flows, base, spread=spread, rung=rung)


def _own_gamble(
    field: _Field, values: Mapping[OptionKind, Floats], own_wins: float
) -> Gamble | None:
    if field.best_own is None or field.best_other is None:
        return None
    gain = values[field.best_own] - values[field.best_other]
    return Gamble(probability=own_wins, loss_p5=-band(gain).p5)


def _mix_gamble(
    field: _Field, values: Mapping[OptionKind, Floats], plan: MixedPlan | None
) -> Gamble | None:
    """Return the gamble of a combination that really is one, and cheaper than any single option."""
    leader = field.best(field.choices)
    if plan is None or leader is None or not plan.is_mixture:
        return None
    if plan.npv - field.npvs[leader] < -field.npvs[leader] * _LEAST_GAIN:
        return None
    mixed = values[OptionKind.MIXED]
    singles = np.max([values[kind] for kind in field.choices], axis=0)
    gain = mixed - values[leader]
    return Gamble(probability=float((mixed > singles).mean()), loss_p5=-band(gain).p5)


def _break_evens(inputs: Inputs, field: _Field) -> BreakEvens | None:
    """Return the break-evens of the cheapest way of owning that is described, if any is."""
    owning = [kind for kind in field.npvs if kind in OWNING]
    own = field.best_own or max(owning, key=lambda kind: field.npvs[kind], default=None)
    if own is None:
        return None
    return BreakEvens(
        own=own,
        utilization=break_even_utilization(inputs, own),
        month=break_even_month(inputs, own),
        rent=break_even_rent(inputs, own),
    )


def _comparison(inputs: Inputs, field: _Field) -> Comparison | None:
    """Compare owning with the best alternative; without one side, the two best options."""
    ahead, behind = field.best_own, field.best_other
    if ahead is None or behind is None:
        ahead = field.best(field.choices)
        behind = None if ahead is None else field.best(field.choices - {ahead})
    if ahead is None or behind is None:
        return None
    swings = tornado(inputs, ahead=ahead, behind=behind)
    shown = (BASE.fixing(inputs.rent.drift, drift) for drift in SHOWN_DRIFTS)
    return Comparison(
        ahead=ahead,
        behind=behind,
        swings=swings,
        flips=flips(inputs, swings, ahead=ahead, behind=behind),
        drifts=tuple(advantage(inputs, at, ahead=ahead, behind=behind) for at in shown),
    )


def _ladder(base: Scene) -> tuple[LadderRung, ...]:
    today = base.inputs.rent.price_per_gpu_hour.base
    return tuple(
        LadderRung(
            rung=rung,
            npv=float(npv_of(commit_flows(rung, base), base)[0]),
            price_per_gpu_hour=float(price_ratio(rung.commit, base)[0, 0]) * today,
        )
        for rung in rungs(base.inputs)
    )


def _implied_drift(base: Scene) -> float | None:
    """Return what the market's prices for one and for three years imply, if both are somebody's."""
    ratios = {
        commit.term_months: float(price_ratio(commit, base)[0, 0])
        for commit in base.inputs.commits
        if not commit.is_assumed
    }
    one, three = ratios.get(MONTHS_PER_YEAR), ratios.get(3 * MONTHS_PER_YEAR)
    if one is None or three is None or 3 * three <= one:
        return None
    return implied_drift(one_year=one, three_years=three)


def _site(base: Scene) -> Site | None:
    own = base.inputs.own
    if own is None or own.running is None:
        return None
    servers = int(servers_for_peak(base, own).max())
    return site_of(own, own.running, servers=servers)
