"""What becomes of offers that a complete page no longer shows: rule R7 of the gate.

Offers come and go one by one; when many of a kind go at once, half of the page was probably
missing. Then they stay, UNCONFIRMED, until three runs in a row miss them.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from service.domain.offer import Offer, PurchaseModel, Standing

KEPT_FOR = timedelta(days=30)
GONE_AFTER_RUNS = 3
_GONE_SHARE = Decimal("0.30")
_GONE_AT_LEAST = 2

_Kind = tuple[str, PurchaseModel]


def doubted(last: Offer) -> Offer:
    """Return a known offer as one that this run did not confirm; provisional stays provisional."""
    standing = Standing.UNCONFIRMED if last.standing is Standing.ACCEPTED else last.standing
    return replace(last, standing=standing, pending=None)


def offers_not_seen(
    previous: Iterable[Offer],
    *,
    seen: Iterable[Offer],
    complete_parts: frozenset[str],
    now: datetime,
) -> Iterator[Offer]:
    """Yield what becomes of the listed offers that a run did not show.

    Offers of parts that are not complete stay as they are, but for 30 days only: their part may be
    gone for good. A baseline row goes as soon as a complete page lacks it: it was never seen live.
    """
    shown = {offer.offer_id: offer for offer in seen}
    shown_kinds = {_kind_of(offer) for offer in shown.values()}
    expected: defaultdict[_Kind, list[Offer]] = defaultdict(list)
    for offer in previous:
        if not offer.is_listed:
            continue
        if offer.offer_id in shown or offer.part in complete_parts:
            expected[_kind_of(offer)].append(offer)
        elif offer.standing is not Standing.BASELINE and now - offer.observe_time > KEPT_FOR:
            yield replace(offer, pending=None, delist_time=now)
        else:
            yield offer
    for kind, offers in expected.items():
        live = [offer for offer in offers if offer.standing is not Standing.BASELINE]
        gone = [offer for offer in live if offer.offer_id not in shown]
        is_doubtful = kind not in shown_kinds or _are_many(len(gone), of=len(live))
        yield from (_missed(offer, is_doubtful=is_doubtful, now=now) for offer in gone)


def delisted_offers(
    previous: Iterable[Offer], *, relisted: Iterable[Offer], now: datetime
) -> Iterator[Offer]:
    """Yield the delisted offers that did not come back, for 30 days."""
    back = {offer.offer_id for offer in relisted}
    for offer in previous:
        if offer.delist_time is None or offer.offer_id in back:
            continue
        if now - offer.delist_time <= KEPT_FOR:
            yield offer


def _missed(last: Offer, *, is_doubtful: bool, now: datetime) -> Offer:
    missed = last.missed_run_count + 1
    if is_doubtful and missed < GONE_AFTER_RUNS:
        return replace(doubted(last), missed_run_count=missed)
    return replace(last, missed_run_count=missed, pending=None, delist_time=now)


def _are_many(gone: int, *, of: int) -> bool:
    return gone >= _GONE_AT_LEAST and gone > _GONE_SHARE * of


def _kind_of(offer: Offer) -> _Kind:
    return offer.gpu_model, offer.purchase_model
