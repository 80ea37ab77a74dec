from typing import Any

import pytest
from google.protobuf import json_format
from gpuquote.v1 import catalog_service_pb2, offer_pb2
from hypothesis import given
from hypothesis import strategies as st

from service.rest import contract
from service.rest.binding import Binder, Violations, read_object
from service.rest.problem import Refused
from service.rest.routes import routes_of

BINDERS = {route.method.name: Binder(route) for route in routes_of(contract.services())}


def _bind(rpc: str, query: str = "", body: bytes = b"", **segments: str) -> Any:
    return BINDERS[rpc].bind(segments=segments, query=query.encode(), body=body)


def _refusal(rpc: str, query: str = "", body: bytes = b"", **segments: str) -> Refused:
    with pytest.raises(Refused) as caught:
        _bind(rpc, query, body, **segments)
    return caught.value


def _faults(refused: Refused) -> dict[str, str]:
    return {each.field: each.description for each in refused.violations}


def test_every_kind_of_parameter_reaches_the_request() -> None:
    request = _bind(
        "ListOffers",
        "gpuFamily=H100&gpuFamily=A100&pageSize=25&purchaseModel=ON_DEMAND"
        "&purchaseModel=PURCHASE_MODEL_SPOT&maxAge=3600s&fields=name,pricePerGpuHour"
        "&filter=gpu_count+%3E%3D+8&min_vram_gb=80",
    )
    assert list(request.gpu_family) == ["H100", "A100"]
    assert request.page_size == 25
    assert list(request.purchase_model) == [
        offer_pb2.PURCHASE_MODEL_ON_DEMAND,
        offer_pb2.PURCHASE_MODEL_SPOT,
    ]
    assert request.max_age.seconds == 3600
    assert list(request.fields.paths) == ["name", "price_per_gpu_hour"]
    assert request.filter == "gpu_count >= 8"
    assert request.min_vram_gb == 80


def test_path_segments_become_the_name() -> None:
    assert _bind("GetOffer", offer="nimbus-1.5").name == "offers/nimbus-1.5"


def test_the_order_of_repeated_values_is_kept() -> None:
    assert list(_bind("BatchGetOffers", "names=b&names=a&names=b").names) == ["b", "a", "b"]


def test_prices_pass_as_text_for_the_service_to_judge() -> None:
    assert _bind("ListOffers", "maxPricePerGpuHour=NaN").max_price_per_gpu_hour == "NaN"


@pytest.mark.parametrize(
    ("query", "field", "description"),
    [
        ("pageSize=ten", "pageSize", "must be a whole number"),
        ("pageSize=1e3", "pageSize", "must be a whole number"),
        ("pageSize=1.0", "pageSize", "must be a whole number"),
        ("pageSize=", "pageSize", "must be a whole number"),
        ("pageSize=%D9%A1", "pageSize", "must be a whole number"),
        ("pageSize=99999999999", "pageSize", "must be between -2147483648 and 2147483647"),
        ("pageSize=1&pageSize=2", "pageSize", "given more than once"),
        ("pageSize=1&page_size=1", "pageSize", "given in two spellings"),
        ("maxAge=3600", "maxAge", 'must be a number of seconds such as "3600s"'),
        ("maxAge=1e3s", "maxAge", 'must be a number of seconds such as "3600s"'),
        ("maxAge=999999999999s", "maxAge", 'must be a number of seconds such as "3600s"'),
        ("gpuModel=%00", "gpuModel", "holds a control character"),
        (
            "fields=a,,b",
            "fields",
            'must be field names with commas between, such as "name,pricePerHour"',
        ),
    ],
)
def test_wrong_values_are_told_by_field(query: str, field: str, description: str) -> None:
    refused = _refusal("ListOffers", query)
    assert refused.reason == "BAD_FIELD"
    assert _faults(refused) == {field: description}


@pytest.mark.parametrize("spelling", ["on_demand", "ON-DEMAND", "1", "", "purchase_model_spot"])
def test_enum_values_are_exact(spelling: str) -> None:
    fault = _faults(_refusal("ListOffers", f"purchaseModel={spelling}"))["purchaseModel"]
    assert "is not one of ON_DEMAND, SPOT, RESERVED_1Y" in fault
    assert "UNSPECIFIED" not in fault


def test_an_unknown_parameter_names_the_nearest_known_one() -> None:
    refused = _refusal("ListOffers", "maxPricePerGpuHours=2")
    assert refused.reason == "UNKNOWN_FIELD"
    assert _faults(refused) == {
        "maxPricePerGpuHours": "unknown; did you mean 'maxPricePerGpuHour'?"
    }
    assert refused.metadata["nearest"] == "maxPricePerGpuHour"


def test_all_faults_are_told_at_once() -> None:
    refused = _refusal("ListOffers", "gpuModl=x&pageSize=a&purchaseModel=b&maxAge=c")
    assert set(_faults(refused)) == {"gpuModl", "pageSize", "purchaseModel", "maxAge"}


