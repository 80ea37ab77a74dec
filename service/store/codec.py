"""Stored forms of domain values: versioned JSON, snapshots compressed and with a checksum.

A reader accepts older versions, whose missing optional fields take their defaults. Raise `SCHEMA`
only for a change that an older reader would misread; a new field with a default is none.
"""

import hashlib
import struct
from array import array
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

import msgspec
import zstandard

from service.domain.change import Change
from service.domain.exchange import KeptRates
from service.domain.model_price import ModelPriceBook
from service.domain.outcome import OutcomeReport
from service.domain.provider import ProviderSnapshot, ProviderStatus
from service.domain.quarantine import QuarantinedOffer, Review
from service.domain.quote import QuoteHead
from service.domain.run import CollectionRun
from service.store.offer_blocks import (
    COMPRESSION_LEVEL,
    OfferBlocks,
    PackedSnapshot,
    Sighting,
    pack_snapshot,
    unpack_snapshot,
)
from service.store.ports import NewerSchema

SCHEMA = 1
MAX_DECODED_BYTES = 1 << 30

_MAGIC = b"GQ"
_BLOCKS_MAGIC = b"GB"
_DOCUMENT_MAGIC = b"GD"
# magic, schema version, SHA-256 of the compressed rest
_HEADER = struct.Struct(">2sH32s")


class Unreadable(ValueError):
    """The stored bytes are not what was written, or not ours."""


class _Version(msgspec.Struct):
    schema: int


class _Head(msgspec.Struct):
    source: ProviderSnapshot
    names: tuple[str, ...]
    sizes: tuple[int, ...]
    sightings: tuple[Sighting, ...]
    sighting_numbers: list[int]
    order: list[int]


def encode_snapshot(snapshot: ProviderSnapshot) -> bytes:
    """Write a snapshot in its compressed form."""
    packed = pack_snapshot(snapshot)
    head = _Head(
        source=packed.source,
        names=packed.offers.names,
        sizes=packed.offers.sizes,
        sightings=packed.sightings,
        sighting_numbers=list(packed.sighting_numbers),
        order=list(packed.order),
    )
    compressed = zstandard.compress(msgspec.msgpack.encode(head), level=COMPRESSION_LEVEL)
    return _sealed(_BLOCKS_MAGIC, msgspec.msgpack.encode((compressed, packed.offers.blocks)))


def decode_packed_snapshot(stored: bytes) -> PackedSnapshot:
    """Read a snapshot, and leave its offers packed. Raises Unreadable and NewerSchema."""
    if not stored.startswith(_BLOCKS_MAGIC):
        # Up to version 0.1 a snapshot was one JSON text.
        old: ProviderSnapshot = _unpack(stored, ProviderSnapshot)
        return pack_snapshot(old)
    content = _opened(stored, _BLOCKS_MAGIC)
    try:
        compressed, blocks = msgspec.msgpack.decode(content, type=tuple[bytes, tuple[bytes, ...]])
        head = msgspec.msgpack.decode(_decompressed(compressed), type=_Head)
    except (zstandard.ZstdError, msgspec.MsgspecError) as error:
        raise Unreadable(str(error)) from error
    numbers = array("I", head.sighting_numbers)
    count = sum(head.sizes)
    if len(blocks) != len(head.sizes) or len(numbers) != count or len(head.order) not in {0, count}:
        raise Unreadable("counts of offers do not agree")
    if max(numbers, default=-1) >= len(head.sightings):
        raise Unreadable("a sighting is missing")
    return PackedSnapshot(
        source=head.source,
        offers=OfferBlocks(names=head.names, blocks=blocks, sizes=head.sizes),
        sightings=head.sightings,
        sighting_numbers=numbers,
        order=head.order,
    )


def decode_snapshot(stored: bytes) -> ProviderSnapshot:
    """Read a snapshot. Raises Unreadable for damage and NewerSchema."""
    packed = decode_packed_snapshot(stored)
    try:
        return unpack_snapshot(packed)
    except (ValueError, IndexError) as error:
        raise Unreadable(str(error)) from error


def encode_changes(changes: tuple[Change, ...]) -> bytes:
    """Write the changes of one publication in their compressed form."""
    return _pack(changes)


def decode_changes(stored: bytes) -> tuple[Change, ...]:
    """Read the changes of one publication. Raises Unreadable and NewerSchema."""
    decoded: tuple[Change, ...] = _unpack(stored, tuple[Change, ...])
    return decoded


def encode_model_prices(book: ModelPriceBook) -> bytes:
    """Write a book of token prices in its compressed form."""
    return _pack(book)


def decode_model_prices(stored: bytes) -> ModelPriceBook:
    """Read a book of token prices. Raises Unreadable and NewerSchema."""
    decoded: ModelPriceBook = _unpack(stored, ModelPriceBook)
    return decoded


def encode_status(status: ProviderStatus) -> bytes:
    """Write a provider's status as JSON with its schema version."""
    return _encode_json(status)


def decode_status(stored: bytes) -> ProviderStatus:
    """Read a provider's status. Raises Unreadable and NewerSchema."""
    decoded: ProviderStatus = _decode_json(stored, ProviderStatus)
    return decoded


