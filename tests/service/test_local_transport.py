import pytest
from gpuquote.v1 import catalog_service_pb2 as pb

from service.local_transport import LocalTransport
from service.rest.transport import RpcFailed
from tests.builders import an_offer
from tests.fakes import FakeSource, a_catalog, a_dispatcher

LIST = "/gpuquote.v1.CatalogService/ListOffers"


def a_transport() -> LocalTransport:
    source = FakeSource(a_catalog(an_offer()))
    return LocalTransport(a_dispatcher(source), source)


def test_a_call_in_process_gives_what_the_chain_gives() -> None:
    reply = a_transport().call(
        LIST, pb.ListOffersRequest(), timeout_seconds=5, metadata={"x-request-id": "r-1"}
    )
    assert reply.json or reply.message
    assert reply.metadata["x-request-id"] == "r-1"
    assert reply.metadata["gpuquote-revision"]


def test_a_refused_call_fails_with_its_status() -> None:
    with pytest.raises(RpcFailed) as failed:
        a_transport().call(LIST, pb.ListOffersRequest(page_size=-1), timeout_seconds=5, metadata={})
    assert failed.value.status.code == 3
    assert failed.value.metadata["x-request-id"]


def test_a_deadline_that_is_over_is_not_started() -> None:
    with pytest.raises(RpcFailed) as failed:
        a_transport().call(LIST, pb.ListOffersRequest(), timeout_seconds=0.01, metadata={})
    assert failed.value.status.code == 4


def test_revision_and_readiness_are_those_of_the_replica() -> None:
    source = FakeSource(a_catalog(an_offer()))
    transport = LocalTransport(a_dispatcher(source), source)
    assert transport.revision() == source.current().revision
    assert transport.readiness().status == source.readiness().status.value
