"""What a workload costs on the market: its plans at every usable offer, and the band over them."""

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType

import numpy as np

from service.catalog.columns import Mask
from service.catalog.snapshot import Snapshot
from service.domain.money import rounded
from service.domain.workload import Placement
from service.estimate.plan import NoPlan, ServingPlan, TrainingPlan
from service.market.answers import Commitment, LineItem, MarketCost, OfferUse, Terms
from service.market.charges import Charges
from service.market.commitments import commitments_of
from service.market.eligibility import Eligible
from service.market.market_caveats import caveats_of_cost, caveats_of_fixed_price, no_offers
from service.market.need import Need
from service.market.placements import Ranked, proven_capacity, ranked
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

    The cost is that of the middle offer (nearest rank) of the GPU model of the best placement:
    its band joins that of the hours with that of the offers, in log quadrature. Where the terms
    name an offer or fix the price, the band of the offers is nothing. Placements are the best
    three, of different providers when the placement names a GPU model, else of different GPU
    models; one with unproven capacity comes first only when none is proven.

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
    is_proven = proven_capacity(charges)
    best = ranked(
        charges, is_proven, one_for_each="provider" if placement.gpu_model else "gpu_model"
    )
    shown = Shown(charges, snapshot=snapshot, rates=selection.rates)
    placements = shown.placements(best, plans)
    offers = _offers_used(charges, best[0], is_proven, selection=selection, terms=terms)
    middle = shown.itemized(offers.get("p50", best[0].number))
    return MarketCost(
        cost=shown.market_band(offers["p10"], offers["p50"], offers["p90"])
        if "p50" in offers
        else placements[0].cost,
        dollars_per_gpu_hour=middle.dollars_per_gpu_hour,
        line_items=middle.lines,
        offers_used=tuple(
            OfferUse(
                row=shown.itemized(number).row,
                role=role,
                dollars_per_gpu_hour=shown.itemized(number).dollars_per_gpu_hour,
                dollars=shown.itemized(number).dollars,
            )
            for role, number in offers.items()
        ),
        placements=placements,
        commitments=committed,
        rejected=in_order(eligible.rejected),
        caveats=(
            *selection.caveats,
            *caveats_of_cost(snapshot, shown.every, placements=placements, commitments=committed),
        ),
    )


def fixed_price(need: Need, dollars_per_gpu_hour: Decimal) -> MarketCost:
    """Return what a need costs at a price that the question gives; no offer is behind it.

    The GPUs that are used are charged for the hours of use, and neither storage nor egress.
    """
    hours = Decimal(str(need.hours.p50))
    dollars = rounded(need.gpu_count * hours * dollars_per_gpu_hour, digits=_DIGITS)
    basis = f"{need.gpu_count} GPUs x {need.hours.p50:.10g} h x {dollars_per_gpu_hour:f} USD/h"
    return MarketCost(
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
            *caveats_of_cost(snapshot, (), placements=(), commitments=committed),
        ),
    )


def _offers_used(
    charges: Charges, best: Ranked, is_proven: Mask, *, selection: Selection, terms: Terms
) -> Mapping[str, int]:
    """Return the offers behind the cost by their role, as numbers of rows in the pick."""
    if selection.is_named:
        return {"named": best.number}
    if terms.dollars_per_gpu_hour is not None:
        return {}
    return _market(charges, best, is_proven)


def _market(charges: Charges, best: Ranked, is_proven: Mask) -> Mapping[str, int]:
    """Return the offers at each quantile (nearest rank) of the costs on the best GPU model.

    Offers whose capacity is as sure as the best one's count; of equal costs the first by name.
    """
    pick = charges.pick
    models = pick.sheet.gpu_model[pick.lots]
    # Lots of one GPU model adjoin.
    lots = np.flatnonzero(models == models[pick.lot(best.number)])
    begin, end = int(pick.starts[lots[0]]), int(pick.starts[lots[-1]] + pick.counts[lots[-1]])
    numbers = begin + np.flatnonzero(is_proven[begin:end] == best.is_proven)
    dollars = charges.dollars("p50")[numbers]
    ranks = {role: math.ceil(share * numbers.size) - 1 for role, share in _MARKET.items()}
    ordered = np.partition(dollars, sorted(set(ranks.values())))
    found: dict[str, int] = {}
    for role, rank in ranks.items():
        equal = numbers[dollars == ordered[rank]]
        found[role] = int(equal[pick.sheet.rows[pick.at[equal]].argmin()])
    return found
