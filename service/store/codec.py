"""Stored forms of domain values: versioned JSON, snapshots compressed and with a checksum.

A reader accepts older versions, whose missing optional fields take their defaults. Raise `SCHEMA`
only for a change that an older reader would misread; a new field with a default is none.
"""

import hashlib
import struct
from functools import cache
from typing import Any

import msgspec
import zstandard

from service.domain.change import Change
from service.domain.provider import ProviderSnapshot, ProviderStatus
from service.domain.run import CollectionRun
from service.store.ports import NewerSchema

SCHEMA = 1
COMPRESSION_LEVEL = 3
MAX_DECODED_BYTES = 1 << 30

_MAGIC = b"GQ"
# magic, schema version, SHA-256 of the compressed rest
_HEADER = struct.Struct(">2sH32s")


class Unreadable(ValueError):
    """The stored bytes are not what was written, or not ours."""


class _Version(msgspec.Struct):
    schema: int


def encode_snapshot(snapshot: ProviderSnapshot) -> bytes:
    """Write a snapshot in its compressed form."""
    return _pack(snapshot)


def decode_snapshot(stored: bytes) -> ProviderSnapshot:
    """Read a snapshot. Raises Unreadable for damage and NewerSchema."""
    decoded: ProviderSnapshot = _unpack(stored, ProviderSnapshot)
    return decoded


def encode_changes(changes: tuple[Change, ...]) -> bytes:
    """Write the changes of one publication in their compressed form."""
    return _pack(changes)


def decode_changes(stored: bytes) -> tuple[Change, ...]:
    """Read the changes of one publication. Raises Unreadable and NewerSchema."""
    decoded: tuple[Change, ...] = _unpack(stored, tuple[Change, ...])
    return decoded


def encode_status(status: ProviderStatus) -> bytes:
    """Write a provider's status as JSON with its schema version."""
    return _encode_json(status)


def decode_status(stored: bytes) -> ProviderStatus:
    """Read a provider's status. Raises Unreadable and NewerSchema."""
    decoded: ProviderStatus = _decode_json(stored, ProviderStatus)
    return decoded


def encode_run(run: CollectionRun) -> bytes:
    """Write a collection run as JSON with its schema version."""
    return _encode_json(run)


def decode_run(stored: bytes) -> CollectionRun:
    """Read a collection run. Raises Unreadable and NewerSchema."""
    decoded: CollectionRun = _decode_json(stored, CollectionRun)
    return decoded


def _pack(value: object) -> bytes:
    packed = zstandard.compress(msgspec.json.encode(value), level=COMPRESSION_LEVEL)
    return _HEADER.pack(_MAGIC, SCHEMA, hashlib.sha256(packed).digest()) + packed


def _unpack(stored: bytes, kind: Any) -> Any:
    if len(stored) < _HEADER.size:
        raise Unreadable(f"{len(stored)} bytes are too short")
    magic, schema, digest = _HEADER.unpack_from(stored)
    if magic != _MAGIC:
        raise Unreadable("not written by gpuquote")
    _refuse_newer(schema)
    packed = stored[_HEADER.size :]
    if hashlib.sha256(packed).digest() != digest:
        raise Unreadable("the checksum does not match")
    try:
        size = zstandard.frame_content_size(packed)
        if not 0 <= size <= MAX_DECODED_BYTES:
            raise Unreadable(f"a decoded size of {size} bytes")
        return _decoder(kind).decode(zstandard.decompress(packed))
    except (zstandard.ZstdError, msgspec.MsgspecError) as error:
        raise Unreadable(str(error)) from error


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
