"""CatalogService through the chain: answers, metadata, errors, and both forms of rows."""

from datetime import timedelta
from typing import Any

import orjson
import pytest
from google.protobuf.field_mask_pb2 import FieldMask
from google.protobuf.message import Message
from google.rpc import error_details_pb2
from google.rpc.code_pb2 import Code
from google.rpc.status_pb2 import Status
from gpuquote.v1 import catalog_service_pb2 as pb
from gpuquote.v1 import provider_pb2

from service.catalog.replica import Readiness, ReadyStatus
from service.domain.offer import Freshness
from service.domain.provider import ProviderState
from service.encoding import OfferEncoder
from service.rest.transcode import message_to_dict
from service.rpc.call import Answer
from service.rpc.convert import offer_to_proto
from service.rpc.dispatch import Call, Dispatcher, RpcError
from tests.builders import NOW, a_status, an_offer
from tests.fakes import FakeClock, FakeSource, a_catalog, a_dispatcher, detail

OFFERS = (
    an_offer(offer_id="lambda-8x", provider="lambda", price="2.99", gpu_count="8"),
    an_offer(offer_id="lambda-1x", provider="lambda", price="3.29"),
    an_offer(offer_id="nimbus-1x", provider="nimbus", price="2.49", vcpu_count=26),
    an_offer(
        offer_id="nimbus-l4",
        provider="nimbus",
        price="0.80",
        gpu_model="l4-24gb",
        gpu_family="L4",
        vram_gb=24,
    ),
    an_offer(offer_id="nimbus-old", provider="nimbus", price="1", delist_time=NOW),
)


def over(*offers: Any, **catalog: Any) -> Dispatcher:
    return a_dispatcher(FakeSource(a_catalog(*(offers or OFFERS), **catalog)))


def ask(chain: Dispatcher, request: Message) -> Answer:
    rpc = request.DESCRIPTOR.name.removesuffix("Request")
    return chain.call(f"/gpuquote.v1.CatalogService/{rpc}", request, Call())


def refused(chain: Dispatcher, request: Message) -> Status:
    with pytest.raises(RpcError) as raised:
        ask(chain, request)
    return raised.value.status


def listed(chain: Dispatcher, **fields: Any) -> pb.ListOffersResponse:
    answer = ask(chain, pb.ListOffersRequest(**fields))
    return pb.ListOffersResponse.FromString(answer.to_proto_bytes())


def ids(found: pb.ListOffersResponse) -> list[str]:
    return [offer.name.removeprefix("offers/") for offer in found.offers]


def test_offers_come_cheapest_first_with_what_they_rest_on() -> None:
    chain = over()
    found = listed(chain)
    assert ids(found) == ["nimbus-l4", "nimbus-1x", "lambda-8x", "lambda-1x"]
    assert found.offers[1].vcpu_count == 26
    assert found.catalog_revision
    assert found.as_of.ToJsonString() == "2026-10-08T12:00:00Z"
    assert not found.degraded
    assert list(found.unreachable) == []


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"page_size": 1},
        {"page_size": 2, "gpu_family": ["H100"]},
        {"gpu_model": ["h100-pcie-80gb"]},
        {"filter": "delisted = true"},
        {"order_by": "price_per_hour desc"},
    ],
    ids=str,
)
def test_joined_rows_are_what_building_the_message_gives(fields: dict[str, Any]) -> None:
    answer = ask(over(), pb.ListOffersRequest(**fields))
    joined = pb.ListOffersResponse.FromString(answer.to_proto_bytes())
    built = pb.ListOffersResponse()
    built.CopyFrom(joined)
    del built.offers[:]
    by_id = {offer.offer_id: offer for offer in OFFERS}
    built.offers.extend(offer_to_proto(by_id[i], Freshness.FRESH) for i in ids(joined))
    assert joined == built
    assert answer.json is not None
    assert orjson.loads(answer.json) == message_to_dict(built)
    assert answer.message is None


def test_a_degraded_answer_says_so_in_both_forms() -> None:
    offers = [an_offer(observe_time=NOW - timedelta(hours=5))]
    answer = ask(over(*offers, is_store_lost=True), pb.ListOffersRequest())
    found = pb.ListOffersResponse.FromString(answer.to_proto_bytes())
    assert found.degraded
    assert list(found.unreachable) == ["providers/nimbus"]
    assert answer.json is not None
    assert orjson.loads(answer.json) == message_to_dict(found)


def test_an_empty_catalogue_is_an_empty_list_without_a_time() -> None:
    answer = ask(a_dispatcher(FakeSource(a_catalog())), pb.ListOffersRequest())
    found = pb.ListOffersResponse.FromString(answer.to_proto_bytes())
    assert len(found.offers) == 0
    assert not found.HasField("as_of")
    assert answer.json is not None
    assert orjson.loads(answer.json) == message_to_dict(found)


