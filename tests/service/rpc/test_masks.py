"""Field masks keep what they name and refuse what does not exist."""

from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from gpuquote.v1 import offer_pb2

from service.domain.errors import InvalidRequest, Reason
from service.domain.offer import Freshness
from service.rpc.convert import offer_to_proto
from service.rpc.faults import Faults
from service.rpc.masks import MAX_PATHS, Mask, mask_from_proto
from tests.builders import an_offer

OFFER: Any = offer_pb2.Offer.DESCRIPTOR


def read(*paths: str) -> Mask:
    faults = Faults()
    mask = mask_from_proto(FieldMask(paths=paths), OFFER, faults)
    faults.raise_if_any()
    assert mask is not None
    return mask


def kept(*paths: str) -> offer_pb2.Offer:
    message = offer_to_proto(an_offer(), Freshness.FRESH)
    read(*paths).keep_only(message)
    return message


def test_only_the_named_fields_are_left() -> None:
    message = kept("name", "price_per_gpu_hour")
    assert {field.name for field, _ in message.ListFields()} == {"name", "price_per_gpu_hour"}
    assert message.price_per_gpu_hour.amount == "2.49"


def test_a_path_into_a_message_keeps_that_part_only() -> None:
    message = kept("listed.amount.amount", "listed.unit")
    assert [field.name for field, _ in message.ListFields()] == ["listed"]
    assert message.listed.text == ""
    assert message.listed.amount.amount == "2.49"
    assert message.listed.amount.currency_code == ""
    assert message.listed.unit == offer_pb2.PRICE_UNIT_GPU_HOUR


@pytest.mark.parametrize("paths", [("listed", "listed.unit"), ("listed.unit", "listed")])
def test_a_whole_field_wins_over_its_parts(paths: tuple[str, str]) -> None:
    assert kept(*paths).listed.text == "$2.49"


def test_both_spellings_are_read_and_the_names_are_those_of_json() -> None:
    assert read("pricePerGpuHour", "price_per_gpu_hour", "listed.unit", "name").json_names == (
        "pricePerGpuHour",
        "listed",
        "name",
    )


def test_a_field_that_the_source_does_not_state_does_not_appear() -> None:
    assert not kept("vcpu_count").HasField("vcpu_count")


def test_no_paths_are_no_mask() -> None:
    assert mask_from_proto(FieldMask(), OFFER, Faults()) is None


@pytest.mark.parametrize(
    "path",
    [
        "nope",
        "",
        ".",
        "name.",
        "name.x",
        "listed.nope",
        "observe_time.seconds",
        "*",
        "listed..unit",
    ],
)
def test_a_path_that_does_not_exist_is_refused(path: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        read("name", path)
    assert raised.value.reason is Reason.BAD_FIELD_MASK
    assert [v.field for v in raised.value.violations] == ["fields"]


def test_too_many_paths_are_refused() -> None:
    with pytest.raises(InvalidRequest, match="more than"):
        read(*["name"] * (MAX_PATHS + 1))