def encode_quarantine(entries: tuple[QuarantinedOffer, ...]) -> bytes:
    """Write what is held of one provider in its compressed form."""
    return _pack(entries)


def decode_quarantine(stored: bytes) -> tuple[QuarantinedOffer, ...]:
    """Read what is held of one provider. Raises Unreadable and NewerSchema."""
    decoded: tuple[QuarantinedOffer, ...] = _unpack(stored, tuple[QuarantinedOffer, ...])
    return decoded


def encode_review(review: Review) -> bytes:
    """Write a person's decision as JSON with its schema version."""
    return _encode_json(review)


def decode_review(stored: bytes) -> Review:
    """Read a person's decision. Raises Unreadable and NewerSchema."""
    decoded: Review = _decode_json(stored, Review)
    return decoded


def encode_rates(rates: KeptRates) -> bytes:
    """Write exchange rates as JSON with their schema version."""
    return _encode_json(rates)


def decode_rates(stored: bytes) -> KeptRates:
    """Read exchange rates. Raises Unreadable and NewerSchema."""
    decoded: KeptRates = _decode_json(stored, KeptRates)
    return decoded


def encode_run(run: CollectionRun) -> bytes:
    """Write a collection run as JSON with its schema version."""
    return _encode_json(run)


def decode_run(stored: bytes) -> CollectionRun:
    """Read a collection run. Raises Unreadable and NewerSchema."""
    decoded: CollectionRun = _decode_json(stored, CollectionRun)
    return decoded


def encode_quote_head(head: QuoteHead) -> bytes:
    """Write the head of a quote in its compressed form."""
    return _pack(head)


def decode_quote_head(stored: bytes) -> QuoteHead:
    """Read the head of a quote. Raises Unreadable and NewerSchema."""
    decoded: QuoteHead = _unpack(stored, QuoteHead)
    return decoded


def encode_document(document: bytes) -> bytes:
    """Write bytes that have to come back as they are, compressed and with their checksum."""
    return _sealed(_DOCUMENT_MAGIC, zstandard.compress(document, level=COMPRESSION_LEVEL))


def decode_document(stored: bytes) -> bytes:
    """Read the bytes of a document. Raises Unreadable and NewerSchema."""
    packed = _opened(stored, _DOCUMENT_MAGIC)
    try:
        return _decompressed(packed)
    except zstandard.ZstdError as error:
        raise Unreadable(str(error)) from error


def encode_report(report: OutcomeReport) -> bytes:
    """Write the report of a buyer as JSON with its schema version."""
    return _encode_json(report)


def readable_reports(stored: Iterable[bytes]) -> Iterator[OutcomeReport]:
    """Read reports; what cannot be read is left out, since nothing rests on a single one."""
    for one in stored:
        try:
            report: OutcomeReport = _decode_json(one, OutcomeReport)
        except (Unreadable, NewerSchema):
            continue
        yield report


def _pack(value: object) -> bytes:
    packed = zstandard.compress(msgspec.json.encode(value), level=COMPRESSION_LEVEL)
    return _sealed(_MAGIC, packed)


def _unpack(stored: bytes, kind: Any) -> Any:
    packed = _opened(stored, _MAGIC)
    try:
        return _decoder(kind).decode(_decompressed(packed))
    except (zstandard.ZstdError, msgspec.MsgspecError) as error:
        raise Unreadable(str(error)) from error


def _sealed(magic: bytes, content: bytes) -> bytes:
    return _HEADER.pack(magic, SCHEMA, hashlib.sha256(content).digest()) + content


def _opened(stored: bytes, wanted: bytes) -> bytes:
    if len(stored) < _HEADER.size:
        raise Unreadable(f"{len(stored)} bytes are too short")
    magic, schema, digest = _HEADER.unpack_from(stored)
    if magic != wanted:
        raise Unreadable("not written by gpuquote")
    _refuse_newer(schema)
    content = stored[_HEADER.size :]
    if hashlib.sha256(content).digest() != digest:
        raise Unreadable("the checksum does not match")
    return content


def _decompressed(packed: bytes) -> bytes:
    size = zstandard.frame_content_size(packed)
    if not 0 <= size <= MAX_DECODED_BYTES:
        raise Unreadable(f"a decoded size of {size} bytes")
    return zstandard.decompress(packed)


def _encode_json(value: object) -> bytes:
    return msgspec.json.encode({"schema": SCHEMA, "value": value})


def _decode_json(stored: bytes, kind: Any) -> Any:
    try:
        _refuse_newer(_decoder(_Version).decode(stored).schema)
        return _decoder(kind, enveloped=True).decode(stored).value
    except msgspec.MsgspecError as error:
        raise Unreadable(str(error)) from error


def _refuse_newer(schema: int) -> None:
    if schema > SCHEMA:
        raise NewerSchema(f"stored in schema {schema}, this version knows {SCHEMA}")


@cache
def _decoder(kind: Any, *, enveloped: bool = False) -> msgspec.json.Decoder[Any]:
    if enveloped:
        kind = msgspec.defstruct("Envelope", [("value", kind)])
    return msgspec.json.Decoder(kind)
