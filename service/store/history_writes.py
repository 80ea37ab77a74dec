"""What a publication adds to the history: worked out here, written with the snapshot in one step.

Only the publisher of a provider's snapshot writes the history of its offers, and a publication on
another base is refused whole. So what was read before the publication still stands when it
happens.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import msgspec

from service.domain.change import Change, ChangeKind
from service.domain.history import Point, Series, Span
from service.domain.money import nanos_from_decimal
from service.domain.offer import AvailabilityState, Offer, PurchaseModel, Standing
from service.domain.provider import ProviderSnapshot
from service.store import points

HISTORY_KEPT_FOR = timedelta(days=400)

_LOOKS_LAST = 2  # intervals: so long a price stays FRESH
_SLACK = 16  # a history is written anew to drop a sixteenth of it, not for every point
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SINCE_EVER = Span(_EPOCH, _EPOCH)


class _Facts(msgspec.Struct, array_like=True, frozen=True):
    provider: str
    purchase_model: PurchaseModel
    gpu_count: str
    region_code: str
    country_code: str


_encoder = msgspec.json.Encoder()
_facts_decoder = msgspec.json.Decoder(_Facts)
_spans_decoder = msgspec.json.Decoder(list[tuple[int, int]])


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An offer that may get a point; `offer` is as it was last listed."""

    offer: Offer
    point: Point
    is_changed: bool

    @property
    def is_delisting(self) -> bool:
        """Whether the offer is no longer on the page."""
        return self.point.state is AvailabilityState.NOT_OFFERED


@dataclass(frozen=True, slots=True, kw_only=True)
class Addition:
    """A history that grows by a record, or by none where only its expiry is looked after."""

    offer_id: str
    head: bytes
    record: bytes
    is_delisting: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Replacement:
    """A history that is written anew."""

    offer_id: str
    history: bytes
    is_delisting: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """All that is written; `facts` are by GPU model and offer, `provisional` by offer."""

    additions: tuple[Addition, ...]
    replacements: tuple[Replacement, ...]
    facts: tuple[tuple[str, str, bytes], ...]
    provisional: Mapping[str, bool]
    watched: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """What stands in the store: heads that can be added to, and whole histories of the others."""

    watched: bytes
    provisional: Collection[str]
    heads: Mapping[str, points.Head]
    histories: Mapping[str, bytes]


def candidates_of(
    snapshot: ProviderSnapshot, changes: Iterable[Change], *, provisional: Collection[str]
) -> dict[str, Candidate]:
    """Find the offers that may get a point: changed ones, and those whose standing may have.

    `provisional` are the offers whose last point is. Raises BadMoney for a price beyond int64
    nano-dollars.
    """
    found: dict[str, Candidate] = {}
    for offer in snapshot.offers:
        is_new_standing = offer.offer_id in provisional or offer.standing is Standing.PROVISIONAL
        if is_new_standing and offer.is_listed:
            found[offer.offer_id] = _candidate(offer, at=snapshot.publish_time, is_changed=False)
    for change in changes:
        is_delisting = change.kind is ChangeKind.DELISTED
        changed = change.before if is_delisting else change.after
        if changed is None:
            raise ValueError(f"{change.offer_id}: a {change.kind.value} change without its offer")
        state = AvailabilityState.NOT_OFFERED if is_delisting else None
        found[change.offer_id] = _candidate(
            changed, at=change.change_time, is_changed=True, state=state
        )
    return found


def plan_of(
    snapshot: ProviderSnapshot,
    candidates: Mapping[str, Candidate],
    stored: Stored,
    *,
    previous_id: str,
    kept_for: timedelta,
) -> Plan:
    """Work out what is written; `kept_for` is how long points are kept."""
    additions: list[Addition] = []
    replacements: list[Replacement] = []
    provisional: dict[str, bool] = {}
    oldest = snapshot.publish_time - kept_for
    for offer_id, one in candidates.items():
        written = _write(offer_id, one, stored, oldest=oldest, slack=kept_for / _SLACK)
        if isinstance(written, Addition):
            additions.append(written)
        elif written is not None:
            replacements.append(written)
        is_flagged = one.point.is_provisional and not one.is_delisting
        if is_flagged != (offer_id in stored.provisional):
            provisional[offer_id] = is_flagged
    # A store that was begun by an older version has no facts of the offers that did not change.
    is_older = bool(previous_id) and not stored.watched
    told = snapshot.offers if is_older else [one.offer for one in candidates.values()]
    return Plan(
        additions=tuple(additions),
        replacements=tuple(replacements),
        facts=tuple((offer.gpu_model, offer.offer_id, _facts_of(offer)) for offer in told),
        provisional=provisional,
        watched=_watched_with(stored.watched, snapshot, oldest=oldest, since_ever=is_older),
    )


