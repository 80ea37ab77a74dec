"""Requests to queries: what is read, and that every violation is found at once."""

from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from gpuquote.v1 import catalog_service_pb2 as pb
from hypothesis import given
from hypothesis import strategies as st

from service.catalog.paging import PageTokenSigner
from service.domain.errors import InvalidRequest, Reason
from service.domain.filter import parse_filter
from service.domain.order import OrderKey
from service.rpc.requests import (
    ListedOffers,
    digest_of,
    read_batch_get_offers,
    read_get_offer,
    read_list_offers,
)
from tests.fakes import GPUS

PROVIDERS = ("lambda", "nimbus")
SIGNER = PageTokenSigner(b"a key")


def read(**fields: Any) -> ListedOffers:
    return read_request(pb.ListOffersRequest(**fields))


def read_request(request: pb.ListOffersRequest) -> ListedOffers:
    return read_list_offers(
        request, gpus=GPUS, providers=PROVIDERS, currencies=("EUR",), signer=SIGNER
    )


def violations(**fields: Any) -> list[tuple[str, Reason]]:
    with pytest.raises(InvalidRequest) as raised:
        read(**fields)
    return [(v.field, v.reason) for v in raised.value.violations]


@pytest.mark.parametrize(
    ("fields", "same_as"),
    [
        ({}, ""),
        ({"gpu_model": ["h100-sxm-80gb"]}, 'gpu_model = "h100-sxm-80gb"'),
        ({"gpu_model": ["gpuModels/h100-sxm-80gb"]}, 'gpu_model = "h100-sxm-80gb"'),
        (
            {"gpu_model": ["h100-sxm-80gb", "l4-24gb", "h100-sxm-80gb"]},
            "gpu_model = h100-sxm-80gb OR gpu_model = l4-24gb",
        ),
        ({"gpu_family": ["h100"]}, "gpu_family = H100"),
        ({"provider": ["lambda"]}, "provider = lambda"),
        ({"provider": ["providers/lambda"]}, "provider = lambda"),
        ({"country_code": ["us"]}, "country_code = US"),
        ({"geo": ["EU"]}, "geo = EU"),
        ({"purchase_model": [2]}, "purchase_model = SPOT"),
        (
            {"availability": [1, 2]},
            "availability = AVAILABLE OR availability = LIMITED",
        ),
        ({"min_gpu_count": "0.5"}, "gpu_count >= 0.5"),
        ({"min_gpu_count": "08"}, "gpu_count >= 8"),
        ({"max_gpu_count": "8"}, "gpu_count <= 8"),
        ({"max_price_per_gpu_hour": "2.50"}, "price_per_gpu_hour <= 2.50"),
        ({"max_price_per_gpu_hour": "2.30 EUR"}, 'price_per_gpu_hour <= "2.30 EUR"'),
        ({"min_vram_gb": 80}, "vram_gb >= 80"),
        (
            {"filter": "vram_gb >= 40", "gpu_family": ["H100"], "min_gpu_count": "8"},
            "vram_gb >= 40 AND gpu_family = H100 AND gpu_count >= 8",
        ),
        (
            {"filter": "vram_gb = 40 OR vram_gb = 80", "provider": ["lambda", "nimbus"]},
            "(vram_gb = 40 OR vram_gb = 80) AND (provider = lambda OR provider = nimbus)",
        ),
    ],
    ids=str,
)
def test_typed_parameters_say_what_the_filter_language_says(
    fields: dict[str, Any], same_as: str
) -> None:
    assert read(**fields).query.filter == parse_filter(same_as)


