"""What decides before money does: which options are no choice, and why."""

from collections.abc import Iterator
from dataclasses import dataclass

from service.build_vs_buy.inputs import OWNING, Inputs, OptionKind
from service.build_vs_buy.options import possible_options

SHORTEST_HORIZON_TO_OWN_MONTHS = 3

_RENTED = frozenset({OptionKind.HOSTED_API, OptionKind.RENT, OptionKind.COMMIT})


@dataclass(frozen=True, slots=True, kw_only=True)
class Exclusion:
    """One option that is no choice: `rule` is the override's name, `reason` a sentence."""

    kind: OptionKind
    rule: str
    reason: str


def exclusions(inputs: Inputs) -> tuple[Exclusion, ...]:
    """Return what the overrides and the horizon exclude of the options that are described.

    Residency leaves rented GPUs in: their region is a constraint on offers, that of a hosted model
    is not ours to choose.
    """
    possible = possible_options(inputs)
    return tuple(found for found in _exclusions(inputs) if found.kind in possible)


def _exclusions(inputs: Inputs) -> Iterator[Exclusion]:
    rules = inputs.overrides
    if rules.residency:
        reason = "the data may not leave their country, and a hosted model's region is not stated"
        yield Exclusion(kind=OptionKind.HOSTED_API, rule="residency", reason=reason)
    if rules.air_gap:
        reason = "the work is done without a connection to anybody else's machines"
        yield from _each(_RENTED, rule="air_gap", reason=reason)
    if rules.export_control:
        reason = "this GPU may not be shipped to the place where it would stand"
        yield from _each(OWNING, rule="export_control", reason=reason)
    if not rules.power_available:
        reason = "there is no power for servers of our own"
        yield from _each(OWNING, rule="power_available", reason=reason)
    if not rules.sku_available:
        reason = "nobody delivers this GPU"
        yield from _each(OWNING, rule="sku_available", reason=reason)
    if inputs.horizon_months < SHORTEST_HORIZON_TO_OWN_MONTHS:
        reason = "the horizon is shorter than a quarter"
        kinds = OWNING | {OptionKind.COMMIT}
        yield from _each(kinds, rule="horizon_months", reason=reason)


def _each(kinds: frozenset[OptionKind], *, rule: str, reason: str) -> Iterator[Exclusion]:
    for kind in sorted(kinds):
        yield Exclusion(kind=kind, rule=rule, reason=reason)


def building_floor(inputs: Inputs, annual_rent: float) -> Exclusion | None:
    """Return the exclusion of a building where so much rent a year is too little for one.

    The floor of about 50 million dollars a year is for building a data centre (a16z, "Navigating
    the High Cost of AI Compute", April 2023): staff, power contracts and redundancy are bought for
    a whole site, however few servers stand in it. Servers of our own in colocation have no floor.
    """
    building = inputs.building
    if building is None or annual_rent >= building.minimum_annual_spend:
        return None
    return Exclusion(
        kind=OptionKind.OWN_BUILDING,
        rule="minimum_annual_spend",
        reason=(
            f"renting this would cost {annual_rent:,.0f} {inputs.currency_code} a year; a data"
            f" centre of our own starts to pay from about {building.minimum_annual_spend:,.0f}"
        ),
    )