def test_a_process_without_json_answers_with_messages() -> None:
    answer = ask(over(encoder=OfferEncoder(with_json=False)), pb.ListOffersRequest())
    assert answer.json is None
    assert isinstance(answer.message, pb.ListOffersResponse)
    assert len(answer.message.offers) == 4


def test_a_field_mask_leaves_only_its_fields_and_tells_the_gateway() -> None:
    mask = FieldMask(paths=["name", "price_per_gpu_hour"])
    answer = ask(over(), pb.ListOffersRequest(fields=mask, page_size=1))
    assert answer.json is None
    assert isinstance(answer.message, pb.ListOffersResponse)
    offer = answer.message.offers[0]
    assert {field.name for field, _ in offer.ListFields()} == {"name", "price_per_gpu_hour"}
    assert answer.message.next_page_token
    assert answer.metadata["gpuquote-fields"] == "name,pricePerGpuHour"
    assert b"gpuquote" not in answer.message.SerializeToString()


def test_pages_follow_each_other_without_gap_or_repetition() -> None:
    chain = over()
    token, seen = "", []
    for _ in range(4):
        found = listed(chain, page_size=1, page_token=token)
        seen += ids(found)
        token = found.next_page_token
    assert seen == ids(listed(chain))
    assert token == ""


def test_a_token_of_another_query_is_refused() -> None:
    chain = over()
    token = listed(chain, page_size=1).next_page_token
    status = refused(chain, pb.ListOffersRequest(page_token=token, gpu_family=["H100"]))
    assert detail(status, error_details_pb2.ErrorInfo).reason == "PAGE_TOKEN_MISMATCH"
    status = refused(chain, pb.ListOffersRequest(page_token="made up"))
    assert detail(status, error_details_pb2.ErrorInfo).reason == "BAD_PAGE_TOKEN"


def test_a_token_of_one_list_is_no_token_of_another() -> None:
    chain = over()
    token = listed(chain, page_size=1).next_page_token
    status = refused(chain, pb.ListProvidersRequest(page_token=token))
    assert detail(status, error_details_pb2.ErrorInfo).reason == "PAGE_TOKEN_MISMATCH"


def test_prices_that_are_too_old_are_a_precondition() -> None:
    chain = over(an_offer(observe_time=NOW - timedelta(hours=2)))
    status = refused(chain, pb.ListOffersRequest(max_age=timedelta(hours=1)))
    assert status.code == Code.FAILED_PRECONDITION
    assert detail(status, error_details_pb2.ErrorInfo).reason == "PRICES_TOO_OLD"


def test_the_metadata_name_revision_and_age() -> None:
    chain = over(statuses=[a_status("lambda", next_attempt_time=NOW + timedelta(seconds=60))])
    metadata = ask(chain, pb.ListOffersRequest(provider=["lambda"])).metadata
    assert metadata["gpuquote-max-age"] == "60"
    assert metadata["gpuquote-last-modified"] == str(int(NOW.timestamp()))
    other = ask(chain, pb.ListOffersRequest(provider=["nimbus"])).metadata
    assert metadata["gpuquote-revision"] == other["gpuquote-revision"]
    assert metadata["gpuquote-content-revision"] != other["gpuquote-content-revision"]


def test_before_anything_was_loaded_a_price_call_is_unavailable() -> None:
    ready = Readiness(status=ReadyStatus.UNAVAILABLE, reasons=("STORE_UNREACHABLE",))
    chain = a_dispatcher(FakeSource(a_catalog(), ready))
    for request in (pb.ListOffersRequest(), pb.GetOfferRequest(name="offers/x")):
        status = refused(chain, request)
        assert status.code == Code.UNAVAILABLE
        assert detail(status, error_details_pb2.RetryInfo).retry_delay.seconds > 0


def test_last_known_prices_are_served_while_the_store_is_away() -> None:
    ready = Readiness(status=ReadyStatus.DEGRADED, reasons=("STORE_UNREACHABLE",))
    chain = a_dispatcher(FakeSource(a_catalog(*OFFERS, is_store_lost=True), ready))
    assert listed(chain).degraded


def test_one_offer_is_read_by_name_in_both_forms() -> None:
    answer = ask(over(), pb.GetOfferRequest(name="offers/nimbus-1x"))
    found = pb.GetOfferResponse.FromString(answer.to_proto_bytes())
    assert found.offer.name == "offers/nimbus-1x"
    assert answer.json is not None
    assert orjson.loads(answer.json) == message_to_dict(found)


