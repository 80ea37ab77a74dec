"""ChangeService, asked through the chain."""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from google.protobuf.duration_pb2 import Duration
from google.rpc.code_pb2 import Code
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, RetryInfo
from gpuquote.v1 import change_service_pb2 as pb
from prometheus_client import REGISTRY

from service.catalog.feed import ChangeFeed
from service.rpc.dispatch import Answers, Call, Dispatcher, RpcError
from service.store.ports import LogBounds
from tests.builders import an_offer
from tests.fakes import FakeSource, a_catalog, a_dispatcher, detail
from tests.service.catalog.test_feed import SECONDS, Fragile, Publisher, following, until

LIST = "/gpuquote.v1.ChangeService/ListChanges"
WATCH = "/gpuquote.v1.ChangeService/WatchChanges"


@pytest.fixture
def store() -> Fragile:
    return Fragile()


@pytest.fixture
def feed(store: Fragile) -> Iterator[ChangeFeed]:
    with following(store) as one:
        one.end()
        yield one


def a_chain(store: Fragile, feed: ChangeFeed, **seats: Any) -> Dispatcher:
    return a_dispatcher(FakeSource(a_catalog()), runs=store, feed=feed, **seats)


@pytest.fixture
def chain(store: Fragile, feed: ChangeFeed) -> Dispatcher:
    return a_chain(store, feed)


def changes(chain: Dispatcher, *, wait: float = 0, **asked: Any) -> pb.ListChangesResponse:
    request = pb.ListChangesRequest(**asked)
    if wait:
        request.max_wait.CopyFrom(Duration(nanos=int(wait % 1 * 1e9), seconds=int(wait)))
    answer = chain.call(LIST, request, Call())
    assert isinstance(answer.message, pb.ListChangesResponse)
    return answer.message


def refused(chain: Dispatcher, **asked: Any) -> RpcError:
    with pytest.raises(RpcError) as error:
        changes(chain, **asked)
    return error.value


def reason_of(error: RpcError) -> str:
    return str(detail(error.status, ErrorInfo).reason)


def prices(answer: pb.ListChangesResponse) -> list[str]:
    return [change.after.price_per_hour.amount for change in answer.changes]


def test_changes_are_listed_from_the_oldest_on_page_by_page(
    chain: Dispatcher, store: Fragile, feed: ChangeFeed
) -> None:
    publisher = Publisher(store, feed)
    for price in range(1, 6):
        publisher.price(price)
    cursor, found, pages = "", [], 0
    while True:
        page = changes(chain, cursor=cursor, page_size=2)
        found += prices(page)
        cursor, pages = page.next_cursor, pages + 1
        if not page.more:
            break
    assert found == ["1.00", "2.00", "3.00", "4.00", "5.00"]
    assert pages == 3
    again = changes(chain, cursor=cursor)
    assert (list(again.changes), again.next_cursor, again.more) == ([], cursor, False)


def test_a_change_says_what_was_and_what_is(
    chain: Dispatcher, store: Fragile, feed: ChangeFeed
) -> None:
    publisher = Publisher(store, feed)
    publisher.price(1)
    publisher.price(2)
    publisher.publish()
    listed, moved, gone = changes(chain).changes
    assert [listed.kind, moved.kind, gone.kind] == [
        pb.CHANGE_KIND_LISTED,
        pb.CHANGE_KIND_PRICE_CHANGED,
        pb.CHANGE_KIND_DELISTED,
    ]
    assert not listed.HasField("before")
    assert moved.before.price_per_hour.amount == "1.00"
    assert moved.after.price_per_hour.amount == "2.00"
    assert not gone.HasField("after")
    assert moved.offer == f"offers/{an_offer().offer_id}" == moved.after.name
    assert [change.cursor for change in changes(chain, cursor=moved.cursor).changes] == [
        gone.cursor
    ]