@pytest.mark.parametrize(
    ("fields", "field", "reason"),
    [
        ({"page_size": -1}, "page_size", Reason.BAD_PAGE_SIZE),
        ({"filter": "gpu_modle = x"}, "filter", Reason.BAD_FILTER),
        ({"filter": "price_per_hour < NaN"}, "filter", Reason.BAD_MONEY),
        ({"order_by": "prize"}, "order_by", Reason.BAD_ORDER_BY),
        ({"fields": FieldMask(paths=["nope"])}, "fields", Reason.BAD_FIELD_MASK),
        ({"gpu_model": ["h100x"]}, "gpu_model", Reason.UNKNOWN_GPU_MODEL),
        ({"gpu_model": ["h100*"]}, "gpu_model", Reason.UNKNOWN_GPU_MODEL),
        ({"gpu_model": [""]}, "gpu_model", Reason.UNKNOWN_GPU_MODEL),
        ({"gpu_family": ["H1000"]}, "gpu_family", Reason.UNKNOWN_GPU_FAMILY),
        ({"provider": ["lambdaa"]}, "provider", Reason.UNKNOWN_PROVIDER),
        ({"country_code": ["USA"]}, "country_code", Reason.BAD_FIELD),
        ({"country_code": ["XX"]}, "country_code", Reason.BAD_FIELD),
        ({"country_code": ["U*"]}, "country_code", Reason.BAD_FIELD),
        ({"geo": ["EUROPA"]}, "geo", Reason.BAD_FIELD),
        ({"purchase_model": [0]}, "purchase_model", Reason.BAD_FIELD),
        ({"purchase_model": [99]}, "purchase_model", Reason.BAD_FIELD),
        ({"purchase_model": [-1]}, "purchase_model", Reason.BAD_FIELD),
        ({"availability": [0]}, "availability", Reason.BAD_FIELD),
        ({"min_gpu_count": "1e3"}, "min_gpu_count", Reason.BAD_FIELD),
        ({"min_gpu_count": "-1"}, "min_gpu_count", Reason.BAD_FIELD),
        ({"max_gpu_count": "NaN"}, "max_gpu_count", Reason.BAD_FIELD),
        ({"max_gpu_count": " 8"}, "max_gpu_count", Reason.BAD_FIELD),
        ({"max_gpu_count": "9" * 400}, "max_gpu_count", Reason.BAD_FIELD),
        ({"max_price_per_gpu_hour": "NaN"}, "max_price_per_gpu_hour", Reason.BAD_MONEY),
        ({"max_price_per_gpu_hour": "1e3"}, "max_price_per_gpu_hour", Reason.BAD_MONEY),
        ({"max_price_per_gpu_hour": "-2"}, "max_price_per_gpu_hour", Reason.BAD_MONEY),
        ({"max_price_per_gpu_hour": "-0"}, "max_price_per_gpu_hour", Reason.BAD_MONEY),
        ({"max_price_per_gpu_hour": "Infinity"}, "max_price_per_gpu_hour", Reason.BAD_MONEY),
        ({"max_price_per_gpu_hour": "$2"}, "max_price_per_gpu_hour", Reason.BAD_MONEY),
        ({"max_price_per_gpu_hour": "2 eur"}, "max_price_per_gpu_hour", Reason.BAD_MONEY),
        ({"max_price_per_gpu_hour": "2\n"}, "max_price_per_gpu_hour", Reason.BAD_MONEY),
        ({"min_vram_gb": -1}, "min_vram_gb", Reason.BAD_FIELD),
        ({"max_age": timedelta(0)}, "max_age", Reason.BAD_FIELD),
        ({"max_age": timedelta(seconds=-1)}, "max_age", Reason.BAD_FIELD),
        ({"max_age": timedelta(days=4000)}, "max_age", Reason.BAD_FIELD),
        ({"max_age": {"seconds": 1, "nanos": -1}}, "max_age", Reason.BAD_FIELD),
        ({"max_age": {"seconds": 2**62}}, "max_age", Reason.BAD_FIELD),
        ({"max_age": {"nanos": 999}}, "max_age", Reason.BAD_FIELD),
        ({"gpu_model": ["l4-24gb"] * 101}, "gpu_model", Reason.BAD_FIELD),
    ],
    ids=str,
)
def test_a_wrong_argument_is_refused_by_name_and_reason(
    fields: dict[str, Any], field: str, reason: Reason
) -> None:
    assert violations(**fields) == [(field, reason)]


def test_bounds_that_contradict_each_other_are_refused() -> None:
    assert violations(min_gpu_count="8", max_gpu_count="0.5") == [
        ("min_gpu_count", Reason.BAD_FIELD)
    ]
    assert read(min_gpu_count="8", max_gpu_count="8.0").query.filter is not None


