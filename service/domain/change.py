"""What a publication changed: the difference of two snapshots of one provider."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from service.domain.offer import Offer


class ChangeKind(StrEnum):
    """What happened to an offer."""

    LISTED = "LISTED"
    PRICE_CHANGED = "PRICE_CHANGED"
    AVAILABILITY_CHANGED = "AVAILABILITY_CHANGED"
    DELISTED = "DELISTED"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of one offer. `before` is None for LISTED, `after` is None for DELISTED."""

    kind: ChangeKind
    offer_id: str
    change_time: datetime
    before: Offer | None
    after: Offer | None


def changes_between(
    before: Iterable[Offer], after: Iterable[Offer], *, now: datetime
) -> tuple[Change, ...]:
    """List what differs between two sets of offers, ordered by offer id.

    Delisted offers count as absent. An offer whose price and availability both moved gives two
    changes, the price first. Times of observation are no change.
    """
    old = {offer.offer_id: offer for offer in before if offer.is_listed}
    new = {offer.offer_id: offer for offer in after if offer.is_listed}
    found: list[Change] = []
    for offer_id in sorted(old.keys() | new.keys()):
        was, is_now = old.get(offer_id), new.get(offer_id)
        found.extend(
            Change(kind=kind, offer_id=offer_id, change_time=now, before=was, after=is_now)
            for kind in _kinds(was, is_now)
        )
    return tuple(found)


def folded(first: Change, last: Change) -> Change:
    """Sum up what happened to one offer: as it was before the first, as it is after the last.

    The kind is that of the difference; where there is none, what happened last. An offer that came
    and went is DELISTED, as it was when it went; one that went and came back as it was has an
    availability that changed.
    """
    if last.after is None:
        return replace(last, before=first.before or last.before)
    kinds = _kinds(first.before, last.after)
    came_back = ChangeKind.AVAILABILITY_CHANGED if last.kind is ChangeKind.LISTED else last.kind
    return replace(last, kind=kinds[0] if kinds else came_back, before=first.before)


def _kinds(was: Offer | None, is_now: Offer | None) -> tuple[ChangeKind, ...]:
    if was is None:
        return (ChangeKind.LISTED,)
    if is_now is None:
        return (ChangeKind.DELISTED,)
    price_moved = was.price_per_hour != is_now.price_per_hour
    stock_moved = was.availability.state != is_now.availability.state
    return (ChangeKind.PRICE_CHANGED,) * price_moved + (
        ChangeKind.AVAILABILITY_CHANGED,
    ) * stock_moved