def test_a_delisted_offer_is_still_readable() -> None:
    answer = ask(over(), pb.GetOfferRequest(name="offers/nimbus-old"))
    assert pb.GetOfferResponse.FromString(answer.to_proto_bytes()).offer.HasField("delist_time")


def test_one_offer_may_be_masked() -> None:
    request = pb.GetOfferRequest(name="offers/nimbus-1x", fields=FieldMask(paths=["vcpuCount"]))
    answer = ask(over(), request)
    assert isinstance(answer.message, pb.GetOfferResponse)
    assert [field.name for field, _ in answer.message.offer.ListFields()] == ["vcpu_count"]
    assert answer.metadata["gpuquote-fields"] == "vcpuCount"


def test_a_missing_offer_is_not_found() -> None:
    status = refused(over(), pb.GetOfferRequest(name="offers/nope"))
    assert status.code == Code.NOT_FOUND
    info = detail(status, error_details_pb2.ResourceInfo)
    assert (info.resource_type, info.resource_name) == ("gpuquote.v1.Offer", "offers/nope")


def test_a_batch_keeps_the_order_of_its_names() -> None:
    names = ["offers/nimbus-1x", "offers/lambda-1x", "offers/nimbus-1x"]
    answer = ask(over(), pb.BatchGetOffersRequest(names=names))
    found = pb.BatchGetOffersResponse.FromString(answer.to_proto_bytes())
    assert [offer.name for offer in found.offers] == names
    assert found.catalog_revision == answer.metadata["gpuquote-revision"]
    assert answer.json is not None
    assert orjson.loads(answer.json) == message_to_dict(found)


def test_a_batch_is_all_or_nothing_and_names_all_that_are_missing() -> None:
    names = ["offers/b", "offers/nimbus-1x", "offers/a"]
    status = refused(over(), pb.BatchGetOffersRequest(names=names))
    assert status.code == Code.NOT_FOUND
    metadata = detail(status, error_details_pb2.ErrorInfo).metadata
    assert metadata["names"] == "offers/b,offers/a"
    assert metadata["missingCount"] == "2"


def test_providers_come_by_id_with_counts_of_listed_offers() -> None:
    chain = over(baseline=frozenset({"lambda"}))
    answer = ask(chain, pb.ListProvidersRequest())
    assert isinstance(answer.message, pb.ListProvidersResponse)
    found = [(p.name, p.offer_count, p.baseline) for p in answer.message.providers]
    assert found == [("providers/lambda", 2, True), ("providers/nimbus", 2, False)]


def test_a_provider_without_offers_is_listed_too() -> None:
    statuses = [a_status("runpod", state=ProviderState.DISABLED, opt_in=True)]
    answer = ask(over(statuses=statuses), pb.GetProviderRequest(name="providers/runpod"))
    assert isinstance(answer.message, pb.GetProviderResponse)
    assert answer.message.provider.state == provider_pb2.PROVIDER_STATE_DISABLED
    assert answer.message.provider.offer_count == 0


def test_a_missing_provider_comes_with_the_nearest() -> None:
    status = refused(over(), pb.GetProviderRequest(name="providers/lambdaa"))
    assert status.code == Code.NOT_FOUND
    info = detail(status, error_details_pb2.ErrorInfo)
    assert (info.reason, info.metadata["nearest"]) == ("PROVIDER_NOT_FOUND", "lambda")


@pytest.mark.parametrize(
    ("request_type", "field", "count"),
    [(pb.ListProvidersRequest, "providers", 2), (pb.ListGpuModelsRequest, "gpu_models", 4)],
)
def test_short_lists_have_pages_as_well(request_type: Any, field: str, count: int) -> None:
    chain = over()
    token, seen = "", []
    for _ in range(count):
        answer = ask(chain, request_type(page_size=1, page_token=token))
        assert answer.message is not None
        seen += [row.name for row in getattr(answer.message, field)]
        token = answer.message.next_page_token  # type: ignore[attr-defined]
    whole = ask(chain, request_type()).message
    assert seen == [row.name for row in getattr(whole, field)] == sorted(seen)
    assert token == ""


@pytest.mark.parametrize("request_type", [pb.ListProvidersRequest, pb.ListGpuModelsRequest])
def test_short_lists_report_every_violation(request_type: Any) -> None:
    status = refused(over(), request_type(page_size=-1, page_token="x"))
    found = detail(status, error_details_pb2.BadRequest).field_violations
    assert [v.field for v in found] == ["page_size", "page_token"]


