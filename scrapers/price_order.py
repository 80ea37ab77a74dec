"""Prices that stand in the wrong order: rule R11 of the gate.

Spot costs no more than on-demand, reserved no more than on-demand, and one GPU of many no more
than half as much again as a single one. Real price lists break this now and then, so it is only
a flag; a price that breaks it anew is held.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from service.domain.offer import Offer, PurchaseModel

_SPOT_OVER = Decimal("1.05")
_RESERVED_OVER = Decimal("1.02")
_MANY_OVER = Decimal("1.5")
_RESERVED = frozenset(
    {PurchaseModel.RESERVED_1Y, PurchaseModel.RESERVED_3Y, PurchaseModel.RESERVED_OTHER}
)

_Place = tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two offers in the wrong order."""

    dearer: str
    cheaper: str


def pairs_out_of_order(offers: Iterable[Offer], *, marketplace: bool) -> Mapping[Pair, str]:
    """Return the pairs in the wrong order, with what is wrong in words.

    An offer is compared with the dearest that it could be compared with, on a marketplace only
    with its own machine: each host asks what it likes.
    """
    listed = [offer for offer in offers if offer.is_listed]
    found = dict(_against_on_demand(listed, marketplace=marketplace))
    if not marketplace:
        found |= _against_single(listed)
    return found


def _against_on_demand(offers: list[Offer], *, marketplace: bool) -> Iterator[tuple[Pair, str]]:
    def place(offer: Offer) -> _Place:
        return (*_machine(offer), offer.sku if marketplace else "")

    on_demand = _dearest(
        (place(o), o) for o in offers if o.purchase_model is PurchaseModel.ON_DEMAND
    )
    for offer in offers:
        limit = _limit_over_on_demand(offer.purchase_model)
        other = on_demand.get(place(offer))
        if limit and other and offer.price_per_gpu_hour > limit * other.price_per_gpu_hour:
            yield Pair(offer.offer_id, other.offer_id), _said(offer, over=other)


def _against_single(offers: list[Offer]) -> Iterator[tuple[Pair, str]]:
    single = _dearest((_place(o), o) for o in offers if o.gpu_count == 1)
    for offer in offers:
        other = single.get(_place(offer))
        if (
            other
            and offer.gpu_count > 1
            and offer.price_per_gpu_hour > _MANY_OVER * other.price_per_gpu_hour
        ):
            yield Pair(offer.offer_id, other.offer_id), _said(offer, over=other)


def _dearest(placed: Iterable[tuple[_Place, Offer]]) -> Mapping[_Place, Offer]:
    groups: defaultdict[_Place, list[Offer]] = defaultdict(list)
    for place, offer in placed:
        groups[place].append(offer)
    return {
        place: max(group, key=lambda offer: (offer.price_per_gpu_hour, offer.offer_id))
        for place, group in groups.items()
    }


def _machine(offer: Offer) -> _Place:
    """Name the same machine, however it is bought. A cluster is none: it has a fabric besides."""
    return (
        offer.gpu_model,
        offer.region_code,
        offer.gpu_count,
        offer.min_gpu_count,
        offer.instance_type,
        offer.delivery_model,
    )


def _place(offer: Offer) -> _Place:
    """Name the same GPU at the same place, bought in the same way, whatever their number."""
    return (
        offer.gpu_model,
        offer.region_code,
        offer.purchase_model,
        offer.commitment_term,
        offer.delivery_model,
        offer.trust,
    )


def _limit_over_on_demand(purchase_model: PurchaseModel) -> Decimal | None:
    if purchase_model is PurchaseModel.SPOT:
        return _SPOT_OVER
    return _RESERVED_OVER if purchase_model in _RESERVED else None


def _said(offer: Offer, *, over: Offer) -> str:
    kind = offer.purchase_model.value.lower()
    other = over.purchase_model.value.lower()
    return (
        f"{offer.gpu_count.normalize():f} x {kind} at {offer.price_per_gpu_hour:f} USD per GPU-hour"
        f", which is more than {over.gpu_count.normalize():f} x {other}"
        f" at {over.price_per_gpu_hour:f}"
    )
