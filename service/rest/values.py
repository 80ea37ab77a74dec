"""Single values of a request, from query text or parsed JSON, for one field of the contract."""

import base64
import binascii
import math
import re
from typing import Any, Final

from google.protobuf.descriptor import EnumDescriptor, FieldDescriptor
from google.protobuf.duration_pb2 import Duration
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.timestamp_pb2 import Timestamp

from service.rest.contract import DURATION, TIMESTAMP, enum_names, enum_numbers, text_message

_INTEGER_BOUNDS: Final = {
    FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, 2**64 - 1),
}
_BEYOND_INTEGERS: Final = 2**64
_MAX_DIGITS: Final = 20
_INTEGER: Final = re.compile(r"-?[0-9]+\Z")
_NUMBER: Final = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][+-]?[0-9]+)?\Z")
_DURATION: Final = re.compile(r"-?[0-9]{1,12}(\.[0-9]{1,9})?s\Z")
_TIMESTAMP: Final = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,9})?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})\Z"
)
_MASK_PATH: Final = re.compile(r"[a-z][A-Za-z0-9_]*(\.[a-z][A-Za-z0-9_]*)*\Z")
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SHOWN_CHARACTERS: Final = 64


class WrongValue(Exception):
    """The value does not fit the field; the message completes "field: …"."""


def shown(text: str) -> str:
    """Return the caller's text for use in an answer: quoted and not too long."""
    return f"'{text[:_SHOWN_CHARACTERS]}…'" if len(text) > _SHOWN_CHARACTERS else f"'{text}'"


def value_from_text(field: FieldDescriptor, text: str) -> Any:
    """Read one query parameter or path segment; raises WrongValue."""
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        if text not in ("true", "false"):
            raise WrongValue("must be true or false")
        return text == "true"
    if field.cpp_type == FieldDescriptor.CPPTYPE_DOUBLE:
        if not _NUMBER.match(text):
            raise WrongValue("must be a number")
        return _finite(float(text))
    return _from_string(field, text)


def value_from_json(field: FieldDescriptor, value: Any) -> Any:
    """Read one parsed JSON value that is neither null nor an array; raises WrongValue."""
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        if not isinstance(value, bool):
            raise WrongValue("must be true or false")
        return value
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if field.cpp_type == FieldDescriptor.CPPTYPE_DOUBLE:
        if not is_number:
            raise WrongValue("must be a number")
        return _finite(float(value))
    if field.cpp_type in _INTEGER_BOUNDS and is_number:
        # Whole numbers that are too long for any field come as floats.
        if not isinstance(value, int) and abs(value) < _BEYOND_INTEGERS:
            raise WrongValue("must be a whole number")
        return _within_bounds(field, value)
    if not isinstance(value, str):
        kind = "whole number" if field.cpp_type in _INTEGER_BOUNDS else "string"
        raise WrongValue(f"must be a {kind}")
    return _from_string(field, value)


def _from_string(field: FieldDescriptor, text: str) -> Any:
    if field.cpp_type in _INTEGER_BOUNDS:
        if not _INTEGER.match(text):
            raise WrongValue("must be a whole number")
        # Long digit strings take quadratic time.
        return _within_bounds(field, int(text) if len(text) <= _MAX_DIGITS else float(text))
    if field.enum_type is not None:
        return _enum_number(field.enum_type, text)
    text_kind = text_message(field)
    if text_kind is not None:
        return _text_message(text_kind, text)
    if field.type == FieldDescriptor.TYPE_BYTES:
        try:
            return base64.b64decode(text, validate=True)
        except (binascii.Error, ValueError):
            raise WrongValue("must be base64") from None
    return _string(text)


def _string(text: str) -> str:
    if _CONTROL.search(text):
        raise WrongValue("holds a control character")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        raise WrongValue("holds half a character") from None
    return text


def _finite(value: float) -> float:
    if not math.isfinite(value):
        raise WrongValue("is too large")
    return value


def _within_bounds(field: FieldDescriptor, value: float) -> int:
    low, high = _INTEGER_BOUNDS[field.cpp_type]
    if not low <= value <= high:
        raise WrongValue(f"must be between {low} and {high}")
    return int(value)


def _enum_number(enum: EnumDescriptor, text: str) -> int:
    number = enum_numbers(enum).get(text)
    if number is None:
        known = ", ".join(name for number, name in enum_names(enum).items() if number)
        raise WrongValue(f"{shown(text)} is not one of {known}")
    return number


def _text_message(full_name: str, text: str) -> Timestamp | Duration | FieldMask:
    if full_name == TIMESTAMP:
        return _timestamp(text)
    if full_name == DURATION:
        return _duration(text)
    return _field_mask(text)


def _timestamp(text: str) -> Timestamp:
    moment = Timestamp()
    try:
        if _TIMESTAMP.match(text):
            moment.FromJsonString(text)
            return moment
    except ValueError:
        pass
    raise WrongValue('must be an RFC 3339 time such as "2026-05-04T10:15:00Z"')


def _duration(text: str) -> Duration:
    span = Duration()
    try:
        if _DURATION.match(text):
            span.FromJsonString(text)
            return span
    except ValueError:
        pass
    raise WrongValue('must be a number of seconds such as "3600s"')


def _field_mask(text: str) -> FieldMask:
    paths = [path.strip() for path in text.split(",")] if text else []
    if not all(_MASK_PATH.match(path) for path in paths):
        raise WrongValue('must be field names with commas between, such as "name,pricePerHour"')
    return FieldMask(paths=[re.sub("[A-Z]", lambda m: "_" + m[0].lower(), path) for path in paths])