def test_now_is_the_end_of_the_log(chain: Dispatcher, store: Fragile, feed: ChangeFeed) -> None:
    publisher = Publisher(store)
    publisher.price(1)
    until(lambda: feed.end()[0] == 1)
    page = changes(chain, cursor="now")
    assert not page.changes
    publisher.price(2)
    until(lambda: feed.end()[0] == 2)
    assert prices(changes(chain, cursor=page.next_cursor)) == ["2.00"]


def test_a_filter_passes_what_enters_its_range_and_what_leaves_it(
    chain: Dispatcher, store: Fragile, feed: ChangeFeed
) -> None:
    publisher = Publisher(store, feed)
    for price in (5, 2, 6, 7):
        publisher.price(price)
    page = changes(chain, filter="price_per_hour <= 3")
    assert prices(page) == ["2.00", "6.00"]
    assert changes(chain, filter="price_per_hour <= 3", cursor=page.next_cursor).changes == []


def test_waiting_ends_with_the_first_change_that_passes(chain: Dispatcher, store: Fragile) -> None:
    publisher = Publisher(store)
    publisher.price(5)
    with ThreadPoolExecutor(1) as pool:
        cursor = changes(chain).next_cursor
        waiting = pool.submit(changes, chain, cursor=cursor, filter="price_per_hour < 3", wait=9)
        publisher.price(4)
        time.sleep(0.05)
        assert not waiting.done()
        publisher.price(2)
        assert prices(waiting.result(timeout=SECONDS / 2)) == ["2.00"]


def test_waiting_in_vain_gives_an_empty_page_that_moves_on(
    chain: Dispatcher, store: Fragile, feed: ChangeFeed
) -> None:
    Publisher(store).price(5)
    until(lambda: feed.end()[0] == 1)
    started = time.monotonic()
    page = changes(chain, cursor="now", wait=0.1)
    assert 0.1 <= time.monotonic() - started < SECONDS / 2
    assert not page.changes
    assert page.next_cursor


def test_waiting_ends_before_the_deadline(chain: Dispatcher) -> None:
    request = pb.ListChangesRequest(max_wait=Duration(seconds=30), cursor="now")
    started = time.monotonic()
    answer = chain.call(LIST, request, Call(deadline=started + 0.3))
    assert time.monotonic() < started + 0.3
    assert isinstance(answer.message, pb.ListChangesResponse)
    assert answer.message.changes == []


def test_everything_wrong_with_a_request_is_said_at_once(chain: Dispatcher) -> None:
    error = refused(chain, cursor="c_nonsense", page_size=-1, filter="nope = 1", wait=31)
    assert error.status.code == Code.INVALID_ARGUMENT
    fields = [one.field for one in detail(error.status, BadRequest).field_violations]
    assert fields == ["page_size", "filter", "max_wait", "cursor"]


def test_a_cursor_of_another_store_is_refused(chain: Dispatcher) -> None:
    other = Fragile()
    with following(other) as its_feed:
        cursor = changes(a_chain(other, its_feed)).next_cursor
    assert reason_of(refused(chain, cursor=cursor)) == "BAD_CURSOR"


def test_a_cursor_that_is_too_old_is_told_the_oldest(
    chain: Dispatcher, store: Fragile, feed: ChangeFeed
) -> None:
    publisher = Publisher(store, feed)
    publisher.price(1)
    old = changes(chain).changes[0].cursor
    publisher.price(2)
    publisher.price(3)
    store._log = store._log[2:]  # as a month would
    store._log_bounds = LogBounds(dropped=(2, 0), end=(3, 0))
    with following(store) as later:
        anew = a_chain(store, later)
        error = refused(anew, cursor=old)
        assert (error.status.code, reason_of(error)) == (Code.OUT_OF_RANGE, "CURSOR_EXPIRED")
        oldest = detail(error.status, ErrorInfo).metadata["oldestCursor"]
        assert prices(changes(anew, cursor=oldest)) == ["3.00"] == prices(changes(anew))
        with pytest.raises(RpcError) as unwatched:
            watched(anew, cursor=old)
        assert reason_of(unwatched.value) == "CURSOR_EXPIRED"


