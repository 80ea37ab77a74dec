"""CollectionService through the chain."""

from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.message import Message
from google.rpc import error_details_pb2
from google.rpc.code_pb2 import Code
from google.rpc.status_pb2 import Status
from gpuquote.v1 import collection_run_pb2 as runs_pb
from gpuquote.v1 import collection_service_pb2 as pb

from service.domain.provider import ProviderState
from service.domain.run import CollectionRun, RunState
from service.rpc.dispatch import Call, Dispatcher, RpcError
from service.store.memory_store import MemoryStore
from service.store.ports import StoreUnreachable
from tests.builders import NOW, a_status
from tests.fakes import FakeClock, FakeSource, a_catalog, a_dispatcher, detail


class Setup:
    """A store of runs, a clock, and the chain over both."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.store = MemoryStore(clock=self.clock)
        statuses = [
            a_status("lambda"),
            a_status("nimbus"),
            a_status("runpod", state=ProviderState.DISABLED),
        ]
        source = FakeSource(a_catalog(statuses=statuses))
        self.chain = a_dispatcher(source, runs=self.store, clock=self.clock)

    def create(self, provider: str = "providers/lambda") -> runs_pb.CollectionRun:
        run = runs_pb.CollectionRun(provider=provider)
        answer = ask(self.chain, pb.CreateCollectionRunRequest(collection_run=run))
        assert isinstance(answer, pb.CreateCollectionRunResponse)
        return answer.collection_run

    def get(self, name: str) -> runs_pb.CollectionRun:
        answer = ask(self.chain, pb.GetCollectionRunRequest(name=name))
        assert isinstance(answer, pb.GetCollectionRunResponse)
        return answer.collection_run

    def list(self, **fields: Any) -> pb.ListCollectionRunsResponse:
        answer = ask(self.chain, pb.ListCollectionRunsRequest(**fields))
        assert isinstance(answer, pb.ListCollectionRunsResponse)
        return answer


@pytest.fixture
def setup() -> Setup:
    return Setup()


def ask(chain: Dispatcher, request: Message) -> Message | None:
    rpc = request.DESCRIPTOR.name.removesuffix("Request")
    return chain.call(f"/gpuquote.v1.CollectionService/{rpc}", request, Call()).message


def refused(setup: Setup, request: Message) -> Status:
    with pytest.raises(RpcError) as raised:
        ask(setup.chain, request)
    return raised.value.status


def create_request(**fields: Any) -> pb.CreateCollectionRunRequest:
    return pb.CreateCollectionRunRequest(collection_run=runs_pb.CollectionRun(**fields))


def test_a_run_is_created_pending_and_reaches_the_collector(setup: Setup) -> None:
    run = setup.create()
    assert run.state == runs_pb.COLLECTION_RUN_STATE_PENDING
    assert run.provider == "providers/lambda"
    assert run.create_time.ToJsonString() == "2026-10-08T12:00:00Z"
    taken = setup.store.take_request(timeout_seconds=0)
    assert taken is not None
    assert f"collectionRuns/{taken.run_id}" == run.name


def test_only_the_provider_may_be_set(setup: Setup) -> None:
    request = create_request(name="collectionRuns/mine", provider="providers/nope")
    status = refused(setup, request)
    found = detail(status, error_details_pb2.BadRequest).field_violations
    assert {(v.field, v.reason) for v in found} == {
        ("collection_run.name", "BAD_FIELD"),
        ("collection_run.provider", "UNKNOWN_PROVIDER"),
    }
    status = refused(setup, create_request(provider="providers/lambda", detail="x"))
    assert [v.field for v in detail(status, error_details_pb2.BadRequest).field_violations] == [
        "collection_run.detail"
    ]


def test_a_provider_that_is_off_is_not_collected(setup: Setup) -> None:
    status = refused(setup, create_request(provider="providers/runpod"))
    assert status.code == Code.FAILED_PRECONDITION
    assert detail(status, error_details_pb2.ErrorInfo).reason == "PROVIDER_NOT_ENABLED"
    assert detail(status, error_details_pb2.PreconditionFailure).violations[0].subject == (
        "providers/runpod"
    )


def test_a_second_run_of_a_provider_is_refused_and_names_the_first(setup: Setup) -> None:
    first = setup.create()
    status = refused(setup, create_request(provider="providers/lambda"))
    assert status.code == Code.ABORTED
    info = detail(status, error_details_pb2.ErrorInfo)
    assert (info.reason, info.metadata["name"]) == ("RUN_IN_PROGRESS", first.name)
    assert setup.create("providers/nimbus").name != first.name


def test_a_run_is_read_by_name(setup: Setup) -> None:
    run = setup.create()
    assert setup.get(run.name) == run


def test_a_run_that_no_collector_took_has_failed_after_a_minute(setup: Setup) -> None:
    run = setup.create()
    setup.clock.advance(timedelta(seconds=60))
    assert setup.get(run.name).state == runs_pb.COLLECTION_RUN_STATE_PENDING
    setup.clock.advance(timedelta(seconds=1))
    ended = setup.get(run.name)
    assert ended.state == runs_pb.COLLECTION_RUN_STATE_FAILED
    assert ended.reason == "NO_COLLECTOR"
    assert ended.end_time.ToJsonString() == "2026-10-08T12:01:00Z"
    stored = setup.store.find_run(run.name.removeprefix("collectionRuns/"))
    assert stored is not None
    assert stored.state is RunState.FAILED


def test_the_list_ends_runs_without_a_collector_as_well(setup: Setup) -> None:
    setup.create()
    setup.clock.advance(timedelta(seconds=61))
    assert setup.list().collection_runs[0].reason == "NO_COLLECTOR"


def test_a_running_run_is_left_alone(setup: Setup) -> None:
    run = CollectionRun(run_id="0a", provider="lambda", state=RunState.RUNNING, create_time=NOW)
    setup.store.save_run(run)
    setup.clock.advance(timedelta(minutes=30))
    assert setup.get("collectionRuns/0a").state == runs_pb.COLLECTION_RUN_STATE_RUNNING


def test_a_missing_run_is_not_found(setup: Setup) -> None:
    status = refused(setup, pb.GetCollectionRunRequest(name="collectionRuns/nope"))
    assert status.code == Code.NOT_FOUND
    assert detail(status, error_details_pb2.ResourceInfo).resource_name == "collectionRuns/nope"
    status = refused(setup, pb.GetCollectionRunRequest(name="nope"))
    assert detail(status, error_details_pb2.ErrorInfo).reason == "BAD_NAME"


def test_runs_are_listed_newest_first_in_pages(setup: Setup) -> None:
    made = []
    for _ in range(3):
        made.append(setup.create().name)
        setup.clock.advance(timedelta(seconds=61))
    first = setup.list(page_size=2)
    second = setup.list(page_size=2, page_token=first.next_page_token)
    found = [run.name for run in (*first.collection_runs, *second.collection_runs)]
    assert found == made[::-1]
    assert second.next_page_token == ""


def test_runs_may_be_chosen_by_provider(setup: Setup) -> None:
    setup.create("providers/lambda")
    nimbus = setup.create("providers/nimbus")
    for spelling in ("nimbus", "providers/nimbus"):
        assert [run.name for run in setup.list(provider=spelling).collection_runs] == [nimbus.name]
    status = refused(setup, pb.ListCollectionRunsRequest(provider="nope", page_size=-1))
    found = detail(status, error_details_pb2.BadRequest).field_violations
    assert [v.field for v in found] == ["page_size", "provider"]


def test_a_page_token_belongs_to_its_provider(setup: Setup) -> None:
    for provider in ("providers/lambda", "providers/nimbus"):
        setup.create(provider)
    token = setup.list(page_size=1).next_page_token
    status = refused(setup, pb.ListCollectionRunsRequest(page_token=token, provider="lambda"))
    assert detail(status, error_details_pb2.ErrorInfo).reason == "PAGE_TOKEN_MISMATCH"


def test_without_the_store_runs_are_unavailable() -> None:
    class Lost(MemoryStore):
        def find_run(self, run_id: str) -> CollectionRun | None:
            raise StoreUnreachable(run_id)

    chain = a_dispatcher(FakeSource(a_catalog()), runs=Lost())
    with pytest.raises(RpcError) as raised:
        ask(chain, pb.GetCollectionRunRequest(name="collectionRuns/a"))
    assert raised.value.status.code == Code.UNAVAILABLE