def test_all_violations_come_back_at_once() -> None:
    found = violations(
        page_size=-1,
        filter="nope = 1 AND price_per_hour < -1",
        order_by="nope",
        fields=FieldMask(paths=["nope"]),
        gpu_model=["x", "y"],
        gpu_family=["x"],
        provider=["x"],
        country_code=["x"],
        geo=["x"],
        purchase_model=[0],
        availability=[77],
        min_gpu_count="x",
        max_gpu_count="x",
        max_price_per_gpu_hour="x",
        min_vram_gb=-5,
        max_age=timedelta(0),
    )
    assert [field for field, _ in found] == [
        "page_size",
        "filter",
        "filter",
        "order_by",
        "fields",
        "gpu_model",
        "gpu_model",
        "gpu_family",
        "provider",
        "country_code",
        "geo",
        "purchase_model",
        "availability",
        "min_gpu_count",
        "max_gpu_count",
        "max_price_per_gpu_hour",
        "min_vram_gb",
        "max_age",
    ]


def test_a_page_token_is_judged_with_the_other_arguments() -> None:
    assert violations(page_size=-1, page_token="x") == [
        ("page_size", Reason.BAD_PAGE_SIZE),
        ("page_token", Reason.BAD_PAGE_TOKEN),
    ]
    right = pb.ListOffersRequest(geo=["MARS"])
    token = SIGNER.encode(("a",), digest_of(right), "rev")
    assert violations(geo=["MARS"], page_token=token) == [("geo", Reason.BAD_FIELD)]


def test_a_currency_without_a_rate_is_found_with_the_other_faults_and_under_its_argument() -> None:
    found = violations(
        filter='price_per_hour < "1 XYZ" AND NOT (upfront < "2 XYY" OR geo = EU)',
        max_price_per_gpu_hour="2 XYZ",
        min_vram_gb=-1,
    )
    assert found == [
        ("filter", Reason.BAD_MONEY),
        ("filter", Reason.BAD_MONEY),
        ("max_price_per_gpu_hour", Reason.BAD_MONEY),
        ("min_vram_gb", Reason.BAD_FIELD),
    ]
    assert read(filter='price_per_hour < "1 EUR" AND upfront < 1').query.filter is not None


def test_what_varies_in_a_text_is_in_the_metadata() -> None:
    for fields, expected in (
        ({"filter": "gpu_modl = x"}, {"column": "1", "name": "gpu_modl", "nearest": "gpu_model"}),
        ({"filter": "vram_gb = x"}, {"column": "11", "value": "x"}),
        ({"order_by": "nam"}, {"name": "nam", "nearest": "name"}),
        ({"country_code": ["XX"]}, {"countryCode": "XX"}),
        ({"geo": ["MARS"]}, {"geo": "MARS"}),
        ({"provider": ["zzz"]}, {"provider": "zzz"}),
        ({"purchase_model": [0]}, {"value": "UNSPECIFIED"}),
        ({"min_gpu_count": "2", "max_gpu_count": "1"}, {"minGpuCount": "2", "maxGpuCount": "1"}),
        ({"max_price_per_gpu_hour": "1 XYZ"}, {"currencyCode": "XYZ"}),
    ):
        with pytest.raises(InvalidRequest) as raised:
            read(**fields)
        assert raised.value.metadata == expected


def test_groups_of_countries_may_be_written_in_any_case() -> None:
    assert read(geo=["eu"]).query.filter == read(geo=["EU"]).query.filter


def test_an_unknown_gpu_model_comes_with_the_nearest_ones() -> None:
    with pytest.raises(InvalidRequest) as raised:
        read(gpu_model=["h100-xsm-80gb"])
    assert raised.value.metadata["gpuModel"] == "h100-xsm-80gb"
    assert raised.value.metadata["nearest"].split(",")[0] == "h100-sxm-80gb"
    assert "'h100-sxm-80gb'" in raised.value.detail


def test_an_unknown_provider_comes_with_the_nearest_one() -> None:
    with pytest.raises(InvalidRequest) as raised:
        read(provider=["lambdaa"])
    assert raised.value.metadata == {"provider": "lambdaa", "nearest": "lambda"}


