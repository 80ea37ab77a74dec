"""Declared field behaviours are enforced for every request alike."""

import pytest
from gpuquote.v1 import catalog_service_pb2, collection_run_pb2, collection_service_pb2

from service.domain.errors import InvalidRequest, Reason
from service.rpc.behaviors import check_behaviors


def test_a_required_field_that_is_missing_is_named() -> None:
    with pytest.raises(InvalidRequest) as raised:
        check_behaviors(catalog_service_pb2.GetOfferRequest())
    assert [(v.field, v.reason) for v in raised.value.violations] == [
        ("name", Reason.FIELD_REQUIRED)
    ]


def test_a_required_list_must_not_be_empty() -> None:
    with pytest.raises(InvalidRequest, match="names"):
        check_behaviors(catalog_service_pb2.BatchGetOffersRequest())


def test_a_required_message_must_be_there() -> None:
    with pytest.raises(InvalidRequest) as raised:
        check_behaviors(collection_service_pb2.CreateCollectionRunRequest())
    assert [v.field for v in raised.value.violations] == ["collection_run"]


def test_fields_that_only_the_service_sets_are_refused_with_all_else() -> None:
    run = collection_run_pb2.CollectionRun(
        state=collection_run_pb2.COLLECTION_RUN_STATE_SUCCEEDED, offer_count=3
    )
    run.create_time.FromSeconds(1)
    run.rejects.add()
    with pytest.raises(InvalidRequest) as raised:
        check_behaviors(collection_service_pb2.CreateCollectionRunRequest(collection_run=run))
    assert {(v.field, v.reason) for v in raised.value.violations} == {
        ("collection_run.provider", Reason.FIELD_REQUIRED),
        ("collection_run.state", Reason.BAD_FIELD),
        ("collection_run.offer_count", Reason.BAD_FIELD),
        ("collection_run.create_time", Reason.BAD_FIELD),
        ("collection_run.rejects", Reason.BAD_FIELD),
    }


def test_a_field_of_a_later_version_is_refused_and_not_ignored() -> None:
    request = catalog_service_pb2.ListOffersRequest.FromString(b"\xba\x3e\x01a")
    with pytest.raises(InvalidRequest) as raised:
        check_behaviors(request)
    assert [(v.field, v.reason) for v in raised.value.violations] == [
        ("#999", Reason.UNKNOWN_FIELD)
    ]


def test_an_unknown_field_inside_a_message_is_found() -> None:
    run = collection_run_pb2.CollectionRun.FromString(b"\xba\x3e\x01a")
    run.provider = "providers/lambda"
    with pytest.raises(InvalidRequest, match=r"collection_run\.#999"):
        check_behaviors(collection_service_pb2.CreateCollectionRunRequest(collection_run=run))


def test_a_right_request_passes() -> None:
    check_behaviors(catalog_service_pb2.ListOffersRequest())
    check_behaviors(catalog_service_pb2.GetOfferRequest(name="offers/x"))
    run = collection_run_pb2.CollectionRun(provider="providers/lambda")
    check_behaviors(collection_service_pb2.CreateCollectionRunRequest(collection_run=run))
