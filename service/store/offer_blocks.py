"""One provider's offers as they are stored and held: ordered by id, packed in blocks.

What moves at every look at a page, though nothing changed, is kept apart from the rest. So a block
whose offers did not change is the same bytes as before, and a reader that has it need not unpack
it. Blocks begin where the id of an offer says so: an offer that comes or goes touches one block.
"""

import zlib
from array import array
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime
from functools import cached_property, lru_cache
from itertools import accumulate, pairwise
from operator import attrgetter
from types import GenericAlias
from typing import Any, NamedTuple, get_type_hints

import msgspec
import zstandard

from service.domain.offer import Availability, Offer, Standing
from service.domain.provider import ProviderSnapshot

COMPRESSION_LEVEL = 3
# On average; larger ones are packed tighter, smaller ones leave less to unpack after a change.
BLOCK_SIZE = 64
MAX_BLOCK_BYTES = 1 << 28


class Sighting(NamedTuple):
    """What moves at every look at a page, though nothing changed."""

    standing: Standing
    observe_time: datetime
    availability: Availability


NAMES = tuple(field.name for field in fields(Offer) if field.name not in Sighting._fields)
_ALL_NAMES = NAMES + Sighting._fields
_TYPES = get_type_hints(Offer)
_RECORD = GenericAlias(tuple, tuple(_TYPES[name] for name in NAMES))


class _Id(msgspec.Struct, array_like=True):
    offer_id: str


_encode = msgspec.msgpack.Encoder().encode
_decode_record = msgspec.msgpack.Decoder[Any](_RECORD).decode
_decode_records = msgspec.msgpack.Decoder[Any](GenericAlias(list, (_RECORD,))).decode
_decode_offer = msgspec.msgpack.Decoder(Offer).decode
_decode_raw = msgspec.msgpack.Decoder(list[msgspec.Raw]).decode
_decode_ids = msgspec.msgpack.Decoder(list[_Id]).decode
_values_of = attrgetter(*NAMES)


def sighting_of(offer: Offer) -> Sighting:
    """Return what is not lasting of an offer."""
    return Sighting(offer.standing, offer.observe_time, offer.availability)


@dataclass(frozen=True, kw_only=True)
class OfferBlocks:
    """Offers without their sightings, in blocks.

    Each is a record: the values of `names`, the id first. Equal records are equal offers.
    `sizes` says how many are in each block.
    """

    names: tuple[str, ...]
    blocks: tuple[bytes, ...]
    sizes: tuple[int, ...]

    @cached_property
    def starts(self) -> tuple[int, ...]:
        """The row that each block begins with, and last how many rows there are."""
        return tuple(accumulate(self.sizes, initial=0))

    def ids(self, number: int) -> list[str]:
        """Return the ids of a block. Raises ValueError, like everything that unpacks."""
        return [one.offer_id for one in _decode_ids(_unpacked(self.blocks[number]))]

    def records(self, number: int) -> tuple[bytes, ...]:
        """Return the records of a block."""
        return _records_of(self.blocks[number])

    def offer(self, record: bytes, sighting: Sighting) -> Offer:
        """Make an offer of its record and of what was seen of it."""
        if self.names == NAMES:
            return _offer_of(_decode_record(record), sighting)
        # Of another version: fields that are missing take their defaults.
        named = dict(zip(self.names, _decode_raw(record), strict=True))
        return _decode_offer(_encode(named | sighting._asdict()))

    def offers(self, sightings: Iterable[Sighting]) -> Iterator[Offer]:
        """Make all offers, in their order."""
        seen = iter(sightings)
        for number in range(len(self.blocks)):
            if self.names == NAMES:
                for values in _decode_records(_unpacked(self.blocks[number])):
                    yield _offer_of(values, next(seen))
            else:
                for record in self.records(number):
                    yield self.offer(record, next(seen))


@dataclass(frozen=True, slots=True, kw_only=True)
class PackedSnapshot:
    """A `ProviderSnapshot` whose offers are packed; `source` is the rest of it.

    `sightings` has each different one once; `sighting_numbers` says which is that of each offer.
    `order` has for each offer its place in the snapshot; empty when that is the order of ids.
    """

    source: ProviderSnapshot
    offers: OfferBlocks
    sightings: tuple[Sighting, ...]
    sighting_numbers: Sequence[int]
    order: Sequence[int] = ()


def pack_snapshot(snapshot: ProviderSnapshot) -> PackedSnapshot:
    """Pack a snapshot."""
    offers, order = snapshot.offers, list[int]()
    if any(one.offer_id > other.offer_id for one, other in pairwise(offers)):
        order = sorted(range(len(offers)), key=lambda at: offers[at].offer_id)
        offers = tuple(offers[at] for at in order)
    numbers: dict[Sighting, int] = {}
    seen = array("I", (numbers.setdefault(sighting_of(one), len(numbers)) for one in offers))
    return PackedSnapshot(
        source=replace(snapshot, offers=()),
        offers=_blocks_of(offers),
        sightings=tuple(numbers),
        sighting_numbers=seen,
        order=order,
    )


def unpack_snapshot(packed: PackedSnapshot) -> ProviderSnapshot:
    """Unpack a snapshot. Raises ValueError."""
    seen = map(packed.sightings.__getitem__, packed.sighting_numbers)
    offers = tuple(packed.offers.offers(seen))
    if packed.order:
        placed = sorted(zip(packed.order, range(len(offers)), strict=True))
        offers = tuple(offers[at] for _, at in placed)
    return replace(packed.source, offers=offers)


# Offers that are asked for one after the other are mostly of few blocks.
@lru_cache(maxsize=32)
def _records_of(block: bytes) -> tuple[bytes, ...]:
    return tuple(map(bytes, _decode_raw(_unpacked(block))))


def _unpacked(block: bytes) -> bytes:
    try:
        size = zstandard.frame_content_size(block)
        if not 0 <= size <= MAX_BLOCK_BYTES:
            raise ValueError(f"a decoded size of {size} bytes")
        return zstandard.decompress(block)
    except zstandard.ZstdError as error:
        raise ValueError(str(error)) from error


def _offer_of(values: tuple[Any, ...], sighting: Sighting) -> Offer:
    # Faster than calling Offer, which sets field after field in Python.
    return msgspec.convert(dict(zip(_ALL_NAMES, values + sighting, strict=True)), Offer)


def _blocks_of(offers: Sequence[Offer]) -> OfferBlocks:
    compress = zstandard.ZstdCompressor(level=COMPRESSION_LEVEL).compress
    begins = [at for at, offer in enumerate(offers) if _begins_block(offer.offer_id)]
    bounds = sorted({0, *begins, len(offers)})
    blocks: list[bytes] = []
    sizes: list[int] = []
    for start, end in pairwise(bounds):
        sizes.append(end - start)
        blocks.append(compress(_encode(list(map(_values_of, offers[start:end])))))
    return OfferBlocks(names=NAMES, blocks=tuple(blocks), sizes=tuple(sizes))


def _begins_block(offer_id: str) -> bool:
    return zlib.crc32(offer_id.encode()) % BLOCK_SIZE == 0
