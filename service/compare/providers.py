"""The providers of one GPU model side by side: prices, stock, terms and what else they state."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from statistics import median

import numpy as np
from numpy.typing import NDArray

from service.catalog.caveats import caveats_of
from service.catalog.columns import EPOCH, MICROSECOND, NOT_STATED
from service.catalog.masks import Rates
from service.catalog.snapshot import Snapshot
from service.compare.answers import (
    ComparedProvider,
    MarketSummary,
    ProvidersAnswer,
    PurchasePrices,
)
from service.compare.availability import Read, shares_by_provider
from service.compare.hourly import dollars, nanos_per_gpu_hour
from service.compare.questions import ProvidersQuestion
from service.domain.constraints import USUAL_PURCHASE_MODELS
from service.domain.money import rounded
from service.domain.offer import DeliveryModel, Fabric, Freshness, PurchaseModel
from service.domain.offer_fields import FIELDS
from service.facts.provider_support import load_provider_support
from service.facts.transfer_prices import load_egress_prices, load_storage_prices
from service.market.answers import Rejection, Terms
from service.market.market_caveats import no_offers
from service.market.rejections import Exclusion, in_order
from service.market.selection import Selection, select
from service.market.sheet import Pick, is_any_of
from service.market.tariffs import own_dollars

_DIGITS = 6
_WAYS = FIELDS["purchase_model"].members


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderComparison:
    """Compares providers. `history` reads what the store keeps of a GPU model's stock."""

    rates: Callable[[], Rates]
    history: Read

    def answer(
        self, question: ProvidersQuestion, *, snapshot: Snapshot, now: datetime
    ) -> ProvidersAnswer:
        """Answer from one snapshot; shares of stock and ages are those of the moment.

        Committed prices count by the hour of their term, each way of buying apart. A bundled price
        counts only where no live one is bought the same way. Raises Precondition PRICES_TOO_OLD
        when `max_age` leaves none.
        """
        ways = question.constraints.purchase_models
        terms = Terms(constraints=question.constraints, adjustments=question.adjustments)
        rates = self.rates()
        selection = select(snapshot, terms, gpu_model=question.gpu_model, rates=rates, now=now)
        pick, rejected = _live(selection, snapshot)
        every = frozenset(PurchaseModel)
        counted = USUAL_PURCHASE_MODELS if not ways or ways == every else ways
        shares = shares_by_provider(self.history, question.gpu_model, counted, now=now)
        words = pick.sheet.words("provider")
        nanos = nanos_per_gpu_hour(pick, terms.adjustments, today=now.date())
        codes = pick.column("provider")
        found = [
            _provider(
                words[code],
                pick.where(codes == code),
                nanos[codes == code],
                share=shares.get(words[code]),
                snapshot=snapshot,
                rates=rates,
                now=now,
            )
            for code in np.unique(codes).tolist()
        ]
        found.sort(key=_by_price)
        return ProvidersAnswer(
            providers=tuple(found),
            market=_market(found),
            rejected=rejected,
            caveats=(
                *(() if found else (no_offers(rejected),)),
                *caveats_of(snapshot, snapshot.rows.chosen(pick.sheet.rows[pick.at].tolist())),
            ),
        )


def _live(selection: Selection, snapshot: Snapshot) -> tuple[Pick, tuple[Rejection, ...]]:
    """Return all offers, with a commitment or without, but bundled ones that live ones replace."""
    sheet = selection.pick.sheet
    pick = Pick.of(sheet, np.sort(np.concatenate((selection.pick.at, selection.committed.at))))
    is_bundled = is_any_of(pick.column("freshness"), "freshness", {Freshness.BASELINE})
    ways = pick.column("purchase_model")
    is_live = np.zeros(len(_WAYS), np.bool_)
    is_live[ways[~is_bundled]] = True
    falling = is_bundled & is_live[ways]
    count = int(np.count_nonzero(falling))
    if not count:
        return pick, selection.rejected
    first = int(sheet.rows[pick.at[falling]].min())
    replaced = Rejection(
        reason=Exclusion.BASELINE.value, count=count, example=f"offers/{snapshot.names[first]}"
    )
    return pick.where(~falling), in_order((*selection.rejected, replaced))