@pytest.mark.parametrize(("asked", "size"), [(0, 100), (1, 1), (1000, 1000), (1001, 1000)])
def test_page_sizes_are_read_within_their_bounds(asked: int, size: int) -> None:
    assert read(page_size=asked).query.page_size == size


def test_the_rest_of_the_query_is_taken_over() -> None:
    asked = read(
        order_by="observe_time desc",
        page_token="abc",
        max_age={"seconds": 90, "nanos": 500_000_000},
        fields=FieldMask(paths=["name"]),
    )
    assert asked.query.order[0] == OrderKey(field="observe_time", descending=True)
    assert asked.query.page_token == "abc"
    assert asked.query.max_age == timedelta(seconds=90.5)
    assert asked.mask is not None
    assert asked.mask.json_names == ("name",)


def test_the_digest_covers_every_argument_but_the_page() -> None:
    base = pb.ListOffersRequest(gpu_family=["H100"], page_size=10)
    other_page = pb.ListOffersRequest(gpu_family=["H100"], page_size=20, page_token="t")
    assert digest_of(base) == digest_of(other_page)
    assert digest_of(base) != digest_of(pb.ListOffersRequest(gpu_family=["A100"]))
    assert digest_of(base) != digest_of(pb.ListOffersRequest(gpu_family=["H100"], order_by="name"))


def test_equal_arguments_of_two_methods_have_different_digests() -> None:
    assert digest_of(pb.ListProvidersRequest()) != digest_of(pb.ListGpuModelsRequest())


@pytest.mark.parametrize(
    "name",
    [
        "",
        "x",
        "offers/",
        "offers/A",
        "offers/a/b",
        "offer/a",
        "offers/-a",
        "offers/a\n",
        "a/offers/b",
        "offers/" + "a" * 129,
    ],
)
def test_a_name_of_the_wrong_form_is_refused(name: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        read_get_offer(pb.GetOfferRequest(name=name))
    assert [(v.field, v.reason) for v in raised.value.violations] == [("name", Reason.BAD_NAME)]


def test_a_good_name_is_read() -> None:
    asked = read_get_offer(pb.GetOfferRequest(name="offers/lambda-h100.1x-8f2a"))
    assert asked.offer_ids == ("lambda-h100.1x-8f2a",)


def test_every_wrong_name_of_a_batch_is_reported() -> None:
    with pytest.raises(InvalidRequest) as raised:
        read_batch_get_offers(pb.BatchGetOffersRequest(names=["offers/a", "x", "offers/B"]))
    assert [(v.field, v.reason) for v in raised.value.violations] == [
        ("names", Reason.BAD_NAME),
        ("names", Reason.BAD_NAME),
    ]


def test_a_batch_has_at_most_a_hundred_names() -> None:
    names = [f"offers/a{number}" for number in range(101)]
    assert len(read_batch_get_offers(pb.BatchGetOffersRequest(names=names[:100])).offer_ids) == 100
    with pytest.raises(InvalidRequest, match="at most 100"):
        read_batch_get_offers(pb.BatchGetOffersRequest(names=names))


@given(
    st.builds(
        pb.ListOffersRequest,
        page_size=st.integers(-(2**31), 2**31 - 1),
        filter=st.text(max_size=40),
        order_by=st.text(max_size=20),
        gpu_model=st.lists(st.text(max_size=10), max_size=2),
        provider=st.lists(st.text(max_size=10), max_size=2),
        country_code=st.lists(st.text(max_size=3), max_size=2),
        purchase_model=st.lists(st.integers(-5, 9), max_size=2),
        min_gpu_count=st.text(max_size=6),
        max_price_per_gpu_hour=st.text(max_size=8),
        min_vram_gb=st.integers(-(2**31), 2**31 - 1),
    )
)
def test_whatever_is_sent_is_read_or_refused(request: pb.ListOffersRequest) -> None:
    refused = None
    try:
        read_request(request)
    except InvalidRequest as error:
        refused = error
    assert refused is None or refused.violations
