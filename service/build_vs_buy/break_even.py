"""Where owning and renting cost the same: by use, by time, by rent. Never is an answer."""

from dataclasses import dataclass

import numpy as np

from service.build_vs_buy.cash_flow import Category
from service.build_vs_buy.inputs import Inputs, OptionKind
from service.build_vs_buy.options import flows_of
from service.build_vs_buy.owning import resale_by_month
from service.build_vs_buy.root import root
from service.build_vs_buy.sample import BASE
from service.build_vs_buy.scene import scene_of
from service.build_vs_buy.sensitivity import advantage

_SMALLEST_USE = 1e-6
_PRICE_SPAN = 1024.0
_TOLERANCE = 1e-10


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakEven:
    """A value at which owning and renting cost the same, or None and the reason."""

    value: float | None
    reason: str = ""


def break_even_utilization(inputs: Inputs, own: OptionKind) -> BreakEven:
    """Return the share of hours with work at which owning costs what renting does."""
    figure = inputs.demand.utilization

    def own_advantage(use: float) -> float:
        return advantage(inputs, BASE.fixing(figure, use), ahead=own, behind=OptionKind.RENT)

    if own_advantage(1.0) < 0:
        return BreakEven(value=None, reason="never: renting is cheaper even at full use")
    if own_advantage(_SMALLEST_USE) > 0:
        return BreakEven(value=None, reason="always: owning is cheaper at any use")
    return BreakEven(value=root(own_advantage, _SMALLEST_USE, 1.0, tolerance=_TOLERANCE))


def break_even_rent(inputs: Inputs, own: OptionKind) -> BreakEven:
    """Return the rental price a GPU-hour at which owning costs what renting does.

    Looked for up to 1,024 times today's price and down to as small a share of it.
    """
    figure = inputs.rent.price_per_gpu_hour

    def own_advantage(price: float) -> float:
        return advantage(inputs, BASE.fixing(figure, price), ahead=own, behind=OptionKind.RENT)

    low, high = figure.base / _PRICE_SPAN, figure.base * _PRICE_SPAN
    if own_advantage(high) < 0:
        return BreakEven(value=None, reason="never: owning does not get cheaper at any rent")
    if own_advantage(low) > 0:
        return BreakEven(value=None, reason="always: owning is cheaper at any rent")
    return BreakEven(value=root(own_advantage, low, high, tolerance=_TOLERANCE))


def break_even_month(inputs: Inputs, own: OptionKind) -> BreakEven:
    """Return when owning has paid: after how many months selling everything would cost no more.

    The first month at which the discounted flows of owning less those of renting, with what resale
    would bring then (less what is owed of a loan, before tax), are not negative. Within a month the
    sum is taken as a straight line. Raises ValueError where the inputs do not describe that way of
    owning.
    """
    scene = scene_of(inputs, BASE)
    if inputs.own is None:
        raise ValueError("the inputs own nothing")
    building = inputs.building if own is OptionKind.OWN_BUILDING else None
    owned = flows_of(own, scene)
    resale = resale_by_month(scene, inputs.own, building)
    sold_at_end = owned.of(Category.RESIDUAL) * (np.arange(scene.months + 1) == scene.months)
    flows = owned.cash() - sold_at_end - flows_of(OptionKind.RENT, scene).cash()
    standing = (np.cumsum(flows * scene.factors, axis=1) + resale * scene.factors)[0]
    # While a building is built both ways rent alike, and land is worth its price: nothing has paid.
    start = 0 if building is None else building.build_months
    paid = start + np.flatnonzero(standing[start:] >= 0)
    if not len(paid):
        return BreakEven(value=None, reason="never: owning has not paid within the horizon")
    first = int(paid[0])
    if first == start:
        return BreakEven(value=float(start))
    before, after = float(standing[first - 1]), float(standing[first])
    return BreakEven(value=first - 1 + before / (before - after))
