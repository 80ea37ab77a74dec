"""Kinds of fields that today's requests do not have, on descriptors made for it."""

import math
from typing import Any

import pytest
from google.protobuf import descriptor_pb2, descriptor_pool
from google.protobuf.descriptor import FieldDescriptor

from service.rest.contract import UnsupportedContract, require_supported
from service.rest.values import WrongValue, shown, value_from_json, value_from_text

WRONG = "wrong"


def _field(kind: str, type_name: str = "") -> FieldDescriptor:
    pool = descriptor_pool.DescriptorPool()
    for name in ("timestamp", "struct", "wrappers"):
        module = __import__(f"google.protobuf.{name}_pb2", fromlist=["DESCRIPTOR"])
        pool.AddSerializedFile(module.DESCRIPTOR.serialized_pb)
    file = descriptor_pb2.FileDescriptorProto(name="v.proto", package="v", syntax="proto3")
    file.dependency.extend(
        f"google/protobuf/{n}.proto" for n in ("timestamp", "struct", "wrappers")
    )
    field = file.message_type.add(name="M").field.add(name="f", number=1)
    field.label = descriptor_pb2.FieldDescriptorProto.LABEL_OPTIONAL
    field.type = descriptor_pb2.FieldDescriptorProto.Type.Value(f"TYPE_{kind}")
    if type_name:
        field.type_name = type_name
    pool.AddSerializedFile(file.SerializeToString())
    found: FieldDescriptor = pool.FindMessageTypeByName("v.M").fields_by_name["f"]
    return found


@pytest.mark.parametrize(
    ("kind", "text", "expected"),
    [
        ("BOOL", "true", True),
        ("BOOL", "false", False),
        ("BOOL", "True", WRONG),
        ("BOOL", "1", WRONG),
        ("DOUBLE", "-1.5e3", -1500.0),
        ("DOUBLE", "1e999", WRONG),
        ("DOUBLE", "NaN", WRONG),
        ("DOUBLE", " 1", WRONG),
        ("DOUBLE", "0x1", WRONG),
        ("INT64", "9223372036854775807", 2**63 - 1),
        ("INT64", "9223372036854775808", WRONG),
        ("INT64", "9" * 21, WRONG),
        ("UINT32", "-1", WRONG),
        ("UINT64", "18446744073709551615", 2**64 - 1),
        ("BYTES", "aGk=", b"hi"),
        ("BYTES", "aG", WRONG),
        ("BYTES", "a k=", WRONG),
        ("STRING", "two\nlines", "two\nlines"),
        ("STRING", "bell\x07", WRONG),
    ],
)
def test_text_is_read_exactly(kind: str, text: str, expected: Any) -> None:
    field = _field(kind)
    if expected == WRONG:
        with pytest.raises(WrongValue):
            value_from_text(field, text)
    else:
        assert value_from_text(field, text) == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [(5, 5), ("5", 5), ("1e3", WRONG), (1e3, WRONG), (5.0, WRONG), (True, WRONG), ([], WRONG)],
)
def test_64_bit_integers_are_numbers_or_strings_without_exponent(value: Any, expected: Any) -> None:
    if expected == WRONG:
        with pytest.raises(WrongValue):
            value_from_json(_field("INT64"), value)
    else:
        assert value_from_json(_field("INT64"), value) == expected


@pytest.mark.parametrize("value", [2**63, float(10**30), math.inf, -math.inf, "9" * 30, "9" * 5000])
def test_a_number_that_is_too_large_is_told_the_bounds(value: Any) -> None:
    with pytest.raises(WrongValue, match="between -9223372036854775808 and 9223372036854775807"):
        value_from_json(_field("INT64"), value)


@pytest.mark.parametrize("value", [math.inf, -math.inf])
def test_a_number_beyond_float_is_too_large(value: float) -> None:
    with pytest.raises(WrongValue, match="is too large"):
        value_from_json(_field("DOUBLE"), value)


@pytest.mark.parametrize(
    "text",
    ["2026-05-04", "2026-05-04T10:15:00", "2026-13-04T10:15:00Z", "2026-05-04t10:15:00z", "now"],
)
def test_a_time_needs_its_zone(text: str) -> None:
    field = _field("MESSAGE", ".google.protobuf.Timestamp")
    with pytest.raises(WrongValue):
        value_from_text(field, text)
    good = value_from_text(field, "2026-05-04T12:15:00+02:00")
    assert good.ToJsonString() == "2026-05-04T10:15:00Z"


@pytest.mark.parametrize(
    ("kind", "type_name"),
    [
        ("FLOAT", ""),
        ("MESSAGE", ".google.protobuf.Struct"),
        ("MESSAGE", ".google.protobuf.Int32Value"),
    ],
)
def test_types_without_a_json_of_ours_stop_the_start(kind: str, type_name: str) -> None:
    with pytest.raises(UnsupportedContract):
        require_supported(_field(kind, type_name))


def test_a_long_text_is_cut_before_it_is_repeated() -> None:
    assert shown("abc") == "'abc'"
    assert len(shown("x" * 9000)) == 67
