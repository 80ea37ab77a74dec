"""The offers of one provider, ready to be served: rows, columns, and when they grow older."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np

from service.catalog.columns import Column, passing_columns_of, time_of
from service.catalog.lasting import (
    Encode,
    Encoded,
    Lasting,
    Sighting,
    lasting_of,
)
from service.catalog.patching import same_or
from service.domain.caveat import rate_is_old_from
from service.domain.offer import (
    ExchangeRate,
    Freshness,
    Offer,
    Standing,
    freshness_at,
    next_freshness_change,
)
from service.domain.provider import ProviderSnapshot
from service.store.offer_blocks import PackedSnapshot, pack_snapshot, unpack_snapshot

NEVER = datetime.max.replace(tzinfo=UTC)
_CHANGE_TIMES = ("price_change_time", "first_seen_time", "delist_time")
_MICROSECOND = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Segment:
    """One provider's part of the catalogue; `names` are the sorted ids of its offers.

    `content_revision` moves when a price, an availability, the set of offers or a freshness
    does. `changed_time` is when the prices last changed; `next_change` when a freshness will
    change next, or an exchange rate grow old; `old_rates` are the numbers of those that have.
    `youngest_time` is when the youngest listed price was seen, None without one. `sightings` has
    each different one once, with its `freshness` and how both go out in `passing`;
    `sighting_numbers` says which is that of each offer.
    `source` is the snapshot that the segment was made of, without its offers.
    """

    provider: str
    snapshot_id: str
    content_revision: str
    is_baseline: bool
    lasting: Lasting
    sightings: tuple[Sighting, ...]
    sighting_numbers: Sequence[int]
    freshness: tuple[Freshness, ...]
    passing: tuple[Encoded, ...]
    columns: Mapping[str, Column]
    listed_count: int
    usable_count: int
    youngest_time: datetime | None
    stale_after: datetime
    changed_time: datetime
    next_change: datetime
    old_rates: frozenset[int]
    source: ProviderSnapshot

    @property
    def names(self) -> tuple[str, ...]:
        """The ids, sorted."""
        return self.lasting.names

    def sighting(self, at: int) -> Sighting:
        """Return what was seen of one offer."""
        return self.sightings[self.sighting_numbers[at]]

    @property
    def rows(self) -> "tuple[Row, ...]":
        """Every offer."""
        return tuple(Row(self, at) for at in range(len(self.names)))


class Row:
    """One offer of a `segment`, with how far it can be relied upon; made when asked for."""

    __slots__ = ("_at", "segment")

    def __init__(self, segment: Segment, at: int) -> None:
        self.segment = segment
        self._at = at

    @property
    def provider(self) -> str:
        """The id of its provider."""
        return self.segment.provider

    @property
    def offer_id(self) -> str:
        """Its id."""
        return self.segment.names[self._at]

    @property
    def freshness(self) -> Freshness:
        """How far it can be relied upon."""
        segment = self.segment
        return segment.freshness[segment.sighting_numbers[self._at]]

    @property
    def observe_time(self) -> datetime:
        """When it was last seen."""
        return self.segment.sighting(self._at).observe_time

    @property
    def old_rate(self) -> ExchangeRate | None:
        """The exchange rate behind its price, where that is old."""
        segment = self.segment
        if not segment.old_rates:
            return None
        number = int(segment.lasting.rate_numbers[self._at])
        return segment.lasting.rates[number - 1] if number in segment.old_rates else None

    @property
    def offer(self) -> Offer:
        """The offer; unpacking it takes some 50 us, so not for whole lists."""
        return self.segment.lasting.offer(self._at, self.segment.sighting(self._at))

    @property
    def proto(self) -> bytes:
        """The offer serialised."""
        segment, at = self.segment, self._at
        return segment.lasting.protos[at] + segment.passing[segment.sighting_numbers[at]].proto

    @property
    def json(self) -> bytes:
        """The offer as JSON; empty in processes that do not serve REST."""
        segment, at = self.segment, self._at
        return segment.lasting.jsons[at] + segment.passing[segment.sighting_numbers[at]].json


def segment_of(
    snapshot: ProviderSnapshot | PackedSnapshot,
    *,
    encode: Encode,
    now: datetime,
    is_baseline: bool = False,
    previous: Segment | None = None,
) -> Segment:
    """Make the segment of a snapshot; `previous` is what the provider had before.

    Rows of a baseline have freshness BASELINE whatever their standing says. Of offers with equal
    ids the last counts. Raises ValueError for offers that cannot be unpacked.
    """
    if isinstance(snapshot, ProviderSnapshot):
        by_id = {offer.offer_id: offer for offer in snapshot.offers}
        offers = tuple(by_id[offer_id] for offer_id in sorted(by_id))
        snapshot = pack_snapshot(replace(snapshot, offers=offers))
    held = None if previous is None else previous.lasting
    lasting = lasting_of(snapshot, encode, held)
    if lasting is not held and len(set(lasting.names)) < len(lasting.names):
        return segment_of(
            unpack_snapshot(snapshot),
            encode=encode,
            now=now,
            is_baseline=is_baseline,
            previous=previous,
        )
    return _segment(
        snapshot.source,
        lasting,
        snapshot.sightings,
        snapshot.sighting_numbers,
        encode=encode,
        changed_time=_changed_time(snapshot.source, lasting, previous),
        is_baseline=is_baseline,
        now=now,
        previous=previous,
    )


def aged(segment: Segment, *, encode: Encode, now: datetime) -> Segment:
    """Return the segment as it is at `now`."""
    return _segment(
        segment.source,
        segment.lasting,
        segment.sightings,
        segment.sighting_numbers,
        encode=encode,
        changed_time=segment.changed_time,
        is_baseline=segment.is_baseline,
        now=now,
        previous=segment,
    )


def _segment(
    source: ProviderSnapshot,
    lasting: Lasting,
    sightings: tuple[Sighting, ...],
    sighting_numbers: Sequence[int],
    *,
    encode: Encode,
    changed_time: datetime,
    is_baseline: bool,
    now: datetime,
    previous: Segment | None,
) -> Segment:
    ages = _Ages(source.interval, now=now, is_baseline=is_baseline)
    freshness = tuple(map(ages.freshness, sightings))
    values: dict[str, list[Any]] = {
        "availability": [sighting.availability.state for sighting in sightings],
        "observe_time": [sighting.observe_time for sighting in sightings],
        "freshness": list(freshness),
    }
    numbers = np.asarray(sighting_numbers, np.uint32)
    passing_columns = passing_columns_of(values, numbers)
    if previous is not None:
        passing_columns = {
            name: same_or(previous.columns[name], made) for name, made in passing_columns.items()
        }
    listed = numbers[lasting.columns["delisted"].values == 0]
    listed_counts = np.bincount(listed, minlength=len(sightings)).tolist()
    youngest = max(
        (seen.observe_time for seen, count in zip(sightings, listed_counts, strict=True) if count),
        default=None,
    )
    stale_after = NEVER if youngest is None else youngest + 2 * source.interval
    old_from = [rate_is_old_from(rate) for rate in lasting.rates]
    old_rates = frozenset(at + 1 for at, moment in enumerate(old_from) if moment <= now)
    # The last moment at which the rate is not yet old: whoever waits for it looks after it.
    rate_change = min((m - _MICROSECOND for m in old_from if m > now), default=NEVER)
    return Segment(
        provider=source.provider,
        snapshot_id=source.snapshot_id,
        content_revision=_content_revision(
            source, passing_columns["freshness"].values.tobytes(), old_rates
        ),
        is_baseline=is_baseline,
        lasting=lasting,
        sightings=sightings,
        sighting_numbers=sighting_numbers,
        freshness=freshness,
        passing=tuple(map(encode.passing, sightings, freshness)),
        columns={**lasting.columns, **passing_columns},
        listed_count=len(listed),
        usable_count=sum(
            count
            for age, count in zip(freshness, listed_counts, strict=True)
            if age is not Freshness.EXPIRED
        ),
        youngest_time=youngest,
        stale_after=stale_after,
        changed_time=changed_time,
        next_change=min(
            ages.next_change, rate_change, stale_after if stale_after >= now else NEVER
        ),
        old_rates=old_rates,
        source=source,
    )


def _content_revision(source: ProviderSnapshot, freshness: bytes, old_rates: frozenset[int]) -> str:
    digest = hashlib.blake2b(digest_size=8)
    digest.update(source.content_revision.encode())
    digest.update(freshness)
    if old_rates:
        digest.update(repr(sorted(old_rates)).encode())
    return digest.hexdigest()


def _changed_time(source: ProviderSnapshot, lasting: Lasting, previous: Segment | None) -> datetime:
    if previous is not None and not previous.is_baseline:
        if previous.source.content_revision == source.content_revision:
            return previous.changed_time
        return source.publish_time
    # Without a predecessor the offers themselves say when something last changed.
    if not lasting.names:
        return source.publish_time
    times = (lasting.columns[name].values.max() for name in _CHANGE_TIMES)
    return time_of(int(max(times)))


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
