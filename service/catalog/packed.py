"""Many short byte strings in little memory: one object for all of them instead of one for each."""

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from itertools import chain, islice, pairwise
from threading import Lock

import numpy as np
import zstandard
from numpy.typing import NDArray

_LEVEL = 1
# What the strings of one provider have in common shows in the first few of them.
_SAMPLES = 16
_MOST_UINT32 = 2**32

Rows = NDArray[np.intp]


class Joined:
    """Strings one after the other, as they are."""

    def __init__(self, strings: Iterable[bytes]) -> None:
        held = list(strings)
        sizes = np.fromiter(map(len, held), np.int64, len(held))
        self._place(b"".join(held), sizes)

    def patched(self, origin: Rows, fresh: Sequence[bytes]) -> "Joined":
        """Return strings of which some are taken over.

        `origin` says which of these stands at each place; the others, below 0, are `fresh`.
        """
        is_fresh = origin < 0
        ends = self._ends.astype(np.int64)
        sizes = (ends[1:] - ends[:-1])[origin]
        sizes[is_fresh] = np.fromiter(map(len, fresh), np.int64, len(fresh))
        coming = iter(fresh)
        held = memoryview(self._all)
        pieces: list[bytes | memoryview] = []
        # Runs of neighbours are copied whole.
        alone = is_fresh[1:] | is_fresh[:-1]
        breaks = np.flatnonzero(alone | (np.diff(origin) != 1)) + 1
        for start, end in pairwise((0, *breaks.tolist(), len(origin))):
            first, last = int(origin[start]), int(origin[end - 1])
            if first < 0:
                pieces.append(next(coming))
            else:
                pieces.append(held[self._ends[first] : self._ends[last + 1]])
        made = Joined(())
        made._place(b"".join(pieces), sizes)
        return made

    def _place(self, content: bytes, sizes: NDArray[np.int64]) -> None:
        kind = np.uint32 if len(content) < _MOST_UINT32 else np.int64
        self._all = content
        self._ends = np.zeros(len(sizes) + 1, kind)
        np.cumsum(sizes, out=self._ends[1:])

    def __len__(self) -> int:
        return len(self._ends) - 1

    def __getitem__(self, at: int) -> bytes:
        end = self._ends.item
        return self._all[end(at) : end(at + 1)]


class Compressed:
    """Strings that are much alike, such as the JSON of offers, at about a tenth of their size.

    Each is compressed by itself, with the first ones as the dictionary; up to `kept` that were
    asked for stay unpacked. Thread-safe.
    """

    def __init__(self, strings: Iterable[bytes], *, kept: int = 0) -> None:
        coming = iter(strings)
        first = list(islice(coming, _SAMPLES))
        self._dictionary = b"".join(first) or b"."
        compress = self._compressor()
        # One at a time: the strings themselves never are in memory together.
        self._place(Joined(map(compress, chain(first, coming))), kept=kept)

    def patched(self, origin: Rows, fresh: Iterable[bytes]) -> "Compressed":
        """Return strings of which some are taken over, as `Joined.patched` does."""
        if np.count_nonzero(origin < 0) * 2 > len(origin):
            # The dictionary no longer stands for them.
            coming = iter(fresh)
            mixed = (next(coming) if at < 0 else self[at] for at in origin.tolist())
            return Compressed(mixed, kept=self._most_kept)
        frames = self._frames.patched(origin, list(map(self._compressor(), fresh)))
        made = copy(self)
        made._place(frames, kept=self._most_kept)  # noqa: SLF001 - our own
        return made

    def _compressor(self) -> Callable[[bytes], bytes]:
        dictionary = zstandard.ZstdCompressionDict(
            self._dictionary, dict_type=zstandard.DICT_TYPE_RAWCONTENT
        )
        dictionary.precompute_compress(level=_LEVEL)
        return zstandard.ZstdCompressor(level=_LEVEL, dict_data=dictionary).compress

    def _place(self, frames: Joined, *, kept: int) -> None:
        self._frames = frames
        # Not the dictionary that compresses: that one holds tables as well.
        dictionary = zstandard.ZstdCompressionDict(
            self._dictionary, dict_type=zstandard.DICT_TYPE_RAWCONTENT
        )
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