def test_gpu_models_may_be_chosen_by_family() -> None:
    answer = ask(over(), pb.ListGpuModelsRequest(gpu_family=["H100"]))
    assert isinstance(answer.message, pb.ListGpuModelsResponse)
    assert [m.name for m in answer.message.gpu_models] == [
        "gpuModels/h100-pcie-80gb",
        "gpuModels/h100-sxm-80gb",
    ]
    status = refused(over(), pb.ListGpuModelsRequest(gpu_family=["H1"]))
    assert detail(status, error_details_pb2.ErrorInfo).reason == "UNKNOWN_GPU_FAMILY"


def test_one_gpu_model_is_read_by_name() -> None:
    answer = ask(over(), pb.GetGpuModelRequest(name="gpuModels/l4-24gb"))
    assert isinstance(answer.message, pb.GetGpuModelResponse)
    assert answer.message.gpu_model.vram_gb == 24
    status = refused(over(), pb.GetGpuModelRequest(name="gpuModels/l4-25gb"))
    info = detail(status, error_details_pb2.ErrorInfo)
    assert (info.reason, info.metadata["nearest"]) == ("GPU_MODEL_NOT_FOUND", "l4-24gb")


def test_foreign_limits_are_compared_in_dollars() -> None:
    found = listed(over(), max_price_per_gpu_hour="2.00 EUR")
    assert ids(found) == ["nimbus-l4", "nimbus-1x"]


def test_equal_questions_share_an_answer_until_the_catalogue_changes() -> None:
    source = FakeSource(a_catalog(*OFFERS))
    chain = a_dispatcher(source)
    first, again = (ask(chain, pb.ListOffersRequest()) for _ in range(2))
    assert again.to_proto_bytes() is first.to_proto_bytes()
    assert again.metadata["x-request-id"] != first.metadata["x-request-id"]
    source.snapshot = a_catalog(OFFERS[0])
    assert ids(listed(chain)) == ["lambda-8x"]


def test_a_masked_answer_is_not_given_to_those_who_asked_for_all() -> None:
    chain = over()
    masked = ask(chain, pb.ListOffersRequest(fields=FieldMask(paths=["name"])))
    again = ask(chain, pb.ListOffersRequest(fields=FieldMask(paths=["name"])))
    assert again.metadata["gpuquote-fields"] == masked.metadata["gpuquote-fields"] == "name"
    whole = ask(chain, pb.ListOffersRequest())
    assert "gpuquote-fields" not in whole.metadata
    assert pb.ListOffersResponse.FromString(whole.to_proto_bytes()).offers[0].vram_gb == 24


def test_an_answer_whose_age_matters_is_asked_for_anew() -> None:
    clock = FakeClock()
    chain = a_dispatcher(FakeSource(a_catalog(*OFFERS)), clock=clock)
    request = pb.ListOffersRequest(max_age=timedelta(hours=1))
    assert ask(chain, request).to_proto_bytes()
    clock.advance(timedelta(hours=2))
    assert refused(chain, request).code == Code.FAILED_PRECONDITION


@pytest.mark.parametrize(
    "fields",
    [
        {"filter": 'observe_time > "2020-01-01T00:00:00Z"'},
        {"filter": 'gpu_family = "H100" AND NOT price_change_time < "2020-01-01T00:00:00Z"'},
        {"order_by": "observe_time desc"},
    ],
    ids=str,
)
def test_an_answer_that_depends_on_times_has_no_content_revision(fields: dict[str, Any]) -> None:
    chain = over()
    for _ in range(2):  # the second comes from memory
        answer = ask(chain, pb.ListOffersRequest(**fields))
        assert "gpuquote-content-revision" not in answer.metadata
        assert "gpuquote-revision" in answer.metadata


@pytest.mark.parametrize(
    ("text", "reason", "nearest"),
    [
        ('NOT provider = "lamda"', "UNKNOWN_PROVIDER", "lambda"),
        ('gpu_count >= 1 AND (gpu_family = "H10" OR vram_gb > 1)', "UNKNOWN_GPU_FAMILY", "H100"),
        ('gpu_model != "h100-sxm"', "UNKNOWN_GPU_MODEL", "h100-sxm-80gb"),
    ],
)
def test_a_filter_that_names_what_nothing_has_is_refused(
    text: str, reason: str, nearest: str
) -> None:
    status = refused(over(), pb.ListOffersRequest(filter=text))
    told = detail(status, error_details_pb2.ErrorInfo)

    assert told.reason == reason
    assert nearest in told.metadata["nearest"]


def test_a_filter_may_ask_for_the_beginning_of_any_name() -> None:
    assert ids(listed(over(), filter='provider = "lam*"')) == ["lambda-8x", "lambda-1x"]
    assert ids(listed(over(), filter='provider = "zzz*"')) == []