def _provider(
    provider: str,
    pick: Pick,
    nanos: NDArray[np.float64],
    *,
    share: Decimal | None,
    snapshot: Snapshot,
    rates: Rates,
    now: datetime,
) -> ComparedProvider:
    prices = _prices(pick, nanos)
    on_demand = prices.get(PurchaseModel.ON_DEMAND)
    youngest = EPOCH + int(pick.column("observe_time").max()) * MICROSECOND
    rows = pick.sheet.column("delivery_model")[pick.at]
    regions = pick.sheet.words("region_code")
    # The term of a cluster says nothing of what is sold by the hour beside it.
    ways = pick.column("purchase_model")
    is_usual = is_any_of(ways, "purchase_model", {PurchaseModel.ON_DEMAND})
    usual = pick.where(is_usual) if is_usual.any() else pick
    return ComparedProvider(
        provider=provider,
        prices=prices,
        spread=None if on_demand is None else float(on_demand.highest / on_demand.lowest),
        availability_share=None if share is None else float(share),
        billing_increment=_shortest(usual, "billing_increment"),
        min_term=_shortest(usual, "min_term"),
        delivery_models=tuple(
            model
            for model in DeliveryModel
            if model is not DeliveryModel.NOT_STATED
            and is_any_of(rows, "delivery_model", {model}).any()
        ),
        fabrics=_fabrics(pick, snapshot),
        egress_dollars_per_gb=_egress(provider, pick, rates),
        storage_dollars_per_gb_month=_storage(provider, pick, rates),
        region_codes=tuple(
            sorted({regions[code] for code in pick.column("region_code").tolist()} - {""})
        ),
        support=load_provider_support().get(provider, ()),
        data_age=timedelta(seconds=max(0, int((now - youngest).total_seconds()))),
    )


def _prices(pick: Pick, nanos: NDArray[np.float64]) -> Mapping[PurchaseModel, PurchasePrices]:
    ways = pick.column("purchase_model")
    found: dict[PurchaseModel, PurchasePrices] = {}
    for way in PurchaseModel:
        some = [dollars(one) for one in nanos[ways == _WAYS.index(way)].tolist()]
        if some:
            found[way] = PurchasePrices(
                lowest=min(some),
                median=rounded(median(some), digits=_DIGITS),
                highest=max(some),
                offer_count=len(some),
            )
    return found


def _shortest(pick: Pick, field: str) -> timedelta | None:
    micros = pick.rule(field)
    stated = micros[micros != NOT_STATED]
    return timedelta(microseconds=int(stated.min())) if stated.size else None


def _fabrics(pick: Pick, snapshot: Snapshot) -> tuple[Fabric, ...]:
    values = snapshot.column("fabric").values[pick.sheet.rows[pick.at]]
    return tuple(
        fabric
        for fabric in Fabric
        if fabric is not Fabric.NOT_STATED and is_any_of(values, "fabric", {fabric}).any()
    )


def _egress(provider: str, pick: Pick, rates: Rates) -> Decimal | None:
    """Return the lowest price that the offers state, else that of the table's first tier."""
    own = _lowest_stated(pick, "egress_price_per_gb", rates)
    listed = load_egress_prices().get(provider)
    if own is not None or listed is None:
        return own
    return listed.tiers[0].dollars_per_gb


def _storage(provider: str, pick: Pick, rates: Rates) -> Decimal | None:
    own = _lowest_stated(pick, "storage_price_per_gb_month", rates)
    listed = load_storage_prices().get(provider)
    if own is not None or listed is None:
        return own
    return listed.dollars_per_gb_month


def _lowest_stated(pick: Pick, field: str, rates: Rates) -> Decimal | None:
    if not pick.sheet.states(field):
        return None
    stated = own_dollars(pick, field, rates)
    known = stated[~np.isnan(stated)]
    return dollars(float(known.min()) * 1e9) if known.size else None


def _by_price(one: ComparedProvider) -> tuple[bool, Decimal, str]:
    on_demand = one.prices.get(PurchaseModel.ON_DEMAND)
    if on_demand is not None:
        return False, on_demand.lowest, one.provider
    return True, min(prices.lowest for prices in one.prices.values()), one.provider


def _market(providers: list[ComparedProvider]) -> MarketSummary | None:
    lowest = [
        one.prices[PurchaseModel.ON_DEMAND].lowest
        for one in providers
        if PurchaseModel.ON_DEMAND in one.prices
    ]
    if not lowest:
        return None
    return MarketSummary(
        median=rounded(median(lowest), digits=_DIGITS),
        spread=float(max(lowest) / min(lowest)),
        provider_count=len(lowest),
    )
