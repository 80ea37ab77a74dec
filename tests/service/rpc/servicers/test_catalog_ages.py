"""max_age of single offers, and the caveats of lists, through the chain."""

from datetime import timedelta
from typing import Any

import orjson
import pytest
from google.protobuf.duration_pb2 import Duration
from google.rpc import error_details_pb2
from google.rpc.code_pb2 import Code
from google.rpc.status_pb2 import Status
from gpuquote.v1 import catalog_service_pb2 as pb

from service.domain.provider import ProviderState
from service.rest.transcode import message_to_dict
from service.rpc.dispatch import Call, Dispatcher, RpcError
from tests.builders import NOW, a_status, an_offer
from tests.fakes import FakeSource, a_catalog, a_dispatcher, detail

YOUNG = an_offer(offer_id="young", observe_time=NOW - timedelta(minutes=10))
OLD = an_offer(offer_id="old", observe_time=NOW - timedelta(hours=3))
BUNDLED = an_offer(offer_id="bundled", provider="cirrus", observe_time=NOW)
STATUSES = (a_status(state=ProviderState.HELD), a_status("cirrus"))
HOUR = Duration(seconds=3600)


@pytest.fixture
def chain() -> Dispatcher:
    catalog = a_catalog(YOUNG, OLD, BUNDLED, statuses=STATUSES, baseline=frozenset({"cirrus"}))
    return a_dispatcher(FakeSource(catalog))


def call(chain: Dispatcher, request: Any) -> Any:
    rpc = request.DESCRIPTOR.name.removesuffix("Request")
    return chain.call(f"/gpuquote.v1.CatalogService/{rpc}", request, Call())


def refused(chain: Dispatcher, request: Any) -> Status:
    with pytest.raises(RpcError) as raised:
        call(chain, request)
    return raised.value.status


def test_a_young_price_is_given_and_not_cached_by_revision(chain: Dispatcher) -> None:
    answer = call(chain, pb.GetOfferRequest(name="offers/young", max_age=HOUR))
    assert pb.GetOfferResponse.FromString(answer.to_proto_bytes()).offer.name == "offers/young"
    assert "gpuquote-content-revision" not in answer.metadata
    whole = call(chain, pb.GetOfferRequest(name="offers/young"))
    assert "gpuquote-content-revision" in whole.metadata


@pytest.mark.parametrize(("name", "age"), [("offers/old", "10800s"), ("offers/bundled", "0s")])
def test_an_old_or_bundled_price_is_refused_with_its_age(
    chain: Dispatcher, name: str, age: str
) -> None:
    status = refused(chain, pb.GetOfferRequest(name=name, max_age=HOUR))
    assert status.code == Code.FAILED_PRECONDITION
    info = detail(status, error_details_pb2.ErrorInfo)
    assert info.reason == "PRICES_TOO_OLD"
    assert (info.metadata["name"], info.metadata["oldestAge"]) == (name, age)
    assert info.metadata["maxAge"] == "3600s"


def test_a_batch_is_refused_whole(chain: Dispatcher) -> None:
    names = ["offers/young", "offers/old"]
    assert call(chain, pb.BatchGetOffersRequest(names=names)).to_proto_bytes()
    status = refused(chain, pb.BatchGetOffersRequest(names=names, max_age=HOUR))
    metadata = detail(status, error_details_pb2.ErrorInfo).metadata
    assert (metadata["name"], metadata["refusedOfferCount"]) == ("offers/old", "1")
    names.remove("offers/old")
    assert call(chain, pb.BatchGetOffersRequest(names=names, max_age=HOUR)).to_proto_bytes()


def test_a_missing_offer_is_missing_whatever_its_age(chain: Dispatcher) -> None:
    status = refused(chain, pb.GetOfferRequest(name="offers/none", max_age=HOUR))
    assert status.code == Code.NOT_FOUND


@pytest.mark.parametrize("max_age", [Duration(seconds=0), Duration(seconds=-5)])
def test_an_age_below_a_moment_is_refused(chain: Dispatcher, max_age: Duration) -> None:
    for request in (
        pb.GetOfferRequest(name="offers/young", max_age=max_age),
        pb.BatchGetOffersRequest(names=["offers/young"], max_age=max_age),
    ):
        status = refused(chain, request)
        assert status.code == Code.INVALID_ARGUMENT
        (violation,) = detail(status, error_details_pb2.BadRequest).field_violations
        assert violation.field == "max_age"


def test_caveats_are_equal_in_both_forms(chain: Dispatcher) -> None:
    answer = call(chain, pb.ListOffersRequest())
    found = pb.ListOffersResponse.FromString(answer.to_proto_bytes())
    assert [caveat.code for caveat in found.caveats] == ["BASELINE_PRICES", "SNAPSHOT_HELD"]
    assert answer.json is not None
    assert orjson.loads(answer.json) == message_to_dict(found)


def test_a_page_has_the_caveats_of_its_own_rows(chain: Dispatcher) -> None:
    answer = call(chain, pb.ListOffersRequest(provider=["cirrus"]))
    found = pb.ListOffersResponse.FromString(answer.to_proto_bytes())
    assert [caveat.code for caveat in found.caveats] == ["BASELINE_PRICES"]