def series_from(facts: bytes, offer_id: str, history: Sequence[Point]) -> Series | None:
    """Read what an offer was; None where that cannot be read."""
    try:
        told = _facts_decoder.decode(facts)
        gpu_count = Decimal(told.gpu_count)
    except (msgspec.MsgspecError, ArithmeticError):
        return None
    return Series(
        offer_id=offer_id,
        provider=told.provider,
        purchase_model=told.purchase_model,
        gpu_count=gpu_count,
        region_code=told.region_code,
        country_code=told.country_code,
        points=tuple(history),
    )


def spans_from(stored: bytes) -> tuple[Span, ...]:
    """Read when a provider was watched; empty where that is not known."""
    try:
        pairs = _spans_decoder.decode(stored)
        return tuple(Span(_time(start), _time(end)) for start, end in pairs)
    except (msgspec.MsgspecError, OverflowError, ValueError):
        return ()


def _candidate(
    offer: Offer, *, at: datetime, is_changed: bool, state: AvailabilityState | None = None
) -> Candidate:
    point = Point(
        at,
        nanos_from_decimal(offer.price_per_hour),
        state or offer.availability.state,
        offer.standing is Standing.PROVISIONAL,
    )
    return Candidate(offer=offer, point=point, is_changed=is_changed)


def _write(
    offer_id: str, one: Candidate, stored: Stored, *, oldest: datetime, slack: timedelta
) -> Addition | Replacement | None:
    gpu_count = one.offer.gpu_count
    head = stored.heads.get(offer_id)
    if head is not None:
        if points.same_standing(head.last, one.point):
            if not one.is_changed:
                return None
            added = points.Addition(head=b"", record=b"")
        else:
            added = points.addition_to(head, one.point, gpu_count=gpu_count)
        if not must_be_read(head, oldest=oldest, slack=slack):
            return Addition(
                offer_id=offer_id,
                head=added.head,
                record=added.record,
                is_delisting=one.is_delisting,
            )
    before = points.unpack(stored.histories.get(offer_id, b""))
    is_news = not before or not points.same_standing(before[-1], one.point)
    whole = points.kept((*before, one.point) if is_news else before, since=oldest)
    return Replacement(
        offer_id=offer_id,
        history=points.pack(whole, gpu_count=gpu_count),
        is_delisting=one.is_delisting,
    )


def must_be_read(head: points.Head | None, *, oldest: datetime, slack: timedelta) -> bool:
    """Whether a history has to be read whole: it cannot be added to, or has points to drop."""
    return head is None or head.first_time < oldest - slack or head.size > points.POINTS_BYTES_KEPT


def _facts_of(offer: Offer) -> bytes:
    return _encoder.encode(
        _Facts(
            offer.provider,
            offer.purchase_model,
            str(offer.gpu_count),
            offer.region_code,
            offer.country_code,
        )
    )


def _watched_with(
    stored: bytes, snapshot: ProviderSnapshot, *, oldest: datetime, since_ever: bool
) -> bytes:
    """Add a look: it holds for two intervals, and joins the span that it falls into."""
    look = Span(snapshot.publish_time, snapshot.publish_time + _LOOKS_LAST * snapshot.interval)
    spans = [span for span in spans_from(stored) if span.end > oldest]
    if since_ever:
        spans.append(_SINCE_EVER._replace(end=look.start))
    if spans and look.start <= spans[-1].end:
        spans[-1] = Span(spans[-1].start, max(spans[-1].end, look.end))
    else:
        spans.append(look)
    return _encoder.encode([(_seconds(start), _seconds(end)) for start, end in spans])


def _seconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(seconds=1)


def _time(second: int) -> datetime:
    return datetime.fromtimestamp(second, UTC)
