"""Streams as server-sent events."""

import json

import pytest
from google.rpc import code_pb2
from gpuquote.v1 import catalog_service_pb2, change_service_pb2

from service.rest.contract import UnsupportedContract
from service.rest.events import EventBody, EventFormat
from tests.service.rest.fakes import FakeMessages, FakeTransport, an_offer, client_of, failure

WATCH = change_service_pb2.DESCRIPTOR.services_by_name["ChangeService"].methods_by_name[
    "WatchChanges"
]
LIST_OFFERS = catalog_service_pb2.DESCRIPTOR.services_by_name["CatalogService"].methods_by_name[
    "ListOffers"
]
PATH = "/v1/changes:watch"


def a_heartbeat(cursor: str = "c_0") -> change_service_pb2.WatchChangesResponse:
    return change_service_pb2.WatchChangesResponse(cursor=cursor)


def a_change(
    cursor: str = "c_1",
    kind: change_service_pb2.ChangeKind = change_service_pb2.CHANGE_KIND_PRICE_CHANGED,
    conflated: int = 0,
) -> change_service_pb2.WatchChangesResponse:
    change = change_service_pb2.Change(
        cursor=cursor,
        kind=kind,
        offer="offers/nimbus-h100-8x",
        before=an_offer(),
        after=an_offer(),
        conflated_count=conflated,
    )
    return change_service_pb2.WatchChangesResponse(cursor=cursor, change=change)


def test_a_stream_begins_with_how_soon_to_come_back_and_from_where() -> None:
    transport = FakeTransport(streamed=lambda _: FakeMessages(a_heartbeat("c_0"), a_change("c_1")))
    answer = client_of(transport).get(PATH)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "text/event-stream; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Accel-Buffering"] == "no"
    assert answer.headers["X-Request-Id"]
    first, event, rest = answer.get_data(as_text=True).split("\n\n")
    assert first.splitlines() == ["retry: 5000", ": heartbeat", "id: c_0"]
    assert not rest
    lines = event.splitlines()
    assert lines[:2] == ["id: c_1", "event: offer.price_changed"]
    data = json.loads(lines[2].removeprefix("data: "))
    assert data["kind"] == "PRICE_CHANGED"
    assert data["after"]["pricePerHour"]["amount"] == "23.92"
    assert data["cursor"] == "c_1"


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (change_service_pb2.CHANGE_KIND_LISTED, b"offer.listed"),
        (change_service_pb2.CHANGE_KIND_AVAILABILITY_CHANGED, b"offer.availability_changed"),
        (change_service_pb2.CHANGE_KIND_DELISTED, b"offer.delisted"),
    ],
)
def test_every_kind_of_change_has_its_event(
    kind: change_service_pb2.ChangeKind, name: bytes
) -> None:
    assert b"event: %b\n" % name in EventFormat(WATCH).event(a_change(kind=kind))


@pytest.mark.parametrize(
    ("query", "headers", "cursor"),
    [
        ("", {}, ""),
        ("?cursor=c_5", {}, "c_5"),
        ("", {"Last-Event-ID": "c_9"}, "c_9"),
        ("?cursor=c_5", {"Last-Event-ID": "c_9"}, "c_9"),
    ],
)
def test_a_client_that_comes_back_goes_on_where_it_was(
    query: str, headers: dict[str, str], cursor: str
) -> None:
    transport = FakeTransport(streamed=lambda _: FakeMessages(a_heartbeat()))
    client_of(transport).get(PATH + query, headers=headers)
    assert transport.calls[0].request.cursor == cursor


def test_a_stream_that_is_refused_is_a_problem() -> None:
    gone = failure(code_pb2.OUT_OF_RANGE, "CURSOR_EXPIRED", info={"oldestCursor": "c_3"})
    transport = FakeTransport(streamed=lambda _: FakeMessages(failure=gone))
    answer = client_of(transport).get(f"{PATH}?cursor=c_1")
    assert answer.status_code == 410
    assert answer.get_json()["metadata"]["oldestCursor"] == "c_3"
    assert client_of(transport).get(f"{PATH}?nope=1").status_code == 400


def test_a_stream_that_fails_later_ends_and_one_that_is_left_is_closed() -> None:
    gone = failure(code_pb2.UNAVAILABLE, "STORE_UNREACHABLE")
    messages = FakeMessages(a_change("c_1"), failure=gone)
    body = EventBody(a_heartbeat(), messages, EventFormat(WATCH))
    assert [chunk.count(b"data: ") for chunk in body] == [0, 1]
    body.close()
    assert messages.is_closed


def test_a_service_that_is_about_to_end_sends_the_client_away() -> None:
    messages = FakeMessages()
    answer = client_of(FakeTransport(streamed=lambda _: messages)).get(PATH)
    assert answer.data == b"retry: 1000\n\n"
    assert messages.is_closed


def test_head_opens_no_body() -> None:
    messages = FakeMessages(a_heartbeat(), a_change())
    answer = client_of(FakeTransport(streamed=lambda _: messages)).head(PATH)
    assert (answer.status_code, answer.data) == (200, b"")
    assert messages.is_closed


def test_folded_changes_are_written_for_each_reader() -> None:
    form = EventFormat(WATCH)
    assert b'"conflatedCount":4' in form.event(a_change("c_1", conflated=4))
    assert b'"conflatedCount":0' in form.event(a_change("c_1"))
    assert form.event(a_change("c_1")) is form.event(a_change("c_1"))


def test_other_streams_stop_the_start() -> None:
    with pytest.raises(UnsupportedContract, match="no cursor and change"):
        EventFormat(LIST_OFFERS)


@pytest.mark.parametrize(
    ("path", "headers", "seconds"),
    [
        ("/v1/offers", {}, 10.0),
        ("/v1/changes", {}, 35.0),
        ("/v1/changes", {"X-Request-Timeout-Ms": "99000"}, 35.0),
        ("/v1/offers", {"X-Request-Timeout-Ms": "99000"}, 30.0),
    ],
)
def test_a_long_poll_has_longer(path: str, headers: dict[str, str], seconds: float) -> None:
    transport = FakeTransport()
    client_of(transport).get(path, headers=headers)
    assert transport.calls[0].timeout_seconds == seconds
