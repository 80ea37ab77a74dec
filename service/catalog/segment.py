"""The offers of one provider, ready to be served: rows, columns, and when they grow older."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from service.catalog.columns import Column, columns_of, freshness_column
from service.catalog.sharing import shared
from service.domain.offer import Freshness, Offer, Standing, freshness_at, next_freshness_change
from service.domain.provider import ProviderSnapshot

NEVER = datetime.max.replace(tzinfo=UTC)
EARLIEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """An offer as it goes out. `json` is empty in processes that do not serve REST."""

    proto: bytes
    json: bytes = b""


Encode = Callable[[Offer, Freshness], Encoded]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One offer with how far it can be relied upon, and both as they go out."""

    offer: Offer
    freshness: Freshness
    encoded: Encoded


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One provider's part of the catalogue; `rows` are in the order of their ids, `names`.

    `content_revision` moves when a price, an availability, the set of offers or a freshness
    does. `changed_time` is when the prices last changed; `next_change` when a freshness will
    change next. `youngest_time` is when the youngest listed price was seen, None without one.
    `source` is the snapshot that the segment was made of.
    """

    provider: str
    snapshot_id: str
    content_revision: str
    is_baseline: bool
    rows: tuple[Row, ...]
    names: tuple[str, ...]
    columns: Mapping[str, Column]
    listed_count: int
    usable_count: int
    youngest_time: datetime | None
    stale_after: datetime
    changed_time: datetime
    next_change: datetime
    source: ProviderSnapshot


def segment_of(
    snapshot: ProviderSnapshot,
    *,
    encode: Encode,
    now: datetime,
    is_baseline: bool = False,
    previous: Segment | None = None,
) -> Segment:
    """Make the segment of a snapshot; `previous` is what the provider had before.

    Rows of a baseline have freshness BASELINE whatever their standing says.
    """
    by_id = {offer.offer_id: offer for offer in snapshot.offers}
    offers = shared([by_id[offer_id] for offer_id in sorted(by_id)])
    ages = _Ages(snapshot, now=now, is_baseline=is_baseline)
    freshness = [ages.freshness(offer) for offer in offers]
    return _segment(
        replace(snapshot, offers=tuple(offers)),
        tuple(_row(offer, fresh, encode) for offer, fresh in zip(offers, freshness, strict=True)),
        columns=columns_of(offers, freshness),
        changed_time=_changed_time(snapshot, previous),
        next_change=ages.next_change,
        is_baseline=is_baseline,
        now=now,
    )


def aged(segment: Segment, *, encode: Encode, now: datetime) -> Segment:
    """Return the segment as it is at `now`; rows whose freshness stays are used again."""
    ages = _Ages(segment.source, now=now, is_baseline=segment.is_baseline)
    freshness = [ages.freshness(row.offer) for row in segment.rows]
    return _segment(
        segment.source,
        tuple(
            row if row.freshness is fresh else _row(row.offer, fresh, encode)
            for row, fresh in zip(segment.rows, freshness, strict=True)
        ),
        columns={**segment.columns, "freshness": freshness_column(freshness)},
        changed_time=segment.changed_time,
        next_change=ages.next_change,
        is_baseline=segment.is_baseline,
        now=now,
    )


def _segment(
    source: ProviderSnapshot,
    rows: tuple[Row, ...],
    *,
    columns: Mapping[str, Column],
    changed_time: datetime,
    next_change: datetime,
    is_baseline: bool,
    now: datetime,
) -> Segment:
    listed = [row for row in rows if row.offer.is_listed]
    youngest = max((row.offer.observe_time for row in listed), default=None)
    stale_after = NEVER if youngest is None else youngest + 2 * source.interval
    return Segment(
        provider=source.provider,
        snapshot_id=source.snapshot_id,
        content_revision=_content_revision(source, rows),
        is_baseline=is_baseline,
        rows=rows,
        names=tuple(offer.offer_id for offer in source.offers),
        columns=columns,
        listed_count=len(listed),
        usable_count=sum(row.freshness is not Freshness.EXPIRED for row in listed),
        youngest_time=youngest,
        stale_after=stale_after,
        changed_time=changed_time,
        next_change=min(next_change, stale_after if stale_after >= now else NEVER),
        source=source,
    )


def _row(offer: Offer, freshness: Freshness, encode: Encode) -> Row:
    return Row(offer=offer, freshness=freshness, encoded=encode(offer, freshness))


def _content_revision(source: ProviderSnapshot, rows: Iterable[Row]) -> str:
    digest = hashlib.blake2b(digest_size=8)
    digest.update(source.content_revision.encode())
    digest.update("".join(row.freshness[0] for row in rows).encode())
    return digest.hexdigest()


def _changed_time(snapshot: ProviderSnapshot, previous: Segment | None) -> datetime:
    if previous is not None and not previous.is_baseline:
        if previous.source.content_revision == snapshot.content_revision:
            return previous.changed_time
        return snapshot.publish_time
    # Without a predecessor the offers themselves say when something last changed.
    times = (
        max(offer.price_change_time, offer.first_seen_time, offer.delist_time or EARLIEST)
        for offer in snapshot.offers
    )
    return max(times, default=snapshot.publish_time)


class _Ages:
    """Freshness by standing and observe time, asked once for each different pair."""

    def __init__(self, snapshot: ProviderSnapshot, *, now: datetime, is_baseline: bool) -> None:
        self._interval = snapshot.interval
        self._now = now
        self._is_baseline = is_baseline
        self._known: dict[tuple[Standing, datetime], Freshness] = {}
        self.next_change = NEVER

    def freshness(self, offer: Offer) -> Freshness:
        if self._is_baseline:
            return Freshness.BASELINE
        key = (offer.standing, offer.observe_time)
        found = self._known.get(key)
        if found is None:
            found = freshness_at(offer, interval=self._interval, now=self._now)
            change = next_freshness_change(offer, interval=self._interval, now=self._now)
            self.next_change = min(self.next_change, change)
            self._known[key] = found
        return found
