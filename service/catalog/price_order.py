"""The listed rows of all providers, cheapest first: sorted once, then merged into."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate

import numpy as np
from numpy.typing import NDArray

from service.catalog.columns import Rows
from service.catalog.segment import Segment

_DECIDING = ("price_per_gpu_hour", "delisted")


def merged_by_price(
    before: Rows,
    segments_before: Iterable[Segment],
    segments: Sequence[Segment],
    *,
    listed: Rows,
    prices: NDArray[np.int64],
) -> Rows | None:
    """Return the listed rows by price and then by number, from what they were `before`.

    Rows are numbered through the segments. Returns None where sorting them all is no more work.
    """
    former: Mapping[str, tuple[int, Segment]] = {
        segment.provider: (start, segment) for start, segment in _with_starts(segments_before)
    }
    total = sum(len(segment.names) for _, segment in former.values())
    renumbered = np.full(total, -1, np.intp)
    is_own = np.ones(len(prices), np.bool_)
    for start, segment in _with_starts(segments):
        old_start, old = former.get(segment.provider, (0, None))
        if old is not None and _is_alike(segment, old):
            count = len(segment.names)
            renumbered[old_start : old_start + count] = np.arange(start, start + count)
            is_own[start : start + count] = False
    own = listed[is_own[listed]]
    if len(own) * 4 > len(listed):
        return None
    others = renumbered[before]
    return _merged(others[others >= 0], own, prices)


def _with_starts(segments: Iterable[Segment]) -> Iterable[tuple[int, Segment]]:
    some = tuple(segments)
    starts = accumulate((len(segment.names) for segment in some), initial=0)
    return zip(starts, some, strict=False)


def _is_alike(one: Segment, other: Segment) -> bool:
    return one.names is other.names and all(
        one.columns[name] is other.columns[name] for name in _DECIDING
    )


def _merged(others: Rows, own: Rows, prices: NDArray[np.int64]) -> Rows:
    """Put `own`, in ascending numbers, among `others`, which are in order."""
    own = own[np.argsort(prices[own], kind="stable")]
    held, added = prices[others], prices[own]
    # Each row's key: where its price begins, then its number.
    begins = np.zeros(len(others), np.intp)
    changes = np.flatnonzero(held[1:] != held[:-1]) + 1
    begins[changes] = changes
    base = len(prices) + 1
    keys = np.maximum.accumulate(begins) * base + others
    begin, end = np.searchsorted(held, added, "left"), np.searchsorted(held, added, "right")
    # A price that no other row has stands before the one at its place.
    own_keys = np.where(begin < end, begin * base + own, begin * base - 1)
    merged: Rows = np.insert(others, np.searchsorted(keys, own_keys), own)
    return merged
