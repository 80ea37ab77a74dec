"""What renting one GPU model costs on the market: each provider's cheapest offer, and the stock.

A market's price is the median over providers, each with its cheapest offer: a provider with forty
regions counts once. Its range goes from the 10th to the 90th percentile of the providers.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from statistics import median

import numpy as np

from service.catalog.caveats import caveats_of
from service.catalog.masks import Rates
from service.catalog.segment import Row
from service.catalog.snapshot import Snapshot
from service.domain.caveat import Caveat, CaveatCode
from service.domain.constraints import Adjustment, OfferConstraints
from service.domain.errors import Precondition, Reason
from service.domain.offer import AvailabilityState, Freshness, PurchaseModel, TaxTreatment
from service.market.agreements import agreements_of
from service.market.answers import Rejection, Terms
from service.market.eligibility import superseded
from service.market.placements import lacks_fabric
from service.market.selection import Selection, select
from service.market.sheet import NANOS, Pick, is_any_of

_LOW_PERCENTILE, _MIDDLE, _HIGH_PERCENTILE = 10, 50, 90

WAYS = (
    PurchaseModel.ON_DEMAND,
    PurchaseModel.RESERVED_1Y,
    PurchaseModel.RESERVED_3Y,
    PurchaseModel.SPOT,
)
"""The ways of buying whose terms are those of the engine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderPrice:
    """A provider's cheapest offer: US dollars for a GPU-hour, as listed and by our agreements.

    `gpu_count` are the GPUs that it is sold by.
    """

    row: Row
    listed: float
    paid: float
    gpu_count: int

    @property
    def provider(self) -> str:
        """Its provider's id."""
        return self.row.provider


@dataclass(frozen=True, slots=True, kw_only=True)
class Stock:
    """GPUs that are stated to be free on demand, by provider; `seen` is the oldest statement."""

    free_gpus: Mapping[str, int]
    seen: datetime

    @property
    def gpus(self) -> int:
        """All of them."""
        return sum(self.free_gpus.values())

    def at(self, provider: str) -> "Stock | None":
        """Return what one provider states, None where it states nothing."""
        if provider not in self.free_gpus:
            return None
        return Stock(free_gpus={provider: self.free_gpus[provider]}, seen=self.seen)


@dataclass(frozen=True, slots=True, kw_only=True)
class RentalMarket:
    """The cheapest offer of every provider by way of buying, the cheapest first.

    `stock` is None where nobody states any. `rejected` counts the offers that may not be used.
    """

    snapshot: Snapshot
    prices: Mapping[PurchaseModel, tuple[ProviderPrice, ...]]
    stock: Stock | None
    rejected: tuple[Rejection, ...]

    def of(self, way: PurchaseModel) -> tuple[ProviderPrice, ...]:
        """Return the providers' prices of one way of buying."""
        return self.prices[way]

    @property
    def middle_list_price(self) -> float:
        """The median of what providers ask on demand, before agreements of our own."""
        return median(one.listed for one in self.of(PurchaseModel.ON_DEMAND))

    def caveats_of(self, prices: Sequence[ProviderPrice]) -> tuple[Caveat, ...]:
        """Return what to know of some of its prices."""
        return tuple(_caveats(self.snapshot, prices))

    def caveats_beside_rent(self, prices: Sequence[ProviderPrice]) -> tuple[Caveat, ...]:
        """Return the caveats of providers that rent nothing out on demand: the rent has others."""
        known = {one.provider for one in self.of(PurchaseModel.ON_DEMAND)}
        return self.caveats_of([one for one in prices if one.provider not in known])


def rental_market(
    snapshot: Snapshot,
    gpu_model: str,
    *,
    constraints: OfferConstraints,
    adjustments: Sequence[Adjustment],
    peak_gpus: float,
    rates: Rates,
    now: datetime,
    start: date,
) -> RentalMarket:
    """Return what a GPU model costs at the offers that may be used.

    Clusters of `peak_gpus` need the fabric of the constraints, if they have one. Agreements hold
    that are in force on `start`. Raises Precondition NO_MATCHING_OFFERS where nothing is sold on
    demand, PRICES_TOO_OLD where nothing is as young as asked.
    """
    wanted = replace(constraints, purchase_models=frozenset(WAYS))
    terms = Terms(constraints=wanted, adjustments=tuple(adjustments))
    selection = select(snapshot, terms, gpu_model=gpu_model, rates=rates, now=now)
    picks = {way: _pick(selection, way, constraints, peak_gpus) for way in WAYS}
    on_demand = picks[PurchaseModel.ON_DEMAND]
    if not on_demand.at.size:
        raise _nobody_sells(gpu_model, selection.rejected)
    day = max(start, now.date())
    prices = {way: _cheapest(picks[way], snapshot, adjustments, day=day) for way in WAYS}
    return RentalMarket(
        snapshot=snapshot,
        prices=prices,
        stock=_stock(on_demand, snapshot),
        rejected=selection.rejected,
    )


