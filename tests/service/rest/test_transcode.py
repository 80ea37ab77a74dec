from typing import Any

import orjson
import pytest
from google.protobuf import json_format
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass
from gpuquote.v1 import catalog_service_pb2, collection_run_pb2, offer_pb2
from hypothesis import given, settings
from hypothesis import strategies as st

from service.rest import contract
from service.rest.transcode import message_to_dict, message_to_json
from tests.service.rest.fakes import an_offer

_INT32 = st.integers(-(2**31), 2**31 - 1)
_SCALARS: dict[int, st.SearchStrategy[Any]] = {
    FieldDescriptor.TYPE_BOOL: st.booleans(),
    FieldDescriptor.TYPE_DOUBLE: st.floats(),
    FieldDescriptor.TYPE_INT32: _INT32,
    FieldDescriptor.TYPE_INT64: st.integers(-(2**63), 2**63 - 1),
    FieldDescriptor.TYPE_STRING: st.text(max_size=8),
}
MESSAGES = [
    descriptor
    for service in contract.services()
    for method in service.methods
    for descriptor in (method.input_type, method.output_type)
]


def _fill(draw: st.DrawFn, message: Message, depth: int = 0) -> None:
    """Set some fields of any message of the contract."""
    for field in message.DESCRIPTOR.fields:
        for _ in range(draw(st.integers(0, 2 if field.is_repeated else 1))):
            _set(draw, message, field, depth)


def _set(draw: st.DrawFn, message: Message, field: Any, depth: int) -> None:
    holder = getattr(message, field.name)
    kind = contract.text_message(field)
    if kind == contract.FIELD_MASK:
        holder.CopyFrom(FieldMask(paths=["name", "price_per_hour.amount"]))
    elif kind is not None:
        holder.seconds = draw(st.integers(0, 10**9))
        holder.nanos = draw(st.sampled_from([0, 5_000_000, 1, 999_999_999]))
    elif field.message_type is not None:
        _fill(draw, holder.add() if field.is_repeated else holder, depth + 1)
    else:
        number = (
            st.sampled_from([*field.enum_type.values_by_number, 77]) if field.enum_type else None
        )
        value = draw(number if number is not None else _SCALARS[field.type])
        if field.is_repeated:
            holder.append(value)
        else:
            setattr(message, field.name, value)


def _with_prefixes(value: Any, descriptor: Any) -> Any:
    """Give enum values of our JSON their prefix again, to compare with the reference."""
    out = {}
    fields = {field.json_name: field for field in descriptor.fields}
    for key, item in value.items():
        field = fields[key]
        if field.enum_type is not None:
            prefix = contract.enum_prefix(field.enum_type)
            many = [each if isinstance(each, int) else prefix + each for each in _many(item)]
        elif field.message_type is not None and contract.text_message(field) is None:
            many = [_with_prefixes(each, field.message_type) for each in _many(item)]
        else:
            many = _many(item)
        out[key] = many if field.is_repeated else many[0]
    return out


def _many(item: Any) -> list[Any]:
    return item if isinstance(item, list) else [item]


@pytest.mark.no_cover  # Many cases of what other tests cover.
@settings(max_examples=150)
@given(st.data())
def test_every_message_is_written_as_the_reference_writes_it_but_for_enum_prefixes(
    data: st.DataObject,
) -> None:
    descriptor = data.draw(st.sampled_from(MESSAGES))
    message = GetMessageClass(descriptor)()
    data.draw(_filled(message))
    reference = json_format.MessageToDict(message, always_print_fields_with_no_presence=True)
    ours = orjson.loads(message_to_json(message))
    assert _with_prefixes(ours, descriptor) == orjson.loads(orjson.dumps(reference))


def _filled(message: Message) -> st.SearchStrategy[None]:
    @st.composite
    def build(draw: st.DrawFn) -> None:
        _fill(draw, message)

    return build()


def test_enum_values_lose_their_type_prefix() -> None:
    assert message_to_dict(an_offer())["purchaseModel"] == "ON_DEMAND"


def test_an_enum_number_that_this_version_does_not_know_is_written_as_a_number() -> None:
    assert message_to_dict(offer_pb2.Offer(purchase_model=99))["purchaseModel"] == 99  # type: ignore[arg-type]


def test_fields_without_presence_are_written_and_absent_ones_are_not() -> None:
    written = message_to_dict(offer_pb2.Offer())
    assert written["vramGb"] == 0
    assert written["unverified"] is False
    assert "minGpuCount" not in written
    assert "pricePerHour" not in written


def test_64_bit_integers_are_strings() -> None:
    run = collection_run_pb2.CollectionRun(body_byte_count=2**53 + 1)
    assert message_to_dict(run)["bodyByteCount"] == "9007199254740993"


def test_times_are_rfc_3339_and_spans_are_seconds() -> None:
    offer = an_offer()
    offer.billing_increment.seconds = 60
    written = message_to_dict(offer)
    assert written["observeTime"] == "2026-05-04T10:15:00Z"
    assert written["billingIncrement"] == "60s"


def test_a_mask_narrows_the_resources_but_not_the_answer_around_them() -> None:
    page = catalog_service_pb2.ListOffersResponse(offers=[an_offer()], catalog_revision="r")
    written = message_to_dict(page, fields=frozenset({"name", "minGpuCount"}))
    assert written["offers"] == [{"name": "offers/nimbus-h100-8x"}]
    assert written["catalogRevision"] == "r"
    assert written["nextPageToken"] == ""


def test_a_mask_narrows_a_single_resource() -> None:
    answer = catalog_service_pb2.GetOfferResponse(offer=an_offer())
    assert message_to_dict(answer, fields=frozenset({"vramGb", "tax"})) == {
        "offer": {"vramGb": 80, "tax": "UNSPECIFIED"}
    }
    assert message_to_dict(an_offer(), fields=frozenset({"vramGb"})) == {"vramGb": 80}


@pytest.mark.parametrize(
    ("fields", "written"),
    [
        ({"pricePerHour.amount"}, {"pricePerHour": {"amount": "23.92"}}),
        (
            {"pricePerHour.amount", "pricePerHour"},
            {"pricePerHour": {"currencyCode": "USD", "amount": "23.92"}},
        ),
        ({"listed.amount.amount", "vramGb"}, {"vramGb": 80}),
    ],
)
def test_a_mask_reaches_into_messages(fields: set[str], written: dict[str, Any]) -> None:
    assert message_to_dict(an_offer(), fields=frozenset(fields)) == written


@pytest.mark.parametrize(
    ("value", "text"), [(float("nan"), "NaN"), (float("inf"), "Infinity"), (-1e999, "-Infinity")]
)
def test_numbers_that_json_lacks_become_text(value: float, text: str) -> None:
    assert message_to_dict(offer_pb2.Offer(memory_gib=value))["memoryGib"] == text