def test_more_waiters_than_seats_are_refused_and_short_calls_are_not(
    store: Fragile, feed: ChangeFeed
) -> None:
    chain = a_chain(store, feed, waiters=2)
    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(changes, chain, cursor="now", wait=20) for _ in range(2)]
        until(lambda: len(feed._sleepers) == 2)
        error = refused(chain, cursor="now", wait=1)
        assert (error.status.code, reason_of(error)) == (
            Code.RESOURCE_EXHAUSTED,
            "TOO_MANY_STREAMS",
        )
        assert detail(error.status, RetryInfo).retry_delay.seconds > 0
        assert changes(chain, cursor="now").next_cursor
        Publisher(store).price(1)
        assert [prices(one.result(timeout=SECONDS)) for one in waiting] == [["1.00"]] * 2
    assert changes(chain, cursor="now", wait=0.01).next_cursor  # the seats are free again


# Watching


def watched(chain: Dispatcher, **asked: Any) -> Answers:
    return chain.stream(WATCH, pb.WatchChangesRequest(**asked), Call())


def watcher_count() -> float:
    return REGISTRY.get_sample_value("gpuquote_watchers") or 0.0


def told(answers: Answers) -> pb.WatchChangesResponse:
    message = next(answers).message
    assert isinstance(message, pb.WatchChangesResponse)
    return message


def test_a_watcher_is_told_its_place_then_every_change(chain: Dispatcher, store: Fragile) -> None:
    publisher, answers = Publisher(store), watched(chain)
    first = told(answers)
    assert first.cursor
    assert not first.HasField("change")
    publisher.price(1)
    publisher.price(2)
    one, two = told(answers), told(answers)
    assert [m.change.after.price_per_hour.amount for m in (one, two)] == ["1.00", "2.00"]
    assert one.cursor == one.change.cursor
    answers.close()
    again = watched(chain, cursor=one.cursor, filter="price_per_hour > 1")
    assert told(again).cursor == one.cursor
    assert told(again) == two
    again.close()


def test_a_watcher_that_closes_gives_its_seat_back_at_once(
    store: Fragile, feed: ChangeFeed
) -> None:
    chain = a_chain(store, feed, watchers=1)
    before = watcher_count()
    answers = watched(chain)
    told(answers)
    assert watcher_count() == before + 1
    with pytest.raises(RpcError) as full:
        watched(chain)
    assert reason_of(full.value) == "TOO_MANY_STREAMS"
    with ThreadPoolExecutor(1) as pool:
        rest = pool.submit(list, answers)
        time.sleep(0.02)
        answers.close()
        assert rest.result(timeout=SECONDS / 2) == []
    answers.close()  # once more does no harm
    assert watcher_count() == before
    watched(chain).close()


@pytest.mark.parametrize("asked", [{"cursor": "c_nonsense"}, {"filter": "nope = 1"}])
def test_a_watch_that_cannot_be_is_refused_before_it_begins(
    store: Fragile, feed: ChangeFeed, asked: dict[str, str]
) -> None:
    chain = a_chain(store, feed, watchers=1)
    with pytest.raises(RpcError) as error:
        watched(chain, **asked)
    assert error.value.status.code == Code.INVALID_ARGUMENT
    watched(chain).close()  # no seat was lost


def test_a_fault_of_ours_ends_the_stream_with_an_error(
    chain: Dispatcher, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers = watched(chain)
    told(answers)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a fault of ours")

    monkeypatch.setattr(ChangeFeed, "read", broken)
    with pytest.raises(RpcError) as error:
        told(answers)
    assert error.value.status.code == Code.INTERNAL


def test_a_streaming_method_is_not_called_and_the_others_are_not_streamed(
    chain: Dispatcher,
) -> None:
    attempts: tuple[Callable[[], object], ...] = (
        lambda: chain.call(WATCH, pb.WatchChangesRequest(), Call()),
        lambda: chain.stream(LIST, pb.ListChangesRequest(), Call()),
    )
    for attempt in attempts:
        with pytest.raises(RpcError) as error:
            attempt()
        assert error.value.status.code == Code.UNIMPLEMENTED
