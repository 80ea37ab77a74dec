"""RefreshOffer, asked through the chain."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from google.rpc.code_pb2 import Code
from google.rpc.error_details_pb2 import ErrorInfo
from gpuquote.v1 import catalog_service_pb2 as pb
from gpuquote.v1 import collection_run_pb2

from service.catalog.feed import ChangeFeed
from service.domain.provider import ProviderState
from service.domain.run import NO_COLLECTOR, CollectionRun, RunState
from service.rpc.dispatch import Call, RpcError
from service.store.memory_store import MemoryStore
from tests.builders import NOW, a_snapshot, a_status, an_offer
from tests.fakes import FakeClock, FakeSource, a_catalog, a_dispatcher, detail
from tests.service.store.contract import a_run

REFRESH = "/gpuquote.v1.CatalogService/RefreshOffer"
NAME = f"offers/{an_offer().offer_id}"


class Setup:
    """A catalogue of one offer, the store behind it, and the chain in front."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.store = MemoryStore(clock=self.clock)
        self.source = FakeSource(a_catalog(an_offer()))
        self.feed = ChangeFeed(self.store, self.store.page_token_key)
        self.chain = a_dispatcher(
            self.source, runs=self.store, clock=self.clock, feed=self.feed, waiters=1
        )
        self.store.publish(a_snapshot(an_offer()), previous_id="", changes=(), fence=1)

    def refresh(self, *, wait: int = 0, name: str = NAME, **call: Any) -> pb.RefreshOfferResponse:
        request = pb.RefreshOfferRequest(name=name)
        if wait:
            request.max_wait.CopyFrom(Duration(seconds=wait))
        answer = self.chain.call(REFRESH, request, Call(**call))
        assert isinstance(answer.message, pb.RefreshOfferResponse)
        return answer.message

    def refused(self, **asked: Any) -> tuple[int, str]:
        with pytest.raises(RpcError) as error:
            self.refresh(**asked)
        return error.value.status.code, detail(error.value.status, ErrorInfo).reason

    def ended(self, run: CollectionRun, **overrides: Any) -> CollectionRun:
        """Store a run as it has ended."""
        values: dict[str, Any] = {"state": RunState.SUCCEEDED, "end_time": self.clock.now}
        done = replace(run, **(values | overrides))
        self.store.save_run(done)
        return done


@pytest.fixture
def setup() -> Iterator[Setup]:
    one = Setup()
    yield one
    one.feed.stop()


def test_without_waiting_the_answer_is_the_offer_and_a_run_that_was_asked_for(
    setup: Setup,
) -> None:
    answer = setup.refresh()
    assert answer.offer.name == NAME
    assert answer.collection_run.state == collection_run_pb2.COLLECTION_RUN_STATE_PENDING
    taken = setup.store.take_request(timeout_seconds=0)
    assert taken is not None
    assert f"collectionRuns/{taken.run_id}" == answer.collection_run.name
    assert taken.provider == "nimbus"


def test_a_run_under_way_serves_as_well(setup: Setup) -> None:
    under_way = a_run(state=RunState.PENDING)
    setup.store.request_run(under_way)
    assert setup.refresh().collection_run.name == "collectionRuns/r1"
    assert len(setup.store.runs(provider="nimbus", before="", limit=9)) == 1


def test_a_run_that_ended_within_the_minute_is_the_answer(setup: Setup) -> None:
    setup.ended(a_run())
    setup.clock.advance(timedelta(seconds=59))
    assert setup.refresh().collection_run.name == "collectionRuns/r1"
    setup.clock.advance(timedelta(seconds=2))
    assert setup.refresh().collection_run.name != "collectionRuns/r1"


def test_a_run_that_nobody_took_is_no_answer(setup: Setup) -> None:
    setup.ended(a_run(), state=RunState.FAILED, reason=NO_COLLECTOR)
    assert setup.refresh().collection_run.name != "collectionRuns/r1"


def test_waiting_ends_with_the_run_and_gives_the_offer_that_it_saw(setup: Setup) -> None:
    def collect() -> None:
        run = setup.store.take_request(timeout_seconds=10)
        assert run is not None
        dearer = a_snapshot(an_offer(price="3.00"), snapshot_id="s2")
        setup.store.publish(dearer, previous_id="s1", changes=(), fence=1)
        setup.ended(run)
        time.sleep(0.1)  # the catalogue in memory follows a little later
        setup.source.snapshot = a_catalog(an_offer(price="3.00"), snapshot_id="s2")

    collector = threading.Thread(target=collect)
    collector.start()
    answer = setup.refresh(wait=20)
    collector.join()
    assert answer.collection_run.state == collection_run_pb2.COLLECTION_RUN_STATE_SUCCEEDED
    assert answer.offer.price_per_hour.amount == "3.00"


def test_a_run_that_takes_longer_is_told_as_it_is(setup: Setup) -> None:
    started = time.monotonic()
    answer = setup.refresh(wait=30, deadline=started + 0.4)
    assert time.monotonic() < started + 0.4
    assert answer.collection_run.state == collection_run_pb2.COLLECTION_RUN_STATE_PENDING


def test_a_failed_run_is_told_with_the_offer_as_it_was(setup: Setup) -> None:
    setup.ended(a_run(), state=RunState.FAILED, reason="UNREACHABLE")
    answer = setup.refresh(wait=5)
    assert answer.collection_run.reason == "UNREACHABLE"
    assert answer.offer.price_per_hour.amount == "2.49"


def test_a_service_that_stops_ends_the_wait(setup: Setup) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(setup.refresh, wait=30)
        time.sleep(0.05)
        assert not waiting.done()
        setup.feed.stop()
        assert waiting.result(timeout=5).offer.name == NAME


def test_more_waiters_than_seats_are_refused(setup: Setup) -> None:
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(setup.refresh, wait=30)
        time.sleep(0.1)
        assert setup.refused(wait=1) == (Code.RESOURCE_EXHAUSTED, "TOO_MANY_STREAMS")
        assert setup.refresh().offer.name == NAME
        setup.feed.stop()
        waiting.result(timeout=5)


@pytest.mark.parametrize("state", [ProviderState.DISABLED, ProviderState.NEEDS_KEY])
def test_a_provider_that_is_not_collected_is_not_refreshed(
    setup: Setup, state: ProviderState
) -> None:
    setup.source.snapshot = a_catalog(an_offer(), statuses=(a_status(state=state),))
    assert setup.refused() == (Code.FAILED_PRECONDITION, "PROVIDER_NOT_ENABLED")
    assert setup.store.take_request(timeout_seconds=0) is None


def test_what_cannot_be_refreshed_is_refused(setup: Setup) -> None:
    assert setup.refused(name="offers/none") == (Code.NOT_FOUND, "OFFER_NOT_FOUND")
    assert setup.refused(name="nimbus") == (Code.INVALID_ARGUMENT, "BAD_NAME")
    assert setup.refused(wait=31) == (Code.INVALID_ARGUMENT, "BAD_FIELD")


def test_times_are_those_of_the_clock(setup: Setup) -> None:
    assert setup.refresh().collection_run.create_time.ToDatetime() == NOW.replace(tzinfo=None)
