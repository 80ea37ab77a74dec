"""What a workload costs on the market: its plans at every usable offer, and the band over them."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from service.catalog.snapshot import Snapshot
from service.domain.money import rounded
from service.domain.workload import Objective, Placement
from service.estimate.plan import NoPlan, ServingPlan, TrainingPlan
from service.market.answers import Commitment, LineItem, MarketCost, OfferUse, Terms
from service.market.charges import Charges
from service.market.commitments import commitments_of
from service.market.eligibility import Eligible
from service.market.line_items import figure
from service.market.market_caveats import caveats_of_cost, caveats_of_fixed_price, no_offers
from service.market.merit import middles
from service.market.need import Need
from service.market.placements import Capacity, Ranked, capacities, ranked
from service.market.rejections import in_order
from service.market.selection import Selection
from service.market.shown import Shown

_MARKET: Mapping[str, float] = MappingProxyType({"p10": 0.1, "p50": 0.5, "p90": 0.9})
_DIGITS = 9


def price(
    selection: Selection,
    plans: Sequence[TrainingPlan | ServingPlan | NoPlan],
    needs: Sequence[Need | None],
    *,
    terms: Terms,
    placement: Placement,
    snapshot: Snapshot,
    now: datetime,
) -> MarketCost:
    """Join the plans of the selection's shapes to its offers; `needs` are None without a plan.

    The cost is that of the middle provider (nearest rank) with the GPU model of the best placement:
    its band joins that of the hours with that of the providers, in log quadrature. Where the terms
    name an offer, the band of the offers is nothing. Placements are the best three by the cost of
    the same work, of different providers when the placement names a GPU model, else of different
    GPU models; one with unproven capacity comes first only when none is proven.

    Raises InvalidRequest for a budget in a currency without a rate.
    """
    today = now.date()
    eligible = Eligible(
        selection,
        plans,
        needs,
        terms=terms,
        placement=placement,
        snapshot=snapshot,
        today=today,
    )
    committed = commitments_of(selection, needs, terms=terms, snapshot=snapshot, today=today)
    charges = eligible.charges
    if not charges.pick.at.size:
        return _without_offers(selection, eligible, committed, snapshot)
    capacity = capacities(charges)
    best = ranked(
        charges,
        capacity,
        one_for_each="provider" if placement.gpu_model else "gpu_model",
        objective=placement.objective,
    )
    shown = Shown(charges, snapshot=snapshot, rates=selection.rates)
    placements = shown.placements(best, plans)
    if selection.is_named:
        number = best[0].number
        offers: Mapping[str, int] = {"named": number}
        cost = shown.band(number)
    else:
        offers = _market(charges, best[0], capacity, placement.objective)
        number = offers["p50"]
        cost = shown.market_band(offers["p10"], number, offers["p90"])
    middle = shown.itemized(number)
    return MarketCost(
        middle_shape=charges.shape_of(number),
        cost=cost,
        dollars_per_gpu_hour=middle.dollars_per_gpu_hour,
        line_items=middle.lines,
        offers_used=tuple(
            OfferUse(
                row=shown.itemized(used).row,
                role=role,
                dollars_per_gpu_hour=shown.itemized(used).dollars_per_gpu_hour,
                dollars=shown.itemized(used).dollars,
            )
            for role, used in offers.items()
        ),
        placements=placements,
        commitments=committed,
        rejected=in_order(eligible.rejected),
        caveats=(
            *selection.caveats,
            *caveats_of_cost(
                snapshot,
                shown.every,
                unproven=[
                    shown.itemized(used).row
                    for used in {*offers.values(), *(one.number for one in best)}
                    if capacity[used] != Capacity.PROVEN
                ],
                commitments=committed,
            ),
        ),
    )


def fixed_price(need: Need, dollars_per_gpu_hour: Decimal) -> MarketCost:
    """Return what a need costs at a price that the question gives; no offer is behind it.

    The GPUs that are used are charged for the hours of use, and neither storage nor egress.
    """
    hours = Decimal(str(need.hours.p50))
    dollars = rounded(need.gpu_count * hours * dollars_per_gpu_hour, digits=_DIGITS)
    basis = f"{need.gpu_count:,} GPUs x {figure(hours)} h x {dollars_per_gpu_hour:f} USD/h"
    return MarketCost(
        middle_shape=None,
        cost=need.hours.times(need.gpu_count * float(dollars_per_gpu_hour)),
        dollars_per_gpu_hour=dollars_per_gpu_hour,
        line_items=(LineItem(label="compute", dollars=dollars, basis=basis),),
        offers_used=(),
        placements=(),
        commitments=(),
        rejected=(),
        caveats=caveats_of_fixed_price(need, dollars_per_gpu_hour),
    )


def _without_offers(
    selection: Selection,
    eligible: Eligible,
    committed: tuple[Commitment, ...],
    snapshot: Snapshot,
) -> MarketCost:
    rejected = in_order(eligible.rejected)
    return MarketCost(
        middle_shape=None,
        cost=None,
        dollars_per_gpu_hour=None,
        line_items=(),
        offers_used=(),
        placements=(),
        commitments=committed,
        rejected=rejected,
        caveats=(
            *selection.caveats,
            no_offers(rejected),
            *caveats_of_cost(snapshot, (), unproven=(), commitments=committed),
        ),
    )


def _market(
    charges: Charges, best: Ranked, capacity: NDArray[np.int8], objective: Objective
) -> Mapping[str, int]:
    """Return the offers at each quantile (nearest rank) of what providers ask on the best GPU.

    Each provider counts once, with its cheapest offer: a workload for one GPU is not rented a node
    of eight where the same provider has single ones. Offers count whose capacity is as sure as the
    best one's, or whose nodes need not be joined, and, where time is looked for, that take no
    longer. Costs are those of the same work; of equal ones the first by name counts.
    """
    pick = charges.pick
    models = pick.sheet.gpu_model[pick.lots]
    surest = max(best.capacity, Capacity.APART)
    # Lots of one GPU model adjoin.
    lots = np.flatnonzero(models == models[pick.lot(best.number)])
    begin, end = int(pick.starts[lots[0]]), int(pick.starts[lots[-1]] + pick.counts[lots[-1]])
    numbers = begin + np.flatnonzero(capacity[begin:end] <= surest)
    if objective is Objective.TIME:
        hours = charges.hours("p50")
        numbers = numbers[hours[numbers] <= hours[best.number]]
    costs = middles(charges, charges.dollars("p50"))[numbers]
    names = pick.sheet.rows[pick.at[numbers]]
    providers = pick.spread(pick.rule("provider"))[numbers]
    by_provider = np.lexsort((names, costs, providers))
    is_first = np.diff(providers[by_provider], prepend=-1) != 0
    cheapest = by_provider[is_first]
    ordered = numbers[cheapest[np.lexsort((names[cheapest], costs[cheapest]))]]
    return {
        role: int(ordered[math.ceil(share * ordered.size) - 1]) for role, share in _MARKET.items()
    }
