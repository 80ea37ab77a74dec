"""What lasts of offers from one look at a page to the next: encoded once, and used again.

A collection usually finds what the one before it found, a little later. Only availability,
observe time and freshness move then, and they are the same for many offers; all else is kept
packed, both as it goes out and as the offer that it was made of.
"""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from service.catalog.columns import Column, Rows, columns_of
from service.catalog.packed import Compressed, Joined
from service.catalog.patching import patched_columns
from service.domain.offer import ExchangeRate, Freshness, Offer
from service.store.offer_blocks import OfferBlocks, PackedSnapshot, Sighting, sighting_of

__all__ = ["Encode", "Encoded", "Lasting", "Sighting", "lasting_of", "sighting_of"]

# Rows of each provider whose JSON stays unpacked: the cheapest are in most answers.
_UNPACKED = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """An offer, or a part of one, as it goes out. `json` is empty where REST is not served."""

    proto: bytes
    json: bytes = b""


class Encode(Protocol):
    """Serialises an offer in two parts, which only need joining.

    In protobuf each is a message that lacks the fields of the other. In JSON the first is an
    object without its closing brace, the second begins with a comma and has the brace.
    """

    def lasting(self, offer: Offer) -> Encoded:
        """Serialise all but availability, observe time and freshness."""
        ...

    def passing(self, sighting: Sighting, freshness: Freshness) -> Encoded:
        """Serialise availability, observe time and freshness."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Lasting:
    """The lasting part of one provider's offers, in the order of their ids, `names`.

    `rates` are the exchange rates behind them, each once; `rate_numbers` has for each offer the
    number of its rate, counted from one, and 0 for none. It is empty where there are no rates.
    """

    names: tuple[str, ...]
    details: OfferBlocks
    protos: Joined
    jsons: Compressed
    columns: Mapping[str, Column]
    rates: tuple[ExchangeRate, ...]
    rate_numbers: NDArray[np.uint32]

    def offer(self, at: int, sighting: Sighting) -> Offer:
        """Return one offer as it was seen."""
        starts = self.details.starts
        number = bisect_right(starts, at) - 1
        record = self.details.records(number)[at - starts[number]]
        return self.details.offer(record, sighting)


def lasting_of(packed: PackedSnapshot, encode: Encode, previous: Lasting | None) -> Lasting:
    """Make the lasting part of offers.

    What is as it was in `previous` is not encoded again; where all is, `previous` is returned.
    Raises ValueError for offers that cannot be unpacked.
    """
    if previous is None or previous.details.names != packed.offers.names:
        return _made(packed, encode)
    matched = _matched(packed.offers, previous)
    is_fresh = matched.origin < 0
    if is_fresh.all():
        return _made(packed, encode)
    if not matched.records and np.array_equal(matched.origin, np.arange(len(previous.names))):
        return previous
    places = np.flatnonzero(is_fresh).tolist()
    seen = [packed.sightings[packed.sighting_numbers[at]] for at in places]
    offers = list(map(packed.offers.offer, matched.records, seen))
    protos: list[bytes] = []
    jsons = previous.jsons.patched(matched.origin, _encoded(offers, encode, protos))
    rates, rate_numbers = _patched_rates(previous, matched.origin, offers)
    return Lasting(
        names=matched.names,
        rates=rates,
        rate_numbers=rate_numbers,
        jsons=jsons,
        protos=previous.protos.patched(matched.origin, protos),
        details=packed.offers,
        columns=patched_columns(previous.columns, columns_of(offers), matched.origin),
    )


def _made(packed: PackedSnapshot, encode: Encode) -> Lasting:
    seen = map(packed.sightings.__getitem__, packed.sighting_numbers)
    offers = list(packed.offers.offers(seen))
    protos: list[bytes] = []
    numbers: dict[ExchangeRate, int] = {}
    rate_numbers = [_number_of(offer.exchange_rate, numbers) for offer in offers]
    return Lasting(
        names=tuple(offer.offer_id for offer in offers),
        rates=tuple(numbers),
        rate_numbers=np.array(rate_numbers if numbers else (), np.uint32),
        jsons=Compressed(_encoded(offers, encode, protos), kept=_UNPACKED),
        protos=Joined(protos),
        details=packed.offers,
        columns=columns_of(offers),
    )


def _encoded(offers: Sequence[Offer], encode: Encode, protos: list[bytes]) -> Iterator[bytes]:
    """Encode offers one at a time; what is not given goes to `protos`."""
    for offer in offers:
        part = encode.lasting(offer)
        protos.append(part.proto)
        yield part.json


@dataclass(frozen=True, slots=True, kw_only=True)
class _Matched:
    """Offers beside those of before: `origin` has the former place of each that did not change.

    It is -1 for the others, whose `records` are in the order of their places.
    """

    names: tuple[str, ...]
    origin: Rows
    records: Sequence[bytes]


def _matched(offers: OfferBlocks, previous: Lasting) -> _Matched:
    held = previous.details
    known = {block: number for number, block in enumerate(held.blocks)}
    places = [known.pop(block, None) for block in offers.blocks]
    # An offer may be in another block than before, but only where both are new or gone.
    left: dict[str, tuple[int, bytes]] = {}
    for number in known.values():
        at = count(held.starts[number])
        left |= zip(held.ids(number), zip(at, held.records(number), strict=False), strict=True)
    names: list[str] = []
    records: list[bytes] = []
    origin: list[NDArray[np.intp]] = [np.zeros(0, np.intp)]
    for number, place in enumerate(places):
        if place is not None:
            rows = slice(held.starts[place], held.starts[place + 1])
            names.extend(previous.names[rows])
            origin.append(np.arange(rows.start, rows.stop))
            continue
        ids = offers.ids(number)
        names.extend(ids)
        former: list[int] = []
        for name, record in zip(ids, offers.records(number), strict=True):
            was_at, was = left.get(name, (-1, b""))
            is_same = record == was
            former.append(was_at if is_same else -1)
            if not is_same:
                records.append(record)
        origin.append(np.array(former, np.intp))
    same = previous.names if len(names) == len(previous.names) else ()
    return _Matched(
        names=same if names == list(same) else tuple(names),
        origin=np.concatenate(origin),
        records=records,
    )


def _number_of(rate: ExchangeRate | None, numbers: dict[ExchangeRate, int]) -> int:
    return 0 if rate is None else numbers.setdefault(rate, len(numbers) + 1)


def _patched_rates(
    previous: Lasting, origin: Rows, fresh: Sequence[Offer]
) -> tuple[tuple[ExchangeRate, ...], NDArray[np.uint32]]:
    known = {rate: number for number, rate in enumerate(previous.rates, start=1)}
    added = [_number_of(offer.exchange_rate, known) for offer in fresh]
    if not known:
        return (), previous.rate_numbers
    held = previous.rate_numbers if previous.rates else np.zeros(len(previous.names), np.uint32)
    numbers = held[origin]
    numbers[origin < 0] = added
    # Numbered in the order of their first offers, as if made anew.
    used, firsts = np.unique(numbers, return_index=True)
    used = used[np.argsort(firsts)]
    used = used[used > 0]
    renumbered = np.zeros(len(known) + 1, np.uint32)
    renumbered[used] = np.arange(1, len(used) + 1)
    rates = tuple(known)
    kept = tuple(rates[number - 1] for number in used.tolist())
    return kept, renumbered[numbers] if kept else np.zeros(0, np.uint32)
