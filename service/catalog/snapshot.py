"""The whole catalogue at one moment: immutable, in memory, built off the serving path."""

import copy
import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, chain, compress, pairwise
from types import MappingProxyType

import numpy as np

from service.catalog.columns import Column, Rows, joined
from service.catalog.lasting import Encode, Encoded
from service.catalog.price_order import merged_by_price
from service.catalog.segment import NEVER, Row, Segment, segment_of
from service.domain.offer_fields import FIELDS, Kind
from service.domain.order import DEFAULT_ORDER, OrderKey
from service.domain.provider import ProviderState, ProviderStatus

__all__ = ["Encode", "Encoded", "Partition", "Row", "Segment", "Snapshot", "segment_of"]

PARTITIONED = ("gpu_model", "gpu_family")
MAX_ORDERINGS = 8
_HOT = (*PARTITIONED, "provider", "price_per_gpu_hour", "delisted")
_MOST_INT16 = 2**15
_ROWS_KEPT = 4096
_NOT_COLLECTED = frozenset({ProviderState.DISABLED, ProviderState.NEEDS_KEY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Partition:
    """Listed rows, cheapest first and then by name, and the providers that they come from."""

    rows: Rows
    providers: frozenset[str]


class RowView:
    """The rows of some segments by number, each made when it is asked for."""

    def __init__(self, segments: Sequence[Segment], order: Rows | None) -> None:
        sizes = [len(segment.names) for segment in segments]
        self._segments = segments
        self._starts = [0, *accumulate(sizes)]
        self._order = order
        self._made: dict[int, Row] = {}

    def __len__(self) -> int:
        return self._starts[-1] if self._order is None else len(self._order)

    def __getitem__(self, number: int) -> Row:
        """Return a row; numbers count from 0. Raises IndexError."""
        if not 0 <= number < len(self):
            raise IndexError(number)
        place = number if self._order is None else int(self._order[number])
        at = bisect_right(self._starts, place) - 1
        return Row(self._segments[at], place - self._starts[at])

    def chosen(self, numbers: Iterable[int]) -> list[Row]:
        """Return some rows; those that were chosen lately are not made anew."""
        made, found = self._made, list[Row]()
        for number in numbers:
            row = made.get(number)
            if row is None:
                if len(made) >= _ROWS_KEPT:
                    made.clear()
                row = made[number] = self[number]
            found.append(row)
        return found

    def __iter__(self) -> Iterator[Row]:
        return map(self.__getitem__, range(len(self)))


class Snapshot:
    """Every offer, in the order of its id: the number of a row is its rank by name.

    Readers share one without locks. What is filled in later (columns and orders that few
    requests ask for) is computed from what never changes, so two threads that race for it write
    equal values.
    """

    def __init__(
        self,
        segments: Iterable[Segment] = (),
        *,
        statuses: Mapping[str, ProviderStatus] | None = None,
        now: datetime,
        is_store_lost: bool = False,
        previous: "Snapshot | None" = None,
    ) -> None:
        """Put segments together; what of `previous` still holds is taken over."""
        self.segments: Mapping[str, Segment] = MappingProxyType(
            {segment.provider: segment for segment in sorted(segments, key=lambda s: s.provider)}
        )
        parts = tuple(self.segments.values())
        self.baseline_providers = frozenset(s.provider for s in parts if s.is_baseline)
        self.has_live_rows = any(s.listed_count for s in parts if not s.is_baseline)
        self.replayed = any(s.source.replayed for s in parts)
        self.as_of = max((s.youngest_time for s in parts if s.youngest_time), default=None)
        self.offer_count = sum(s.listed_count for s in parts)
        self.usable_offer_count = sum(s.usable_count for s in parts)
        self.next_change = min((s.next_change for s in parts), default=NEVER)
        self._aging = self.baseline_providers | {s.provider for s in parts if s.old_rates}
        self._place_rows(parts, previous)
        self._place_partitions(previous)
        self._head(dict(statuses or {}), now=now, is_store_lost=is_store_lost)

    def renewed(
        self, *, statuses: Mapping[str, ProviderStatus], now: datetime, is_store_lost: bool
    ) -> "Snapshot":
        """Return a snapshot of the same offers with other states around them."""
        other = copy.copy(self)
        other._head(dict(statuses), now=now, is_store_lost=is_store_lost)  # noqa: SLF001 - our own
        return other

    def _head(
        self, statuses: dict[str, ProviderStatus], *, now: datetime, is_store_lost: bool
    ) -> None:
        self.statuses: Mapping[str, ProviderStatus] = MappingProxyType(statuses)
        self.held_providers = frozenset(
            provider for provider, one in statuses.items() if one.state is ProviderState.HELD
        )
        self.doubtful_providers = self._aging | self.held_providers
        self.degraded = is_store_lost or not self.has_live_rows
        self.unreachable = tuple(s.provider for s in self.segments.values() if s.stale_after < now)
        self.revision = self._digest()

    def find(self, offer_id: str) -> Row | None:
        """Return the row of an offer, delisted or not; None when there is none."""
        at = bisect_left(self.names, offer_id)
        if at < len(self.names) and self.names[at] == offer_id:
            return self.rows[at]
        return None

    def offer_count_of(self, provider: str) -> int:
        """Return how many offers of a provider are listed."""
        segment = self.segments.get(provider)
        return 0 if segment is None else segment.listed_count

    def content_revision(self, providers: Iterable[str] | None) -> str:
        """Return what moves when the answer from these providers does; None means all.

        A page that was merely seen again does not move it; a freshness that changed does, and
        whatever else adds a caveat.
        """
        digest = hashlib.blake2b(digest_size=8)
        for segment in self._chosen(providers):
            held = "/held" if segment.provider in self.held_providers else ""
            digest.update(f"{segment.provider}={segment.content_revision}{held};".encode())
        return digest.hexdigest()

    def last_modified(self, providers: Iterable[str] | None) -> datetime | None:
        """Return when a price, an availability or the set of offers last changed."""
        return max((s.changed_time for s in self._chosen(providers)), default=None)

    def next_collection(self, providers: Iterable[str] | None) -> datetime | None:
        """Return the earliest planned collection; in the past when one is overdue."""
        chosen = self.statuses if providers is None else providers
        times = (
            status.next_attempt_time
            for status in map(self.statuses.get, chosen)
            if status is not None and status.state not in _NOT_COLLECTED
        )
        return min((time for time in times if time is not None), default=None)

    def column(self, name: str) -> Column:
        """Return the column of a field, joined on first use."""
        found = self._columns.get(name)
        if found is None:
            parts = [segment.columns[name] for segment in self.segments.values()]
            found = joined(parts, self._order) if parts else _empty_column(name)
            self._columns[name] = found
        return found

    def partition(self, field: str, value: str) -> Partition:
        """Return the listed rows of one GPU model or family; empty for one nobody offers."""
        return self._partitions.get((field, value), _NO_ROWS)

    def ordering(self, keys: tuple[OrderKey, ...]) -> Rows:
        """Return every row, delisted ones too, in an order; the last few orders are kept."""
        found = self._orderings.get(keys)
        if found is None:
            found = self.ordered(np.arange(len(self.rows)), keys)
            if len(self._orderings) >= MAX_ORDERINGS:
                self._orderings.clear()
            self._orderings[keys] = found
        return found

    def ordered(self, rows: Rows, keys: tuple[OrderKey, ...]) -> Rows:
        """Put some rows in an order. Rows must come in ascending numbers."""
        sorting = [
            self.column(key.field).sort_values(rows, descending=key.descending)
            for key in reversed(keys)
            if key != OrderKey(field="name")  # the sort is stable and row numbers are name ranks
        ]
        return rows[np.lexsort(sorting)] if sorting else rows

    def _chosen(self, providers: Iterable[str] | None) -> Iterable[Segment]:
        if providers is None:
            return self.segments.values()
        return (self.segments[p] for p in sorted(providers) if p in self.segments)

    def _place_rows(self, parts: Sequence[Segment], previous: "Snapshot | None") -> None:
        self._columns: dict[str, Column] = {}
        self._orderings: dict[tuple[OrderKey, ...], Rows] = {}
        self.names: Sequence[str]
        self._order: Rows | None = None
        if previous is not None and _have_same_names(parts, previous):
            self.names, self._order = previous.names, previous._order  # noqa: SLF001 - our own
            self._columns |= previous._columns_kept_by(parts)  # noqa: SLF001 - our own
        else:
            self._place_names(parts)
        self.rows = RowView(parts, self._order)
        for name in _HOT:
            self.column(name)

    def _place_names(self, parts: Sequence[Segment]) -> None:
        names = list(chain.from_iterable(segment.names for segment in parts))
        filled = [segment.names for segment in parts if segment.names]
        if any(one[-1] >= other[0] for one, other in pairwise(filled)):
            # Only when ids of two providers interleave, as "a-b-…" of "a" and of "a-b" may. An
            # id stands for one offer: of equal ones the first provider's counts.
            order = sorted(range(len(names)), key=names.__getitem__)
            order = order[:1] + [b for a, b in pairwise(order) if names[a] != names[b]]
            names = [names[at] for at in order]
            self._order = np.array(order, dtype=np.intp)
        self.names = names
        self._columns["name"] = Column(values=np.arange(len(names), dtype=np.int32), words=names)

    def _place_partitions(self, previous: "Snapshot | None") -> None:
        self.listed: Partition
        self._partitions: dict[tuple[str, str], Partition]
        if previous is not None and all(
            self._columns[name] is previous._columns.get(name)  # noqa: SLF001 - our own
            for name in ("name", *_HOT)
        ):
            self.listed = previous.listed
            self._partitions = previous._partitions  # noqa: SLF001 - our own
            return
        listed = np.flatnonzero(self.column("delisted").values == 0)
        by_price = self._by_price(listed, previous)
        self.listed = Partition(
            rows=by_price,
            providers=frozenset(s.provider for s in self.segments.values() if s.listed_count),
        )
        providers = self.column("provider")
        provider_words = providers.words or ()
        provider_codes = providers.values[by_price]
        self._partitions = {}
        sets: dict[bytes, frozenset[str]] = {}
        for field in PARTITIONED:
            column = self.column(field)
            words = column.words or ()
            codes = column.values[by_price]
            # numpy sorts 16 bits in linear time; there are not so many GPUs.
            narrow = codes.astype(np.int16) if len(words) <= _MOST_INT16 else codes
            grouped = by_price[np.argsort(narrow, kind="stable")]
            ends = np.cumsum(np.bincount(codes, minlength=len(words)))
            # Which providers have which word, for all at once.
            pairs = codes.astype(np.intp) * len(provider_words) + provider_codes
            found = np.bincount(pairs, minlength=len(words) * len(provider_words)) > 0
            offering = found.reshape(len(words), len(provider_words))
            for at, word in enumerate(words):
                key = offering[at].tobytes()
                if key not in sets:
                    sets[key] = frozenset(compress(provider_words, offering[at].tolist()))
                rows = grouped[ends[at - 1] if at else 0 : ends[at]]
                self._partitions[field, word] = Partition(rows=rows, providers=sets[key])

    def _by_price(self, listed: Rows, previous: "Snapshot | None") -> Rows:
        found: Rows | None = None
        if previous is not None and self._order is None and previous._order is None:  # noqa: SLF001 - our own
            found = merged_by_price(
                previous.listed.rows,
                previous.segments.values(),
                tuple(self.segments.values()),
                listed=listed,
                prices=self.column("price_per_gpu_hour").values,
            )
        return self.ordered(listed, DEFAULT_ORDER) if found is None else found

    def _digest(self) -> str:
        digest = hashlib.blake2b(digest_size=8)
        for s in self.segments.values():
            digest.update(f"{s.provider}={s.snapshot_id}/{s.content_revision};".encode())
        digest.update(f"{self.degraded}{self.replayed}{self.unreachable}".encode())
        digest.update(repr(sorted(self.statuses.items())).encode())
        return digest.hexdigest()

    def _columns_kept_by(self, parts: Sequence[Segment]) -> dict[str, Column]:
        """Return the joined columns that hold for `parts` too: all of their parts are the same."""
        ours = tuple(self.segments.values())
        return {
            name: column
            for name, column in tuple(self._columns.items())
            if name == "name"
            or all(
                one.columns[name] is other.columns[name]
                for one, other in zip(parts, ours, strict=True)
            )
        }


def _have_same_names(parts: Sequence[Segment], previous: Snapshot) -> bool:
    before = tuple(previous.segments.values())
    return len(parts) == len(before) and all(
        one.names is other.names for one, other in zip(parts, before, strict=True)
    )


def _empty_column(name: str) -> Column:
    field = FIELDS.get(name)
    is_text = field is None or field.kind in {Kind.TEXT, Kind.REFERENCE, Kind.COUNTRY}
    return Column(values=np.zeros(0, dtype=np.int32), words=() if is_text else None)


_NO_ROWS = Partition(rows=np.zeros(0, dtype=np.intp), providers=frozenset())
