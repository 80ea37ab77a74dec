"""The offers of one provider, ready to be served: rows, columns, and when they grow older."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

from service.catalog.columns import Column, passing_columns_of
from service.catalog.lasting import (
    Encode,
    Encoded,
    Lasting,
    Sighting,
    lasting_of,
    sighting_of,
)
from service.domain.offer import Freshness, Offer, Standing, freshness_at, next_freshness_change
from service.domain.provider import ProviderSnapshot

NEVER = datetime.max.replace(tzinfo=UTC)
EARLIEST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One provider's part of the catalogue; `names` are the sorted ids of its offers.

    `content_revision` moves when a price, an availability, the set of offers or a freshness
    does. `changed_time` is when the prices last changed; `next_change` when a freshness will
    change next. `youngest_time` is when the youngest listed price was seen, None without one.
    `source` is the snapshot that the segment was made of, without its offers.
    """

    provider: str
    snapshot_id: str
    content_revision: str
    is_baseline: bool
    lasting: Lasting
    sightings: tuple[Sighting, ...]
    freshness: tuple[Freshness, ...]
    passing: tuple[Encoded, ...]
    columns: Mapping[str, Column]
    listed_count: int
    usable_count: int
    youngest_time: datetime | None
    stale_after: datetime
    changed_time: datetime
    next_change: datetime
    source: ProviderSnapshot

    @property
    def names(self) -> tuple[str, ...]:
        """The ids, sorted."""
        return self.lasting.names

    @property
    def rows(self) -> "tuple[Row, ...]":
        """Every offer."""
        return tuple(Row(self, at) for at in range(len(self.names)))


class Row:
    """One offer with how far it can be relied upon; made when asked for, of what is packed."""

    __slots__ = ("_at", "_segment")

    def __init__(self, segment: Segment, at: int) -> None:
        self._segment = segment
        self._at = at

    @property
    def provider(self) -> str:
        """The id of its provider."""
        return self._segment.provider

    @property
    def freshness(self) -> Freshness:
        """How far it can be relied upon."""
        return self._segment.freshness[self._at]

    @property
    def offer(self) -> Offer:
        """The offer; unpacking it takes some 15 us, so not for whole lists."""
        return self._segment.lasting.offer(self._at, self._segment.sightings[self._at])

    @property
    def proto(self) -> bytes:
        """The offer serialised."""
        segment, at = self._segment, self._at
        return segment.lasting.protos[at] + segment.passing[at].proto

    @property
    def json(self) -> bytes:
        """The offer as JSON; empty in processes that do not serve REST."""
        segment, at = self._segment, self._at
        return segment.lasting.jsons[at] + segment.passing[at].json


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
    offers = [by_id[offer_id] for offer_id in sorted(by_id)]
    shared: dict[Sighting, Sighting] = {}
    return _segment(
        replace(snapshot, offers=()),
        lasting_of(offers, encode, None if previous is None else previous.lasting),
        tuple(shared.setdefault(one, one) for one in map(sighting_of, offers)),
        encode=encode,
        changed_time=_changed_time(snapshot, previous),
        is_baseline=is_baseline,
        now=now,
    )


def aged(segment: Segment, *, encode: Encode, now: datetime) -> Segment:
    """Return the segment as it is at `now`."""
    return _segment(
        segment.source,
        segment.lasting,
        segment.sightings,
        encode=encode,
        changed_time=segment.changed_time,
        is_baseline=segment.is_baseline,
        now=now,
    )


def _segment(
    source: ProviderSnapshot,
    lasting: Lasting,
    sightings: tuple[Sighting, ...],
    *,
    encode: Encode,
    changed_time: datetime,
    is_baseline: bool,
    now: datetime,
) -> Segment:
    ages = _Ages(source.interval, now=now, is_baseline=is_baseline)
    freshness = tuple(map(ages.freshness, sightings))
    passing = cache(encode.passing)
    is_listed = (lasting.columns["delisted"].values == 0).tolist()
    listed = [at for at, is_one in enumerate(is_listed) if is_one]
    values: dict[str, list[Any]] = {
        "availability": [sighting.availability.state for sighting in sightings],
        "observe_time": [sighting.observe_time for sighting in sightings],
        "freshness": list(freshness),
    }
    youngest = max((sightings[at].observe_time for at in listed), default=None)
    stale_after = NEVER if youngest is None else youngest + 2 * source.interval
    return Segment(
        provider=source.provider,
        snapshot_id=source.snapshot_id,
        content_revision=_content_revision(source, freshness),
        is_baseline=is_baseline,
        lasting=lasting,
        sightings=sightings,
        freshness=freshness,
        passing=tuple(map(passing, sightings, freshness)),
        columns={**lasting.columns, **passing_columns_of(values)},
        listed_count=len(listed),
        usable_count=sum(freshness[at] is not Freshness.EXPIRED for at in listed),
        youngest_time=youngest,
        stale_after=stale_after,
        changed_time=changed_time,
        next_change=min(ages.next_change, stale_after if stale_after >= now else NEVER),
        source=source,
    )


def _content_revision(source: ProviderSnapshot, freshness: Iterable[Freshness]) -> str:
    digest = hashlib.blake2b(digest_size=8)
    digest.update(source.content_revision.encode())
    digest.update("".join(one[0] for one in freshness).encode())
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
    """Freshness by standing and observe time, asked once for each different sighting."""

    def __init__(self, interval: timedelta, *, now: datetime, is_baseline: bool) -> None:
        self._interval = interval
        self._now = now
        self._is_baseline = is_baseline
        self._known: dict[tuple[Standing, datetime], Freshness] = {}
        self.next_change = NEVER

    def freshness(self, sighting: Sighting) -> Freshness:
        if self._is_baseline:
            return Freshness.BASELINE
        key = (sighting.standing, sighting.observe_time)
        found = self._known.get(key)
        if found is None:
            found = freshness_at(sighting, interval=self._interval, now=self._now)
            change = next_freshness_change(sighting, interval=self._interval, now=self._now)
            self.next_change = min(self.next_change, change)
            self._known[key] = found
        return found
