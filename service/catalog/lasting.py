"""What lasts of offers from one look at a page to the next: encoded once, and used again.

A collection usually finds what the one before it found, a little later. Only availability,
observe time and freshness move then, and they are the same for many offers; all else is kept
packed, both as it goes out and as the offer that it was made of.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from operator import attrgetter
from types import GenericAlias
from typing import Any, NamedTuple, Protocol, get_type_hints

import msgspec

from service.catalog.columns import Column, columns_of
from service.catalog.packed import ByteStrings, Compressed, Joined
from service.domain.offer import Availability, Freshness, Offer, Standing

# Rows of each provider whose JSON stays unpacked: the cheapest are in most answers.
_UNPACKED = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """An offer, or a part of one, as it goes out. `json` is empty where REST is not served."""

    proto: bytes
    json: bytes = b""


class Sighting(NamedTuple):
    """What moves at every look at a page, though nothing changed."""

    standing: Standing
    observe_time: datetime
    availability: Availability


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
    """The lasting part of one provider's offers, in the order of their ids, `names`."""

    names: tuple[str, ...]
    details: ByteStrings
    protos: ByteStrings
    jsons: ByteStrings
    columns: Mapping[str, Column]

    def offer(self, at: int, sighting: Sighting) -> Offer:
        """Return one offer as it was seen."""
        values = dict(zip(_NAMES, _decoder.decode(self.details[at]), strict=True))
        return Offer(**values, **sighting._asdict())

    def encoded(self, at: int) -> Encoded:
        """Return the lasting part of one offer as it goes out."""
        return Encoded(proto=self.protos[at], json=self.jsons[at])


def sighting_of(offer: Offer) -> Sighting:
    """Return what is not lasting of an offer."""
    return Sighting(offer.standing, offer.observe_time, offer.availability)


def lasting_of(offers: Sequence[Offer], encode: Encode, previous: Lasting | None) -> Lasting:
    """Pack the lasting part of offers, which come in the order of their ids.

    What is as it was in `previous` is not encoded again; where all is, `previous` is returned.
    """
    names = tuple(offer.offer_id for offer in offers)
    details = [_encoder.encode(_values_of(offer)) for offer in offers]
    places = _unchanged(names, details, previous)
    if previous is not None and names == previous.names and None not in places:
        return previous
    protos: list[bytes] = []

    def jsons() -> Iterator[bytes]:
        for offer, place in zip(offers, places, strict=True):
            if previous is None or place is None:
                part = encode.lasting(offer)
            else:
                part = previous.encoded(place)
            protos.append(part.proto)
            yield part.json

    return Lasting(
        names=names,
        jsons=Compressed(jsons(), kept=_UNPACKED),
        protos=Joined(protos),
        details=Compressed(details),
        columns=columns_of(offers),
    )


def _unchanged(
    names: Sequence[str], details: Sequence[bytes], previous: Lasting | None
) -> list[int | None]:
    """Return where `previous` has the same offer with the same details; None where it has not."""
    if previous is None:
        return [None] * len(names)
    known = {name: at for at, name in enumerate(previous.names)}
    places = [known.get(name) for name in names]
    return [
        place if place is not None and previous.details[place] == detail else None
        for place, detail in zip(places, details, strict=True)
    ]


_NAMES = tuple(field.name for field in fields(Offer) if field.name not in Sighting._fields)
_TYPES = get_type_hints(Offer)
_values_of = attrgetter(*_NAMES)
_encoder = msgspec.msgpack.Encoder()
_decoder: msgspec.msgpack.Decoder[Any] = msgspec.msgpack.Decoder(
    GenericAlias(tuple, tuple(_TYPES[name] for name in _NAMES))
)