def test_nonsense_without_end_is_cut_short() -> None:
    refused = _refusal("ListOffers", "&".join(f"x{i}=1" for i in range(900)))
    assert len(refused.violations) == 32
    assert "1000 parameters" in _refusal("ListOffers", "a=1&" * 1001).detail
    assert len(_refusal("ListOffers", "x" * 9000).detail) < 200


def test_path_fields_cannot_be_given_in_the_query() -> None:
    assert _refusal("GetOffer", "name=offers/other", offer="one").reason == "UNKNOWN_FIELD"


@pytest.mark.parametrize("query", ["gpuModel=%ff", "%ff=1", "gpuModel=%c0%af"])
def test_a_query_that_is_not_utf_8_is_refused(query: str) -> None:
    assert _refusal("ListOffers", query).reason == "BAD_FIELD"


def test_a_body_fills_its_field() -> None:
    request = _bind("CreateCollectionRun", body=b'{"provider": "nimbus"}')
    assert request.collection_run.provider == "nimbus"
    assert _bind("CreateCollectionRun", body=b"{}").HasField("collection_run")


@pytest.mark.parametrize(
    ("body", "field", "description"),
    [
        (b'{"provider": 5}', "collectionRun.provider", "must be a string"),
        (b'{"provider": ["a"]}', "collectionRun.provider", "must be a string"),
        (b'{"provider": "\\ud800"}', "collectionRun.provider", "holds half a character"),
        (
            b'{"state": "PENDING"}',
            "collectionRun.state",
            "is set by the service and cannot be given",
        ),
        (b'{"providr": "a"}', "collectionRun.providr", "unknown; did you mean 'provider'?"),
    ],
)
def test_wrong_bodies_are_told_by_field(body: bytes, field: str, description: str) -> None:
    assert _faults(_refusal("CreateCollectionRun", body=body)) == {field: description}


@pytest.mark.parametrize("body", [b"", b"[]", b'"x"', b"{", b'{"a":1,"a":1}', b"null"])
def test_a_body_that_is_no_object_is_bad_json(body: bytes) -> None:
    assert _refusal("CreateCollectionRun", body=body).reason == "BAD_JSON"


def _read(value: dict[str, Any], message: Any) -> tuple[Any, dict[str, str]]:
    violations = Violations()
    read_object(message, value, path="", violations=violations, accept_output=True)
    try:
        violations.raise_if_any()
    except Refused as refused:
        return message, _faults(refused)
    return message, {}


def test_nested_objects_and_arrays_are_read_with_their_paths() -> None:
    value = {
        "offers": [{"vramGb": 80, "listed": {"unit": "GPU_HOUR"}}, {"vramGb": "x", "tax": 1}, 3]
    }
    message, faults = _read(value, catalog_service_pb2.ListOffersResponse())
    assert message.offers[0].listed.unit == offer_pb2.PRICE_UNIT_GPU_HOUR
    assert faults == {
        "offers[1].vramGb": "must be a whole number",
        "offers[1].tax": "must be a string",
        "offers[2]": "must be an object",
    }


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ({"unverified": "true"}, "must be true or false"),
        ({"memoryGib": "1.5"}, "must be a number"),
        ({"memoryGib": True}, "must be a number"),
        ({"vramGb": True}, "must be a whole number"),
        ({"vramGb": 1.0}, "must be a whole number"),
        ({"vramGb": 2**31}, "must be between -2147483648 and 2147483647"),
        ({"observeTime": "yesterday"}, 'must be an RFC 3339 time such as "2026-05-04T10:15:00Z"'),
        ({"vramGb": 1, "vram_gb": 1}, "cannot be given together with 'vramGb'"),
    ],
)
def test_json_types_are_exact(value: dict[str, Any], fault: str) -> None:
    assert list(_read(value, offer_pb2.Offer())[1].values()) == [fault]


def test_null_means_not_given() -> None:
    message, faults = _read({"vramGb": None, "listed": None}, offer_pb2.Offer())
    assert (message, faults) == (offer_pb2.Offer(), {})


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "name": st.text(st.characters(codec="utf-8", categories=("L", "N")), max_size=9),
            "vramGb": st.integers(-(2**31), 2**31 - 1),
            "memoryGib": st.floats(allow_nan=False, allow_infinity=False),
            "unverified": st.booleans(),
            "billingIncrement": st.integers(0, 10**6).map("{}s".format),
            "listed": st.fixed_dictionaries({"text": st.just("$1")}),
        },
    )
)
def test_good_objects_read_as_the_reference_reads_them(value: dict[str, Any]) -> None:
    message, faults = _read(value, offer_pb2.Offer())
    assert faults == {}
    assert message == json_format.ParseDict(value, offer_pb2.Offer())
