"""Many short byte strings in little memory: one object for all of them instead of one for each."""

from collections.abc import Iterable
from itertools import accumulate, chain, islice
from threading import Lock
from typing import Protocol

import numpy as np
import zstandard

_LEVEL = 1
# What the strings of one provider have in common shows in the first few of them.
_SAMPLES = 16


class ByteStrings(Protocol):
    """Strings by number."""

    def __len__(self) -> int:
        """Return how many there are."""
        ...

    def __getitem__(self, at: int) -> bytes:
        """Return one."""
        ...


class Joined:
    """Strings one after the other, as they are."""

    def __init__(self, strings: Iterable[bytes]) -> None:
        held = list(strings)
        self._all = b"".join(held)
        ends = accumulate(chain((0,), map(len, held)))
        self._ends = np.fromiter(ends, np.int64, len(held) + 1)

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, at: int) -> bytes:
        ends = self._ends
        return self._all[ends[at] : ends[at + 1]]


class Compressed:
    """Strings that are much alike, such as the JSON of offers, at about a tenth of their size.

    Each is compressed by itself, with the first ones as the dictionary; up to `kept` that were
    asked for stay unpacked. Thread-safe.
    """

    def __init__(self, strings: Iterable[bytes], *, kept: int = 0) -> None:
        coming = iter(strings)
        first = list(islice(coming, _SAMPLES))
        dictionary = zstandard.ZstdCompressionDict(
            b"".join(first) or b".", dict_type=zstandard.DICT_TYPE_RAWCONTENT
        )
        dictionary.precompute_compress(level=_LEVEL)
        compress = zstandard.ZstdCompressor(level=_LEVEL, dict_data=dictionary).compress
        # One at a time: the strings themselves never are in memory together.
        self._frames = Joined(map(compress, chain(first, coming)))
        self._decompress = zstandard.ZstdDecompressor(dict_data=dictionary).decompress
        self._lock = Lock()
        self._kept: dict[int, bytes] = {}
        self._most_kept = kept

    def __len__(self) -> int:
        return len(self._frames)

    def __getitem__(self, at: int) -> bytes:
        found = self._kept.get(at)
        if found is None:
            with self._lock:  # a decompressor serves one thread at a time
                found = self._decompress(self._frames[at])
            if len(self._kept) >= self._most_kept:
                self._kept.clear()
            if self._most_kept:
                self._kept[at] = found
        return found