def _pick(
    selection: Selection, way: PurchaseModel, constraints: OfferConstraints, peak_gpus: float
) -> Pick:
    """Return the rows of one way of buying: live ones, or bundled ones where there are none."""
    both = (selection.pick, selection.committed)
    pick = next((pick for pick in both if _is_way(pick, way).any()), selection.pick)
    pick = pick.where(_is_way(pick, way))
    nodes = np.ceil(peak_gpus / np.maximum(pick.sheet.gpus_per_node[pick.lots], 1))
    if least := constraints.min_fabric_gbps_per_gpu:
        pick = pick.where(~lacks_fabric(pick, nodes.astype(np.int64), least_gbps=least))
    return pick.where(~superseded(pick))


def _is_way(pick: Pick, way: PurchaseModel) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    return is_any_of(pick.column("purchase_model"), "purchase_model", frozenset({way}))


def _cheapest(
    pick: Pick, snapshot: Snapshot, adjustments: Sequence[Adjustment], *, day: date
) -> tuple[ProviderPrice, ...]:
    """Return each provider's cheapest offer by what we pay; of equal ones the first by name."""
    if not pick.at.size:
        return ()
    lots = pick.lots
    node_gpus = pick.sheet.gpus_per_node[lots]
    listed = pick.sheet.node_nanos[pick.at] / (pick.spread(node_gpus) * NANOS)
    factors = agreements_of(pick, adjustments, today=day).price_factors
    paid = listed * pick.spread(factors)
    sold_by = pick.spread(node_gpus * pick.sheet.least_nodes[lots])
    rows = pick.sheet.rows[pick.at]
    found: dict[int, int] = {}
    provider = pick.column("provider")
    for at in np.lexsort((rows, paid)).tolist():
        found.setdefault(int(provider[at]), at)
    return tuple(
        ProviderPrice(
            row=snapshot.rows[int(rows[at])],
            listed=float(listed[at]),
            paid=float(paid[at]),
            gpu_count=int(sold_by[at]),
        )
        for at in found.values()
    )


def _stock(pick: Pick, snapshot: Snapshot) -> Stock | None:
    """Add up what is stated to be free: offers of one provider and region share their GPUs.

    Bundled offers tell nothing of today's stock.
    """
    pick = pick.where(~is_any_of(pick.column("freshness"), "freshness", {Freshness.BASELINE}))
    rows = pick.sheet.rows[pick.at]
    free = snapshot.column("available_gpu_count").values[rows]
    stated = np.flatnonzero(free >= 0)
    if not stated.size:
        return None
    words = pick.sheet.words("provider")
    provider, region = pick.column("provider"), pick.column("region_code")
    most: dict[tuple[int, int], int] = {}
    for at in stated.tolist():
        place = int(provider[at]), int(region[at])
        most[place] = max(most.get(place, 0), int(free[at]) // NANOS)
    found: defaultdict[str, int] = defaultdict(int)
    for (code, _), gpus in most.items():
        found[words[code]] += gpus
    seen = min(snapshot.rows[int(rows[at])].observe_time for at in stated.tolist())
    return Stock(free_gpus=dict(sorted(found.items())), seen=seen)


def _nobody_sells(gpu_model: str, rejected: Sequence[Rejection]) -> Precondition:
    counts = ", ".join(f"{one.reason} {one.count}" for one in rejected)
    return Precondition(
        Reason.NO_MATCHING_OFFERS,
        f"no offer of gpuModels/{gpu_model} on demand may be used; rejected:"
        f" {counts or 'none is listed'}; give rent.price_per_gpu_hour to go on without offers",
        metadata={"gpuModel": gpu_model, "field": "rent.price_per_gpu_hour"}
        | ({"rejected": counts} if counts else {}),
    )


def _caveats(snapshot: Snapshot, prices: Sequence[ProviderPrice]) -> list[Caveat]:
    found = list(caveats_of(snapshot, [one.row for one in prices]))
    silent = names_of(
        one for one in prices if one.row.offer.availability.state is AvailabilityState.NOT_STATED
    )
    if silent:
        found.append(
            Caveat(
                code=CaveatCode.STOCK_NOT_STATED,
                message=f"{silent}: whether it can be had now is not stated.",
            )
        )
    taxed = names_of(one for one in prices if one.row.offer.tax is TaxTreatment.INCLUDED)
    if taxed:
        text = (
            f"Prices of {taxed} contain sales tax; servers of our own are priced without it unless"
            " own.sales_tax_rate is given."
        )
        found.append(Caveat(code=CaveatCode.TAX_INCLUDED, message=text))
    return found


def names_of(prices: Iterable[ProviderPrice]) -> str:
    """Return the names of providers, each once."""
    return ", ".join(sorted({one.provider for one in prices}))


def spread_of(prices: Sequence[ProviderPrice]) -> tuple[float, float, float]:
    """Return the 10th percentile, the median and the 90th percentile of what we pay."""
    paid = [one.paid for one in prices]
    low, base, high = np.percentile(paid, (_LOW_PERCENTILE, _MIDDLE, _HIGH_PERCENTILE)).tolist()
    return low, base, high
